// Processes as threads of one program.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "elmo/error.h"
#include "parallel/processes.h"

namespace elmo {

class ThreadProcesses final : public Processes {
 public:
  // Calls work(processes) on `size` threads, one a process, and rethrows the exception of the
  // lowest rank that was not merely left alone by another.
  static void run(int size, const std::function<void(Processes&)>& work) {
    const auto room = std::make_shared<Room>(size);
    std::vector<std::exception_ptr> errors(static_cast<std::size_t>(size));
    std::vector<std::thread> threads;
    for (int rank = 0; rank < size; ++rank) {
      threads.emplace_back([&, rank] {
        try {
          ThreadProcesses processes(rank, room);
          work(processes);
        } catch (const LeftAlone&) {
          // The other's exception is the reason.
        } catch (...) {
          errors[static_cast<std::size_t>(rank)] = std::current_exception();
          *room->broken = true;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const std::exception_ptr& error : errors) {
      if (error) std::rethrow_exception(error);
    }
  }

  int rank() const override { return rank_; }
  int size() const override { return room_->size; }
  const std::string& host(int) const override { return host_; }

  std::unique_ptr<Processes> split(int colour) override {
    std::vector<int> ranks;
    const auto colours = tell_all(*this, std::to_string(colour));
    for (int i = 0; i < size(); ++i) {
      if (colours[static_cast<std::size_t>(i)] == std::to_string(colour)) ranks.push_back(i);
    }
    const std::lock_guard lock(room_->mutex);
    auto& child = room_->children[{splits_++, colour}];
    if (!child) child = std::make_shared<Room>(static_cast<int>(ranks.size()), room_->broken);
    const auto at = std::find(ranks.begin(), ranks.end(), rank_) - ranks.begin();
    return std::make_unique<ThreadProcesses>(static_cast<int>(at), child);
  }

  struct Room {
    explicit Room(int count, std::shared_ptr<std::atomic<bool>> is_broken =
                                 std::make_shared<std::atomic<bool>>(false))
        : size(count), broken(std::move(is_broken)), sends(static_cast<std::size_t>(count)) {}
    const int size;
    const std::shared_ptr<std::atomic<bool>> broken;  // somebody does not come any more
    std::mutex mutex;
    std::condition_variable changed;
    int arrived = 0;
    std::uint64_t round = 0;
    std::vector<std::span<const ConstBytes>> sends;
    std::map<std::pair<int, int>, std::shared_ptr<Room>> children;
  };
  ThreadProcesses(int rank, std::shared_ptr<Room> room) : rank_(rank), room_(std::move(room)) {}

 private:
  struct LeftAlone : std::exception {};

  void transfer(std::span<const ConstBytes> send, std::span<const Bytes> receive) override {
    room_->sends[static_cast<std::size_t>(rank_)] = send;
    wait_for_all();
    for (std::size_t i = 0; i < receive.size(); ++i) {
      if (static_cast<int>(i) == rank_) continue;
      const ConstBytes from = room_->sends[i][static_cast<std::size_t>(rank_)];
      if (from.size() != receive[i].size()) {
        throw Error("process " + std::to_string(i) + " sends " + std::to_string(from.size()) +
                    " bytes, process " + std::to_string(rank_) + " waits for " +
                    std::to_string(receive[i].size()));
      }
      if (!from.empty()) std::memcpy(receive[i].data(), from.data(), from.size());
    }
    wait_for_all();
  }

  void wait_for_all() {
    std::unique_lock lock(room_->mutex);
    if (++room_->arrived == room_->size) {
      room_->arrived = 0;
      ++room_->round;
      room_->changed.notify_all();
      return;
    }
    const std::uint64_t round = room_->round;
    while (!room_->changed.wait_for(lock, std::chrono::milliseconds(50),
                                    [&] { return room_->round != round; })) {
      if (*room_->broken) throw LeftAlone();
    }
  }

  const int rank_;
  const std::shared_ptr<Room> room_;
  int splits_ = 0;
  const std::string host_ = "here";
};

}  // namespace elmo
