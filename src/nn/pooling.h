// Pooling of a sequence of vectors into one vector per text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nn/parameter.h"
#include "nn/ragged.h"

namespace elmo {

// kLast: the forward columns of the last row and the backward columns of the first, which are the
// last states of both directions. kAttention: sum_t a_t x_t, a = softmax(q . x_t) with a learned
// query q.
enum class TextPooling { kLast, kMax, kMean, kAttention };
TextPooling parse_text_pooling(std::string_view name);  // last|max|mean|attention; UsageError
std::string_view text_pooling_name(TextPooling pooling);

struct PoolingTape {
  std::vector<std::int64_t> winners;  // kMax: the row of each maximum (texts x width)
  std::vector<float> attention;       // kAttention: a for each row
};

// The vector of an empty text is zero.
class PoolingLayer {
 public:
  // Columns [0, forward_width) of a row come from a forward encoder, the rest from a backward one;
  // only kLast distinguishes them.
  PoolingLayer(const std::string& name, TextPooling pooling, std::int64_t width,
               std::int64_t forward_width);

  template <typename F>
  void for_each_parameter(F&& f) {
    if (pooling_ == TextPooling::kAttention) f(query);
  }
  Parameter query;  // (width)
  // Zero: attention begins as the mean.
  void initialise() { query.value.zero(); }

  // y (texts x width) from x (rows x width).
  void forward(const Ragged& texts, const float* x, PoolingTape& tape, float* y) const;
  // Adds to the query's gradient; writes d_x (rows x width).
  void backward(const Ragged& texts, const float* x, const PoolingTape& tape, const float* d_y,
                float* d_x);

 private:
  TextPooling pooling_;
  std::int64_t width_, forward_width_;
};

}  // namespace elmo
