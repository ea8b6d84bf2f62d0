// The token encoder of models of pieces: a table with one learned vector per piece.
#pragma once

#include <cstdint>
#include <string>

#include "nn/parameter.h"

namespace elmo {

class EmbeddingLayer {
 public:
  EmbeddingLayer(const std::string& name, std::int64_t rows, std::int64_t width)
      : table(name, {rows, width}), width_(width) {}
  template <typename F>
  void for_each_parameter(F&& f) {
    f(table);
  }
  Parameter table;  // (V, P)

  std::int64_t width() const { return width_; }
  const float* row(std::int32_t id) const { return table.value.data() + id * width_; }
  // y (count x P) = rows of the table.
  void forward(const std::int32_t* ids, std::int64_t count, float* y) const;
  // Adds d_y to the table's gradient in the order of the rows, for columns [first, last) only:
  // threads divide the columns.
  void backward(const std::int32_t* ids, std::int64_t count, const float* d_y, std::int64_t first,
                std::int64_t last);

 private:
  std::int64_t width_;
};

}  // namespace elmo
