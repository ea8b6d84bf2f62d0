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

// Works on blocks of rows and columns that stay in the second-level cache: a first pass makes their
// logits and exponentials, from whose sums a row's is put together, a second one their gradients
// and the products with these. Between the passes a chunk of rows, all columns, is kept.
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
  struct RowSum {
    float top;     // the largest logit
    double total;  // sum of exp(logit - top)
    double target;
  };
  // Columns [block * kBlock, ...); its logits are (rows of the chunk, its columns), dense.
  std::int64_t block_columns(std::size_t block) const;
  std::int64_t block_offset(std::size_t block) const;
  template <typename T>
  T* gradient_memory();
  template <typename T>
  void sum_rows(const CrossEntropyRows<T>& rows, std::int64_t from, std::int64_t begin,
                std::int64_t end, const float* bias, double* losses);
  template <typename T>
  void differentiate_rows(const CrossEntropyRows<T>& rows, std::int64_t from, std::int64_t begin,
                          std::int64_t end, const CrossEntropyGradients& gradients);
  template <typename T>
  void weight_gradients(std::int64_t size, int group, bool first, bool last, const Part& part,
                        const TreeSum& weights, const TreeSum& bias);

  std::int64_t columns_ = 0, width_ = 0;
  std::int64_t chunk_rows_ = 0;  // whose logits are in memory at a time
  std::vector<PackedMatrix> packed_, packed_back_;
  PackedMatrix packed_x_;
  // Of a chunk:
  AlignedArray<float> logits_;
  AlignedArray<Bf16> gradients_;  // of the logits; in f32 they take the place of the logits
  AlignedArray<float> tree_;      // of the sums over groups
  std::vector<float> tops_;       // the largest logit of a row in each block
  std::vector<RowSum> sums_;
};

}  // namespace elmo
