#include "parallel/processes.h"

#include <fmt/core.h>

#include <algorithm>

#include "elmo/error.h"

namespace elmo {
namespace {

class LoneProcess final : public Processes {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  std::unique_ptr<Processes> split(int) override { return std::make_unique<LoneProcess>(); }
  const std::string& host(int) const override { return host_; }

 private:
  void transfer(std::span<const Outgoing>, std::span<const Incoming>) override {}
  const std::string host_ = "this machine";
};

template <typename T>
Bytes bytes_of(std::span<T> values, const Part& part) {
  return std::as_writable_bytes(values.subspan(static_cast<std::size_t>(part.begin),
                                               static_cast<std::size_t>(part.end - part.begin)));
}

// One value for each process.
std::vector<Part> one_each(const Processes& processes) {
  std::vector<Part> parts;
  for (std::int64_t i = 0; i < processes.size(); ++i) parts.push_back({i, i + 1});
  return parts;
}

template <typename T>
void fill(Processes& processes, std::span<T> values, std::span<const Part> parts, bool all) {
  const int rank = processes.rank();
  std::vector<Outgoing> send;
  std::vector<Incoming> receive;
  for (int i = 0; i < processes.size(); ++i) {
    if (i == rank) continue;
    if (all || i == 0) send.push_back({i, bytes_of(values, parts[static_cast<std::size_t>(rank)])});
    if (all || rank == 0) {
      receive.push_back({i, bytes_of(values, parts[static_cast<std::size_t>(i)])});
    }
  }
  processes.exchange(send, receive);
}

}  // namespace

void Processes::exchange(std::span<const Outgoing> send, std::span<const Incoming> receive) {
  if (size() > 1) transfer(send, receive);
}

std::string Processes::name(int rank) const {
  return fmt::format("process {} on {}", rank, host(rank));
}

Processes& lone_process() {
  static LoneProcess alone;
  return alone;
}

std::vector<std::string> tell_all(Processes& processes, const std::string& mine) {
  const auto size = static_cast<std::size_t>(processes.size());
  const auto rank = static_cast<std::size_t>(processes.rank());
  std::vector<std::uint64_t> lengths(size);
  lengths[rank] = mine.size();
  std::vector<Part> parts = one_each(processes);
  fill_all(processes, std::span(lengths), parts);
  std::int64_t end = 0;
  for (std::size_t i = 0; i < size; ++i) {
    parts[i] = {end, end + static_cast<std::int64_t>(lengths[i])};
    end = parts[i].end;
  }
  std::vector<char> text(static_cast<std::size_t>(end));
  std::copy(mine.begin(), mine.end(), text.begin() + parts[rank].begin);
  fill_all(processes, std::span(text), parts);
  std::vector<std::string> result;
  for (const Part& part : parts) {
    result.emplace_back(text.data() + part.begin, text.data() + part.end);
  }
  return result;
}

std::string told_by_first(Processes& processes, const std::string& mine) {
  return tell_all(processes, processes.is_first() ? mine : std::string())[0];
}

void barrier(Processes& processes) { any(processes, false); }

bool any(Processes& processes, bool mine) {
  std::vector<char> all(static_cast<std::size_t>(processes.size()));
  all[static_cast<std::size_t>(processes.rank())] = mine ? 1 : 0;
  fill_all(processes, std::span(all), one_each(processes));
  return std::ranges::any_of(all, [](char one) { return one != 0; });
}

void check_alike(Processes& processes, std::span<const Fact> facts) {
  for (const Fact& fact : facts) {
    const std::vector<std::string> all = tell_all(processes, fact.value);
    const auto other =
        std::ranges::find_if(all, [&](const std::string& one) { return one != all[0]; });
    if (other == all.end()) continue;
    const auto rank = static_cast<int>(other - all.begin());
    const std::string values = fact.readable ? fmt::format(" ({}; {})", *other, all[0]) : "";
    throw Error(
        fmt::format("{} has another {} than {}{}; all processes of a training need the same",
                    processes.name(rank), fact.name, processes.name(0), values));
  }
}

template <typename T>
void fill_all(Processes& processes, std::span<T> values, std::span<const Part> parts) {
  fill(processes, values, parts, true);
}

template <typename T>
void fill_first(Processes& processes, std::span<T> values, std::span<const Part> parts) {
  fill(processes, values, parts, false);
}

#define ELMO_INSTANTIATE(T)                                                \
  template void fill_all(Processes&, std::span<T>, std::span<const Part>); \
  template void fill_first(Processes&, std::span<T>, std::span<const Part>);
ELMO_INSTANTIATE(char)
ELMO_INSTANTIATE(float)
ELMO_INSTANTIATE(double)
ELMO_INSTANTIATE(std::uint64_t)
#undef ELMO_INSTANTIATE

}  // namespace elmo
