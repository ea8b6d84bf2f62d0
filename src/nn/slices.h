// Parameters whose gradients, updates and optimiser's state are divided among processes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "compute/tree_sum.h"
#include "compute/workers.h"
#include "nn/parameter.h"
#include "parallel/pieces.h"
#include "parallel/processes.h"

namespace elmo {

// Parameters are cut into blocks, each of which one process owns: it alone has the whole gradient
// of it, and updates it. All processes have all values (Rajbhandari et al. 2020, ZeRO, stage 1).
//
// Functions marked as collective are called by all processes (parallel/processes.h).
class Slices {
 public:
  Slices(std::vector<Parameter*> parameters, Processes& processes);

  struct Block {
    std::size_t parameter;
    std::int64_t begin, size;
    int owner;
  };
  // The blocks of an update: whole rows, about 65,536 values in each; of a sparse parameter each
  // touched row is a block. Sizes and order do not depend on the number of processes.
  std::vector<Block> blocks() const;
  // The same with all rows of sparse parameters.
  std::vector<Block> all_blocks() const;
  bool is_mine(const Block& block) const { return block.owner == processes_.rank(); }
  // The process that owns a row (of the first axis) of a parameter.
  int owner_of_row(const Parameter& parameter, std::int64_t row) const;

  const std::vector<Parameter*>& parameters() const { return parameters_; }
  Processes& processes() { return processes_; }

  // A parameter's gradient is that of one of this process's subtrees (StreamGroups::subtrees());
  // called for each in turn, it keeps what the next one overwrites.
  void keep(const Parameter& parameter, std::size_t subtree, std::size_t subtrees);
  // Collective. Makes the gradients of these (dense) parameters sums over the whole batch, each
  // block at its owner. Ignores parameters that do not belong to this object.
  void sum(std::span<Parameter* const> parameters, const StreamGroups& batch, Workers& workers);
  // The same for rows of sparse ones: `rows` of the parameter are kept in `values` (a row each), of
  // which values[k] holds subtree k's; the owners' rows of `result` become the sums,
  // and those of `values` are written over.
  void sum_rows(const Parameter& parameter, std::span<const std::int32_t> rows,
                std::span<float* const> values, float* result, const StreamGroups& batch,
                Workers& workers);

  // Collective. share() sends one number for each block from its owner to all, share_values() the
  // values of the blocks. gather() assembles an array of parameter `index`'s size, of which each
  // process has its own blocks, in the first process, which calls `use` with it.
  void share(std::span<const Block> blocks, std::span<double> numbers);
  // only_touched: rows without a gradient have not changed.
  void share_values(std::span<const Block> blocks, bool only_touched, Workers& workers);
  void gather(std::size_t index, std::span<float> values, Workers& workers,
              const std::function<void(std::span<float>)>& use);
  // Not collective. `read` fills a whole array of parameter `index`'s size, of which this process
  // keeps its own blocks in `values`.
  void scatter(std::size_t index, std::span<float> values,
               const std::function<void(std::span<float>)>& read) const;

 private:
  std::vector<Block> cut(bool all_rows) const;
  std::size_t index_of(const Parameter& parameter) const;

  std::vector<Parameter*> parameters_;
  Processes& processes_;
  PieceExchange exchange_;
  std::vector<std::int64_t> first_block_;  // of each parameter, counted over all
  // Gradients of this process's subtrees but for the last, which is in the parameter.
  std::vector<AlignedArray<float>> kept_;
};

}  // namespace elmo
