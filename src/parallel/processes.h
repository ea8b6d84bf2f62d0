// The processes of a job, each with memory of its own, and what they tell one another.
//
// There is one primitive, a meeting in which each sends something to each; everything else is made
// of it. It is implemented by a single process that meets nobody, over MPI (mpi_module.cc), and by
// threads for tests (tests/support/thread_processes.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "compute/workers.h"

namespace elmo {

using Bytes = std::span<std::byte>;
using ConstBytes = std::span<const std::byte>;

// What goes to, or comes from, another process.
struct Outgoing {
  int to;
  ConstBytes bytes;
};
struct Incoming {
  int from;
  Bytes bytes;
};

// Used by one thread at a time. Different objects may be used side by side.
class Processes {
 public:
  Processes() = default;
  virtual ~Processes() = default;
  Processes(const Processes&) = delete;
  Processes& operator=(const Processes&) = delete;

  virtual int rank() const = 0;  // of this process, 0 .. size() - 1
  virtual int size() const = 0;
  bool is_first() const { return rank() == 0; }

  // A meeting: all processes come to it, and to all meetings in the same order. The messages of one
  // process to another keep their order, and each is received in its size; empty ones don't count.
  // Nobody sends to himself.
  void exchange(std::span<const Outgoing> send, std::span<const Incoming> receive);
  // Sent by this object so far.
  std::uint64_t bytes_sent() const { return bytes_sent_; }

  // A meeting that gives each process those of its colour, in the order of their ranks, for
  // meetings of their own.
  virtual std::unique_ptr<Processes> split(int colour) = 0;

  // The machine that a process runs on.
  virtual const std::string& host(int rank) const = 0;
  // "process 2 on HOST", by its number in the whole job.
  virtual std::string name(int rank) const;
  // What they meet through, for people: "Open MPI 4.1.4, shared memory".
  virtual std::string description() const { return {}; }

 private:
  // Of more than one process.
  virtual void transfer(std::span<const Outgoing> send, std::span<const Incoming> receive) = 0;

  std::uint64_t bytes_sent_ = 0;
};

// A single process. It is one object for all, which keeps nothing.
Processes& lone_process();

// Meetings. Each process has `mine`, and gets all of them in the order of the ranks.
std::vector<std::string> tell_all(Processes& processes, const std::string& mine);
// What the first process has.
std::string told_by_first(Processes& processes, const std::string& mine);
// No process leaves before all have come.
void meet(Processes& processes);
// Is it true of any?
bool any(Processes& processes, bool mine);

// What all processes of a job must have alike, and has a name: "the text".
struct Fact {
  std::string name, value;
  bool readable = true;  // by people; a hash is not
};
// A meeting. Throws Error, at all of them, where they differ from the first process's: it names the
// first process that does.
void check_alike(Processes& processes, std::span<const Fact> facts);

// Each process holds its part of `values` and gets the others', in their places.
// parts: one a process, which all know.
template <typename T>
void fill_all(Processes& processes, std::span<T> values, std::span<const Part> parts);
// Only the first process gets them.
template <typename T>
void fill_first(Processes& processes, std::span<T> values, std::span<const Part> parts);

}  // namespace elmo
