#include "embed/direction_model.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "compute/aligned.h"
#include "compute/kernels.h"
#include "compute/precision.h"
#include "lm/language_model.h"
#include "nn/lstm.h"

namespace elmo {
namespace {

// Bound on the size of one layer's outputs in a chunk of steps: 1 MiB of floats. Most batches reach
// it, so a long text takes no more memory than a short one.
constexpr std::int64_t kChunkFloats = std::int64_t{1} << 18;

template <typename T>
AlignedArray<T> array(std::int64_t rows, std::int64_t columns) {
  return AlignedArray<T>(static_cast<std::size_t>(rows * columns));
}

template <typename T>
struct Buffers {
  AlignedArray<T> xh, m;
};

}  // namespace

class DirectionModel::Scratch {
 public:
  // Allocates for `rows` sequences and chunks of `steps` steps.
  void reserve(const ModelSettings& s, std::int64_t rows, std::int64_t steps, bool bf16) {
    const std::int64_t width = 2 * s.projection;
    if (rows > rows_) {
      rows_ = rows;
      if (bf16) {
        fill(bf16_, rows, width, s);
      } else {
        fill(f32_, rows, width, s);
      }
      layers_.clear();
      for (int j = 0; j < s.layers; ++j) {
        layers_.push_back({array<float>(rows, s.projection), array<float>(rows, s.hidden)});
      }
      // step() works on tiles of rows and needs z for one tile only.
      lstm_ = LstmScratch({.input = s.projection, .hidden = s.hidden, .projection = s.projection},
                          std::min<std::int64_t>(rows, LstmLayer::kStepRows), false);
    }
    if (rows * steps > outputs_size_) {
      outputs_size_ = rows * steps;
      outputs_.clear();
      for (int j = 0; j <= s.layers; ++j) {
        outputs_.push_back(array<float>(outputs_size_, s.projection));
      }
    }
  }
  template <typename T>
  Buffers<T>& buffers();

  struct LayerState {
    AlignedArray<float> h, c;
  };
  std::vector<LayerState> layers_;
  std::vector<AlignedArray<float>> outputs_;
  LstmScratch lstm_;

