#include "nn/recurrent.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/interrupt.h"
#include "compute/kernels.h"
#include "elmo/error.h"
#include "nn/dropout.h"
#include "nn/linear.h"

namespace elmo {
namespace {

std::int64_t gates_of(RecurrentKind kind) {
  return kind == RecurrentKind::kRnn ? 1 : kind == RecurrentKind::kLstm ? 4 : 3;
}

void reserve(AlignedArray<float>& array, std::int64_t size) {
  const auto wanted = static_cast<std::size_t>(size);
  if (array.size() < wanted) array = AlignedArray<float>(wanted);
}

void set_zero(float* values, std::int64_t size) { std::fill_n(values, size, 0.0f); }

void add(const float* from, std::int64_t size, float* to) {
  for (std::int64_t k = 0; k < size; ++k) to[k] += from[k];
}

// Rows of a block of steps, if no backward pass follows.
constexpr std::int64_t kBlockRows = 4096;

// The ranks that worker `index` of `count` processes in all steps; the workers have about equal
// numbers of rows.
Part ranks_of(const StepOrder& order, const Ragged& texts, int index, int count) {
  const auto cut = [&](int i) {
    const std::int64_t wanted = texts.rows() * i / count;
    std::int64_t rank = 0, rows = 0;
    for (; rank < texts.texts() && rows < wanted; ++rank) {
      rows += texts.length(order.order[static_cast<std::size_t>(rank)]);
    }
    return i == count ? texts.texts() : rank;
  };
  return {cut(index), cut(index + 1)};
}

// One row of a step of the gru. `gates` comes in as W x with the bias added, in the order r, z, n;
// `u` is U h' with b_q added to n's part.
void gru_forward(std::int64_t hidden, const float* h_previous, float* gates, float* u, float* h) {
  float* z = gates + hidden;
  float* n = gates + 2 * hidden;
  const float* q = u + 2 * hidden;
  for (std::int64_t k = 0; k < 2 * hidden; ++k) gates[k] += u[k];
  apply_sigmoid(gates, 2 * hidden);
  for (std::int64_t k = 0; k < hidden; ++k) n[k] += gates[k] * q[k];
  apply_tanh(n, hidden);
  for (std::int64_t k = 0; k < hidden; ++k) h[k] = (1 - z[k]) * n[k] + z[k] * h_previous[k];
}

// d_h is the gradient of h; it is replaced by the part of h's gradient that does not pass through
// U.
void gru_backward(std::int64_t hidden, const float* h_previous, float* gates, float* u,
                  float* d_h) {
  for (std::int64_t k = 0; k < hidden; ++k) {
    const float r = gates[k], z = gates[hidden + k], n = gates[2 * hidden + k];
    const float d_n = d_h[k] * (1 - z) * (1 - n * n);
    const float d_r = d_n * u[2 * hidden + k] * r * (1 - r);
    const float d_z = d_h[k] * (h_previous[k] - n) * z * (1 - z);
    gates[k] = u[k] = d_r;
    gates[hidden + k] = u[hidden + k] = d_z;
    gates[2 * hidden + k] = d_n;
    u[2 * hidden + k] = d_n * r;
    d_h[k] *= z;
  }
}

}  // namespace

RecurrentKind parse_recurrent(std::string_view name) {
  if (name == "rnn") return RecurrentKind::kRnn;
  if (name == "lstm") return RecurrentKind::kLstm;
  if (name == "gru") return RecurrentKind::kGru;
  throw UsageError("recurrent layer '" + std::string(name) + "' is not one of rnn, lstm, gru");
}

std::string_view recurrent_name(RecurrentKind kind) {
  return kind == RecurrentKind::kRnn ? "rnn" : kind == RecurrentKind::kLstm ? "lstm" : "gru";
}

Activation parse_activation(std::string_view name) {
  if (name == "tanh") return Activation::kTanh;
  if (name == "relu") return Activation::kRelu;
  throw UsageError("activation '" + std::string(name) + "' is neither tanh nor relu");
}

std::string_view activation_name(Activation activation) {
  return activation == Activation::kTanh ? "tanh" : "relu";
}

StepOrder::StepOrder(const Ragged& texts) : order(static_cast<std::size_t>(texts.texts())) {
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::ranges::stable_sort(
      order, [&](std::int64_t a, std::int64_t b) { return texts.length(a) > texts.length(b); });
  starts.push_back(0);
  std::int64_t count = texts.texts();
  for (std::int64_t t = 0;; ++t) {
    while (count > 0 && texts.length(order[static_cast<std::size_t>(count - 1)]) <= t) --count;
    if (count == 0) break;
    starts.push_back(starts.back() + count);
  }
}

RecurrentLayer::RecurrentLayer(const std::string& name, RecurrentKind kind, Activation activation,
                               int input, int hidden, bool reverse)
    : weights(name + "/weights", {gates_of(kind) * hidden, input}),
      recurrent_weights(name + "/recurrent_weights", {gates_of(kind) * hidden, hidden}),
      bias(name + "/bias",
           {(kind == RecurrentKind::kGru ? 4 : gates_of(kind)) * std::int64_t{hidden}}),
      kind_(kind),
      activation_(activation),
      input_(input),
      hidden_(hidden),
      gates_(gates_of(kind) * hidden),
      reverse_(reverse),
      zeros_(static_cast<std::size_t>(hidden)) {}

void RecurrentLayer::initialise(Initialiser& initialiser) {
  initialiser.glorot(weights);
  initialiser.orthogonal(recurrent_weights);
  bias.value.zero();
  if (kind_ == RecurrentKind::kLstm) std::fill_n(bias.value.data() + 2 * hidden_, hidden_, 1.0f);
}

void RecurrentLayer::prepare(bool training) {
  packed_weights_ = PackedMatrix(input_, gates_, Precision::kF32);
  packed_recurrent_ = PackedMatrix(hidden_, gates_, Precision::kF32);
  if (training) {
    packed_weights_back_ = PackedMatrix(gates_, input_, Precision::kF32);
    packed_recurrent_back_ = PackedMatrix(gates_, hidden_, Precision::kF32);
  }
  pack();
}

void RecurrentLayer::pack() {
  packed_weights_.pack(weights.value.data(), 1, input_);
  packed_recurrent_.pack(recurrent_weights.value.data(), 1, hidden_);
  if (packed_weights_back_.bytes() == 0) return;
  packed_weights_back_.pack(weights.value.data(), input_, 1);
  packed_recurrent_back_.pack(recurrent_weights.value.data(), hidden_, 1);
}

std::int64_t RecurrentLayer::place(const Ragged& texts, const StepOrder& order, std::int64_t r,
                                   std::int64_t t) const {
  const std::int64_t text = order.order[static_cast<std::size_t>(r)];
  return reverse_ ? texts.end(text) - 1 - t : texts.begin(text) + t;
}

// Rows [first, first + rows) of a step. `before` is the row of the previous step that `first`
// continues; -1 at the first step.
void RecurrentLayer::cells_forward(std::int64_t first, std::int64_t rows, std::int64_t before,
                                   RecurrentLayerTape& tape) const {
  float* gates = tape.gates.data() + first * gates_;
  const float* previous = tape.previous.data() + first * hidden_;
  float* h = tape.h.data() + first * hidden_;
  const float* b = bias.value.data();
  switch (kind_) {
    case RecurrentKind::kRnn:
      multiply(previous, rows, packed_recurrent_, gates, true);
      for (std::int64_t i = 0; i < rows; ++i) {
        for (std::int64_t k = 0; k < hidden_; ++k)
          h[i * hidden_ + k] = gates[i * hidden_ + k] + b[k];
      }
      if (activation_ == Activation::kTanh) {
        apply_tanh(h, rows * hidden_);
      } else {
        for (std::int64_t k = 0; k < rows * hidden_; ++k) h[k] = std::max(h[k], 0.0f);
      }
      break;
    case RecurrentKind::kLstm:
      multiply(previous, rows, packed_recurrent_, gates, true);
      for (std::int64_t i = 0; i < rows; ++i) {
        lstm_cell_forward(gates + i * gates_, b,
                          before < 0 ? zeros_.data() : tape.c.data() + (before + i) * hidden_, 0,
                          hidden_, gates + i * gates_, tape.c.data() + (first + i) * hidden_,
                          h + i * hidden_);
      }
      break;
    case RecurrentKind::kGru: {
      float* u = tape.recurrent.data() + first * gates_;
      multiply(previous, rows, packed_recurrent_, u);
      for (std::int64_t i = 0; i < rows; ++i) {
        add(b, gates_, gates + i * gates_);
        add(b + gates_, hidden_, u + i * gates_ + 2 * hidden_);
        gru_forward(hidden_, previous + i * hidden_, gates + i * gates_, u + i * gates_,
                    h + i * hidden_);
      }
      break;
    }
  }
}

void RecurrentLayer::forward(const Ragged& texts, const StepOrder& order, const float* x,
                             RecurrentLayerTape& tape, float* y, std::int64_t ld_y, bool keep,
                             Workers& workers) const {
  // Room for a step's rows and those carried from the step before.
  const std::int64_t step_rows = 2 * texts.texts();
  const std::int64_t rows = keep ? texts.rows() : std::min(texts.rows(), kBlockRows) + step_rows;
  reserve(tape.x, rows * input_);
  reserve(tape.gates, rows * gates_);
  reserve(tape.previous, rows * hidden_);
  reserve(tape.h, rows * hidden_);
  if (kind_ == RecurrentKind::kLstm) reserve(tape.c, rows * hidden_);
  if (kind_ == RecurrentKind::kGru) reserve(tape.recurrent, rows * gates_);
  const auto states = static_cast<std::size_t>(texts.texts() * hidden_);
  tape.last_h.assign(states, 0.0f);
  tape.last_c.assign(kind_ == RecurrentKind::kLstm ? states : 0, 0.0f);
  Block block;
  while (block.end < order.steps()) {
    if (block.end > 0) {
      if (interrupted()) throw Interrupted("interrupted in the middle of a long text");
      // The states of the block's last step become the first rows of the next block.
      const std::int64_t last = block.row(order, block.end - 1), count = order.count(block.end - 1);
      std::copy_n(tape.h.data() + last * hidden_, count * hidden_, tape.h.data());
      if (kind_ == RecurrentKind::kLstm) {
        std::copy_n(tape.c.data() + last * hidden_, count * hidden_, tape.c.data());
      }
      block.carried = count;
    }
    block.begin = block.end++;
    while (block.end < order.steps() &&
           (keep || order.start(block.end + 1) - order.start(block.begin) <= kBlockRows)) {
      ++block.end;
    }
    forward_block(texts, order, block, x, tape, y, ld_y, workers);
  }
}

void RecurrentLayer::forward_block(const Ragged& texts, const StepOrder& order, const Block& block,
                                   const float* x, RecurrentLayerTape& tape, float* y,
                                   std::int64_t ld_y, Workers& workers) const {
  workers.run([&](int index) {
    const Part part = ranks_of(order, texts, index, workers.count());
    for (std::int64_t t = block.begin; t < block.end; ++t) {
      for (std::int64_t r = part.begin; r < std::min(part.end, order.count(t)); ++r) {
        std::copy_n(x + place(texts, order, r, t) * input_, input_,
                    tape.x.data() + (block.row(order, t) + r) * input_);
      }
    }
  });
  const std::int64_t rows = order.start(block.end) - order.start(block.begin);
  multiply_rows(tape.x.data() + block.carried * input_, rows, packed_weights_,
                tape.gates.data() + block.carried * gates_, workers);
  workers.run([&](int index) {
    const Part part = ranks_of(order, texts, index, workers.count());
    for (std::int64_t t = block.begin; t < block.end; ++t) {
      const std::int64_t count = std::min(part.end, order.count(t)) - part.begin;
      if (count <= 0) break;
      const std::int64_t first = block.row(order, t) + part.begin;
      const std::int64_t before = t == 0 ? -1 : block.row(order, t - 1) + part.begin;
      float* previous = tape.previous.data() + first * hidden_;
      if (t == 0) {
        set_zero(previous, count * hidden_);
      } else {
        std::copy_n(tape.h.data() + before * hidden_, count * hidden_, previous);
      }
      cells_forward(first, count, before, tape);
      const float* h = tape.h.data() + first * hidden_;
      for (std::int64_t i = 0; i < count; ++i) {
        std::copy_n(h + i * hidden_, hidden_, y + place(texts, order, part.begin + i, t) * ld_y);
      }
      std::int64_t going_on = 0;
      if (t + 1 < order.steps()) {
        going_on = std::max<std::int64_t>(std::min(part.end, order.count(t + 1)) - part.begin, 0);
      }
      for (std::int64_t i = going_on; i < count; ++i) {
        const std::int64_t text = order.order[static_cast<std::size_t>(part.begin + i)];
        std::copy_n(h + i * hidden_, hidden_, tape.last_h.data() + text * hidden_);
        if (kind_ != RecurrentKind::kLstm) continue;
        std::copy_n(tape.c.data() + (first + i) * hidden_, hidden_,
                    tape.last_c.data() + text * hidden_);
      }
    }
  });
}

// The backward pass of the same rows. The gradient of h in d_h (rows x H) is replaced by that of
// h'; likewise d_c.
void RecurrentLayer::cells_backward(std::int64_t first, std::int64_t rows, std::int64_t before,
                                    RecurrentLayerTape& tape, float* d_h, float* d_c) const {
  float* gates = tape.gates.data() + first * gates_;
  const float* h = tape.h.data() + first * hidden_;
  switch (kind_) {
    case RecurrentKind::kRnn:
      for (std::int64_t k = 0; k < rows * hidden_; ++k) {
        const float slope =
            activation_ == Activation::kTanh ? 1 - h[k] * h[k] : (h[k] > 0 ? 1.0f : 0.0f);
        gates[k] = d_h[k] * slope;
      }
      multiply(gates, rows, packed_recurrent_back_, d_h);
      break;
    case RecurrentKind::kLstm:
      for (std::int64_t i = 0; i < rows; ++i) {
        lstm_cell_backward(d_h + i * hidden_,
                           before < 0 ? zeros_.data() : tape.c.data() + (before + i) * hidden_,
                           tape.c.data() + (first + i) * hidden_, 0, hidden_, gates + i * gates_,
                           d_c + i * hidden_);
      }
      multiply(gates, rows, packed_recurrent_back_, d_h);
      break;
    case RecurrentKind::kGru: {
      float* u = tape.recurrent.data() + first * gates_;
      for (std::int64_t i = 0; i < rows; ++i) {
        gru_backward(hidden_, tape.previous.data() + (first + i) * hidden_, gates + i * gates_,
                     u + i * gates_, d_h + i * hidden_);
      }
      multiply(u, rows, packed_recurrent_back_, d_h, true);
      break;
    }
  }
}

void RecurrentLayer::backward(const Ragged& texts, const StepOrder& order, RecurrentLayerTape& tape,
                              const float* d_y, std::int64_t ld_y, float* d_x, Workers& workers) {
  const std::int64_t rows = texts.rows();
  const auto states = static_cast<std::size_t>(texts.texts() * hidden_);
  AlignedArray<float> d_h(states), d_c(kind_ == RecurrentKind::kLstm ? states : 0);
  workers.run([&](int index) {
    const Part part = ranks_of(order, texts, index, workers.count());
    for (std::int64_t t = order.steps() - 1; t >= 0; --t) {
      const std::int64_t count = std::min(part.end, order.count(t)) - part.begin;
      if (count <= 0) continue;
      float* mine = d_h.data() + part.begin * hidden_;
      for (std::int64_t i = 0; i < count; ++i) {
        add(d_y + place(texts, order, part.begin + i, t) * ld_y, hidden_, mine + i * hidden_);
      }
      cells_backward(order.start(t) + part.begin, count,
                     t == 0 ? -1 : order.start(t - 1) + part.begin, tape, mine,
                     d_c.data() + (d_c.size() == 0 ? 0 : part.begin * hidden_));
    }
  });
  const bool gru = kind_ == RecurrentKind::kGru;
  const float* d_u = gru ? tape.recurrent.data() : tape.gates.data();
  add_weight_gradient(tape.gates.data(), gates_, gates_, tape.x.data(), input_, rows,
                      weights.gradient.data(), workers);
  add_weight_gradient(d_u, gates_, gates_, tape.previous.data(), hidden_, rows,
                      recurrent_weights.gradient.data(), workers);
  add_column_sums(tape.gates.data(), rows, gates_, gates_, bias.gradient.data());
  if (gru) {
    add_column_sums(d_u + 2 * hidden_, rows, hidden_, gates_, bias.gradient.data() + gates_);
  }
  if (d_x == nullptr) return;
  // The input is no longer needed; its gradient takes its place.
  multiply_rows(tape.gates.data(), rows, packed_weights_back_, tape.x.data(), workers);
  workers.run([&](int index) {
    const Part part = ranks_of(order, texts, index, workers.count());
    for (std::int64_t t = 0; t < order.steps(); ++t) {
      for (std::int64_t r = part.begin; r < std::min(part.end, order.count(t)); ++r) {
        add(tape.x.data() + (order.start(t) + r) * input_, input_,
            d_x + place(texts, order, r, t) * input_);
      }
    }
  });
}

Recurrent::Recurrent(const std::string& name, const RecurrentShape& shape) : shape_(shape) {
  for (int k = 0; k < shape.layers; ++k) {
    const int input = k == 0 ? shape.input : static_cast<int>(width());
    for (int d = 0; d < directions(); ++d) {
      layers_.emplace_back(
          name + "/layer_" + std::to_string(k) + (d == 0 ? "/forward" : "/backward"), shape.kind,
          shape.activation, input, shape.hidden, d == 1);
    }
  }
}

void Recurrent::initialise(Initialiser& initialiser) {
  for (RecurrentLayer& layer : layers_) layer.initialise(initialiser);
}

void Recurrent::prepare(bool training) {
  for (RecurrentLayer& layer : layers_) layer.prepare(training);
}

void Recurrent::pack() {
  for (RecurrentLayer& layer : layers_) layer.pack();
}

namespace {

// Multiplies values (rows x width) by their text's row of the mask (texts x width).
void apply_mask(const Ragged& texts, const float* mask, std::int64_t width, float* values) {
  for (std::int64_t i = 0; i < texts.texts(); ++i) {
    const float* factors = mask + i * width;
    for (std::int64_t row = texts.begin(i); row < texts.end(i); ++row) {
      for (std::int64_t k = 0; k < width; ++k) values[row * width + k] *= factors[k];
    }
  }
}

}  // namespace

const float* Recurrent::forward(const Ragged& texts, const float* x, RecurrentTape& tape,
                                const Random* dropout, Workers& workers, bool keep) const {
  const StepOrder order(texts);
  const auto layers = static_cast<std::size_t>(shape_.layers);
  const auto directions = static_cast<std::size_t>(this->directions());
  tape.layers.resize(layers_.size());
  tape.outputs.resize(layers);
  const std::int64_t mask_size = texts.texts() * width();
  tape.mask = AlignedArray<float>();
  if (dropout != nullptr && shape_.dropout > 0) {
    tape.mask = AlignedArray<float>((layers - 1) * static_cast<std::size_t>(mask_size));
    std::ranges::fill(tape.mask.span(), 1.0f);
    apply_dropout(tape.mask.data(), 0, static_cast<std::int64_t>(tape.mask.size()), shape_.dropout,
                  *dropout);
  }
  for (std::size_t k = 0; k < layers; ++k) {
    AlignedArray<float>& y = tape.outputs[k];
    reserve(y, texts.rows() * width());
    for (std::size_t d = 0; d < directions; ++d) {
      layers_[k * directions + d].forward(texts, order, x, tape.layers[k * directions + d],
                                          y.data() + static_cast<std::int64_t>(d) * shape_.hidden,
                                          width(), keep, workers);
    }
    x = y.data();
    if (k + 1 < layers && tape.mask.size() != 0) {
      apply_mask(texts, tape.mask.data() + static_cast<std::int64_t>(k) * mask_size, width(),
                 y.data());
    }
  }
  return x;
}

void Recurrent::backward(const Ragged& texts, RecurrentTape& tape, const float* d_y, float* d_x,
                         Workers& workers) {
  const StepOrder order(texts);
  const auto directions = static_cast<std::size_t>(this->directions());
  for (std::size_t k = static_cast<std::size_t>(shape_.layers); k-- > 0;) {
    // Once a layer has gone backward, its input is no longer needed: the gradient of the output
    // below takes its place.
    float* d_below = d_x;
    std::int64_t below_size = texts.rows() * shape_.input;
    if (k > 0) {
      d_below = tape.outputs[k - 1].data();
      below_size = texts.rows() * width();
    }
    if (d_below != nullptr) set_zero(d_below, below_size);
    for (std::size_t d = 0; d < directions; ++d) {
      layers_[k * directions + d].backward(texts, order, tape.layers[k * directions + d],
                                           d_y + static_cast<std::int64_t>(d) * shape_.hidden,
                                           width(), d_below, workers);
    }
    if (k == 0) break;
    if (tape.mask.size() != 0) {
      const auto below = static_cast<std::int64_t>(k - 1);
      apply_mask(texts, tape.mask.data() + below * texts.texts() * width(), width(), d_below);
    }
    d_y = d_below;
  }
}

}  // namespace elmo
