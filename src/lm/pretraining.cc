#include "lm/pretraining.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <numbers>
#include <optional>
#include <thread>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "compute/kernels.h"
#include "elmo/error.h"
#include "lm/engine.h"
#include "lm/perplexity.h"
#include "text/corpus.h"

namespace elmo {
namespace {

using Clock = std::chrono::steady_clock;

std::string_view schedule_name(Schedule schedule) {
  return schedule == Schedule::kConstant ? "constant"
         : schedule == Schedule::kCosine ? "cosine"
                                         : "inverse-sqrt";
}

double learning_rate_of(const PretrainingOptions& options) {
  if (options.learning_rate > 0) return options.learning_rate;
  return options.optimizer == OptimizerKind::kAdagrad ? 0.2 : 0.001;
}

constexpr char kCheckpointFormat[] = "elmo checkpoint";
constexpr std::int64_t kCheckpointVersion = 1;

std::filesystem::path checkpoint_file(const std::filesystem::path& folder, Direction direction) {
  return folder / fmt::format("{}.checkpoint.h5", direction_name(direction));
}

// One process alone trains a direction into a folder.
FileLock lock_direction(const std::filesystem::path& folder, Direction direction) {
  return {folder / fmt::format(".{}.lock", direction_name(direction)),
          fmt::format("the {} model in {}", direction_name(direction), folder.string())};
}

// One JSON line a report; shared by both directions.
class TrainingLog {
 public:
  explicit TrainingLog(const std::filesystem::path& path)
      : path_(path), stream_(path, std::ios::app) {
    if (!stream_) throw Error(path.string() + ": can't be written to");
  }
  void write(const nlohmann::json& line) {
    const std::lock_guard lock(mutex_);
    stream_ << line.dump() << std::endl;
    if (!stream_) throw Error(path_.string() + ": can't be written to; is the disk full?");
  }

 private:
  std::filesystem::path path_;
  std::mutex mutex_;
  std::ofstream stream_;
};

// One direction's training, a step at a time.
class DirectionTraining {
 public:
  DirectionTraining(const PretrainingOptions& options, Direction direction, int threads,
                    TrainingLog& log)
      : options_(options),
        direction_(direction),
        log_(log),
        lock_(lock_direction(options.output, direction)),
        workers_(threads),
        precision_(parse_precision(options.precision)),
        corpus_({.inputs = options.inputs, .invalid = options.invalid, .seed = options.seed}),
        batcher_([this](Sequence& sequence) { return next_sequence(sequence); }, options.batch_size,
                 options.unroll, options.carry_state) {
    const auto model_path = LanguageModel::file(options.output, direction);
    const bool resuming = options.resume && std::filesystem::exists(checkpoint_path());
    if (options.resume && !resuming) {
      log::warn("{}: no checkpoint of the {} model, it starts at step 0", options.output.string(),
                direction_name(direction));
    }
    // A kill between the first model and its checkpoint leaves a model alone: --resume replaces it.
    if (!options.resume && std::filesystem::exists(model_path) && !options.overwrite) {
      throw Error(
          fmt::format("{} exists; pass --resume to go on with it, --overwrite to replace it, "
                      "or another --output",
                      model_path.string()));
    }
    std::optional<TensorFileReader> checkpoint;
    if (resuming) {
      checkpoint.emplace(checkpoint_path(), kCheckpointFormat, kCheckpointVersion);
      check_settings(checkpoint->settings().at("training"));
      const auto settings =
          ModelSettings::from_json(checkpoint->settings().at("model"), checkpoint_path().string());
      model_ = LanguageModel::make(settings, *checkpoint);
      frozen_ = checkpoint->settings().value("frozen_encoder", false);
    } else if (!options.encoder_from.empty()) {
      take_encoder();
    } else if (!options.init.empty()) {
      model_ = LanguageModel::load(LanguageModel::file(options.init, direction));
      if (!model_->settings.softmax) {
        throw Error(options.init.string() +
                    ": came from official weights, which have no softmax to go on training with");
      }
    } else {
      ModelSettings settings;
      settings.encoder = options.encoder;
      apply_preset(options.preset, settings);
      settings.direction = direction;
      settings.split = options.split;
      if (options.encoder == Encoder::kCharacters) {
        model_ = std::make_unique<LanguageModel>(
            settings,
            std::make_shared<const WordVocabulary>(WordVocabulary::from_file(options.vocabulary)));
      } else {
        model_ = std::make_unique<LanguageModel>(
            settings, std::make_shared<const PieceVocabulary>(
                          PieceVocabulary::from_file(options.vocabulary)));
      }
      model_->initialise(options.seed);
    }
    lines_ = std::make_unique<LineEncoder>(*model_);
    std::vector<Parameter*> parameters;
    model_->for_each_parameter([&](Parameter& parameter) { parameters.push_back(&parameter); });
    if (frozen_) {
      const std::vector<Parameter*> encoder = model_->encoder_parameters();
      std::erase_if(parameters, [&](Parameter* parameter) {
        return std::ranges::find(encoder, parameter) != encoder.end();
      });
    }
    optimizer_ = std::make_unique<Optimizer>(options.optimizer, std::move(parameters));
    samples_ = options.samples.value_or(
        model_->words && model_->outcomes() > PretrainingOptions::kFullSoftmax ? 8192 : 0);
    if (samples_ >= model_->outcomes()) {
      throw UsageError(fmt::format("--samples {} are not fewer than the {} outcomes; leave it out",
                                   samples_, model_->outcomes()));
    }
    model_->prepare(precision_, true);
    engine_ = make_engine(*model_, precision_,
                          {.steps = options.unroll,
                           .streams = options.batch_size,
                           .dropout = static_cast<float>(options.dropout),
                           .seed = options.seed,
                           .samples = samples_,
                           .frozen_encoder = frozen_,
                           .clock = &clock_},
                          workers_);
    if (checkpoint) load_checkpoint(*checkpoint);
    pack();
    // What a finished run is: its checkpoint says how far it went.
    already_finished_ = resuming && finished();
    report_start_ = Clock::now();
  }

