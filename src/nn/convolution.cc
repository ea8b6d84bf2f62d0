#include "nn/convolution.h"

#include <algorithm>

#include "compute/aligned.h"

namespace elmo {
namespace {

// Windows that are multiplied together.
constexpr std::int64_t kWindows = 64;

// The number of windows of a kernel over a text of `length` words, which is padded to the kernel's
// width if it is shorter.
std::int64_t windows_of(std::int64_t length, std::int64_t kernel, std::int64_t stride) {
  return (std::max(length, kernel) - kernel) / stride + 1;
}

}  // namespace

ConvolutionLayer::ConvolutionLayer(const std::string& name, const ConvolutionShape& shape)
    : shape_(shape) {
  for (const int words : shape.kernels) {
    const std::string kernel = name + "/kernel_" + std::to_string(words);
    kernels_.push_back({words,
                        Parameter(kernel + "/weights",
                                  {shape.filters, static_cast<std::int64_t>(words) * shape.input}),
                        Parameter(kernel + "/bias", {shape.filters}),
                        {}});
  }
}

std::int64_t ConvolutionLayer::width() const {
  return static_cast<std::int64_t>(kernels_.size()) * shape_.filters;
}

void ConvolutionLayer::initialise(Initialiser& initialiser) {
  for (Kernel& kernel : kernels_) {
    initialiser.glorot(kernel.weights);
    kernel.bias.value.zero();
  }
}

void ConvolutionLayer::prepare(bool /*training*/) {
  for (Kernel& kernel : kernels_) {
    kernel.packed = PackedMatrix(kernel.weights.shape[1], shape_.filters, Precision::kF32);
  }
  pack();
}

void ConvolutionLayer::pack() {
  for (Kernel& kernel : kernels_) {
    kernel.packed.pack(kernel.weights.value.data(), 1, kernel.weights.shape[1]);
  }
}

void ConvolutionLayer::forward(const Ragged& texts, const float* x, ConvolutionTape& tape, float* y,
                               Workers& workers) const {
  const std::int64_t filters = shape_.filters, input = shape_.input;
  tape.winners.assign(static_cast<std::size_t>(texts.texts() * width()), -1);
  std::fill_n(y, texts.texts() * width(), 0.0f);
  workers.run([&](int index) {
    const Part part = part_of(texts.texts(), index, workers.count());
    struct Window {
      std::int64_t text, row;
    };
    std::vector<Window> windows;
    AlignedArray<float> z(static_cast<std::size_t>(kWindows * filters));
    for (std::size_t g = 0; g < kernels_.size(); ++g) {
      const Kernel& kernel = kernels_[g];
      const std::int64_t size = kernel.words * input;
      AlignedArray<float> unfolded(static_cast<std::size_t>(kWindows * size));
      const auto take = [&] {
        const auto count = static_cast<std::int64_t>(windows.size());
        multiply(unfolded.data(), count, kernel.packed, z.data());
        for (std::int64_t i = 0; i < count; ++i) {
          const Window& window = windows[static_cast<std::size_t>(i)];
          const std::int64_t to = window.text * width() + static_cast<std::int64_t>(g) * filters;
          for (std::int64_t f = 0; f < filters; ++f) {
            const float value = z.data()[i * filters + f] + kernel.bias.value.data()[f];
            if (value <= y[to + f]) continue;  // y starts at 0, so this is relu
            y[to + f] = value;
            tape.winners[static_cast<std::size_t>(to + f)] = window.row;
          }
        }
        windows.clear();
      };
      for (std::int64_t text = part.begin; text < part.end; ++text) {
        const std::int64_t count = windows_of(texts.length(text), kernel.words, shape_.stride);
        for (std::int64_t i = 0; i < count; ++i) {
          const std::int64_t row = texts.begin(text) + i * shape_.stride;
          const std::int64_t held = std::min(kernel.words, texts.end(text) - row) * input;
          float* to = unfolded.data() + static_cast<std::int64_t>(windows.size()) * size;
          std::copy_n(x + row * input, held, to);
          std::fill_n(to + held, size - held, 0.0f);
          windows.push_back({text, row});
          if (static_cast<std::int64_t>(windows.size()) == kWindows) take();
        }
      }
      take();
    }
  });
}

// Each output element comes from one window, so its gradient reaches one row of weights and one
// range of the input. That is far less work than products over all windows.
void ConvolutionLayer::backward(const Ragged& texts, const float* x, const ConvolutionTape& tape,
                                const float* d_y, float* d_x, Workers& workers) {
  const std::int64_t filters = shape_.filters, input = shape_.input;
  if (d_x != nullptr) std::fill_n(d_x, texts.rows() * input, 0.0f);
  // Calls visit(kernel, filter, row, number of the window's values within the text, gradient).
  const auto each = [&](Part of_texts, Part of_filters, auto&& visit) {
    for (std::size_t g = 0; g < kernels_.size(); ++g) {
      for (std::int64_t text = of_texts.begin; text < of_texts.end; ++text) {
        for (std::int64_t f = of_filters.begin; f < of_filters.end; ++f) {
          const std::int64_t at = text * width() + static_cast<std::int64_t>(g) * filters + f;
          const std::int64_t row = tape.winners[static_cast<std::size_t>(at)];
          if (row < 0) continue;
          visit(kernels_[g], f, row, std::min(kernels_[g].words, texts.end(text) - row) * input,
                d_y[at]);
        }
      }
    }
  };
  workers.run([&](int index) {
    const Part mine = part_of(filters, index, workers.count());
    each({0, texts.texts()}, mine,
         [&](Kernel& kernel, std::int64_t f, std::int64_t row, std::int64_t held, float d) {
           float* to = kernel.weights.gradient.data() + f * kernel.weights.shape[1];
           const float* from = x + row * input;
           for (std::int64_t k = 0; k < held; ++k) to[k] += d * from[k];
           kernel.bias.gradient.data()[f] += d;
         });
    if (d_x == nullptr) return;
    each(part_of(texts.texts(), index, workers.count()), {0, filters},
         [&](Kernel& kernel, std::int64_t f, std::int64_t row, std::int64_t held, float d) {
           const float* from = kernel.weights.value.data() + f * kernel.weights.shape[1];
           float* to = d_x + row * input;
           for (std::int64_t k = 0; k < held; ++k) to[k] += d * from[k];
         });
  });
}

}  // namespace elmo
