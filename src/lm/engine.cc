#include "lm/engine.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <string_view>
#include <unordered_map>

#include "compute/kernels.h"
#include "compute/random.h"
#include "compute/tree_sum.h"
#include "nn/dropout.h"
#include "nn/sampled_softmax.h"
#include "text/characters.h"

namespace elmo {
namespace {

template <typename T>
class EngineOf final : public Engine {
 public:
  EngineOf(LanguageModel& model, const EngineOptions& options, Workers& workers)
      : model_(model),
        options_(options),
        workers_(workers),
        groups_(options.steps, options.streams) {
    const auto rows = static_cast<std::size_t>(groups_.rows());
    width_ = model.settings.projection;
    const std::size_t size = rows * static_cast<std::size_t>(width_);
    for (const LstmLayer& layer : model.layers) {
      tapes_.emplace_back(layer.shape(), options.steps, options.streams);
    }
    for (std::size_t i = 0; i <= model.layers.size(); ++i) streams_.emplace_back(size);
    top_ = AlignedArray<T>(size);
    place_top_rows();
    if (options.samples > 0) {
      sampled_ = std::make_unique<SampledSoftmax>(model.softmax, options.samples, kPrecisionOf<T>);
    }
    if (model.characters) {
      word_tape_ = CharacterEncoder::Tape(*model.characters, static_cast<std::int64_t>(rows));
      word_vectors_ = AlignedArray<float>(size);
      word_of_.resize(rows);
    }
    losses_.resize(rows);
  }

  double train(const Window& window, std::uint64_t step) override {
    enter("forward");
    forward(window, step, options_.dropout);
    if (gradient_.size() == 0) {
      gradient_ = AlignedArray<float>(streams_[0].size());
      top_gradient_ = AlignedArray<float>(gradient_.size());
      model_.for_each_parameter([](Parameter& parameter) { parameter.allocate_gradient(); });
      word_gradients_ = AlignedArray<float>(word_vectors_.size());
    }
    // bilm-tf scales the mean loss by the unroll; with its learning rates so do we.
    const float scale = static_cast<float>(window.steps) /
                        static_cast<float>(std::max<std::uint64_t>(1, window.predictions));
    enter("softmax");
    if (sampled_) {
      const std::uint32_t direction = model_.settings.direction == Direction::kForward ? 0 : 1;
      const LogUniformSample sample(
          model_.outcomes(), static_cast<std::size_t>(options_.samples),
          Random(options_.seed, RandomUse::kNegativeSample, step, direction));
      sampled_->losses_and_gradients(top_.data(), targets_.data(), groups_, scale, sample,
                                     losses_.data(), top_gradient_.data(), workers_);
    } else {
      model_.softmax.losses_and_gradients(top_.data(), targets_.data(), groups_, scale,
                                          model_.softmax_weights(), losses_.data(),
                                          top_gradient_.data(), workers_);
    }
    enter("backward");
    backward(window, step);
    carry(window);
    return total_loss();
  }

  double evaluate(const Window& window, std::vector<double>& losses) override {
    forward(window, 0, 0.0f);
    model_.softmax.losses(top_.data(), targets_.data(), groups_, losses_.data(), workers_);
    losses.resize(losses_.size());
    for (std::size_t row = 0; row < losses.size(); ++row) {
      losses[row] = losses_[static_cast<std::size_t>(top_row_[row])];
    }
    carry(window);
    return total_loss();
  }

  std::vector<LayerState> state() const override {
    std::vector<LayerState> result;
    for (std::size_t i = 0; i < tapes_.size(); ++i) {
      const LstmShape& shape = model_.layers[i].shape();
      LayerState layer;
      for (int b = 0; b < options_.streams; ++b) {
        const T* h = tapes_[i].xh.data() + b * (shape.input + shape.projection) + shape.input;
        for (int k = 0; k < shape.projection; ++k) layer.h.push_back(to_float(h[k]));
      }
      const float* c = tapes_[i].c.data();
      layer.c.assign(c, c + static_cast<std::int64_t>(options_.streams) * shape.hidden);
      result.push_back(std::move(layer));
    }
    return result;
  }

  void restore(const std::vector<LayerState>& state) override {
    for (std::size_t i = 0; i < tapes_.size(); ++i) {
      const LstmShape& shape = model_.layers[i].shape();
      for (int b = 0; b < options_.streams; ++b) {
        convert(state[i].h.data() + b * shape.projection, shape.projection,
                tapes_[i].xh.data() + b * (shape.input + shape.projection) + shape.input);
      }
      std::copy(state[i].c.begin(), state[i].c.end(), tapes_[i].c.data());
    }
  }

  std::span<const float> layer_output(int j) const override {
    return streams_[static_cast<std::size_t>(j)].span();
  }