  bool already_finished() const { return already_finished_; }
  LanguageModel& model() { return *model_; }
  // After a change from outside.
  void pack() { model_->pack(workers_, samples_ == 0); }
  std::uint64_t step() const { return step_; }

  // Share of the work that is done, from what every run counts alike.
  double progress() const {
    if (options_.steps != 0) {
      return static_cast<double>(step_) / static_cast<double>(options_.steps);
    }
    return static_cast<double>(sentences_) /
           static_cast<double>(std::max<std::uint64_t>(1, options_.epochs * corpus_.sentences()));
  }

  // One window and one update; false when the training has ended.
  bool advance() {
    if (finished() || !compute()) return false;
    update(std::sqrt(squares()));
    if (dev_is_due()) judge(measure());
    if (checkpoint_is_due()) save();
    return true;
  }

  // The same in parts, for directions that share their token encoder and so go in step: the
  // gradients of the next window, their sum of squares, the update with gradients of that norm;
  // the development perplexity, whether it is the best so far; a checkpoint.
  bool finished() const {
    if (ended_ || stopped_early_) return true;
    return options_.steps != 0 && step_ >= options_.steps;
  }

  bool compute() {
    clock_.enter("reading");
    if (!batcher_.next(window_)) {
      ended_ = true;
      return false;
    }
    nll_ = engine_->train(window_, step_);
    clock_.enter("optimiser");
    return true;
  }

  double squares() { return optimizer_->squares(workers_); }

  void update(double norm) {
    if (!std::isfinite(nll_) || !std::isfinite(norm)) diverged();
    optimizer_->apply(rate(), clip_scale(norm, options_.clip), workers_);
    clock_.enter("packing");
    pack();
    clock_.enter("reports");
    ++step_;
    units_ += window_.predictions;
    report_nll_ += nll_;
    report_units_ += window_.predictions;
    if (step_ % options_.report_every == 0) report();
    if (++steps_here_ == 1) {
      clock_.restart();
      measured_units_ = 0;
    } else {
      measured_units_ += window_.predictions;
    }
    clock_.enter("reports");
  }

