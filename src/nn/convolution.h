// Convolution over the words of a text with relu and global max pooling (Kim 2014; Keras' Conv1D
// and GlobalMaxPooling1D): a text of any length becomes one vector.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compute/matmul.h"
#include "compute/workers.h"
#include "nn/initialiser.h"
#include "nn/parameter.h"
#include "nn/ragged.h"

namespace elmo {

struct ConvolutionShape {
  int input = 0;                         // width of a word
  std::vector<int> kernels = {3, 4, 5};  // filter widths in words
  int filters = 128;                     // number of filters of each width
  int stride = 1;
};

struct ConvolutionTape {
  // The first row of the window that gave each output element (texts x width); -1 if relu made it
  // zero.
  std::vector<std::int64_t> winners;
};

// A text shorter than a filter is padded with zeros to the filter's width; in longer texts, windows
// do not extend beyond the end ("valid"). A text's output has the same bits in any batch.
class ConvolutionLayer {
 public:
  // Parameters are named NAME/kernel_K/weights, NAME/kernel_K/bias.
  ConvolutionLayer(const std::string& name, const ConvolutionShape& shape);

  const ConvolutionShape& shape() const { return shape_; }
  // Columns of the output: the filters of the first width, then those of the second, and so on.
  std::int64_t width() const;
  template <typename F>
  void for_each_parameter(F&& f) {
    for (Kernel& kernel : kernels_) {
      f(kernel.weights);
      f(kernel.bias);
    }
  }
  // Weights by Glorot; biases zero.
  void initialise(Initialiser& initialiser);
  void prepare(bool training);
  void pack();

  // y (texts x width) from x (rows x input).
  void forward(const Ragged& texts, const float* x, ConvolutionTape& tape, float* y,
               Workers& workers) const;
  // Adds to the parameters' gradients; writes d_x (rows x input) unless it is null.
  void backward(const Ragged& texts, const float* x, const ConvolutionTape& tape, const float* d_y,
                float* d_x, Workers& workers);

 private:
  struct Kernel {
    std::int64_t words;
    Parameter weights;  // (filters, words x input): a filter's words are consecutive
    Parameter bias;     // (filters)
    PackedMatrix packed;
  };

  ConvolutionShape shape_;
  std::vector<Kernel> kernels_;
};

}  // namespace elmo
