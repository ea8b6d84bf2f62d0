// Learned vectors that are projected to the model's width, for inference: the word embeddings of
// ELMoForManyLangs, beside its character encoder.
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
  // A table of `rows` vectors of dimension `width`, projected to dimension `projection` (P).
  // Without a bias, forward() adds to another encoder's result, whose projection has one.
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

  // prepare() allocates the packed projection. pack() fills it: before the first product, and after
  // every change of the weights.
  void prepare(Precision precision);
  void pack();

  struct Scratch {
    AlignedArray<float> vectors;
    AlignedArray<Bf16> operand;
  };
  // y (count x P, dense): the projected row of the table for each id. With a bias it replaces y;
  // without, it is added to y. The bits of a row do not depend on the other rows.
  void forward(const std::int32_t* ids, std::int64_t count, float* y, Scratch& scratch) const;

 private:
  bool has_bias_;
  PackedMatrix packed_;
};

}  // namespace elmo