 private:
  template <typename T>
  static void fill(Buffers<T>& buffers, std::int64_t rows, std::int64_t width,
                   const ModelSettings& s) {
    buffers.xh = array<T>(rows, width);
    buffers.m = array<T>(rows, s.hidden);
  }
  std::int64_t rows_ = 0, outputs_size_ = 0;
  Buffers<float> f32_;
  Buffers<Bf16> bf16_;
};

template <>
Buffers<float>& DirectionModel::Scratch::buffers() {
  return f32_;
}
template <>
Buffers<Bf16>& DirectionModel::Scratch::buffers() {
  return bf16_;
}

void DirectionModel::ScratchDeleter::operator()(Scratch* scratch) const { delete scratch; }

DirectionModel::ScratchPointer DirectionModel::make_scratch() const {
  return ScratchPointer(new Scratch);
}

InferenceWeights::InferenceWeights(std::unique_ptr<LanguageModel> model, Precision precision)
    : settings(model->settings),
      pieces(std::move(model->vocabulary)),
      embedding(std::move(model->embedding)),
      layers(std::move(model->layers)) {
  vocabulary = pieces;
  if (!vocabulary) vocabulary = std::move(model->words);
  if (model->characters || model->listed_words) {
    word_encoder = std::make_unique<WordEncoder>(*model, precision);
  }
  model = nullptr;  // frees it before packing, which takes as much memory again
  for (LstmLayer& layer : layers) {
    layer.prepare(precision, false);
    for (int part = 0; part < layer.pack_parts(); ++part) layer.pack(part);
    layer.weights.value = {};
    layer.projection.value = {};
  }
}

UnitTable DirectionModel::units() const {
  const float* vectors = weights_.embedding.table.value.data();
  return {vectors, vocabulary().bos(), vocabulary().eos()};
}

void DirectionModel::run(std::span<UnitSequence* const> sequences, const UnitTable& units,
                         Scratch& scratch,
                         const std::function<void(const StepOutputs&)>& sink) const {
  if (sequences.empty()) return;
  if (precision_ == Precision::kBf16) {
    walk<Bf16>(sequences, units, scratch, sink);
  } else {
    walk<float>(sequences, units, scratch, sink);
  }
}

template <typename T>
void DirectionModel::walk(std::span<UnitSequence* const> sequences, const UnitTable& table,
                          Scratch& scratch,
                          const std::function<void(const StepOutputs&)>& sink) const {
  const ModelSettings& s = settings();
  const auto rows = static_cast<std::int64_t>(sequences.size());
  const std::int64_t p = s.projection, hidden = s.hidden, width = 2 * p;
  const auto length = [&](std::int64_t i) {
    return static_cast<std::int64_t>(sequences[static_cast<std::size_t>(i)]->units.size());
  };
  // With carried state the closing unit is read too, as in the original ELMo.
  const auto steps_of = [&](std::int64_t i) {
    return length(i) + (sequences[static_cast<std::size_t>(i)]->state != nullptr ? 2 : 1);
  };
  const bool forward = s.direction == Direction::kForward;
  const std::int32_t opening = forward ? table.bos : table.eos;
  const std::int32_t closing = forward ? table.eos : table.bos;
  const std::int64_t all_steps = steps_of(0);
  const std::int64_t chunk = std::clamp<std::int64_t>(kChunkFloats / (rows * p), 1, all_steps);
  scratch.reserve(s, rows, chunk, precision_ == Precision::kBf16);
  Buffers<T>& buffers = scratch.buffers<T>();

  for (int j = 0; j < s.layers; ++j) {
    auto& [h, c] = scratch.layers_[static_cast<std::size_t>(j)];
    for (std::int64_t i = 0; i < rows; ++i) {
      const StreamState* state = sequences[static_cast<std::size_t>(i)]->state;
      const bool fresh = state == nullptr || state->values.empty();
      const float* from = fresh ? nullptr : state->values.data() + j * (p + hidden);
      const auto put = [&](float* to, const float* values, std::int64_t size) {
        if (fresh) {
          std::fill_n(to, size, 0.0f);
        } else {
          std::copy_n(values, size, to);
        }
      };
      put(h.data() + i * p, from, p);
      put(c.data() + i * hidden, fresh ? nullptr : from + p, hidden);
    }
  }

  for (std::int64_t first = 0; first < all_steps; first += chunk) {
    const std::int64_t count = std::min(chunk, all_steps - first);
    // The number of sequences that are not finished at step t; they are the first ones.
    const auto active_at = [&](std::int64_t t, std::int64_t most) {
      while (most > 0 && steps_of(most - 1) <= t) --most;
      return most;
    };
    std::int64_t active = rows;
    for (std::int64_t t = first; t < first + count; ++t) {
      active = active_at(t, active);
      float* x = scratch.outputs_[0].data() + (t - first) * rows * p;
      for (std::int64_t i = 0; i < active; ++i) {
        const auto& units = sequences[static_cast<std::size_t>(i)]->units;
        const std::int32_t unit = t == 0           ? opening
                                  : t <= length(i) ? units[static_cast<std::size_t>(t - 1)]
                                                   : closing;
        std::copy_n(table.vectors + unit * p, p, x + i * p);
      }
    }
    StepOutputs outputs{.first_step = first - 1, .steps = count, .rows = rows, .layers = {}};
    for (int j = 0; j < s.layers; ++j) {
      const LstmLayer& layer = weights_.layers[static_cast<std::size_t>(j)];
      auto& [state_h, state_c] = scratch.layers_[static_cast<std::size_t>(j)];
      const float* x = scratch.outputs_[static_cast<std::size_t>(j)].data();
      float* y = scratch.outputs_[static_cast<std::size_t>(j) + 1].data();
      active = rows;
      for (std::int64_t t = 0; t < count; ++t, x += rows * p, y += rows * p) {
        active = active_at(first + t, active);
        for (std::int64_t i = 0; i < active; ++i) {
          convert(x + i * p, p, buffers.xh.data() + i * width);
          convert(state_h.data() + i * p, p, buffers.xh.data() + i * width + p);
        }
        layer.step(buffers.xh.data(), active, state_c.data(), nullptr, LstmLayer::Gates<T>{},
                   state_c.data(), buffers.m.data(), state_h.data(), scratch.lstm_);
        for (std::int64_t k = 0; k < active * p; ++k) {
          y[k] = state_h.data()[k] + (layer.shape().residual ? x[k] : 0.0f);
        }
      }
      outputs.layers.push_back(scratch.outputs_[static_cast<std::size_t>(j) + 1].data());
    }
    sink(outputs);
  }

  for (std::int64_t i = 0; i < rows; ++i) {
    StreamState* state = sequences[static_cast<std::size_t>(i)]->state;
    if (state == nullptr) continue;
    state->values.resize(static_cast<std::size_t>(s.layers * (p + hidden)));
    float* to = state->values.data();
    for (int j = 0; j < s.layers; ++j, to += p + hidden) {
      const auto& [h, c] = scratch.layers_[static_cast<std::size_t>(j)];
      std::copy_n(h.data() + i * p, p, to);
      std::copy_n(c.data() + i * hidden, hidden, to + p);
    }
  }
}

}  // namespace elmo