  bool dev_is_due() const {
    const std::uint64_t every =
        options_.dev_every != 0 ? options_.dev_every : options_.checkpoint_every;
    return !options_.dev.empty() && step_ % every == 0;
  }
  bool dev_is_missing() const { return !options_.dev.empty() && evaluated_step_ != step_; }
  bool checkpoint_is_due() const { return step_ % options_.checkpoint_every == 0; }

  [[noreturn]] void diverged() const {
    const std::string kept = saved_step_ == 0
                                 ? "nothing was saved yet"
                                 : fmt::format("the model of step {} is kept", saved_step_);
    throw Error(
        fmt::format("{} model: the loss is not a number at step {}, {}; train again with a "
                    "lower --learning-rate, or from the kept model by --init",
                    direction_name(direction_), step_ + 1, kept));
  }

  void end() {
    if (already_finished_) return;
    report_rest();
    if (dev_is_missing()) judge(measure());
    save();
  }

  void report_rest() {
    if (report_units_ != 0) report();
  }

  // Of the development text, by unit.
  double measure() {
    clock_.enter("development text");
    const auto started = Clock::now();
    if (samples_ > 0) model_->pack(workers_);
    const auto result =
        measure_perplexity(*model_, precision_, options_.dev, options_.invalid, workers_);
    evaluated_step_ = step_;
    log_.write({{"direction", direction_name(direction_)},
                {"step", step_},
                {"dev_perplexity_unit", result.perplexity_unit()},
                {"dev_perplexity_word", result.perplexity_word()},
                {"dev_unknown_rate", result.unknown_rate()}});
    log::info("{} step {}: development perplexity {:.2f} a unit, {:.2f} a word, {:.2f} % unknown",
              direction_name(direction_), step_, result.perplexity_unit(), result.perplexity_word(),
              100 * result.unknown_rate());
    report_start_ += Clock::now() - started;
    clock_.enter("reports");
    return result.perplexity_unit();
  }

  void judge(double perplexity) {
    if (best_dev_ == 0 || perplexity < best_dev_) {
      best_dev_ = perplexity;
      without_better_ = 0;
      best_is_new_ = true;
      // The best weights go to the model file at once; the checkpoint only remembers their
      // perplexity.
      model_->save(LanguageModel::file(options_.output, direction_));
    } else if (options_.patience != 0 && ++without_better_ >= options_.patience) {
      stopped_early_ = true;
      log::info("{}: no better development perplexity in {} evaluations, stopping",
                direction_name(direction_), options_.patience);
    }
  }

  void save() {
    save_model();
    commit(write_checkpoint());
  }

  std::filesystem::path checkpoint_path() const {
    return checkpoint_file(options_.output, direction_);
  }

  // Whole, but under a temporary name until commit().
  TensorFileWriter write_checkpoint() {
    const nlohmann::json settings = {
        {"model", model_->settings.to_json()},
        {"training", training_settings()},
        {"step", step_},
        {"units", units_},
        {"sentences", sentences_},
        {"updates", optimizer_->updates},
        {"report_nll", report_nll_},
        {"report_units", report_units_},
        {"best_dev", best_dev_},
        {"without_better", without_better_},
        {"evaluated_step", evaluated_step_},
        {"stopped_early", stopped_early_},
        {"ended", ended_},
        {"frozen_encoder", frozen_},
        {"position", options_.inputs[0] == "-" ? "" : corpus_.position()}};
    TensorFileWriter writer(checkpoint_path(), kCheckpointFormat, kCheckpointVersion, settings);
    model_->for_each_parameter([&](Parameter& parameter) {
      writer.add(parameter.name, parameter.shape, std::span<const float>(parameter.value.span()));
    });
    for (const auto& state : optimizer_->states()) {
      writer.add("optimizer/" + state.name, {static_cast<std::int64_t>(state.values.size())},
                 std::span<const float>(state.values));
    }
    const auto layers = engine_->state();
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const auto add = [&](const char* name, const std::vector<float>& values) {
        writer.add(fmt::format("state/{}_{}", name, i), {static_cast<std::int64_t>(values.size())},
                   std::span<const float>(values));
      };
      add("h", layers[i].h);
      add("c", layers[i].c);
    }
    writer.add_bytes("streams", batcher_.state());
    model_->add_vocabulary(writer);
    return writer;
  }

