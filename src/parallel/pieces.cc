#include "parallel/pieces.h"

#include <algorithm>
#include <utility>

#include "compute/kernels.h"

namespace elmo {
namespace {

// Values in one exchange: 16 MB, so that buffers stay small compared with the arrays.
constexpr std::int64_t kExchange = std::int64_t{1} << 22;

// Pieces of at least this many values are sent separately, straight from and to their places;
// smaller ones are copied into one message.
constexpr std::int64_t kLarge = std::int64_t{1} << 12;

// Calls f(begin, end) for the pieces of each exchange.
template <typename F>
void for_each_exchange(std::span<const Piece> pieces, F&& f) {
  std::size_t begin = 0;
  while (begin < pieces.size()) {
    std::size_t end = begin;
    std::int64_t size = 0;
    while (end < pieces.size() && (end == begin || size + pieces[end].size <= kExchange)) {
      size += pieces[end++].size;
    }
    f(begin, end);
    begin = end;
  }
}

float* at_least(AlignedArray<float>& array, std::int64_t size) {
  if (array.size() < static_cast<std::size_t>(size)) {
    array = AlignedArray<float>(static_cast<std::size_t>(size));
  }
  return array.data();
}

std::span<float> numbers(float* data, std::int64_t size) {
  return {data, static_cast<std::size_t>(size)};
}

// The positions of pieces among those of their owner; small and large pieces are counted
// separately.
struct Places {
  Places(std::span<const Piece> pieces, int processes)
      : small(static_cast<std::size_t>(processes)), large(small.size()) {
    for (const Piece& piece : pieces) {
      std::int64_t& end = (is_large(piece) ? large : small)[static_cast<std::size_t>(piece.owner)];
      place.push_back(end);
      end += piece.size;
    }
  }
  static bool is_large(const Piece& piece) { return piece.size >= kLarge; }

  std::vector<std::int64_t> small, large;  // values of each process
  std::vector<std::int64_t> place;         // of each piece among those of its kind
};

// Calls f(i) for each i < count, divided among the workers.
template <typename F>
void deal(Workers& workers, std::size_t count, F&& f) {
  workers.run([&](int index) {
    const Part part = part_of(static_cast<std::int64_t>(count), index, workers.count());
    for (auto i = static_cast<std::size_t>(part.begin); i < static_cast<std::size_t>(part.end);
         ++i) {
      f(i);
    }
  });
}

}  // namespace

void PieceExchange::sum(const StreamGroups& batch, std::span<const Piece> pieces, const Node& node,
                        Workers& workers) {
  for_each_exchange(pieces, [&](std::size_t begin, std::size_t end) {
    sum_some(batch, pieces.subspan(begin, end - begin), begin, node, workers);
  });
}

void PieceExchange::sum_some(const StreamGroups& batch, std::span<const Piece> pieces,
                             std::size_t first, const Node& node, Workers& workers) {
  const int count = processes_.size(), rank = processes_.rank();
  const auto me = static_cast<std::size_t>(rank);
  in_.resize(static_cast<std::size_t>(count));
  out_.resize(in_.size());
  std::vector<std::vector<StreamGroups>> subtrees;
  for (int i = 0; i < count; ++i) subtrees.push_back(batch.held_by(i, count).subtrees());
  const std::size_t own = subtrees[me].size();
  const Places places(pieces, count);
  std::vector<std::size_t> mine;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (pieces[i].owner == rank) mine.push_back(i);
  }
  // The small pieces form one message, ordered by subtree and then by piece.
  for (std::size_t i = 0; i < in_.size(); ++i) {
    at_least(out_[i], static_cast<std::int64_t>(own) * places.small[i]);
  }
  deal(workers, pieces.size(), [&](std::size_t i) {
    const auto owner = static_cast<std::size_t>(pieces[i].owner);
    if (owner == me || Places::is_large(pieces[i])) return;
    for (std::size_t k = 0; k < own; ++k) {
      std::copy_n(node(first + i, k), pieces[i].size,
                  out_[owner].data() + static_cast<std::int64_t>(k) * places.small[owner] +
                      places.place[i]);
    }
  });
  std::vector<Outgoing> send;
  std::vector<Incoming> receive;
  // Piece i of subtree k in the data received from a process.
  const auto received = [&](std::size_t process, std::size_t k, std::size_t i) {
    const auto before = static_cast<std::int64_t>(k),
               all = static_cast<std::int64_t>(subtrees[process].size());
    return in_[process].data() + places.place[i] +
           (Places::is_large(pieces[i]) ? all * places.small[me] + before * places.large[me]
                                        : before * places.small[me]);
  };
  for (int other = 0; other < count; ++other) {
    if (other == rank) continue;
    const auto p = static_cast<std::size_t>(other);
    const auto theirs = static_cast<std::int64_t>(subtrees[p].size());
    at_least(in_[p], theirs * (places.small[me] + places.large[me]));
    send.push_back({other, std::as_bytes(numbers(
                               out_[p].data(), static_cast<std::int64_t>(own) * places.small[p]))});
    receive.push_back(
        {other, std::as_writable_bytes(numbers(in_[p].data(), theirs * places.small[me]))});
    for (std::size_t k = 0; k < own; ++k) {
      for (std::size_t i = 0; i < pieces.size(); ++i) {
        if (pieces[i].owner != other || !Places::is_large(pieces[i])) continue;
        send.push_back({other, std::as_bytes(numbers(node(first + i, k), pieces[i].size))});
      }
    }
    for (std::size_t k = 0; k < subtrees[p].size(); ++k) {
      for (const std::size_t i : mine) {
        if (!Places::is_large(pieces[i])) continue;
        receive.push_back(
            {other, std::as_writable_bytes(numbers(received(p, k, i), pieces[i].size))});
      }
    }
  }
  processes_.exchange(send, receive);
  deal(workers, mine.size(), [&](std::size_t j) {
    const std::size_t i = mine[j];
    float* const place = pieces[i].place;
    struct Waiting {
      float* sum;
      int leaves;
    };
    std::vector<Waiting> waiting;  // for their right siblings
    for (std::size_t p = 0; p < in_.size(); ++p) {
      for (std::size_t k = 0; k < subtrees[p].size(); ++k) {
        Waiting next{p == me ? node(first + i, k) : received(p, k, i), subtrees[p][k].count()};
        // Subtrees come in order, so one of equal size to the left is the sibling. a + b has the
        // same bits as b + a.
        while (!waiting.empty() && waiting.back().leaves == next.leaves) {
          float* left = waiting.back().sum;
          if (next.sum == place) std::swap(left, next.sum);
          add_values(next.sum, pieces[i].size, left);
          next = {left, 2 * next.leaves};
          waiting.pop_back();
        }
        waiting.push_back(next);
      }
    }
    if (waiting.front().sum != place) std::copy_n(waiting.front().sum, pieces[i].size, place);
  });
}

