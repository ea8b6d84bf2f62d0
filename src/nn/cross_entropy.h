// Softmax cross-entropy of many rows against a matrix of outcomes, fused with its two products.
#pragma once

#include <cstdint>
#include <vector>

#include "compute/aligned.h"
#include "compute/matmul.h"
#include "compute/tree_sum.h"
#include "compute/workers.h"

namespace elmo {

// Rows to be judged, group by group, and where each one's target is. T is float or Bf16.
template <typename T>
struct CrossEntropyRows {
  const T* x;                   // (rows, width), dense
  StreamGroups groups;          // in whose order gradients are summed over the rows
  const std::int32_t* targets;  // columns; -1: no loss and no gradient
  // Where the target is none of the columns (sampled softmax): its logit, and the column that is
  // left out of the row's sum, -1 for none. `targets` then only says which rows count.
  const float* target_logits = nullptr;
  const std::int32_t* left_out = nullptr;
};

// Where the gradients of `scale` times the sum of the losses go; those of weights and bias are sums
// over the rows, in the order of tree_sum.h.
struct CrossEntropyGradients {
  float scale;
  float* x;                        // (rows, width)
  float* weights;                  // (columns, width)
  float* bias;                     // (columns)
  float* target_logits = nullptr;  // (rows), with CrossEntropyRows::target_logits
};

// Works on blocks of rows and columns that stay in the second-level cache: their logits become
// exponentials e of (logit - a shift of the row), which are all that is kept of a chunk of rows. A
// gradient of the logits is factor * (e, less the row's total at the target), factor = scale /
// total of the row, and the factor can wait: it multiplies a row of x's gradient after the product
// with the weights, and a row of x before the product that makes the weights' gradient.
class CrossEntropy {
 public:
  CrossEntropy() = default;
  // `columns` at least 1. `training`: gradients will be asked for.
  CrossEntropy(std::int64_t columns, std::int64_t width, Precision precision, bool training);

  // Takes the outcomes' weights (columns, width) over; part 0 for the logits, part 1 for the
  // gradient of x.
  static constexpr int kPackParts = 2;
  void pack(int part, const float* weights);

  // Negative log-likelihood of each row in nats (one or more rows) into `losses`, and the gradients
  // if they are asked for. The bits do not depend on the number of workers.
  template <typename T>
  void run(const CrossEntropyRows<T>& rows, const float* bias, double* losses,
           const CrossEntropyGradients* gradients, Workers& workers);

 private:
  struct Row {
    float shift;    // near the largest logit
    float top;      // the largest logit - shift
    double total;   // sum of the exponentials
    double target;  // logit of the target
  };
  std::int64_t block_columns(std::size_t block) const;
  // Where the exponentials of a block of columns lie: (rows of the chunk, its columns), dense.
  std::int64_t block_offset(std::size_t block) const;
  template <typename T>
  AlignedArray<T>& exps();
  // Rows [begin, end) of the chunk that starts at row `from`: exponentials (null: not kept), sums
  // and losses.
  template <typename T>
  void sum_rows(const CrossEntropyRows<T>& rows, std::int64_t from, std::int64_t begin,
                std::int64_t end, const float* bias, float* logits, T* exps, double* losses);
  template <typename T>
  void sum_blocks(const CrossEntropyRows<T>& rows, std::int64_t from, std::int64_t begin,
                  std::int64_t end, const float* bias, float* logits, T* exps, bool shifted);
  template <typename T>
  void differentiate_rows(const CrossEntropyRows<T>& rows, std::int64_t from, std::int64_t begin,
                          std::int64_t end, const CrossEntropyGradients& gradients);
  // The chunk's `size` rows of x, times their factors.
  template <typename T>
  void pack_scaled(const T* x, std::int64_t size);
  template <typename T>
  void weight_gradients(std::int64_t size, int group, bool first, bool last, const Part& part,
                        const TreeSum& weights, const TreeSum& bias);

  std::int64_t columns_ = 0, width_ = 0;
  std::int64_t chunk_rows_ = 0;  // whose logits are in memory at a time
  std::vector<PackedMatrix> packed_, packed_back_;
  PackedMatrix packed_x_;                    // of the chunk, times the rows' factors
  std::vector<AlignedArray<float>> logits_;  // of a block, a worker each
  // Of a chunk:
  AlignedArray<float> exps_f32_;
  AlignedArray<Bf16> exps_bf16_;
  std::vector<Row> rows_;
  std::vector<float> factors_;
  AlignedArray<float> scaled_x_;
  AlignedArray<float> tree_;  // of the sums over groups
};

}  // namespace elmo
