#include "parallel/rows.h"

#include <cstring>

namespace elmo {

std::vector<std::byte> bring_rows(Processes& processes, std::span<const RowRoute> routes,
                                  const std::byte* rows, std::size_t row_bytes) {
  const int me = processes.rank();
  const auto size = static_cast<std::size_t>(processes.size());
  std::vector<std::vector<std::byte>> out(size), in(size);
  std::vector<std::size_t> coming(size);
  std::size_t wanted = 0;
  for (const RowRoute& route : routes) {
    if (route.to == me) {
      ++wanted;
      ++coming[static_cast<std::size_t>(route.from)];
    } else if (route.from == me) {
      auto& message = out[static_cast<std::size_t>(route.to)];
      const std::byte* row = rows + static_cast<std::size_t>(route.row) * row_bytes;
      message.insert(message.end(), row, row + row_bytes);
    }
  }
  std::vector<Outgoing> send;
  std::vector<Incoming> receive;
  for (int i = 0; i < processes.size(); ++i) {
    if (i == me) continue;
    const auto other = static_cast<std::size_t>(i);
    in[other].resize(coming[other] * row_bytes);
    send.push_back({i, out[other]});
    receive.push_back({i, in[other]});
  }
  processes.exchange(send, receive);
  std::vector<std::byte> result(wanted * row_bytes);
  std::vector<std::size_t> taken(size);
  std::byte* to = result.data();
  for (const RowRoute& route : routes) {
    if (route.to != me) continue;
    const auto from = static_cast<std::size_t>(route.from);
    const std::byte* row = route.from == me ? rows + static_cast<std::size_t>(route.row) * row_bytes
                                            : in[from].data() + taken[from]++ * row_bytes;
    std::memcpy(to, row, row_bytes);
    to += row_bytes;
  }
  return result;
}

}  // namespace elmo
