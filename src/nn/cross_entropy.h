// Softmax cross-entropy of many rows over many outcomes, fused with its two matrix products.
#pragma once

#include <cstdint>
#include <vector>

#include "compute/aligned.h"
#include "compute/matmul.h"
#include "compute/tree_sum.h"
#include "compute/workers.h"

namespace elmo {

// The rows and their targets, ordered by group. T is float or Bf16.
template <typename T>
struct CrossEntropyRows {
  const T* x;                   // (rows, width), dense
  StreamGroups groups;          // gradients are summed over the rows in their order
  const std::int32_t* targets;  // column of each row's target; -1: no loss and no gradient
  // If the targets are not among the columns (sampled softmax): each target's logit, and the column
  // that is left out of the row's sum (-1: none). `targets` then only says which rows count.
  const float* target_logits = nullptr;
  const std::int32_t* left_out = nullptr;
};

// Receives the gradients of `scale` times the sum of the losses; those of weights and bias are
// summed over the rows in the order of tree_sum.h.
struct CrossEntropyGradients {
  float scale;
  float* x;                        // (rows, width)
  float* weights;                  // (columns, width)
  float* bias;                     // (columns)
  float* target_logits = nullptr;  // (rows), with CrossEntropyRows::target_logits
};

// Works on blocks of rows and columns that fit the second-level cache. Their logits are replaced by
// exponentials e = exp(logit - the row's shift), which are kept for one chunk of rows at a time.
// The gradient of a row's logits is factor * e, minus factor * total at the target, where total is
// the row's sum of exponentials and factor = scale / total. The factor is applied later: to a row
// of x's gradient after the product with the weights, and to a row of x before the product that
// gives the weights' gradient.
class CrossEntropy {
 public:
  CrossEntropy() = default;
  // `columns` is at least 1. `training`: run() will be called with gradients.
  CrossEntropy(std::int64_t columns, std::int64_t width, Precision precision, bool training);

  // Packs the outcomes' weights (columns, width), at first and after every change: part 0 for the
  // logits, part 1 (training only) for the gradient of x.
  static constexpr int kPackParts = 2;
  void pack(int part, const float* weights);

  // Writes the negative log-likelihood of each of the rows (at least one), in nats, to `losses`,
  // and the gradients unless `gradients` is null. The bits do not depend on the number of workers.
  template <typename T>
  void run(const CrossEntropyRows<T>& rows, const float* bias, double* losses,
           const CrossEntropyGradients* gradients, Workers& workers);

 private:
  struct Row {
    float shift;    // close to the largest logit
    float top;      // the largest logit - shift
    double total;   // sum of the exponentials
    double target;  // logit of the target
  };
  std::int64_t block_columns(std::size_t block) const;
  // The offset of a block of columns in the exponentials: (rows of the chunk, the block's columns),
  // dense.
  std::int64_t block_offset(std::size_t block) const;
  template <typename T>
  AlignedArray<T>& exps();
  // Rows [begin, end) of the chunk that starts at row `from`: computes exponentials (not kept if
  // `exps` is null), sums and losses.
  template <typename T>
  void sum_rows(const CrossEntropyRows<T>& rows, std::int64_t from, std::int64_t begin,
                std::int64_t end, const float* bias, float* logits, T* exps, double* losses);
  template <typename T>
  void sum_blocks(const CrossEntropyRows<T>& rows, std::int64_t from, std::int64_t begin,
                  std::int64_t end, const float* bias, float* logits, T* exps, bool shifted);
  template <typename T>
  void differentiate_rows(const CrossEntropyRows<T>& rows, std::int64_t from, std::int64_t begin,
                          std::int64_t end, const CrossEntropyGradients& gradients);
  // Packs the chunk's `size` rows of x, multiplied by their factors.
  template <typename T>
  void pack_scaled(const T* x, std::int64_t size);
  template <typename T>
  void weight_gradients(std::int64_t size, int group, bool first, bool last, const Part& part,
                        const TreeSum& weights, const TreeSum& bias);

  std::int64_t columns_ = 0, width_ = 0;
  std::int64_t chunk_rows_ = 0;  // rows whose exponentials are in memory at a time
  std::vector<PackedMatrix> packed_, packed_back_;
  PackedMatrix packed_x_;                    // the chunk's rows of x times their factors
  std::vector<AlignedArray<float>> logits_;  // a block for each worker
  // For the current chunk:
  AlignedArray<float> exps_f32_;
  AlignedArray<Bf16> exps_bf16_;
  std::vector<Row> rows_;
  std::vector<float> factors_;
  AlignedArray<float> scaled_x_;
  AlignedArray<float> tree_;  // scratch of the sums over groups
};

}  // namespace elmo