  void commit(TensorFileWriter checkpoint) {
    checkpoint.commit();
    saved_step_ = step_;
    clock_.enter("reports");
  }

  void save_model() {
    clock_.enter("checkpoint");
    // The last update may have spoilt what the next step's loss would have shown.
    model_->for_each_parameter([&](const Parameter& parameter) {
      const auto size = static_cast<std::int64_t>(parameter.value.size());
      if (!std::isfinite(sum_of_squares(parameter.value.data(), size))) diverged();
    });
    // The model first: killed in between, the older checkpoint makes the same model again.
    if (options_.dev.empty()) {
      model_->save(LanguageModel::file(options_.output, direction_));
    } else if (best_is_new_ || best_dev_ == 0) {
      // Without a development perplexity so far the latest weights stand in.
      if (best_dev_ == 0) model_->save(LanguageModel::file(options_.output, direction_));
      best_is_new_ = false;
    }
  }

  std::string status() const {
    // Before the first report: the means so far.
    const bool reported = last_speed_ != 0;
    const double loss =
        reported ? last_loss_
                 : report_nll_ / static_cast<double>(std::max<std::uint64_t>(1, report_units_));
    const double speed = reported ? last_speed_ : speed_since_report();
    // The loss of a sample is no perplexity.
    const std::string perplexity =
        samples_ > 0 ? " (sampled)" : fmt::format(" ppl {:.1f}", std::exp(loss));
    return fmt::format("{} epoch {} step {} loss {:.3f}{} {} words/s", direction_name(direction_),
                       corpus_.epoch() + 1, step_, loss, perplexity,
                       format_count(speed * words_per_unit()));
  }

  PretrainingResult result() const {
    return {.direction = direction_,
            .steps = step_,
            .units = units_,
            .perplexity = std::exp(last_loss_),
            .best_dev_perplexity = best_dev_,
            .measured_units = measured_units_,
            .measured_words = static_cast<std::uint64_t>(
                std::llround(words_per_unit() * static_cast<double>(measured_units_))),
            .phases = clock_.phases(),
            .already_finished = already_finished_};
  }

 private:
  // A new model on the token encoder of another.
  void take_encoder() {
    auto donor = LanguageModel::load(options_.encoder_from);
    ModelSettings settings = donor->settings;
    apply_preset(options_.preset, settings);
    if (settings.projection != donor->settings.projection) {
      throw UsageError(
          fmt::format("--preset {} has projection {}, the encoder in {} makes vectors "
                      "of {}; choose the preset it was trained with",
                      options_.preset, settings.projection, options_.encoder_from.string(),
                      donor->settings.projection));
    }
    settings.characters = donor->settings.characters;
    settings.direction = direction_;
    if (!donor->settings.softmax) {
      throw Error(options_.encoder_from.string() +
                  ": came from official weights, without the word list that training needs");
    }
    if (donor->vocabulary) {
      model_ = std::make_unique<LanguageModel>(settings, donor->vocabulary);
    } else {
      model_ = std::make_unique<LanguageModel>(settings, donor->words);
    }
    model_->initialise(options_.seed);
    copy_encoder(*donor, *model_);
    frozen_ = true;
  }

  bool next_sequence(Sequence& sequence) {
    std::string line;
    while (corpus_.next(line)) {
      if (options_.steps == 0 && corpus_.epoch() >= options_.epochs) return false;
      ++sentences_;
      lines_->read(line, sequence);
      dealt_words_ += sequence.words;
      dealt_units_ += sequence.targets.size();
      return true;
    }
    return false;
  }

