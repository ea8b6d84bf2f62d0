// Processes over MPI. Messages go between pairs of processes, so that one that does not answer can
// be named.
#include <fmt/core.h>
#include <mpi.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "elmo/error.h"
#include "parallel/mpi_interface.h"

namespace elmo {
namespace {

using Clock = std::chrono::steady_clock;

// MPI is initialised with MPI_THREAD_SERIALIZED: several threads may call it, one at a time.
std::mutex mpi_mutex;

// Longer messages are divided, because MPI's counts are ints.
constexpr std::size_t kMessage = std::size_t{1} << 30;
// A waiting process polls without pauses for kEager, then with pauses of kPause: short compared
// with a training step, long compared with a poll.
constexpr auto kEager = std::chrono::microseconds(200);
constexpr auto kPause = std::chrono::microseconds(50);
// A waiting process sends kWaits to the others at intervals of this many seconds.
constexpr double kTell = 0.25;

// Signals of one letter. Nobody waits for their delivery, so they need static storage.
const char kWaits = 'w';     // this process is alive and waits for others
const char kNames = 'n';     // it has warned the user which processes are missing
const char kWillTell = 'f';  // it has failed and would print its message
const char kTells = 't';     // it prints it now
enum Tag { kExchange, kWatch, kEnd };

struct Word {
  int from;
  char letter;
};

void say(const char& word, Tag tag, MPI_Comm communicator) {
  int rank = 0, size = 0;
  MPI_Comm_rank(communicator, &rank);
  MPI_Comm_size(communicator, &size);
  for (int i = 0; i < size; ++i) {
    if (i == rank) continue;
    MPI_Request request;
    MPI_Isend(&word, 1, MPI_CHAR, i, tag, communicator, &request);
    MPI_Request_free(&request);
  }
}

bool has_word(Tag tag, MPI_Comm communicator) {
  int there = 0;
  MPI_Iprobe(MPI_ANY_SOURCE, tag, communicator, &there, MPI_STATUS_IGNORE);
  return there != 0;
}

Word next_word(Tag tag, MPI_Comm communicator) {
  Word word{};
  MPI_Status status;
  MPI_Recv(&word.letter, 1, MPI_CHAR, MPI_ANY_SOURCE, tag, communicator, &status);
  word.from = status.MPI_SOURCE;
  return word;
}

class MpiProcesses final : public Processes {
 public:
  // Takes ownership of the communicator unless it is MPI_COMM_WORLD.
  MpiProcesses(MPI_Comm all, const MpiOptions& options, std::string description,
               std::vector<std::string> hosts, std::vector<int> numbers)
      : communicator_(all),
        options_(options),
        description_(std::move(description)),
        hosts_(std::move(hosts)),
        numbers_(std::move(numbers)) {
    MPI_Comm_rank(all, &rank_);
    MPI_Comm_size(all, &size_);
  }
  ~MpiProcesses() override {
    const std::lock_guard lock(mpi_mutex);
    int ended = 0;
    MPI_Finalized(&ended);
    if (ended == 0 && communicator_ != MPI_COMM_WORLD) MPI_Comm_free(&communicator_);
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  const std::string& host(int rank) const override {
    return hosts_[static_cast<std::size_t>(rank)];
  }
  std::string name(int rank) const override {
    return fmt::format("process {} on {}", numbers_[static_cast<std::size_t>(rank)], host(rank));
  }
  std::string description() const override { return description_; }

  std::unique_ptr<Processes> split(int colour) override {
    // MPI_Comm_split waits for all processes without naming any, so make sure that all are here
    // first.
    const std::vector<std::string> colours = tell_all(*this, std::to_string(colour));
    std::vector<std::string> hosts;
    std::vector<int> numbers;
    for (std::size_t i = 0; i < colours.size(); ++i) {
      if (colours[i] != std::to_string(colour)) continue;
      hosts.push_back(hosts_[i]);
      numbers.push_back(numbers_[i]);
    }
    MPI_Comm part;
    {
      const std::lock_guard lock(mpi_mutex);
      MPI_Comm_split(communicator_, colour, rank_, &part);
    }
    return std::make_unique<MpiProcesses>(part, options_, description_, std::move(hosts),
                                          std::move(numbers));
  }

 private:
  void transfer(std::span<const Outgoing> send, std::span<const Incoming> receive) override {
    std::vector<MPI_Request> requests;
    std::vector<int> with;  // the other process of each request
    {
      const std::lock_guard lock(mpi_mutex);
      for (const auto& [from, bytes] : receive) {
        for (std::size_t at = 0; at < bytes.size(); at += kMessage) {
          with.push_back(from);
          MPI_Irecv(bytes.data() + at, count(bytes.size() - at), MPI_BYTE, from, kExchange,
                    communicator_, &requests.emplace_back());
        }
      }
      // Begins with the next rank, so that not all send to the same process.
      for (int step = 1; step < size_; ++step) {
        for (const auto& [to, bytes] : send) {
          if (to != (rank_ + step) % size_) continue;
          for (std::size_t at = 0; at < bytes.size(); at += kMessage) {
            with.push_back(to);
            MPI_Isend(bytes.data() + at, count(bytes.size() - at), MPI_BYTE, to, kExchange,
                      communicator_, &requests.emplace_back());
          }
        }
      }
    }
    wait(requests, with);
  }

  static int count(std::size_t bytes) { return static_cast<int>(std::min(bytes, kMessage)); }

  void wait(std::vector<MPI_Request>& requests, const std::vector<int>& with) {
    const auto start = Clock::now();
    std::vector<int> finished(requests.size());
    std::vector<bool> done(requests.size());
    std::size_t left = requests.size();
    Watch watch;
    while (left > 0) {
      int some = 0;
      {
        const std::lock_guard lock(mpi_mutex);
        MPI_Testsome(static_cast<int>(requests.size()), requests.data(), &some, finished.data(),
                     MPI_STATUSES_IGNORE);
      }
      for (int i = 0; i < some; ++i) {
        done[static_cast<std::size_t>(finished[static_cast<std::size_t>(i)])] = true;
      }
      if (some > 0) {
        left -= static_cast<std::size_t>(some);
        continue;
      }
      const auto waited = Clock::now() - start;
      if (waited < kEager) {
        std::this_thread::yield();
        continue;
      }
      std::this_thread::sleep_for(kPause);
      look(watch, std::chrono::duration<double>(waited).count(), done, with);
    }
  }

  // The state of a long wait. Processes that wait tell one another so; the silent ones are then
  // known to all, whatever collective call each of them is in.
  struct Watch {
    double told = 0;      // when this process last sent kWaits, in seconds since the wait began
    bool warned = false;  // this process or another has warned the user
    std::vector<double> heard;  // when each process was last heard
  };

  void look(Watch& watch, double seconds, const std::vector<bool>& done,
            const std::vector<int>& with) {
    if (seconds - watch.told < kTell) return;
    watch.told = seconds;
    const bool ending = tell_and_hear(watch, seconds);
    const double warn_after = std::min(60.0, options_.stall / 2);
    if (ending || seconds < warn_after) return;
    // A waiting process is heard four times a second, unless it gets no CPU time.
    const double late = std::clamp(options_.stall / 4, 1.0, 10.0);
    std::vector<int> missing;
    for (std::size_t i = 0; i < done.size(); ++i) {
      if (done[i] || std::ranges::find(missing, with[i]) != missing.end()) continue;
      if (seconds - watch.heard[static_cast<std::size_t>(with[i])] > late) {
        missing.push_back(with[i]);
      }
    }
    // If nobody is missing, those that this process waits for wait themselves, and know better whom
    // to name; so it gives them 10 s more.
    if (seconds >= options_.stall + (missing.empty() ? 10 : 0)) {
      throw Error(
          fmt::format("no word from {} for {:.0f} s, so the job ends (--stall {:.0f}); --resume "
                      "goes on from the last checkpoint",
                      names(missing), seconds, options_.stall));
    }
    // Only one process warns, the first that is alive: each gives those of lower rank time to do
    // it.
    if (watch.warned || missing.empty() || seconds < warn_after + kTell * rank_) return;
    options_.warn(fmt::format("no word from {} for {:.0f} s; the job ends after {:.0f} s (--stall)",
                              names(missing), seconds, options_.stall));
    watch.warned = true;
    const std::lock_guard lock(mpi_mutex);
    say(kNames, kWatch, communicator_);
  }

  // Returns whether another process is about to end the job.
  bool tell_and_hear(Watch& watch, double seconds) {
    const std::lock_guard lock(mpi_mutex);
    // When a wait begins, there may be signals from earlier ones.
    const bool begins = watch.heard.empty();
    if (begins) watch.heard.assign(static_cast<std::size_t>(size_), 0);
    while (has_word(kWatch, communicator_)) {
      const Word word = next_word(kWatch, communicator_);
      if (begins) continue;
      watch.heard[static_cast<std::size_t>(word.from)] = seconds;
      if (word.letter == kNames) watch.warned = true;
    }
    say(kWaits, kWatch, communicator_);
    return has_word(kEnd, MPI_COMM_WORLD);
  }

  std::string names(const std::vector<int>& missing) const {
    std::string result;
    for (const int i : missing) result += (result.empty() ? "" : ", ") + name(i);
    return result.empty() ? "the others" : result;
  }

  MPI_Comm communicator_;
  MpiOptions options_;
  std::string description_;
  std::vector<std::string> hosts_;  // of each process
  std::vector<int> numbers_;        // the rank of each process in the whole job
  int rank_ = 0, size_ = 0;
};

std::string host_name() {
  char name[256] = {};
  gethostname(name, sizeof name - 1);
  return name;
}

std::vector<std::string> all_hosts(int size) {
  constexpr std::size_t kName = 256;
  std::vector<char> mine(kName), all(kName * static_cast<std::size_t>(size));
  std::strncpy(mine.data(), host_name().c_str(), kName - 1);
  MPI_Allgather(mine.data(), kName, MPI_CHAR, all.data(), kName, MPI_CHAR, MPI_COMM_WORLD);
  std::vector<std::string> hosts;
  for (int i = 0; i < size; ++i) hosts.emplace_back(&all[kName * static_cast<std::size_t>(i)]);
  return hosts;
}

// "Open MPI 4.1.4", "MPICH 4.0.2"
std::string library_name() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING] = {};
  int length = 0;
  MPI_Get_library_version(text, &length);
  std::string name(text, static_cast<std::size_t>(length));
  if (name.starts_with("MPICH")) {
    const std::size_t at = name.find_first_of("0123456789");
    return "MPICH " + name.substr(at, name.find_first_of(" \t\n", at) - at);
  }
  name = name.substr(0, name.find_first_of(",\n"));
  if (const std::size_t at = name.find(" v"); at != std::string::npos) name.erase(at + 1, 1);
  return name;
}

// The transport of messages, as far as the process can see it: Open MPI 4 keeps only those
// components loaded that it has chosen. Empty for Open MPI 5 and MPICH, which have theirs built in.
std::string transport(const std::vector<std::string>& hosts) {
  const bool one_machine =
      std::ranges::all_of(hosts, [&](const std::string& host) { return host == hosts[0]; });
  std::ifstream maps("/proc/self/maps");
  const std::string loaded{std::istreambuf_iterator<char>(maps), {}};
  const auto has = [&](const char* part) { return loaded.find(part) != std::string::npos; };
  if (has("mca_pml_ucx")) return ", UCX";
  if (has("mca_mtl_ofi")) return ", libfabric";
  if (one_machine && (has("mca_btl_vader") || has("mca_btl_sm"))) return ", shared memory";
  if (has("mca_btl_openib")) return ", InfiniBand";
  if (has("mca_btl_tcp")) return ", TCP";
  return "";
}

}  // namespace
}  // namespace elmo

