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
  std::vector<int> kernels = {3, 4, 5};  // words that a filter sees
  int filters = 128;                     // of each kernel
  int stride = 1;
};

struct ConvolutionTape {
  // First row of the window that gave each number of the output (texts x width), -1 where relu
  // let nothing through.
  std::vector<std::int64_t> winners;
};

// A text shorter than a kernel is filled up with zeros to the kernel's width; windows that would
// reach beyond the end of a longer one are left out ("valid"). A text has the same bits in any
// batch.
class ConvolutionLayer {
 public:
  // Parameters are named NAME/kernel_K/weights, NAME/kernel_K/bias.
  ConvolutionLayer(const std::string& name, const ConvolutionShape& shape);

  const ConvolutionShape& shape() const { return shape_; }
  // Columns of the output: the filters of the first kernel, then of the second ...
  std::int64_t width() const;
  template <typename F>
  void for_each_parameter(F&& f) {
    for (Kernel& kernel : kernels_) {
      f(kernel.weights);
      f(kernel.bias);
    }
  }
  // Glorot; the biases zero.
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
    Parameter weights;  // (filters, words x input): a filter's words one after another
    Parameter bias;     // (filters)
    PackedMatrix packed;
  };

  ConvolutionShape shape_;
  std::vector<Kernel> kernels_;
};

}  // namespace elmo