  double rate() const {
    double factor = 1;
    const auto now = static_cast<double>(step_ + 1);
    const auto warmup = static_cast<double>(options_.warmup);
    if (now < warmup) return learning_rate_of(options_) * now / warmup;
    if (options_.schedule == Schedule::kCosine) {
      factor = 0.5 * (1 + std::cos(std::numbers::pi * std::min(1.0, progress())));
    } else if (options_.schedule == Schedule::kInverseSqrt) {
      factor = std::sqrt(std::max(1.0, warmup) / std::max(now, 1.0));
    }
    return learning_rate_of(options_) * factor;
  }

  // Of the sentences read in this run.
  double words_per_unit() const {
    return static_cast<double>(dealt_words_) /
           static_cast<double>(std::max<std::uint64_t>(1, dealt_units_));
  }

  double speed_since_report() const {  // units/s
    const double seconds = std::chrono::duration<double>(Clock::now() - report_start_).count();
    return static_cast<double>(units_ - reported_units_) / std::max(seconds, 1e-9);
  }

  void report() {
    last_loss_ = report_nll_ / static_cast<double>(std::max<std::uint64_t>(1, report_units_));
    last_speed_ = speed_since_report();
    reported_units_ = units_;
    nlohmann::json line = {{"direction", direction_name(direction_)},
                           {"step", step_},
                           {"epoch", corpus_.epoch() + 1},
                           {"units", units_},
                           {samples_ > 0 ? "sampled_loss" : "loss", last_loss_},
                           {"learning_rate", rate()},
                           {"units_per_second", std::round(last_speed_)},
                           {"words_per_second", std::round(last_speed_ * words_per_unit())}};
    if (samples_ == 0) line["perplexity_unit"] = std::exp(last_loss_);
    log_.write(line);
    report_nll_ = 0;
    report_units_ = 0;
    report_start_ = Clock::now();
  }

  // What may not differ from the run that is resumed.
  nlohmann::json training_settings() const {
    return {{"preset", options_.preset},
            {"batch-size", options_.batch_size},
            {"unroll", options_.unroll},
            {"carry-state", options_.carry_state},
            {"optimizer", optimizer_name(options_.optimizer)},
            {"learning-rate", learning_rate_of(options_)},
            {"schedule", schedule_name(options_.schedule)},
            {"warmup", options_.warmup},
            {"clip", options_.clip},
            {"dropout", options_.dropout},
            {"precision", precision_name(precision_)},
            {"seed", options_.seed},
            {"split", split_name(options_.split)},
            {"encoder", encoder_name(options_.encoder)},
            {"share-encoder", options_.share_encoder},
            {"samples", options_.samples.value_or(-1)},
            {"input", corpus_.fingerprint()}};
  }

  void check_settings(const nlohmann::json& saved) const {
    const nlohmann::json mine = training_settings();
    // Another optimiser has another learning rate by default, which nobody asked for.
    const bool other_optimizer = saved.at("optimizer") != mine.at("optimizer");
    for (const auto& [name, value] : mine.items()) {
      // A checkpoint from before a setting existed has its default.
      if (!saved.contains(name)) continue;
      if (saved.at(name) == value || (other_optimizer && name == "learning-rate")) continue;
      if (name == "input") {
        throw UsageError("--input is not the text this training began with: " + value.dump() +
                         " instead of " + saved.at(name).dump());
      }
      throw UsageError(
          fmt::format("--{} {} contradicts the checkpoint in {}, which was made with {}", name,
                      value.dump(), options_.output.string(), saved.at(name).dump()));
    }
  }

