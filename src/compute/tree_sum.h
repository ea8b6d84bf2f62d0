// Sums over the rows of a batch in an order that depends on the batch size alone.
//
// The streams of a batch form groups. The rows of each group are summed first, and the groups' sums
// are added along a binary tree. However the groups are divided among processes, each can sum whole
// subtrees of its own groups, and the bits stay the same.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "compute/aligned.h"
#include "compute/kernels.h"
#include "compute/workers.h"

namespace elmo {

// The groups of a window of T steps of B streams. Their number is the largest power of two, from 1
// to 64, that leaves at least 32 streams in each: with fewer, the products of the weight gradients
// would be too shallow.
//
// An object denotes a range of adjacent groups in arrays that hold these and possibly more of the
// batch's streams. Initially it denotes all groups, in arrays of all streams.
class StreamGroups {
 public:
  StreamGroups(std::int64_t steps, std::int64_t streams)
      : steps_(steps),
        batch_streams_(streams),
        batch_count_(static_cast<int>(
            std::bit_floor(static_cast<unsigned>(std::clamp<std::int64_t>(streams / 32, 1, 64))))),
        held_{0, batch_count_},
        groups_(held_) {}

  // The sizes of the arrays.
  std::int64_t steps() const { return steps_; }
  std::int64_t streams() const { return cut(held_.end) - cut(held_.begin); }
  std::int64_t rows() const { return steps_ * streams(); }
  // The streams of the batch that the arrays hold.
  Part held_streams() const { return {cut(held_.begin), cut(held_.end)}; }

  // The groups that this object denotes. Group 0 is group first() of the arrays and group
  // first_of_batch() of the batch.
  int count() const { return static_cast<int>(groups_.end - groups_.begin); }
  int first() const { return static_cast<int>(groups_.begin - held_.begin); }
  int first_of_batch() const { return static_cast<int>(groups_.begin); }
  int batch_count() const { return batch_count_; }
  // The positions of a group's streams in the arrays.
  Part streams_of(int group) const {
    const std::int64_t at = groups_.begin + group;
    return {cut(at) - cut(held_.begin), cut(at + 1) - cut(held_.begin)};
  }
  // The positions of its rows in an array that is ordered by group and then by step.
  Part rows_of(int group) const {
    const Part part = streams_of(group);
    return {steps_ * part.begin, steps_ * part.end};
  }

  // The batch's groups that process `rank` of `size` works on, in arrays of its own. `size` is at
  // most batch_count().
  StreamGroups held_by(int rank, int size) const {
    StreamGroups result = *this;
    result.held_ = result.groups_ = part_of(batch_count_, rank, size);
    return result;
  }
  // These groups as the smallest number of whole subtrees of the batch's tree, in order, in the
  // same arrays.
  std::vector<StreamGroups> subtrees() const {
    std::vector<StreamGroups> result;
    for (std::int64_t at = groups_.begin; at < groups_.end;) {
      std::int64_t size = 1;
      while (at % (2 * size) == 0 && at + 2 * size <= groups_.end) size *= 2;
      result.push_back(*this);
      result.back().groups_ = {at, at + size};
      at += size;
    }
    return result;
  }

 private:
  // The first stream of a group, counted in the batch.
  std::int64_t cut(std::int64_t group) const { return batch_streams_ * group / batch_count_; }

  std::int64_t steps_, batch_streams_;
  int batch_count_;
  Part held_, groups_;  // ranges of the batch's groups
};

// Sums 2^n leaves of `size` numbers each along a binary tree, as they become available; a node is
// its left child + its right child. For each leaf i in order: fill leaf(i), then call close(i).
// After the last, `result` holds the root. Several threads may close separate ranges of the
// numbers.
class TreeSum {
 public:
  // The size of `scratch`, in floats, for `leaves` leaves.
  static std::size_t scratch_size(int leaves, std::int64_t size) {
    return area(std::countr_zero(static_cast<unsigned>(leaves)), size);
  }
  TreeSum(float* result, float* scratch, std::int64_t size)
      : result_(result), scratch_(scratch), size_(size) {}

  float* leaf(int i) const { return node(i); }  // not zeroed
  void close(int i, std::int64_t first, std::int64_t count) const {
    // Leaf i completes as many subtrees as its binary number has trailing ones.
    for (auto rest = static_cast<unsigned>(i); (rest & 1) != 0; rest >>= 1) {
      add_values(node(rest) + first, count, node(rest - 1) + first);
    }
  }
  void close(int i) const { close(i, 0, size_); }

 private:
  // As many nodes to the left of leaf i wait for their right sibling as its binary number has ones.
  float* node(unsigned i) const {
    const int waiting = std::popcount(i);
    return waiting == 0 ? result_ : scratch_ + (waiting - 1) * size_;
  }

  float* result_;
  float* scratch_;
  std::int64_t size_;
};

}  // namespace elmo