 private:
  // Each group's by itself first, as several processes would do.
  double total_loss() const {
    double total = 0;
    for (int group = 0; group < groups_.count(); ++group) {
      const Part rows = groups_.rows_of(group);
      total += std::accumulate(losses_.begin() + rows.begin, losses_.begin() + rows.end, 0.0);
    }
    return total;
  }

  // Everything up to the top goes step by step, the softmax group by group.
  void place_top_rows() {
    top_row_.resize(static_cast<std::size_t>(groups_.rows()));
    targets_.resize(top_row_.size());
    for (int group = 0; group < groups_.count(); ++group) {
      const Part streams = groups_.streams_of(group);
      std::int64_t row = groups_.rows_of(group).begin;
      for (std::int64_t t = 0; t < groups_.steps(); ++t) {
        for (std::int64_t b = streams.begin; b < streams.end; ++b, ++row) {
          top_row_[static_cast<std::size_t>(t * groups_.streams() + b)] = row;
        }
      }
    }
  }

  void enter(std::string_view phase) {
    if (options_.clock != nullptr) options_.clock->enter(phase);
  }

  // Streams of one worker: threads own streams for the whole window and never wait in between.
  Part streams_of(int index, int streams) const {
    return part_of(streams, index, workers_.count());
  }

  // f(row, its row in top_) for the rows of streams [first, last).
  template <typename F>
  void for_each_row(const Window& window, const Part& part, F&& f) const {
    for (int t = 0; t < window.steps; ++t) {
      for (std::int64_t b = part.begin; b < part.end; ++b) {
        const std::int64_t row = static_cast<std::int64_t>(t) * window.streams + b;
        f(row, top_row_[static_cast<std::size_t>(row)]);
      }
    }
  }

  // Dropout of the rows of streams [first, last) of every step. `place`: 0 .. layers.
  void drop(float* values, int place, std::uint64_t step, float rate, const Window& window,
            const Part& part) const {
    if (rate <= 0) return;
    const std::uint32_t direction = model_.settings.direction == Direction::kForward ? 0 : 1;
    const Random random(options_.seed, RandomUse::kDropout, step,
                        direction * 1024 + static_cast<std::uint32_t>(place));
    for (int t = 0; t < window.steps; ++t) {
      const std::int64_t row = static_cast<std::int64_t>(t) * window.streams;
      apply_dropout(values, (row + part.begin) * width_, (row + part.end) * width_, rate, random);
    }
  }

  // Layer 0 of rows [first, last).
  void embed(const Window& window, std::int64_t first, std::int64_t last) {
    float* y = streams_[0].data() + first * width_;
    if (!model_.characters) {
      model_.embedding.forward(window.inputs.data() + first, last - first, y);
      return;
    }
    for (std::int64_t row = first; row < last; ++row, y += width_) {
      const std::int64_t word = word_of_[static_cast<std::size_t>(row)];
      if (word < 0) {
        std::fill_n(y, width_, 0.0f);
      } else {
        std::copy_n(word_vectors_.data() + word * width_, width_, y);
      }
    }
  }

  // The window's words, each once, and where they stand; an idle stream has none.
  void encode_words(const Window& window) {
    word_rows_.clear();
    std::unordered_map<std::string_view, std::int64_t> seen;
    for (std::size_t row = 0; row < word_of_.size(); ++row) {
      word_of_[row] = -1;
      if (window.targets[row] < 0) continue;
      const auto [place, is_new] = seen.emplace(window.input_words[row], word_rows_.count());
      word_of_[row] = place->second;
      if (!is_new) continue;
      append_characters(place->first, model_.settings.characters.positions, word_rows_.ids);
      word_rows_.end_word();
    }
    model_.characters->forward(word_rows_, word_tape_, word_vectors_.data(), workers_);
  }

  void forward(const Window& window, std::uint64_t step, float dropout) {
    if (model_.characters) encode_words(window);
    const int layers = model_.settings.layers;
    workers_.run([&](int index) {
      const Part part = streams_of(index, window.streams);
      if (part.begin == part.end) return;
      LstmScratch& scratch = scratch_for(index, part.end - part.begin);
      for (int t = 0; t < window.steps; ++t) {
        const std::int64_t row = static_cast<std::int64_t>(t) * window.streams + part.begin;
        embed(window, row, row + part.end - part.begin);
      }
      for (int j = 0; j < layers; ++j) {
        const auto at = static_cast<std::size_t>(j);
        drop(streams_[at].data(), j, step, dropout, window, part);
        model_.layers[at].forward(tapes_[at], streams_[at].data(), streams_[at + 1].data(),
                                  window.resets.data(), window.steps, window.streams,
                                  static_cast<int>(part.begin), static_cast<int>(part.end),
                                  scratch);
      }
      float* last = streams_.back().data();
      drop(last, layers, step, dropout, window, part);
      for_each_row(window, part, [&](std::int64_t row, std::int64_t top_row) {
        convert(last + row * width_, width_, top_.data() + top_row * width_);
        targets_[static_cast<std::size_t>(top_row)] = window.targets[static_cast<std::size_t>(row)];
      });
    });
  }

