// The processes of a job and the communication between them.
//
// There is one primitive, a collective exchange in which every process sends something to every
// other; everything else is built on it. It is implemented for a single process, over MPI
// (mpi_module.cc), and with threads for tests (tests/support/thread_processes.h).
//
// A function marked as collective must be called by all processes, and all of them must call their
// collective functions in the same order.
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

// A message to, or from, another process.
struct Outgoing {
  int to;
  ConstBytes bytes;
};
struct Incoming {
  int from;
  Bytes bytes;
};

// An object may be used by one thread at a time; different objects may be used concurrently.
// Collective functions throw Error if another process does not answer (mpi_interface.h).
class Processes {
 public:
  Processes() = default;
  virtual ~Processes() = default;
  Processes(const Processes&) = delete;
  Processes& operator=(const Processes&) = delete;

  virtual int rank() const = 0;  // of this process, 0 .. size() - 1
  virtual int size() const = 0;
  bool is_first() const { return rank() == 0; }

  // Collective. Messages from one process to another keep their order; each must be received with
  // its size, and empty ones are not sent. No process may send to itself.
  void exchange(std::span<const Outgoing> send, std::span<const Incoming> receive);

  // Collective. Returns the processes with the same colour as this one, in the order of their
  // ranks.
  virtual std::unique_ptr<Processes> split(int colour) = 0;

  // The machine that a process runs on.
  virtual const std::string& host(int rank) const = 0;
  // "process 2 on HOST", by its rank in the whole job.
  virtual std::string name(int rank) const;
  // The means of communication, for messages: "Open MPI 4.1.4, shared memory".
  virtual std::string description() const { return {}; }

 private:
  // exchange() among more than one process.
  virtual void transfer(std::span<const Outgoing> send, std::span<const Incoming> receive) = 0;
};

// A single process. One stateless object serves all callers.
Processes& lone_process();

// Collective. Returns every process's `mine`, in the order of the ranks.
std::vector<std::string> tell_all(Processes& processes, const std::string& mine);
// Collective. Returns the first process's `mine`.
std::string told_by_first(Processes& processes, const std::string& mine);
// Collective. A barrier: returns when all processes have called it.
void barrier(Processes& processes);
// Collective. Whether `mine` is true in any process.
bool any(Processes& processes, bool mine);

// Something that must be equal in all processes of a job, with a name such as "the text".
struct Fact {
  std::string name, value;
  bool readable = true;  // by people, unlike a hash
};
// Collective. Throws Error in all processes if any fact differs from the first process's. The
// message names the first process whose fact differs.
void check_alike(Processes& processes, std::span<const Fact> facts);

// Collective. Each process has its own part of `values` and receives the others', in their places.
// parts: one for each process, equal in all.
template <typename T>
void fill_all(Processes& processes, std::span<T> values, std::span<const Part> parts);
// The same, but only the first process receives them.
template <typename T>
void fill_first(Processes& processes, std::span<T> values, std::span<const Part> parts);

}  // namespace elmo
