#include "parallel/pieces.h"

#include <algorithm>

#include "compute/kernels.h"

namespace elmo {
namespace {

// Values in one exchange: 16 MB, so that buffers stay small compared with what is exchanged.
constexpr std::int64_t kMeeting = std::int64_t{1} << 22;

// f(begin, end): the pieces of one exchange.
template <typename F>
void for_each_meeting(std::span<const Piece> pieces, F&& f) {
  std::size_t begin = 0;
  while (begin < pieces.size()) {
    std::size_t end = begin;
    std::int64_t size = 0;
    while (end < pieces.size() && (end == begin || size + pieces[end].size <= kMeeting)) {
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

}  // namespace

// How many of the numbers each process owns.
std::vector<std::int64_t> PieceExchange::sizes(std::span<const Piece> pieces) const {
  std::vector<std::int64_t> result(static_cast<std::size_t>(processes_.size()));
  for (const Piece& piece : pieces) result[static_cast<std::size_t>(piece.owner)] += piece.size;
  return result;
}

void PieceExchange::sum(const StreamGroups& batch, std::span<const Piece> pieces, const Node& node,
                        Workers& workers) {
  for_each_meeting(pieces, [&](std::size_t begin, std::size_t end) {
    sum_some(batch, pieces.subspan(begin, end - begin), begin, node, workers);
  });
}

void PieceExchange::sum_some(const StreamGroups& batch, std::span<const Piece> pieces,
                             std::size_t first, const Node& node, Workers& workers) {
  const int count = processes_.size(), rank = processes_.rank();
  const auto processes = static_cast<std::size_t>(count);
  const auto me = static_cast<std::size_t>(rank);
  in_.resize(processes);
  out_.resize(processes);
  std::vector<std::vector<StreamGroups>> subtrees;
  for (int i = 0; i < count; ++i) subtrees.push_back(batch.held_by(i, count).subtrees());
  const std::vector<std::int64_t> owned = sizes(pieces);
  // Subtree by subtree and in each piece by piece; what stays here lies as if it had been received.
  std::vector<float*> to(processes);
  std::vector<ConstBytes> send(processes);
  std::vector<Bytes> receive(processes);
  for (std::size_t i = 0; i < processes; ++i) {
    const auto out = static_cast<std::int64_t>(subtrees[me].size()) * owned[i];
    const auto in = static_cast<std::int64_t>(subtrees[i].size()) * owned[me];
    receive[i] = std::as_writable_bytes(numbers(at_least(in_[i], in), in));
    to[i] = i == me ? in_[i].data() : at_least(out_[i], out);
    send[i] = std::as_bytes(numbers(to[i], out));
  }
  std::vector<std::int64_t> place(pieces.size());  // in its owner's share
  std::vector<std::int64_t> end(processes);
  std::vector<std::size_t> mine;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    std::int64_t& owner_end = end[static_cast<std::size_t>(pieces[i].owner)];
    place[i] = owner_end;
    owner_end += pieces[i].size;
    if (pieces[i].owner == rank) mine.push_back(i);
  }
  workers.run([&](int index) {
    const Part part = part_of(static_cast<std::int64_t>(pieces.size()), index, workers.count());
    for (auto i = static_cast<std::size_t>(part.begin); i < static_cast<std::size_t>(part.end);
         ++i) {
      const auto owner = static_cast<std::size_t>(pieces[i].owner);
      for (std::size_t k = 0; k < subtrees[me].size(); ++k) {
        std::copy_n(node(first + i, k), pieces[i].size,
                    to[owner] + static_cast<std::int64_t>(k) * owned[owner] + place[i]);
      }
    }
  });
  processes_.exchange(send, receive);
  workers.run([&](int index) {
    const Part part = part_of(static_cast<std::int64_t>(mine.size()), index, workers.count());
    struct Waiting {
      float* sum;
      int leaves;
    };
    std::vector<Waiting> waiting;  // for their right siblings
    for (auto j = static_cast<std::size_t>(part.begin); j < static_cast<std::size_t>(part.end);
         ++j) {
      const std::size_t i = mine[j];
      waiting.clear();
      for (std::size_t p = 0; p < processes; ++p) {
        for (std::size_t k = 0; k < subtrees[p].size(); ++k) {
          Waiting next{in_[p].data() + static_cast<std::int64_t>(k) * owned[me] + place[i],
                       subtrees[p][k].count()};
          // Subtrees come in order, so an equal one to the left is the sibling.
          while (!waiting.empty() && waiting.back().leaves == next.leaves) {
            add_values(next.sum, pieces[i].size, waiting.back().sum);
            next = {waiting.back().sum, 2 * next.leaves};
            waiting.pop_back();
          }
          waiting.push_back(next);
        }
      }
      std::copy_n(waiting.front().sum, pieces[i].size, pieces[i].place);
    }
  });
}

void PieceExchange::share(std::span<const Piece> pieces, To to, Workers& workers) {
  if (processes_.size() == 1) return;
  for_each_meeting(pieces, [&](std::size_t begin, std::size_t end) {
    share_some(pieces.subspan(begin, end - begin), to, workers);
  });
}

void PieceExchange::share_some(std::span<const Piece> pieces, To to, Workers& workers) {
  const auto processes = static_cast<std::size_t>(processes_.size());
  const auto me = static_cast<std::size_t>(processes_.rank());
  in_.resize(processes);
  const std::vector<std::int64_t> owned = sizes(pieces);
  std::vector<ConstBytes> send(processes);
  std::vector<Bytes> receive(processes);
  for (std::size_t i = 0; i < processes; ++i) at_least(in_[i], owned[i]);
  for (std::size_t i = 0; i < processes; ++i) {
    if (to == To::kAll || i == 0) send[i] = std::as_bytes(numbers(in_[me].data(), owned[me]));
    if (to == To::kAll || me == 0) {
      receive[i] = std::as_writable_bytes(numbers(in_[i].data(), owned[i]));
    }
  }
  std::vector<float*> places(pieces.size());
  std::vector<std::int64_t> end(processes);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const auto owner = static_cast<std::size_t>(pieces[i].owner);
    places[i] = in_[owner].data() + end[owner];
    end[owner] += pieces[i].size;
  }
  const auto copy = [&](bool out) {
    workers.run([&](int index) {
      const Part part = part_of(static_cast<std::int64_t>(pieces.size()), index, workers.count());
      for (auto i = static_cast<std::size_t>(part.begin); i < static_cast<std::size_t>(part.end);
           ++i) {
        const bool is_mine = pieces[i].owner == static_cast<int>(me);
        if (out && is_mine) std::copy_n(pieces[i].place, pieces[i].size, places[i]);
        if (!out && !is_mine) std::copy_n(places[i], pieces[i].size, pieces[i].place);
      }
    });
  };
  copy(true);
  processes_.exchange(send, receive);
  if (to == To::kAll || me == 0) copy(false);
}

}  // namespace elmo
