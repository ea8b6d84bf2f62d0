// Sums over the rows of a batch in an order that the batch size alone decides.
//
// The streams of a batch form groups, the rows of each group are summed by themselves, and the
// groups' sums are added along a binary tree. However the groups are shared out, whole subtrees can
// be summed where their groups are, and the bits stay the same.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "compute/aligned.h"
#include "compute/kernels.h"
#include "compute/workers.h"

namespace elmo {

// The groups of a window of T steps of B streams. Their number is the largest power of two that
// leaves 32 streams to each, from 1 to 64: fewer streams would make the products of the weight
// gradients too shallow.
class StreamGroups {
 public:
  StreamGroups(std::int64_t steps, std::int64_t streams)
      : steps_(steps),
        streams_(streams),
        count_(static_cast<int>(
            std::bit_floor(static_cast<unsigned>(std::clamp<std::int64_t>(streams / 32, 1, 64))))) {
  }

  std::int64_t steps() const { return steps_; }
  std::int64_t streams() const { return streams_; }
  std::int64_t rows() const { return steps_ * streams_; }
  int count() const { return count_; }

  Part streams_of(int group) const { return part_of(streams_, group, count_); }
  // Where a group's rows lie in an array that goes group by group and then step by step.
  Part rows_of(int group) const {
    const Part part = streams_of(group);
    return {steps_ * part.begin, steps_ * part.end};
  }

 private:
  std::int64_t steps_, streams_;
  int count_;
};

// Adds leaves 0, 1, ... (2^n of them) of `size` numbers as they come; a node is its left child +
// its right child. For each leaf in order: fill leaf(i), then close(i). In the end `result` holds
// the root. Stretches of the numbers may be closed apart from one another, by several threads.
class TreeSum {
 public:
  // Numbers of scratch for `leaves` leaves.
  static std::size_t scratch_size(int leaves, std::int64_t size) {
    return area(std::countr_zero(static_cast<unsigned>(leaves)), size);
  }
  TreeSum(float* result, float* scratch, std::int64_t size)
      : result_(result), scratch_(scratch), size_(size) {}

  float* leaf(int i) const { return node(i); }  // holds what was there before
  void close(int i, std::int64_t first, std::int64_t count) const {
    // Leaf i ends as many subtrees as there are ones at the end of i.
    for (auto rest = static_cast<unsigned>(i); (rest & 1) != 0; rest >>= 1) {
      add_values(node(rest) + first, count, node(rest - 1) + first);
    }
  }
  void close(int i) const { close(i, 0, size_); }

 private:
  // As many nodes wait to the left of leaf i for their right sibling as i has ones.
  float* node(unsigned i) const {
    const int waiting = std::popcount(i);
    return waiting == 0 ? result_ : scratch_ + (waiting - 1) * size_;
  }

  float* result_;
  float* scratch_;
  std::int64_t size_;
};

}  // namespace elmo
