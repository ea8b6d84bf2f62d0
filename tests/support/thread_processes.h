// Processes that are threads of one program.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
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
  // Calls work(processes) on `size` threads, one for each process. Rethrows the exception of the
  // lowest rank that did not merely result from another process's failure. Returns the number of
  // bytes that they sent.
  static std::uint64_t run(int size, const std::function<void(Processes&)>& work) {
    const auto room = std::make_shared<Room>(size);
    std::vector<std::exception_ptr> errors(static_cast<std::size_t>(size));
    std::vector<std::thread> threads;
    for (int rank = 0; rank < size; ++rank) {
      threads.emplace_back([&, rank] {
        try {
          ThreadProcesses processes(rank, room);
          work(processes);
        } catch (const LeftAlone&) {
          // The other process's exception is the cause.
        } catch (...) {
          errors[static_cast<std::size_t>(rank)] = std::current_exception();
          room->job->broken = true;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const std::exception_ptr& error : errors) {
      if (error) std::rethrow_exception(error);
    }
    return room->job->bytes_sent;
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
    if (!child) child = std::make_shared<Room>(static_cast<int>(ranks.size()), room_->job);
    const auto at = std::find(ranks.begin(), ranks.end(), rank_) - ranks.begin();
    return std::make_unique<ThreadProcesses>(static_cast<int>(at), child);
  }

  // Shared by all processes, with those of split().
  struct Job {
    std::atomic<bool> broken = false;  // a process has failed
    std::atomic<std::uint64_t> bytes_sent = 0;
  };
  struct Room {
    explicit Room(int count, std::shared_ptr<Job> its_job = std::make_shared<Job>())
        : size(count), job(std::move(its_job)), sends(static_cast<std::size_t>(count)) {}
    const int size;
    const std::shared_ptr<Job> job;
    std::mutex mutex;
    std::condition_variable changed;
    int arrived = 0;
    std::uint64_t round = 0;
    std::vector<std::span<const Outgoing>> sends;
    std::map<std::pair<int, int>, std::shared_ptr<Room>> children;
  };
  ThreadProcesses(int rank, std::shared_ptr<Room> room) : rank_(rank), room_(std::move(room)) {}

 private:
  struct LeftAlone : std::exception {};

  void transfer(std::span<const Outgoing> send, std::span<const Incoming> receive) override {
    for (const Outgoing& message : send) room_->job->bytes_sent += message.bytes.size();
    room_->sends[static_cast<std::size_t>(rank_)] = send;
    wait_for_all();
    std::vector<std::size_t> taken(static_cast<std::size_t>(size()));  // of each one's messages
    for (const auto& [from, bytes] : receive) {
      if (bytes.empty()) continue;
      const auto sender = static_cast<std::size_t>(from);
      const std::span<const Outgoing> sent = room_->sends[sender];
      std::size_t& at = taken[sender];
      while (at < sent.size() && (sent[at].to != rank_ || sent[at].bytes.empty())) ++at;
      const std::size_t size = at < sent.size() ? sent[at].bytes.size() : 0;
      if (size != bytes.size()) {
        throw Error("process " + std::to_string(from) + " sends " + std::to_string(size) +
                    " bytes, process " + std::to_string(rank_) + " waits for " +
                    std::to_string(bytes.size()));
      }
      std::memcpy(bytes.data(), sent[at++].bytes.data(), size);
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
      if (room_->job->broken) throw LeftAlone();
    }
  }

  const int rank_;
  const std::shared_ptr<Room> room_;
  int splits_ = 0;
  const std::string host_ = "here";
};

}  // namespace elmo
