// Learned vectors that a matrix brings to the model's width, for inference: the words of
// ELMoForManyLangs beside what their characters make.
#pragma once

#include <cstdint>
#include <string>

#include "compute/aligned.h"
#include "compute/matmul.h"
#include "compute/precision.h"
#include "nn/parameter.h"

namespace elmo {

class ProjectedEmbedding {
 public:
  // `rows` vectors of `width` numbers, brought to `projection` (P) numbers. Without a bias the
  // result is added to another's, which has one.
  ProjectedEmbedding(const std::string& name, std::int64_t rows, std::int64_t width,
                     std::int64_t projection, bool has_bias);

  template <typename F>
  void for_each_parameter(F&& f) {
    f(table);
    f(projection);
    if (has_bias_) f(bias);
  }
  Parameter table;       // (rows, width)
  Parameter projection;  // (width, P)
  Parameter bias;        // (P)

  // Packs the projection for the products: before the first, and after every change.
  void prepare(Precision precision);
  void pack();

  struct Scratch {
    AlignedArray<float> vectors;
    AlignedArray<Bf16> operand;
  };
  // y (count x P, dense): of each id the row of the table times the projection, with a bias in the
  // place of what y holds, without one added to it. The bits of a row do not depend on the other
  // rows.
  void forward(const std::int32_t* ids, std::int64_t count, float* y, Scratch& scratch) const;

 private:
  bool has_bias_;
  PackedMatrix packed_;
};

}  // namespace elmo