  void backward(const Window& window, std::uint64_t step) {
    const int layers = model_.settings.layers;
    workers_.run([&](int index) {
      const Part part = streams_of(index, window.streams);
      if (part.begin == part.end) return;
      LstmScratch& scratch = scratch_for(index, part.end - part.begin);
      for_each_row(window, part, [&](std::int64_t row, std::int64_t top_row) {
        std::copy_n(top_gradient_.data() + top_row * width_, width_,
                    gradient_.data() + row * width_);
      });
      drop(gradient_.data(), layers, step, options_.dropout, window, part);
      for (int j = layers - 1; j >= 0; --j) {
        const auto at = static_cast<std::size_t>(j);
        model_.layers[at].backward(tapes_[at], gradient_.data(), window.resets.data(), window.steps,
                                   window.streams, static_cast<int>(part.begin),
                                   static_cast<int>(part.end), scratch);
        drop(gradient_.data(), j, step, options_.dropout, window, part);
      }
    });
    enter("weight gradients");
    for (int j = 0; j < layers; ++j) {
      const auto at = static_cast<std::size_t>(j);
      model_.layers[at].weight_gradients(tapes_[at], window.steps, window.streams, workers_);
    }
    if (options_.frozen_encoder) return;
    if (model_.characters) {
      std::fill_n(word_gradients_.data(), word_rows_.count() * width_, 0.0f);
      for (std::size_t row = 0; row < word_of_.size(); ++row) {
        if (word_of_[row] < 0) continue;
        const float* from = gradient_.data() + static_cast<std::int64_t>(row) * width_;
        float* to = word_gradients_.data() + word_of_[row] * width_;
        for (std::int64_t k = 0; k < width_; ++k) to[k] += from[k];
      }
      model_.characters->backward(word_rows_, word_tape_, word_gradients_.data(), groups_.count(),
                                  workers_);
      return;
    }
    auto& table = model_.embedding.table.gradient;
    const auto rows = static_cast<std::int64_t>(window.inputs.size());
    // Tied weights have the softmax's gradient there.
    if (!model_.settings.tied) table.zero();
    workers_.run([&](int index) {
      const Part columns = part_of(width_, index, workers_.count(), 16);
      model_.embedding.backward(window.inputs.data(), rows, gradient_.data(), columns.begin,
                                columns.end);
    });
  }

  void carry(const Window& window) {
    for (std::size_t i = 0; i < tapes_.size(); ++i) {
      model_.layers[i].carry_state(tapes_[i], window.steps, window.streams);
    }
  }

  LstmScratch& scratch_for(int index, std::int64_t rows) {
    // Made by the thread that uses it, once.
    auto& slot = scratch_[static_cast<std::size_t>(index)];
    if (!slot) slot = std::make_unique<LstmScratch>(model_.layers[0].shape(), rows, true);
    return *slot;
  }

  LanguageModel& model_;
  EngineOptions options_;
  Workers& workers_;
  std::int64_t width_ = 0;
  std::vector<LstmTape<T>> tapes_;
  std::vector<AlignedArray<float>> streams_;  // layer outputs; after dropout, the next one's input
  // The softmax's rows, group by group: its input, the gradient of it, targets, losses.
  StreamGroups groups_;
  std::vector<std::int64_t> top_row_;  // where a row of the window stands in them
  AlignedArray<T> top_;
  AlignedArray<float> top_gradient_;
  std::vector<std::int32_t> targets_;
  std::vector<double> losses_;
  std::unique_ptr<SampledSoftmax> sampled_;
  // Character models: the window's words, which of them a row reads, their vectors (P).
  CharacterRows word_rows_;
  std::vector<std::int64_t> word_of_;
  CharacterEncoder::Tape word_tape_;
  AlignedArray<float> word_vectors_, word_gradients_;
  AlignedArray<float> gradient_;
  std::vector<std::unique_ptr<LstmScratch>> scratch_ =
      std::vector<std::unique_ptr<LstmScratch>>(static_cast<std::size_t>(workers_.count()));
};

}  // namespace

std::unique_ptr<Engine> make_engine(LanguageModel& model, Precision precision,
                                    const EngineOptions& options, Workers& workers) {
  if (precision == Precision::kBf16)
    return std::make_unique<EngineOf<Bf16>>(model, options, workers);
  return std::make_unique<EngineOf<float>>(model, options, workers);
}

}  // namespace elmo
