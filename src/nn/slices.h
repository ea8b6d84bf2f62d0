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
// With several processes, each calls the functions that are marked as meetings, in the same order.
class Slices {
 public:
  Slices(std::vector<Parameter*> parameters, Processes& processes);

  struct Block {
    std::size_t parameter;
    std::int64_t begin, size;
    int owner;
  };
  // What an update goes through: whole rows of about 65,536 numbers; of a sparse parameter each
  // touched row by itself. Their sizes do not depend on the processes, nor does their order.
  std::vector<Block> blocks() const;
  // The same with all rows of sparse parameters.
  std::vector<Block> all_blocks() const;
  bool is_mine(const Block& block) const { return block.owner == processes_.rank(); }
  // Who owns a row (of the first axis) of a parameter.
  int owner_of_row(const Parameter& parameter, std::int64_t row) const;

  const std::vector<Parameter*>& parameters() const { return parameters_; }
  Processes& processes() { return processes_; }

  // A parameter's gradient is that of one of this process's subtrees (StreamGroups::subtrees());
  // called for each in turn, it keeps what the next one overwrites.
  void keep(const Parameter& parameter, std::size_t subtree, std::size_t subtrees);
  // A meeting: then the gradients of these parameters (dense ones) are sums over the batch, in
  // their owners' blocks. Parameters that are none of these slices' are passed over.
  void sum(std::span<Parameter* const> parameters, const StreamGroups& batch, Workers& workers);
  // The same for rows of sparse ones: `rows` of the parameter are kept in `values` (a row each), of
  // which values[k] holds subtree k's; the owners' rows of `result` become the sums,
  // and those of `values` are written over.
  void sum_rows(const Parameter& parameter, std::span<const std::int32_t> rows,
                std::span<float* const> values, float* result, const StreamGroups& batch,
                Workers& workers);

  // Meetings. One number a block, from its owner to all; the values of the blocks likewise; and an
  // array of parameter `index`'s size, of which each has its blocks, whole for the first process,
  // which calls `use` with it.
  void share(std::span<const Block> blocks, std::span<double> numbers);
  // only_touched: rows without a gradient have not changed.
  void share_values(std::span<const Block> blocks, bool only_touched, Workers& workers);
  void gather(std::size_t index, std::span<float> values, Workers& workers,
              const std::function<void(std::span<float>)>& use);
  // No meeting: `read` fills a whole array of parameter `index`'s size, of which this process keeps
  // its own blocks in `values`.
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