void PieceExchange::share(std::span<const Piece> pieces, To to, Workers& workers) {
  if (processes_.size() == 1) return;
  for_each_exchange(pieces, [&](std::size_t begin, std::size_t end) {
    share_some(pieces.subspan(begin, end - begin), to, workers);
  });
}

void PieceExchange::share_some(std::span<const Piece> pieces, To to, Workers& workers) {
  const int count = processes_.size(), rank = processes_.rank();
  in_.resize(static_cast<std::size_t>(count));
  const Places places(pieces, count);
  for (std::size_t i = 0; i < in_.size(); ++i) at_least(in_[i], places.small[i]);
  const auto small = [&](int process) {
    const auto p = static_cast<std::size_t>(process);
    return numbers(in_[p].data(), places.small[p]);
  };
  // Copies small pieces from their places to the message, or back.
  const auto copy = [&](bool out) {
    deal(workers, pieces.size(), [&](std::size_t i) {
      const Piece& piece = pieces[i];
      if (Places::is_large(piece) || (piece.owner == rank) != out) return;
      float* const packed = small(piece.owner).data() + places.place[i];
      std::copy_n(out ? piece.place : packed, piece.size, out ? packed : piece.place);
    });
  };
  const bool sends_to_all = to == To::kAll, receives = sends_to_all || rank == 0;
  std::vector<Outgoing> send;
  std::vector<Incoming> receive;
  for (int other = 0; other < count; ++other) {
    if (other == rank) continue;
    const bool sends = sends_to_all || other == 0;
    if (sends) send.push_back({other, std::as_bytes(small(rank))});
    if (receives) receive.push_back({other, std::as_writable_bytes(small(other))});
    for (const Piece& piece : pieces) {
      if (!Places::is_large(piece)) continue;
      const auto values = numbers(piece.place, piece.size);
      if (sends && piece.owner == rank) send.push_back({other, std::as_bytes(values)});
      if (receives && piece.owner == other) {
        receive.push_back({other, std::as_writable_bytes(values)});
      }
    }
  }
  copy(true);
  processes_.exchange(send, receive);
  if (receives) copy(false);
}

}  // namespace elmo
