// Parameters whose gradients, updates and optimiser state are divided among processes.
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

// Parameters are divided into blocks, each of which one process owns: only the owner has the
// block's whole gradient, and it updates the block. All processes have all values (Rajbhandari et
// al. 2020, ZeRO, stage 1).
//
// Functions marked as collective must be called by all processes (parallel/processes.h).
class Slices {
 public:
  Slices(std::vector<Parameter*> parameters, Processes& processes);

  struct Block {
    std::size_t parameter;
    std::int64_t begin, size;
    int owner;
  };
  // The blocks of an update: whole rows, about 65,536 values per block; in a sparse parameter, each
  // touched row is a block. Sizes and order do not depend on the number of processes.
  std::vector<Block> blocks() const;
  // The same with all rows of sparse parameters.
  std::vector<Block> all_blocks() const;
  bool is_mine(const Block& block) const { return block.owner == processes_.rank(); }
  // The process that owns a row (of the first axis) of a parameter.
  int owner_of_row(const Parameter& parameter, std::int64_t row) const;

  const std::vector<Parameter*>& parameters() const { return parameters_; }
  Processes& processes() { return processes_; }

  // Saves a parameter's gradient over one of this process's subtrees (StreamGroups::subtrees())
  // before the next subtree overwrites it. Called for each subtree in order; the last one's
  // gradient stays in the parameter.
  void keep(const Parameter& parameter, std::size_t subtree, std::size_t subtrees);
  // Returns a collective exchange, which any thread may run: it sums the gradients of these (dense)
  // parameters over the whole batch, each block at its owner. Ignores parameters that do not belong
  // to this object.
  std::function<void()> sum(std::span<Parameter* const> parameters, const StreamGroups& batch);
  // The same for `rows` of a sparse parameter. values[k] holds the gradients of subtree k, dense, a
  // row for each of `rows`; `result` has the same layout and receives the sums, in the rows that
  // this process owns. Those rows of `values` are overwritten.
  void sum_rows(const Parameter& parameter, std::span<const std::int32_t> rows,
                std::span<float* const> values, float* result, const StreamGroups& batch,
                Workers& workers);

  // Collective. share() sends one number for each block from its owner to all processes,
  // share_values() the values of the blocks. gather() assembles, in the first process, an array of
  // the size of parameter `index` from every process's own blocks, and calls `use` with it there.
  void share(std::span<const Block> blocks, std::span<double> numbers);
  // only_touched: rows that are not touched have not changed and are not sent.
  void share_values(std::span<const Block> blocks, bool only_touched, Workers& workers);
  void gather(std::size_t index, std::span<float> values, Workers& workers,
              const std::function<void(std::span<float>)>& use);
  // Not collective. `read` fills a whole array of the size of parameter `index`, from which this
  // process's own blocks are copied to `values`.
  void scatter(std::size_t index, std::span<float> values,
               const std::function<void(std::span<float>)>& read) const;

 private:
  std::vector<Block> cut(bool all_rows) const;
  std::size_t index_of(const Parameter& parameter) const;

  std::vector<Parameter*> parameters_;
  Processes& processes_;
  PieceExchange exchange_;
  std::vector<std::int64_t> first_block_;  // for each parameter, counted over all parameters
  // Gradients of this process's subtrees except the last, which stay in the parameter.
  std::vector<AlignedArray<float>> kept_;
};

}  // namespace elmo
