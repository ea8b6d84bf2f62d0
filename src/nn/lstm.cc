#include "nn/lstm.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "compute/kernels.h"

namespace elmo {
namespace {

constexpr std::int64_t kRowTile = LstmLayer::kStepRows;
constexpr std::int64_t kCells = LstmLayer::kStepCells;
// A weight gradient is made in strips of so many of its rows, each summed over the window's rows in
// blocks, so that what a product reads stays in the second-level cache. Fixed, so that the bits do
// not depend on how many threads share the strips.
constexpr std::int64_t kGradientStrip = 128;
constexpr std::int64_t kProjectionStrip = 64;  // P is small
constexpr std::int64_t kGradientRows = 512;

// gradient (count x width) = a^T b for `count` columns of a (leading dimension lda); b is packed.
template <typename T>
void gradient_strip(const T* a, std::int64_t lda, std::int64_t count,
                    const std::vector<PackedMatrix>& b, float* gradient) {
  for (std::size_t block = 0; block < b.size(); ++block) {
    multiply_transposed(a + static_cast<std::int64_t>(block) * kGradientRows * lda, lda, count,
                        b[block], gradient, block != 0);
  }
}

// Dense rows.
template <typename T>
void pack_rows(const T* source, std::vector<PackedMatrix>& packed) {
  for (PackedMatrix& block : packed) {
    block.pack(source, block.n(), 1);
    source += block.k() * block.n();
  }
}

void clip(float* values, std::int64_t size, float bound) {
  if (bound <= 0) return;
  for (std::int64_t i = 0; i < size; ++i) values[i] = std::clamp(values[i], -bound, bound);
}

}  // namespace

template <typename T>
LstmTape<T>::LstmTape(const LstmShape& s, int steps, int streams) {
  const std::int64_t rows = static_cast<std::int64_t>(steps) * streams;
  xh = AlignedArray<T>(area(rows + streams, s.input + s.projection));
  gates = AlignedArray<T>(area(rows, 4 * s.hidden));
  c = AlignedArray<float>(area(rows + streams, s.hidden));
  m = AlignedArray<T>(area(rows, s.hidden));
  h = AlignedArray<float>(area(rows, s.projection));
  d_h = AlignedArray<T>(area(rows, s.projection));
}

LstmScratch::LstmScratch(const LstmShape& s, std::int64_t rows, bool training) {
  const std::int64_t cells = std::min<std::int64_t>(s.hidden, kCells);
  z = AlignedArray<float>(area(rows, std::max<std::int64_t>(4 * cells, s.input + s.projection)));
  zero = AlignedArray<float>(static_cast<std::size_t>(s.hidden));
  if (!training) return;
  d_m = AlignedArray<float>(area(rows, s.hidden));
  d_c = AlignedArray<float>(area(rows, s.hidden));
  d_h = AlignedArray<float>(area(rows, s.projection));
}

LstmLayer::LstmLayer(const std::string& name, const LstmShape& shape)
    : weights(name + "/weights", {4 * shape.hidden, shape.input + shape.projection}),
      bias(name + "/bias", {4 * shape.hidden}),
      projection(name + "/projection", {shape.projection, shape.hidden}),
      shape_(shape),
      step_bias_(area(4, shape.hidden)) {}

void LstmLayer::prepare(Precision precision, bool training) {
  const std::int64_t h4 = 4 * shape_.hidden, xh = shape_.input + shape_.projection;
  packed_weights_.clear();
  for (std::int64_t cell = 0; cell < shape_.hidden; cell += kCells) {
    packed_weights_.emplace_back(xh, 4 * std::min(kCells, shape_.hidden - cell), precision);
  }
  packed_projection_ = PackedMatrix(shape_.hidden, shape_.projection, precision);
  if (!training) return;
  packed_weights_back_ = PackedMatrix(h4, xh, precision);
  packed_projection_back_ = PackedMatrix(shape_.projection, shape_.hidden, precision);
}

void LstmLayer::pack(int part) {
  const std::int64_t xh = shape_.input + shape_.projection, hidden = shape_.hidden;
  switch (part) {
    case 0: {
      AlignedArray<float> rows(area(4 * std::min<std::int64_t>(hidden, kCells), xh));
      std::int64_t cell = 0;
      for (PackedMatrix& packed : packed_weights_) {
        const std::int64_t cells = packed.n() / 4;
        for (std::int64_t gate = 0; gate < 4; ++gate) {
          const std::int64_t from = gate * hidden + cell;
          std::copy_n(weights.value.data() + from * xh, cells * xh,
                      rows.data() + gate * cells * xh);
          const float forget = gate == 2 ? 1.0f : 0.0f;
          float* bias_to = step_bias_.data() + 4 * cell + gate * cells;
          for (std::int64_t k = 0; k < cells; ++k) {
            bias_to[k] = bias.value.data()[from + k] + forget;
          }
        }
        packed.pack(rows.data(), 1, xh);
        cell += cells;
      }
      break;
    }
    case 1:
      if (packed_weights_back_.bytes() != 0) packed_weights_back_.pack(weights.value.data(), xh, 1);
      break;
    case 2:
      packed_projection_.pack(projection.value.data(), 1, hidden);
      break;
    case 3:
      if (packed_projection_back_.bytes() != 0) {
        packed_projection_back_.pack(projection.value.data(), hidden, 1);
      }
      break;
  }
}

template <typename T>
void LstmLayer::step(const T* xh, std::int64_t ld_xh, std::int64_t rows, const float* c_previous,
                     const std::uint8_t* resets, T* gates, std::int64_t ld_gates, float* c, T* m,
                     float* h, LstmScratch& scratch) const {
  const std::int64_t hidden = shape_.hidden, p = shape_.projection;
  for (std::int64_t begin = 0; begin < rows; begin += kRowTile) {
    const std::int64_t end = std::min(rows, begin + kRowTile);
    std::int64_t cell = 0;
    for (const PackedMatrix& packed : packed_weights_) {
      const std::int64_t cells = packed.n() / 4;
      multiply(xh + begin * ld_xh, ld_xh, end - begin, packed, scratch.z.data(), 4 * cells);
      for (std::int64_t row = begin; row < end; ++row) {
        const bool reset = resets != nullptr && resets[row] != 0;
        const std::int64_t at = row * hidden + cell;
        lstm_cell_forward(scratch.z.data() + (row - begin) * 4 * cells,
                          step_bias_.data() + 4 * cell,
                          reset ? scratch.zero.data() : c_previous + at, shape_.cell_clip, cells,
                          gates + row * ld_gates + cell, hidden, c + at, m + at);
      }
      cell += cells;
    }
    multiply(m + begin * hidden, hidden, end - begin, packed_projection_, h + begin * p, p);
    clip(h + begin * p, (end - begin) * p, shape_.projection_clip);
  }
}

template <typename T>
void LstmLayer::forward(LstmTape<T>& tape, const float* x, float* y, const std::uint8_t* resets,
                        int steps, int streams, int first, int last, LstmScratch& scratch) const {
  const std::int64_t in = shape_.input, p = shape_.projection, hidden = shape_.hidden;
  const std::int64_t width = in + p, count = last - first;
  for (int t = 0; t < steps; ++t) {
    const std::int64_t row = static_cast<std::int64_t>(t) * streams + first;
    T* xh = tape.xh.data() + row * width;
    for (std::int64_t b = 0; b < count; ++b) {
      convert(x + (row + b) * in, in, xh + b * width);
      if (resets[row + b] != 0) std::memset(xh + b * width + in, 0, area(p, sizeof(T)));
    }
    float* h = tape.h.data() + row * p;
    step(xh, width, count, tape.c.data() + row * hidden, resets + row,
         tape.gates.data() + row * 4 * hidden, 4 * hidden, tape.c.data() + (row + streams) * hidden,
         tape.m.data() + row * hidden, h, scratch);
    T* next = tape.xh.data() + (row + streams) * width + in;
    for (std::int64_t b = 0; b < count; ++b) {
      convert(h + b * p, p, next + b * width);
      float* out = y + (row + b) * p;
      const float* x_row = x + (row + b) * in;
      for (std::int64_t k = 0; k < p; ++k) {
        out[k] = h[b * p + k] + (shape_.residual ? x_row[k] : 0.0f);
      }
    }
  }
}

template <typename T>
void LstmLayer::backward(LstmTape<T>& tape, float* d, const std::uint8_t* resets, int steps,
                         int streams, int first, int last, LstmScratch& scratch) const {
  const std::int64_t in = shape_.input, p = shape_.projection, hidden = shape_.hidden;
  const std::int64_t width = in + p, count = last - first;
  const float bound = shape_.projection_clip > 0 ? shape_.projection_clip : 3.4e38f;
  scratch.d_c.zero();
  scratch.d_h.zero();
  for (int t = steps - 1; t >= 0; --t) {
    const std::int64_t row = static_cast<std::int64_t>(t) * streams + first;
    const float* h = tape.h.data() + row * p;
    T* d_h = tape.d_h.data() + row * p;
    for (std::int64_t k = 0; k < count * p; ++k) {
      const float through = d[row * p + k] + scratch.d_h[static_cast<std::size_t>(k)];
      scratch.d_h[static_cast<std::size_t>(k)] = std::abs(h[k]) < bound ? through : 0.0f;
    }
    convert(scratch.d_h.data(), count * p, d_h);
    for (std::int64_t begin = 0; begin < count; begin += kRowTile) {
      const std::int64_t end = std::min(count, begin + kRowTile);
      multiply(d_h + begin * p, p, end - begin, packed_projection_back_, scratch.d_m.data(),
               hidden);
      for (std::int64_t b = begin; b < end; ++b) {
        const std::int64_t at = row + b;
        const float* c_previous =
            resets[at] != 0 ? scratch.zero.data() : tape.c.data() + at * hidden;
        lstm_cell_backward(scratch.d_m.data() + (b - begin) * hidden, c_previous,
                           tape.c.data() + (at + streams) * hidden, shape_.cell_clip, hidden,
                           tape.gates.data() + at * 4 * hidden, scratch.d_c.data() + b * hidden);
      }
      multiply(tape.gates.data() + (row + begin) * 4 * hidden, 4 * hidden, end - begin,
               packed_weights_back_, scratch.z.data(), width);
      for (std::int64_t b = begin; b < end; ++b) {
        const float* d_xh = scratch.z.data() + (b - begin) * width;
        // With the residual the gradient of y reaches x by itself too.
        float* d_x = d + (row + b) * in;
        for (std::int64_t k = 0; k < in; ++k) d_x[k] = d_xh[k] + (shape_.residual ? d_x[k] : 0.0f);
        float* d_previous = scratch.d_h.data() + b * p;
        if (resets[row + b] != 0) {
          std::memset(d_previous, 0, area(p, sizeof(float)));
          std::memset(scratch.d_c.data() + b * hidden, 0, area(hidden, sizeof(float)));
        } else {
          std::memcpy(d_previous, d_xh + in, area(p, sizeof(float)));
        }
      }
    }
  }
}

template <typename T>
void LstmLayer::weight_gradients(LstmTape<T>& tape, int steps, int streams, Workers& workers) {
  const std::int64_t rows = static_cast<std::int64_t>(steps) * streams;
  const std::int64_t width = shape_.input + shape_.projection, hidden = shape_.hidden;
  const std::int64_t p = shape_.projection, h4 = 4 * hidden;
  constexpr Precision precision = kPrecisionOf<T>;
  std::int64_t packed_count = 0;
  for (const PackedMatrix& block : packed_rows_) packed_count += block.k();
  if (packed_count != rows) {
    packed_rows_.clear();
    packed_m_.clear();
    for (std::int64_t row = 0; row < rows; row += kGradientRows) {
      const std::int64_t size = std::min(kGradientRows, rows - row);
      packed_rows_.emplace_back(size, width, precision);
      packed_m_.emplace_back(size, hidden, precision);
    }
  }
  const int threads = workers.count();
  workers.run([&](int index) {
    if (index == 0) pack_rows(tape.xh.data(), packed_rows_);
    if (index == threads - 1) pack_rows(tape.m.data(), packed_m_);
  });
  bias.gradient.zero();
  workers.run([&](int index) {
    const Part part = part_of(h4, index, threads, kGradientStrip);
    for (std::int64_t from = part.begin; from < part.end; from += kGradientStrip) {
      const std::int64_t size = std::min(kGradientStrip, part.end - from);
      gradient_strip(tape.gates.data() + from, h4, size, packed_rows_,
                     weights.gradient.data() + from * width);
      add_column_sums(tape.gates.data() + from, rows, size, h4, bias.gradient.data() + from);
    }
    const Part out = part_of(p, index, threads, kProjectionStrip);
    for (std::int64_t from = out.begin; from < out.end; from += kProjectionStrip) {
      gradient_strip(tape.d_h.data() + from, p, std::min(kProjectionStrip, out.end - from),
                     packed_m_, projection.gradient.data() + from * hidden);
    }
  });
}

template <typename T>
void LstmLayer::carry_state(LstmTape<T>& tape, int steps, int streams) const {
  const std::int64_t width = shape_.input + shape_.projection;
  const std::int64_t end = static_cast<std::int64_t>(steps) * streams;
  std::memcpy(tape.xh.data(), tape.xh.data() + end * width, area(streams * width, sizeof(T)));
  std::memcpy(tape.c.data(), tape.c.data() + end * shape_.hidden,
              area(streams * shape_.hidden, sizeof(float)));
}

#define ELMO_INSTANTIATE(T)                                                                        \
  template struct LstmTape<T>;                                                                     \
  template void LstmLayer::step(const T*, std::int64_t, std::int64_t, const float*,                \
                                const std::uint8_t*, T*, std::int64_t, float*, T*, float*,         \
                                LstmScratch&) const;                                               \
  template void LstmLayer::forward(LstmTape<T>&, const float*, float*, const std::uint8_t*, int,   \
                                   int, int, int, LstmScratch&) const;                             \
  template void LstmLayer::backward(LstmTape<T>&, float*, const std::uint8_t*, int, int, int, int, \
                                    LstmScratch&) const;                                           \
  template void LstmLayer::weight_gradients(LstmTape<T>&, int, int, Workers&);                     \
  template void LstmLayer::carry_state(LstmTape<T>&, int, int) const;
ELMO_INSTANTIATE(float)
ELMO_INSTANTIATE(Bf16)
#undef ELMO_INSTANTIATE

}  // namespace elmo
