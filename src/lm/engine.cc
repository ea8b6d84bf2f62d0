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
#include "parallel/background_exchanges.h"
#include "parallel/rows.h"
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
        processes_(options.slices == nullptr ? lone_process() : options.slices->processes()),
        batch_(options.steps, options.streams),
        groups_(batch_.held_by(processes_.rank(), processes_.size())) {
    const auto rows = static_cast<std::size_t>(groups_.rows());
    width_ = model.settings.projection;
    const std::size_t size = rows * static_cast<std::size_t>(width_);
    for (const LstmLayer& layer : model.layers) {
      tapes_.emplace_back(layer.shape(), options.steps, static_cast<int>(groups_.streams()));
    }
    for (std::size_t i = 0; i <= model.layers.size(); ++i) streams_.emplace_back(size);
    top_ = AlignedArray<T>(size);
    place_top_rows();
    if (options.samples > 0) {
      sampled_ = std::make_unique<SampledSoftmax>(model.softmax, options.samples, kPrecisionOf<T>,
                                                  options.slices);
    }
    if (model.characters) {
      word_tape_ = CharacterEncoder::Tape(*model.characters,
                                          batch_.rows() * groups_.count() / batch_.count() + 1);
      word_vectors_ = AlignedArray<float>(area(batch_.rows(), width_));
      word_of_.resize(static_cast<std::size_t>(batch_.rows()));
    }
    losses_.resize(rows);
  }

  double train(const Window& batch, std::uint64_t step) override {
    enter("forward");
    const Window& window = own_streams(batch);
    forward(batch, window, step, options_.dropout);
    if (gradient_.size() == 0) {
      gradient_ = AlignedArray<float>(streams_[0].size());
      top_gradient_ = AlignedArray<float>(gradient_.size());
      model_.for_each_parameter([](Parameter& parameter) { parameter.allocate_gradient(); });
      word_gradients_ = AlignedArray<float>(word_vectors_.size());
    }
    // bilm-tf scales the mean loss by the number of steps; this keeps its learning rates usable.
    const float scale = static_cast<float>(window.steps) /
                        static_cast<float>(std::max<std::uint64_t>(1, window.predictions));
    BackgroundExchanges exchanges(processes_);
    enter("softmax");
    if (sampled_) {
      const std::uint32_t direction = model_.settings.direction == Direction::kForward ? 0 : 1;
      const LogUniformSample sample(
          model_.outcomes(), static_cast<std::size_t>(options_.samples),
          Random(options_.seed, RandomUse::kNegativeSample, step, direction));
      sampled_->losses_and_gradients(top_.data(), targets_.data(), batch_, scale, sample,
                                     losses_.data(), top_gradient_.data(), workers_);
    } else {
      for_each_subtree([&](const StreamGroups& subtree, const auto& keep) {
        model_.softmax.losses_and_gradients(top_.data(), own_targets(), subtree, scale,
                                            model_.softmax_weights(), losses_.data(),
                                            top_gradient_.data(), workers_);
        model_.softmax.for_each_parameter(keep);
        if (model_.settings.tied) keep(model_.softmax_weights());
      });
    }
    const bool softmax_alone = step < options_.softmax_steps;
    std::vector<Parameter*> dense;  // of the softmax
    model_.softmax.for_each_parameter([&](Parameter& parameter) {
      if (!parameter.sparse) dense.push_back(&parameter);
    });
    if (model_.settings.tied && !softmax_alone) dense.push_back(&model_.embedding.table);
    start_sum(exchanges, dense);
    if (!softmax_alone) {
      enter("backward");
      backward(batch, window, step, exchanges);
    }
    if (processes_.size() > 1) enter("gradients of others");
    exchanges.wait();
    carry(window);
    return total_loss();
  }

  double evaluate(const Window& window, std::vector<double>& losses) override {
    forward(window, window, 0, 0.0f);
    model_.softmax.losses(top_.data(), own_targets(), groups_, losses_.data(), workers_);
    losses.resize(losses_.size());
    for (std::size_t row = 0; row < losses.size(); ++row) {
      losses[row] = losses_[static_cast<std::size_t>(top_row_[row])];
    }
    carry(window);
    return total_loss();
  }

  std::vector<LayerState> state() const override {
    std::vector<LayerState> result;
    const Part streams = groups_.held_streams();
    for (std::size_t i = 0; i < tapes_.size(); ++i) {
      const LstmShape& shape = model_.layers[i].shape();
      LayerState layer;
      layer.h.resize(area(options_.streams, shape.projection));
      layer.c.resize(area(options_.streams, shape.hidden));
      for (std::int64_t b = streams.begin; b < streams.end; ++b) {
        const T* h = tapes_[i].xh.data() + (b - streams.begin) * (shape.input + shape.projection) +
                     shape.input;
        for (int k = 0; k < shape.projection; ++k) {
          layer.h[area(b, shape.projection) + static_cast<std::size_t>(k)] = to_float(h[k]);
        }
      }
      std::copy_n(tapes_[i].c.data(), groups_.streams() * shape.hidden,
                  layer.c.data() + streams.begin * shape.hidden);
      fill_first(processes_, std::span(layer.h), parts_of_streams(shape.projection));
      fill_first(processes_, std::span(layer.c), parts_of_streams(shape.hidden));
      result.push_back(std::move(layer));
    }
    return result;
  }

  void restore(const std::vector<LayerState>& state) override {
    for (std::size_t i = 0; i < tapes_.size(); ++i) {
      const LstmShape& shape = model_.layers[i].shape();
      const Part streams = groups_.held_streams();
      for (std::int64_t b = streams.begin; b < streams.end; ++b) {
        convert(state[i].h.data() + b * shape.projection, shape.projection,
                tapes_[i].xh.data() + (b - streams.begin) * (shape.input + shape.projection) +
                    shape.input);
      }
      std::copy_n(state[i].c.data() + streams.begin * shape.hidden,
                  groups_.streams() * shape.hidden, tapes_[i].c.data());
    }
  }

  std::span<const float> layer_output(int j) const override {
    return streams_[static_cast<std::size_t>(j)].span();
  }

 private:
  // Summed group by group first, so that the sum does not depend on which process has a group.
  double total_loss() {
    std::vector<double> of_groups(static_cast<std::size_t>(batch_.count()));
    for (int group = 0; group < groups_.count(); ++group) {
      const Part rows = groups_.rows_of(group);
      of_groups[static_cast<std::size_t>(groups_.first_of_batch() + group)] =
          std::accumulate(losses_.begin() + rows.begin, losses_.begin() + rows.end, 0.0);
    }
    std::vector<Part> parts;
    for (int i = 0; i < processes_.size(); ++i) {
      const StreamGroups held = batch_.held_by(i, processes_.size());
      parts.push_back({held.first_of_batch(), held.first_of_batch() + held.count()});
    }
    fill_all(processes_, std::span(of_groups), parts);
    return std::accumulate(of_groups.begin(), of_groups.end(), 0.0);
  }

  // The part of each process in an array of `width` numbers for each stream.
  std::vector<Part> parts_of_streams(std::int64_t width) const {
    std::vector<Part> parts;
    for (int i = 0; i < processes_.size(); ++i) {
      const Part streams = batch_.held_by(i, processes_.size()).held_streams();
      parts.push_back({streams.begin * width, streams.end * width});
    }
    return parts;
  }

  // The batch's window, cut to the streams of this process.
  const Window& own_streams(const Window& batch) {
    if (processes_.size() == 1) return batch;
    const Part streams = groups_.held_streams();
    own_.steps = batch.steps;
    own_.streams = static_cast<int>(groups_.streams());
    own_.predictions = batch.predictions;
    const auto cut = [&](const auto& from, auto& to) {
      to.clear();
      for (int t = 0; t < batch.steps; ++t) {
        const auto row = from.begin() + static_cast<std::int64_t>(t) * batch.streams;
        to.insert(to.end(), row + streams.begin, row + streams.end);
      }
    };
    cut(batch.inputs, own_.inputs);
    cut(batch.targets, own_.targets);
    cut(batch.resets, own_.resets);
    return own_;
  }

  // The softmax targets of this process's rows.
  const std::int32_t* own_targets() const {
    return targets_.data() + groups_.steps() * groups_.held_streams().begin;
  }

  // Calls f(subtree, keep) for each subtree of this process's groups. f calls `keep` for each
  // parameter whose gradient is now complete for the subtree.
  template <typename F>
  void for_each_subtree(F&& f) {
    const std::vector<StreamGroups> subtrees = groups_.subtrees();
    for (std::size_t i = 0; i < subtrees.size(); ++i) {
      f(subtrees[i], [&](const Parameter& parameter) {
        if (options_.slices != nullptr) options_.slices->keep(parameter, i, subtrees.size());
      });
    }
  }

  // Of parameters whose gradients are, by now, sums over this process's groups.
  void start_sum(BackgroundExchanges& exchanges, std::span<Parameter* const> parameters) {
    if (processes_.size() > 1) exchanges.start(options_.slices->sum(parameters, batch_));
  }
  template <typename Layer>
  void start_sum_of(BackgroundExchanges& exchanges, Layer& layer) {
    std::vector<Parameter*> parameters;
    layer.for_each_parameter([&](Parameter& parameter) { parameters.push_back(&parameter); });
    start_sum(exchanges, parameters);
  }

  // The layers process rows step by step, the softmax group by group.
  void place_top_rows() {
    const auto place = [](const StreamGroups& groups, std::vector<std::int64_t>& places) {
      places.resize(static_cast<std::size_t>(groups.rows()));
      for (int group = 0; group < groups.count(); ++group) {
        const Part streams = groups.streams_of(group);
        std::int64_t row = groups.rows_of(group).begin;
        for (std::int64_t t = 0; t < groups.steps(); ++t) {
          for (std::int64_t b = streams.begin; b < streams.end; ++b, ++row) {
            places[static_cast<std::size_t>(t * groups.streams() + b)] = row;
          }
        }
      }
    };
    place(groups_, top_row_);
    place(batch_, target_row_);
    targets_.resize(target_row_.size());
  }

  void enter(std::string_view phase) {
    if (options_.clock != nullptr) options_.clock->enter(phase);
  }

  // The streams of one worker. Threads own streams for the whole window and never wait in between.
  Part streams_of(int index, int streams) const {
    return part_of(streams, index, workers_.count());
  }

  // Calls f(row, its row in top_) for the rows of the streams of `part`.
  template <typename F>
  void for_each_row(const Window& window, const Part& part, F&& f) const {
    for (int t = 0; t < window.steps; ++t) {
      for (std::int64_t b = part.begin; b < part.end; ++b) {
        const std::int64_t row = static_cast<std::int64_t>(t) * window.streams + b;
        f(row, top_row_[static_cast<std::size_t>(row)]);
      }
    }
  }

  // Applies dropout to the rows of the streams of `part` in every step. `place`: 0 to layers.
  void drop(float* values, int place, std::uint64_t step, float rate, const Window& window,
            const Part& part) const {
    if (rate <= 0) return;
    const std::uint32_t direction = model_.settings.direction == Direction::kForward ? 0 : 1;
    const Random random(options_.seed, RandomUse::kDropout, step,
                        direction * 1024 + static_cast<std::uint32_t>(place));
    // Masks are keyed by the stream's number in the whole batch.
    const std::int64_t first = groups_.held_streams().begin + part.begin;
    for (int t = 0; t < window.steps; ++t) {
      const std::int64_t row = static_cast<std::int64_t>(t) * window.streams + part.begin;
      apply_dropout(values + row * width_, (t * batch_.streams() + first) * width_,
                    (part.end - part.begin) * width_, rate, random);
    }
  }

  // Computes layer 0 of the streams of `part` in step t.
  void embed(const Window& window, int t, const Part& part) {
    const std::int64_t first = static_cast<std::int64_t>(t) * window.streams + part.begin;
    const std::int64_t count = part.end - part.begin;
    float* y = streams_[0].data() + first * width_;
    if (!model_.characters) {
      model_.embedding.forward(window.inputs.data() + first, count, y);
      return;
    }
    const std::int64_t of_batch = t * batch_.streams() + groups_.held_streams().begin + part.begin;
    for (std::int64_t row = of_batch; row < of_batch + count; ++row, y += width_) {
      const std::int32_t word = word_of_[static_cast<std::size_t>(row)];
      if (word < 0) {
        std::fill_n(y, width_, 0.0f);
      } else {
        std::copy_n(word_vectors_.data() + word * width_, width_, y);
      }
    }
  }

  // Collects the distinct words of the batch and the rows that read them; idle streams have none.
  // The words are divided among the groups, and each process encodes those of its groups.
  void encode_words(const Window& batch) {
    std::unordered_map<std::string_view, std::int32_t> seen;
    std::vector<std::string_view> words;
    for (std::size_t row = 0; row < word_of_.size(); ++row) {
      word_of_[row] = -1;
      if (batch.targets[row] < 0) continue;
      const auto [place, is_new] =
          seen.emplace(batch.input_words[row], static_cast<std::int32_t>(words.size()));
      word_of_[row] = place->second;
      if (is_new) words.push_back(place->first);
    }
    words_ = static_cast<std::int64_t>(words.size());
    word_rows_.clear();
    const Part own = words_of(groups_);
    for (std::int64_t word = own.begin; word < own.end; ++word) {
      append_characters(words[static_cast<std::size_t>(word)], model_.settings.characters.positions,
                        word_rows_.ids);
      word_rows_.end_word();
    }
    model_.characters->forward(word_rows_, word_tape_, word_vectors_.data() + own.begin * width_,
                               workers_);
    std::vector<Part> parts;
    for (int i = 0; i < processes_.size(); ++i) {
      const Part words_there = words_of(batch_.held_by(i, processes_.size()));
      parts.push_back({words_there.begin * width_, words_there.end * width_});
    }
    fill_all(processes_, word_vectors_.span(), parts);
  }

  // The words of these groups; the words of consecutive groups are adjacent.
  Part words_of(const StreamGroups& groups) const {
    const int first = groups.first_of_batch();
    return {part_of(words_, first, batch_.count()).begin,
            part_of(words_, first + groups.count() - 1, batch_.count()).end};
  }

  // `batch` is the window of all streams, `window` that of this process's streams.
  void forward(const Window& batch, const Window& window, std::uint64_t step, float dropout) {
    if (model_.characters) encode_words(batch);
    for (std::size_t row = 0; row < target_row_.size(); ++row) {
      targets_[static_cast<std::size_t>(target_row_[row])] = batch.targets[row];
    }
    const int layers = model_.settings.layers;
    workers_.run([&](int index) {
      const Part part = streams_of(index, window.streams);
      if (part.begin == part.end) return;
      LstmScratch& scratch = scratch_for(index, part.end - part.begin);
      for (int t = 0; t < window.steps; ++t) embed(window, t, part);
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
      });
    });
  }

  // What is ready first is sent first, while the rest is computed.
  void backward(const Window& batch, const Window& window, std::uint64_t step,
                BackgroundExchanges& exchanges) {
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
    const bool has_rows = !options_.frozen_encoder;
    if (has_rows) start_rows(batch, exchanges);
    for (int j = layers - 1; j >= 0; --j) {
      LstmLayer& layer = model_.layers[static_cast<std::size_t>(j)];
      for_each_subtree([&](const StreamGroups& subtree, const auto& keep) {
        layer.weight_gradients(tapes_[static_cast<std::size_t>(j)], subtree, workers_);
        layer.for_each_parameter(keep);
      });
      start_sum_of(exchanges, layer);
    }
    if (!has_rows) return;
    rows_.there.get();
    if (model_.characters) {
      word_encoder_backward(exchanges);
      return;
    }
    if (model_.settings.tied) {
      // The table already has the softmax's gradient, which is summed before the rows are added.
      exchanges.wait();
    } else {
      model_.embedding.table.gradient.zero();
    }
    workers_.run([&](int index) {
      const Part columns = part_of(width_, index, workers_.count(), 16);
      model_.embedding.backward(rows_.ids.data(), static_cast<std::int64_t>(rows_.ids.size()),
                                rows_.d, columns.begin, columns.end);
    });
  }

  void word_encoder_backward(BackgroundExchanges& exchanges) {
    const Part own = words_of(groups_);
    std::fill_n(word_gradients_.data(), word_rows_.count() * width_, 0.0f);
    const float* from = rows_.d;
    for (const std::int32_t word : rows_.ids) {
      if (word >= 0) {
        float* to = word_gradients_.data() + (word - own.begin) * width_;
        for (std::int64_t k = 0; k < width_; ++k) to[k] += from[k];
      }
      from += width_;
    }
    for_each_subtree([&](const StreamGroups& subtree, const auto& keep) {
      std::vector<std::int64_t> cuts;
      for (int group = 0; group <= subtree.count(); ++group) {
        const std::int64_t all = words_ * (subtree.first_of_batch() + group) / batch_.count();
        cuts.push_back(all - own.begin);
      }
      model_.characters->backward(word_rows_, word_tape_, word_gradients_.data(), cuts, workers_);
      model_.characters->for_each_parameter(keep);
    });
    start_sum_of(exchanges, *model_.characters);
  }

  // The rows of layer 0's gradient whose ids this process owns, in the order of the batch.
  struct GradientRows {
    std::vector<std::int32_t> ids;  // negative for a row without an owner
    const float* d;
    std::vector<std::byte> brought;
    std::shared_future<void> there;
  };
  void start_rows(const Window& batch, BackgroundExchanges& exchanges) {
    const std::vector<std::int32_t>& ids = model_.characters ? word_of_ : batch.inputs;
    if (processes_.size() == 1) {
      rows_.ids = ids;
      rows_.d = gradient_.data();
      rows_.there = exchanges.start([] {});
      return;
    }
    std::vector<int> word_owner;
    if (model_.characters) {
      word_owner.resize(static_cast<std::size_t>(words_));
      for (int i = 0; i < processes_.size(); ++i) {
        const Part words = words_of(batch_.held_by(i, processes_.size()));
        std::fill(word_owner.begin() + words.begin, word_owner.begin() + words.end, i);
      }
    } else if (!model_.settings.tied) {
      auto& touched = model_.embedding.table.touched;
      touched.assign(ids.begin(), ids.end());
      std::ranges::sort(touched);
      touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
    }
    std::vector<int> holder(static_cast<std::size_t>(batch_.streams()));
    for (int i = 0; i < processes_.size(); ++i) {
      const Part streams = batch_.held_by(i, processes_.size()).held_streams();
      std::fill(holder.begin() + streams.begin, holder.begin() + streams.end, i);
    }
    std::vector<RowRoute> routes;
    std::vector<std::int64_t> next(static_cast<std::size_t>(processes_.size()));
    rows_.ids.clear();
    for (std::size_t row = 0; row < ids.size(); ++row) {
      const int from = holder[row % holder.size()];
      const std::int64_t there = next[static_cast<std::size_t>(from)]++;
      if (ids[row] < 0) continue;
      const int owner = model_.characters
                            ? word_owner[static_cast<std::size_t>(ids[row])]
                            : options_.slices->owner_of_row(model_.embedding.table, ids[row]);
      routes.push_back({there, from, owner});
      if (owner == processes_.rank()) rows_.ids.push_back(ids[row]);
    }
    rows_.there = exchanges.start([this, routes = std::move(routes)] {
      rows_.brought =
          bring_rows(processes_, routes, reinterpret_cast<const std::byte*>(gradient_.data()),
                     static_cast<std::size_t>(width_) * sizeof(float));
      rows_.d = reinterpret_cast<const float*>(rows_.brought.data());
    });
  }

  void carry(const Window& window) {
    for (std::size_t i = 0; i < tapes_.size(); ++i) {
      model_.layers[i].carry_state(tapes_[i], window.steps, window.streams);
    }
  }

  LstmScratch& scratch_for(int index, std::int64_t rows) {
    // Allocated once, by the thread that uses it.
    auto& slot = scratch_[static_cast<std::size_t>(index)];
    if (!slot) slot = std::make_unique<LstmScratch>(model_.layers[0].shape(), rows, true);
    return *slot;
  }

  LanguageModel& model_;
  EngineOptions options_;
  Workers& workers_;
  Processes& processes_;
  StreamGroups batch_, groups_;  // of all processes; of this one
  Window own_;                   // with several processes: the streams of this one
  std::int64_t width_ = 0;
  std::vector<LstmTape<T>> tapes_;
  std::vector<AlignedArray<float>> streams_;  // layer outputs; after dropout, the next one's input
  // The rows of the softmax, group by group: inputs, their gradients, targets, losses.
  std::vector<std::int64_t> top_row_;     // the row of top_ for each row of the window
  std::vector<std::int64_t> target_row_;  // the same for the rows of the batch
  AlignedArray<T> top_;
  AlignedArray<float> top_gradient_;
  std::vector<std::int32_t> targets_;  // of the batch
  std::vector<double> losses_;
  std::unique_ptr<SampledSoftmax> sampled_;
  // Character models: the number of distinct words in the batch, the characters of this process's
  // words, the word that each row of the batch reads, the vectors of all words (P each), and the
  // gradients of this process's words.
  std::int64_t words_ = 0;
  CharacterRows word_rows_;
  std::vector<std::int32_t> word_of_;
  CharacterEncoder::Tape word_tape_;
  AlignedArray<float> word_vectors_, word_gradients_;
  AlignedArray<float> gradient_;
  GradientRows rows_;
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