  void load_checkpoint(const TensorFileReader& reader) {
    model_->for_each_parameter([&](Parameter& parameter) {
      reader.read(parameter.name, parameter.shape, parameter.value.span());
    });
    for (const auto& state : optimizer_->states()) {
      reader.read("optimizer/" + state.name, {static_cast<std::int64_t>(state.values.size())},
                  state.values);
    }
    auto layers = engine_->state();
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const auto read = [&](const char* name, std::vector<float>& values) {
        reader.read(fmt::format("state/{}_{}", name, i), {static_cast<std::int64_t>(values.size())},
                    std::span<float>(values));
      };
      read("h", layers[i].h);
      read("c", layers[i].c);
    }
    engine_->restore(layers);
    batcher_.restore(reader.read_bytes("streams"));
    const auto& settings = reader.settings();
    settings.at("step").get_to(step_);
    settings.at("units").get_to(units_);
    settings.at("sentences").get_to(sentences_);
    settings.at("updates").get_to(optimizer_->updates);
    settings.at("report_nll").get_to(report_nll_);
    settings.at("report_units").get_to(report_units_);
    settings.at("best_dev").get_to(best_dev_);
    settings.at("without_better").get_to(without_better_);
    settings.at("evaluated_step").get_to(evaluated_step_);
    settings.at("stopped_early").get_to(stopped_early_);
    settings.at("ended").get_to(ended_);
    saved_step_ = step_;
    reported_units_ = units_;
    corpus_.seek(settings.at("position").get<std::string>());
  }

  const PretrainingOptions& options_;
  Direction direction_;
  TrainingLog& log_;
  FileLock lock_;
  Workers workers_;
  Precision precision_;
  Corpus corpus_;
  StreamBatcher batcher_;
  std::unique_ptr<LanguageModel> model_;
  std::unique_ptr<LineEncoder> lines_;
  std::unique_ptr<Optimizer> optimizer_;
  PhaseClock clock_;
  std::unique_ptr<Engine> engine_;
  Window window_;

  std::uint64_t step_ = 0, units_ = 0, sentences_ = 0, saved_step_ = 0, evaluated_step_ = 0;
  std::uint64_t report_units_ = 0, without_better_ = 0;
  // Of this run alone, for its speed: what the streams were dealt, what was reported on, the steps
  // and the units after the first one.
  std::uint64_t dealt_words_ = 0, dealt_units_ = 0, reported_units_ = 0;
  std::uint64_t steps_here_ = 0, measured_units_ = 0;
  double nll_ = 0, report_nll_ = 0, last_loss_ = 0, last_speed_ = 0, best_dev_ = 0;
  bool best_is_new_ = false, ended_ = false, stopped_early_ = false;
  bool already_finished_ = false;
  std::int64_t samples_ = 0;
  bool frozen_ = false;  // the token encoder is another model's
  Clock::time_point report_start_;
};

// Directions with one token encoder, each with a copy of it. Both add their gradients to both
// copies and clip by the norm of all that is trained, so the copies stay equal, bit for bit; the
// best weights are those of one step for both.
class SharedTraining {
 public:
  SharedTraining(DirectionTraining& forward, DirectionTraining& backward, int threads)
      : both_{&forward, &backward}, hosts_(std::min(2, threads)) {
    if (forward.step() != backward.step()) {
      throw Error(fmt::format(
          "the checkpoints are of steps {} and {}, but with a shared encoder both directions go in "
          "step; start anew with --overwrite",
          forward.step(), backward.step()));
    }
    if (forward.step() > 0) return;
    if (!have_same_units(forward.model(), backward.model())) {
      throw UsageError(
          "--share-encoder needs directions with the same token encoder and vocabulary, and those "
          "of --init differ");
    }
    copy_encoder(forward.model(), backward.model());
    backward.pack();
    // Gives a kill in the next save() a pair of checkpoints to go back to.
    save();
  }

  // Puts right what a kill in save() left in `folder`.
  static void settle_checkpoints(const std::filesystem::path& folder) {
    const auto forward = checkpoint_file(folder, Direction::kForward);
    const auto backward = checkpoint_file(folder, Direction::kBackward);
    const auto step = [](const std::filesystem::path& path) {
      return TensorFileReader(path, kCheckpointFormat, kCheckpointVersion)
          .settings()
          .at("step")
          .get<std::uint64_t>();
    };
    const FileLock lock = lock_direction(folder, Direction::kForward);
    if (!std::filesystem::exists(previous(forward)) || !std::filesystem::exists(backward)) return;
    if (step(forward) != step(backward)) std::filesystem::rename(previous(forward), forward);
  }

