#include "nn/lstm.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "compute/kernels.h"

namespace elmo {
namespace {

// In bf16, products are the shorter part of a step, and the passes between them are faster with
// half the memory. In f32, fewer rows make a step up to 5 % slower.
template <typename T>
constexpr std::int64_t kRowTile = sizeof(T) == 2 ? LstmLayer::kStepRows / 2 : LstmLayer::kStepRows;
constexpr std::int64_t kCells = LstmLayer::kStepCells;
constexpr std::int64_t kBackCells = LstmLayer::kBackCells;
static_assert(kBackCells % kCells == 0);
// A weight gradient is computed in strips of this many of its rows, one group after another, so
// that the sums stay in the second-level cache. The size is fixed so that the bits do not depend on
// how many threads divide the strips.
constexpr std::int64_t kGradientStrip = 128;
constexpr std::int64_t kProjectionStrip = 64;  // P is small

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
  d_m = AlignedArray<float>(area(rows, std::min<std::int64_t>(s.hidden, kBackCells)));
  d_c = AlignedArray<float>(area(rows, s.hidden));
  d_h = AlignedArray<float>(area(rows, s.projection));
}

LstmLayer::LstmLayer(const std::string& name, const LstmShape& shape)
    : weights(name + "/weights", {4 * shape.hidden, shape.input + shape.projection}),
      bias(name + "/bias", {4 * shape.hidden}),
      projection(name + "/projection", {shape.projection, shape.hidden}),
      shape_(shape),
      step_bias_(area(4, shape.hidden)) {}

std::vector<LstmLayer::Block> LstmLayer::blocks() const {
  std::vector<Block> result;
  for (std::int64_t cell = 0; cell < shape_.hidden; cell += block_cells_) {
    result.push_back({cell, std::min(block_cells_, shape_.hidden - cell)});
  }
  return result;
}

void LstmLayer::prepare(Precision precision, bool training) {
  const std::int64_t xh = shape_.input + shape_.projection;
  block_cells_ = training ? kStepCells : kInferenceCells;
  packed_weights_.clear();
  packed_weights_back_.clear();
  packed_projection_back_.clear();
  for (const Block& block : blocks()) {
    packed_weights_.emplace_back(xh, 4 * block.cells, precision);
    if (training) packed_weights_back_.emplace_back(4 * block.cells, xh, precision);
  }
  packed_projection_ = PackedMatrix(shape_.hidden, shape_.projection, precision);
  for (std::int64_t cell = 0; training && cell < shape_.hidden; cell += kBackCells) {
    packed_projection_back_.emplace_back(shape_.projection,
                                         std::min(kBackCells, shape_.hidden - cell), precision);
  }
}

void LstmLayer::pack(int part) {
  if (static_cast<std::size_t>(part) < packed_weights_.size()) {
    pack_block(static_cast<std::size_t>(part));
    return;
  }
  packed_projection_.pack(projection.value.data(), 1, shape_.hidden);
  const float* columns = projection.value.data();
  for (PackedMatrix& packed : packed_projection_back_) {
    packed.pack(columns, shape_.hidden, 1);
    columns += kBackCells;
  }
}

void LstmLayer::pack_block(std::size_t index) {
  const std::int64_t xh = shape_.input + shape_.projection;
  const auto [cell, cells] = blocks()[index];
  AlignedArray<float> rows(area(4 * cells, xh));
  for (std::int64_t gate = 0; gate < 4; ++gate) {
    const std::int64_t from = gate * shape_.hidden + cell;
    std::copy_n(weights.value.data() + from * xh, cells * xh, rows.data() + gate * cells * xh);
    const float forget = gate == 2 ? 1.0f : 0.0f;
    float* bias_to = step_bias_.data() + 4 * cell + gate * cells;
    for (std::int64_t k = 0; k < cells; ++k) bias_to[k] = bias.value.data()[from + k] + forget;
  }
  packed_weights_[index].pack(rows.data(), 1, xh);
  if (!packed_weights_back_.empty()) packed_weights_back_[index].pack(rows.data(), xh, 1);
}

template <typename T>
void LstmLayer::step(const T* xh, std::int64_t rows, const float* c_previous,
                     const std::uint8_t* resets, const Gates<T>& gates, float* c, T* m, float* h,
                     LstmScratch& scratch) const {
  const std::int64_t hidden = shape_.hidden, p = shape_.projection, width = shape_.input + p;
  // One block at a time, so that its weights stay in the second-level cache for all rows.
  std::int64_t cell = 0;
  for (const PackedMatrix& packed : packed_weights_) {
    const std::int64_t size = packed.n(), cells = size / 4;
    for (std::int64_t begin = 0; begin < rows; begin += kRowTile<T>) {
      const std::int64_t count = std::min(kRowTile<T>, rows - begin);
      T* active = nullptr;
      if (gates.step != nullptr) {
        active = gates.step + gates.rows * 4 * cell + (gates.first + begin) * size;
      }
      float* z = scratch.z.data();
      if constexpr (std::is_same_v<T, float>) {
        if (active != nullptr) z = active;
      }
      multiply(xh + begin * width, count, packed, z);
      for (std::int64_t i = 0; i < count; ++i) {
        const std::int64_t row = begin + i, at = row * hidden + cell;
        const bool reset = resets != nullptr && resets[row] != 0;
        lstm_cell_forward(z + i * size, step_bias_.data() + 4 * cell,
                          reset ? scratch.zero.data() : c_previous + at, shape_.cell_clip, cells,
                          active == nullptr ? nullptr : active + i * size, c + at, m + at);
      }
    }
    cell += cells;
  }
  multiply(m, rows, packed_projection_, h);
  clip(h, rows * p, shape_.projection_clip);
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
    const Gates<T> gates{tape.gates.data() + (row - first) * 4 * hidden, streams, first};
    step(xh, count, tape.c.data() + row * hidden, resets + row, gates,
         tape.c.data() + (row + streams) * hidden, tape.m.data() + row * hidden, h, scratch);
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
    T* gates = tape.gates.data() + (row - first) * 4 * hidden;
    for (std::int64_t begin = 0; begin < count; begin += kRowTile<T>) {
      const std::int64_t end = std::min(count, begin + kRowTile<T>);
      std::int64_t cell = 0;
      for (const PackedMatrix& back : packed_weights_back_) {
        const std::int64_t cells = back.k() / 4, in_back = cell % kBackCells;
        const PackedMatrix& projection_back =
            packed_projection_back_[static_cast<std::size_t>(cell / kBackCells)];
        if (in_back == 0) {
          multiply(d_h + begin * p, end - begin, projection_back, scratch.d_m.data());
        }
        T* block = gates + streams * 4 * cell + (first + begin) * 4 * cells;
        for (std::int64_t b = begin; b < end; ++b) {
          const std::int64_t at = row + b;
          const float* c_previous =
              resets[at] != 0 ? scratch.zero.data() : tape.c.data() + at * hidden + cell;
          lstm_cell_backward(scratch.d_m.data() + (b - begin) * projection_back.n() + in_back,
                             c_previous, tape.c.data() + (at + streams) * hidden + cell,
                             shape_.cell_clip, cells, block + (b - begin) * 4 * cells,
                             scratch.d_c.data() + b * hidden + cell);
        }
        multiply(block, end - begin, back, scratch.z.data(), cell != 0);
        cell += cells;
      }
      for (std::int64_t b = begin; b < end; ++b) {
        const float* d_xh = scratch.z.data() + (b - begin) * width;
        // With the residual, the gradient of y also reaches x directly.
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

// Packs the groups' rows of [x; h'] and m, each as the right operand of a product over its rows.
template <typename T>
void LstmLayer::pack_operands(const LstmTape<T>& tape, const StreamGroups& groups,
                              Workers& workers) {
  const std::int64_t width = shape_.input + shape_.projection;
  const auto first = static_cast<std::size_t>(groups.first());
  const auto count = static_cast<std::size_t>(groups.count());
  if (packed_rows_.size() < first + count) {
    packed_rows_.resize(first + count);
    packed_m_.resize(first + count);
  }
  for (std::size_t group = 0; group < count; ++group) {
    const Part part = groups.rows_of(static_cast<int>(group));
    const std::int64_t rows = part.end - part.begin;
    if (packed_rows_[first + group].k() == rows) continue;
    packed_rows_[first + group] = PackedMatrix(rows, width, kPrecisionOf<T>);
    packed_m_[first + group] = PackedMatrix(rows, shape_.hidden, kPrecisionOf<T>);
  }
  const auto pack_group = [&](const T* source, int group, PackedMatrix& packed) {
    const Part streams = groups.streams_of(group);
    packed.pack(source + streams.begin * packed.n(),
                {groups.steps(), streams.end - streams.begin, groups.streams() * packed.n()});
  };
  workers.run([&](int index) {
    const Part part = part_of(2 * groups.count(), index, workers.count());
    for (auto task = static_cast<int>(part.begin); task < static_cast<int>(part.end); ++task) {
      const int group = task / 2;
      const std::size_t at = first + static_cast<std::size_t>(group);
      if (task % 2 == 0) {
        pack_group(tape.xh.data(), group, packed_rows_[at]);
      } else {
        pack_group(tape.m.data(), group, packed_m_[at]);
      }
    }
  });
}

// The gradients of `count` rows of weights and bias: those of a gate's cells [from, from + count)
// in a block.
template <typename T>
void LstmLayer::weights_strip(const LstmTape<T>& tape, const StreamGroups& groups,
                              const Block& block, std::int64_t gate, std::int64_t from,
                              std::int64_t count, float* scratch) {
  const std::int64_t width = shape_.input + shape_.projection, ld = 4 * block.cells;
  const std::int64_t to = gate * shape_.hidden + block.cell + from;
  const std::int64_t step = groups.streams() * 4 * shape_.hidden;
  const TreeSum sum(weights.gradient.data() + to * width, scratch, count * width);
  const TreeSum bias_sum(bias.gradient.data() + to,
                         scratch + TreeSum::scratch_size(groups.count(), count * width), count);
  for (int group = 0; group < groups.count(); ++group) {
    const Part streams = groups.streams_of(group);
    const std::int64_t rows = streams.end - streams.begin;
    const T* a = tape.gates.data() + groups.streams() * 4 * block.cell + streams.begin * ld +
                 gate * block.cells + from;
    multiply_transposed(a, ld, {groups.steps(), rows, step}, count,
                        packed_rows_[static_cast<std::size_t>(groups.first() + group)],
                        sum.leaf(group));
    sum.close(group);
    float* bias_leaf = bias_sum.leaf(group);
    std::fill_n(bias_leaf, count, 0.0f);
    for (std::int64_t t = 0; t < groups.steps(); ++t) {
      add_column_sums(a + t * step, rows, count, ld, bias_leaf);
    }
    bias_sum.close(group);
  }
}

// The gradients of rows [from, from + count) of the projection.
template <typename T>
void LstmLayer::projection_strip(const LstmTape<T>& tape, const StreamGroups& groups,
                                 std::int64_t from, std::int64_t count, float* scratch) {
  const std::int64_t p = shape_.projection, hidden = shape_.hidden;
  const TreeSum sum(projection.gradient.data() + from * hidden, scratch, count * hidden);
  for (int group = 0; group < groups.count(); ++group) {
    const Part streams = groups.streams_of(group);
    multiply_transposed(tape.d_h.data() + streams.begin * p + from, p,
                        {groups.steps(), streams.end - streams.begin, groups.streams() * p}, count,
                        packed_m_[static_cast<std::size_t>(groups.first() + group)],
                        sum.leaf(group));
    sum.close(group);
  }
}

template <typename T>
void LstmLayer::weight_gradients(LstmTape<T>& tape, const StreamGroups& groups, Workers& workers) {
  const std::int64_t width = shape_.input + shape_.projection, p = shape_.projection;
  pack_operands(tape, groups, workers);
  struct Strip {
    Block block;
    std::int64_t gate, from, count;
  };
  std::vector<Strip> strips;
  for (const Block& block : blocks()) {
    for (std::int64_t gate = 0; gate < 4; ++gate) {
      for (std::int64_t from = 0; from < block.cells; from += kGradientStrip) {
        strips.push_back({block, gate, from, std::min(kGradientStrip, block.cells - from)});
      }
    }
  }
  sums_.resize(static_cast<std::size_t>(workers.count()));
  const std::size_t scratch_size =
      std::max(TreeSum::scratch_size(groups.count(), kGradientStrip * (width + 1)),
               TreeSum::scratch_size(groups.count(), kProjectionStrip * shape_.hidden));
  workers.run([&](int index) {
    auto& scratch = sums_[static_cast<std::size_t>(index)];
    if (scratch.size() < scratch_size) scratch = AlignedArray<float>(scratch_size);
    const Part part = part_of(static_cast<std::int64_t>(strips.size()), index, workers.count());
    for (std::int64_t i = part.begin; i < part.end; ++i) {
      const auto& [block, gate, from, count] = strips[static_cast<std::size_t>(i)];
      weights_strip(tape, groups, block, gate, from, count, scratch.data());
    }
    const Part out = part_of(p, index, workers.count(), kProjectionStrip);
    for (std::int64_t from = out.begin; from < out.end; from += kProjectionStrip) {
      projection_strip(tape, groups, from, std::min(kProjectionStrip, out.end - from),
                       scratch.data());
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
  template void LstmLayer::step(const T*, std::int64_t, const float*, const std::uint8_t*,         \
                                const Gates<T>&, float*, T*, float*, LstmScratch&) const;          \
  template void LstmLayer::forward(LstmTape<T>&, const float*, float*, const std::uint8_t*, int,   \
                                   int, int, int, LstmScratch&) const;                             \
  template void LstmLayer::backward(LstmTape<T>&, float*, const std::uint8_t*, int, int, int, int, \
                                    LstmScratch&) const;                                           \
  template void LstmLayer::weight_gradients(LstmTape<T>&, const StreamGroups&, Workers&);          \
  template void LstmLayer::carry_state(LstmTape<T>&, int, int) const;
ELMO_INSTANTIATE(float)
ELMO_INSTANTIATE(Bf16)
#undef ELMO_INSTANTIATE

}  // namespace elmo
