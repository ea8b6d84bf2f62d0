// Arrays that are divided among processes in pieces, each of which one process owns.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "compute/aligned.h"
#include "compute/tree_sum.h"
#include "compute/workers.h"
#include "parallel/processes.h"

namespace elmo {

struct Piece {
  float* place;
  std::int64_t size;
  int owner;
};

// Exchanges pieces; keeps its buffers between exchanges. Its functions are collective
// (processes.h): all processes pass the same pieces in the same order, and only the places differ.
class PieceExchange {
 public:
  explicit PieceExchange(Processes& processes) : processes_(processes) {}

  // Sums each piece over the groups of a batch along the tree of tree_sum.h. node(i, k) is piece i
  // of the sum over subtree k of this process's groups (StreamGroups::subtrees() of held_by()). The
  // total is written to the piece's place, at its owner only; a node may lie there. The nodes of
  // pieces that this process owns are overwritten.
  using Node = std::function<float*(std::size_t piece, std::size_t subtree)>;
  void sum(const StreamGroups& batch, std::span<const Piece> pieces, const Node& node,
           Workers& workers);
  // Sends the owners' values to all processes, or to the first only.
  enum class To { kAll, kFirst };
  void share(std::span<const Piece> pieces, To to, Workers& workers);

 private:
  // The same for the pieces of one exchange.
  void sum_some(const StreamGroups& batch, std::span<const Piece> pieces, std::size_t first,
                const Node& node, Workers& workers);
  void share_some(std::span<const Piece> pieces, To to, Workers& workers);

  Processes& processes_;
  std::vector<AlignedArray<float>> in_, out_;  // from and to each process
};

}  // namespace elmo