  bool advance() {
    if (both_[0]->finished() || both_[1]->finished()) return false;
    // Both read the same sentences, so they end together.
    bool more[2];
    each([&](int i) { more[i] = both_[i]->compute(); });
    if (!more[0] || !more[1]) return false;
    const double counted_twice = add_gradients();
    double squares[2];
    each([&](int i) { squares[i] = both_[i]->squares(); });
    const double norm = std::sqrt(squares[0] + squares[1] - counted_twice);
    each([&](int i) { both_[i]->update(norm); });
    if (both_[0]->dev_is_due()) measure();
    if (both_[0]->checkpoint_is_due()) save();
    return true;
  }

  void end() {
    if (both_[0]->already_finished() && both_[1]->already_finished()) return;
    for (DirectionTraining* one : both_) one->report_rest();
    if (both_[0]->dev_is_missing()) measure();
    save();
  }

  // Both checkpoints are to be of one step. The forward one gets its name first, and the one before
  // it stays beside it until the backward one has its own.
  void save() {
    for (DirectionTraining* one : both_) one->save_model();
    TensorFileWriter forward = both_[0]->write_checkpoint();
    TensorFileWriter backward = both_[1]->write_checkpoint();
    const auto checkpoint = both_[0]->checkpoint_path();
    std::filesystem::remove(previous(checkpoint));
    if (std::filesystem::exists(checkpoint)) keep(checkpoint, previous(checkpoint));
    both_[0]->commit(std::move(forward));
    both_[1]->commit(std::move(backward));
    std::filesystem::remove(previous(checkpoint));
  }

 private:
  static std::filesystem::path previous(std::filesystem::path checkpoint) {
    return checkpoint.replace_extension(".previous.h5");
  }

  // A second name for a file, or, where the file system has none, a copy.
  static void keep(const std::filesystem::path& path, const std::filesystem::path& name) {
    std::error_code failed;
    std::filesystem::create_hard_link(path, name, failed);
    if (failed) std::filesystem::copy_file(path, name);
  }

  void each(const std::function<void(int)>& work) {
    hosts_.run([&](int index) {
      for (int i = index; i < 2; i += hosts_.count()) work(i);
    });
  }

  // Returns the sum of squares of the encoder's gradient.
  double add_gradients() {
    const auto ours = both_[0]->model().encoder_parameters();
    const auto theirs = both_[1]->model().encoder_parameters();
    double squares = 0;
    for (std::size_t i = 0; i < ours.size(); ++i) {
      auto& sum = ours[i]->gradient;
      for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += theirs[i]->gradient[k];
      std::ranges::copy(sum.span(), theirs[i]->gradient.data());
      squares += sum_of_squares(sum.data(), static_cast<std::int64_t>(sum.size()));
    }
    return squares;
  }

  // The geometric mean of both directions is what is judged.
  void measure() {
    double perplexity[2];
    each([&](int i) { perplexity[i] = both_[i]->measure(); });
    const double mean = std::sqrt(perplexity[0] * perplexity[1]);
    for (DirectionTraining* one : both_) one->judge(mean);
  }

  DirectionTraining* both_[2];
  Workers hosts_;
};

void check(const PretrainingOptions& options) {
  if (options.resume && options.overwrite) {
    throw UsageError("--resume and --overwrite contradict each other");
  }
  const bool standard_input = std::ranges::find(options.inputs, "-") != options.inputs.end();
  if (standard_input && options.inputs.size() > 1) {
    throw UsageError("--input - (standard input) stands alone");
  }
  if (standard_input && options.directions.size() > 1) {
    throw UsageError("--input - can be read once; train one direction, or put the text in a file");
  }
  if (standard_input && options.steps == 0) throw UsageError("--input - needs --steps");
  if (standard_input && options.resume) throw UsageError("--input - can't be resumed");
  if (options.share_encoder && options.directions.size() < 2) {
    throw UsageError("--share-encoder trains both directions together: --direction both");
  }
  if (!options.encoder_from.empty() && (options.share_encoder || !options.init.empty())) {
    throw UsageError("--encoder-from stands without --share-encoder and --init");
  }
  if (options.vocabulary.empty() && !options.resume && options.init.empty() &&
      options.encoder_from.empty()) {
    throw UsageError("--vocab is needed: make one with `elmo vocab --input ... --output ko.model`");
  }
}

}  // namespace