extern "C" {

const char elmo_mpi_version[] = ELMO_VERSION;

elmo::Processes* elmo_mpi_join(const elmo::MpiOptions& options, int said_size) {
  int level = MPI_THREAD_SINGLE;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &level);
  if (level < MPI_THREAD_SERIALIZED) {
    throw elmo::Error(elmo::library_name() +
                      " was built without threads (MPI_THREAD_SERIALIZED), which elmo needs");
  }
  int size = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (said_size > 0 && size != said_size) {
    throw elmo::Error(fmt::format(
        "the launcher started {} processes, but {} knows of {}: they would be copies that do the "
        "same work; start them with the mpirun of {}, or srun --mpi=pmix (Open MPI), --mpi=pmi2 "
        "(MPICH)",
        said_size, elmo::library_name(), size, elmo::library_name()));
  }
  std::vector<std::string> hosts = elmo::all_hosts(size);
  std::vector<int> numbers;
  for (int i = 0; i < size; ++i) numbers.push_back(i);
  const std::string description = elmo::library_name() + elmo::transport(hosts);
  return new elmo::MpiProcesses(MPI_COMM_WORLD, options, description, std::move(hosts),
                                std::move(numbers));
}

void elmo_mpi_leave(elmo::Processes* processes) {
  delete processes;
  MPI_Finalize();
}

bool elmo_mpi_may_tell() {
  using namespace std::chrono_literals;
  const elmo::Clock::time_point start = elmo::Clock::now();
  int rank = 0;
  bool another = false;
  {
    const std::lock_guard lock(elmo::mpi_mutex);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    elmo::say(elmo::kWillTell, elmo::kEnd, MPI_COMM_WORLD);
  }
  // Long compared with a signal's way. The other ranks give rank 0 time to fail in the same way.
  const auto patience = rank == 0 ? 200ms : 1000ms;
  for (bool last = false; !last && !another;) {
    std::this_thread::sleep_for(5ms);
    last = elmo::Clock::now() - start > patience;
    const std::lock_guard lock(elmo::mpi_mutex);
    while (elmo::has_word(elmo::kEnd, MPI_COMM_WORLD)) {
      const elmo::Word word = elmo::next_word(elmo::kEnd, MPI_COMM_WORLD);
      another = another || word.letter == elmo::kTells || word.from < rank;
    }
    if (last && !another) elmo::say(elmo::kTells, elmo::kEnd, MPI_COMM_WORLD);
  }
  return !another;
}

void elmo_mpi_abort(int status) {
  MPI_Abort(MPI_COMM_WORLD, status);
  std::_Exit(status);
}
}