std::vector<PretrainingResult> pretrain(const PretrainingOptions& given) {
  check(given);
  PretrainingOptions options = given;
  options.inputs = expand_inputs(given.inputs);
  if (!options.dev.empty()) options.dev = expand_inputs({options.dev}).at(0);
  make_folder(options.output);
  if (options.resume) {
    const bool any = std::ranges::any_of(options.directions, [&](Direction direction) {
      return std::filesystem::exists(checkpoint_file(options.output, direction));
    });
    if (!any) {
      throw Error(options.output.string() +
                  ": holds no checkpoint to resume; leave --resume out to start anew");
    }
  }
  if (options.resume && options.share_encoder) SharedTraining::settle_checkpoints(options.output);
  const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  const int threads = options.threads > 0 ? options.threads : cores;
  const int count = static_cast<int>(options.directions.size());
  TrainingLog log(options.output / "log.jsonl");
  std::vector<std::unique_ptr<DirectionTraining>> trainings;
  for (const Direction direction : options.directions) {
    trainings.push_back(
        std::make_unique<DirectionTraining>(options, direction, std::max(1, threads / count), log));
  }
  const InterruptGuard guard;
  Progress progress("pretrain", 10000);
  std::mutex mutex;
  std::vector<double> done(trainings.size(), 0.0);
  std::vector<std::string> status(trainings.size());
  // Called by the thread that has just advanced direction i.
  const auto show = [&](std::size_t i) {
    const std::lock_guard lock(mutex);
    done[i] = std::min(1.0, trainings[i]->progress());
    status[i] = trainings[i]->status();
    std::string text;
    for (const std::string& one : status) {
      if (!one.empty()) text += (text.empty() ? "" : " | ") + one;
    }
    progress.update(static_cast<std::uint64_t>(*std::min_element(done.begin(), done.end()) * 10000),
                    text);
  };
  const auto finish = [&](DirectionTraining& training) {
    if (interrupted()) {
      training.save();
    } else {
      training.end();
    }
  };
  if (options.share_encoder) {
    SharedTraining shared(*trainings[0], *trainings[1], threads);
    while (!interrupted() && shared.advance()) {
      show(0);
      show(1);
    }
    if (interrupted()) {
      shared.save();
    } else {
      shared.end();
    }
  } else if (count == 1 || threads < count) {
    // Turn by turn on the threads there are.
    bool more = true;
    while (more && !interrupted()) {
      more = false;
      for (std::size_t i = 0; i < trainings.size(); ++i) {
        more = trainings[i]->advance() || more;
        show(i);
      }
    }
    for (const auto& training : trainings) finish(*training);
  } else {
    std::vector<std::exception_ptr> errors(trainings.size());
    std::vector<std::thread> hosts;
    for (std::size_t i = 0; i < trainings.size(); ++i) {
      hosts.emplace_back([&, i] {
        try {
          while (!interrupted() && trainings[i]->advance()) show(i);
          finish(*trainings[i]);
        } catch (...) {
          errors[i] = std::current_exception();
        }
      });
    }
    for (auto& host : hosts) host.join();
    for (const auto& error : errors) {
      if (error) std::rethrow_exception(error);
    }
  }
  std::vector<PretrainingResult> results;
  for (const auto& training : trainings) results.push_back(training->result());
  if (interrupted()) {
    throw Interrupted(
        fmt::format("interrupted; the checkpoint is written, go on with --resume (step {})",
                    results.front().steps));
  }
  progress.finish();
  return results;
}

}  // namespace elmo
