#include "lm/direction_trainer.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "base/fingerprint.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/progress.h"
#include "compute/kernels.h"
#include "elmo/error.h"
#include "elmo/version.h"
#include "lm/collapse.h"
#include "train/divergence.h"

namespace elmo {
namespace {

// The parameters that are trained.
std::vector<Parameter*> trained_parameters(LanguageModel& model, bool frozen_encoder) {
  std::vector<Parameter*> parameters;
  model.for_each_parameter([&](Parameter& parameter) { parameters.push_back(&parameter); });
  if (!frozen_encoder) return parameters;
  const std::vector<Parameter*> encoder = model.encoder_parameters();
  std::erase_if(parameters, [&](Parameter* parameter) {
    return std::ranges::find(encoder, parameter) != encoder.end();
  });
  return parameters;
}

bool is_due(std::uint64_t step, std::uint64_t every, const std::optional<std::uint64_t>& done) {
  return step != 0 && step % every == 0 && done != step;
}

}  // namespace

DirectionTrainer::DirectionTrainer(const PretrainingOptions& options, const CorpusOptions& text,
                                   const DevelopmentText& dev, DirectionStart start, int threads,
                                   const TrainingLog* log, BackgroundWriter& writer,
                                   Processes& processes)
    : options_(options),
      dev_(dev),
      direction_(start.direction),
      log_(log),
      writer_(writer),
      processes_(processes),
      lock_(std::move(start.lock)),
      workers_(threads),
      model_(std::move(start.start.model)),
      frozen_encoder_(start.start.frozen_encoder),
      resumed_(start.checkpoint.has_value()),
      text_(text, {.streams = options.batch_size,
                   .steps = options.unroll,
                   .carry_state = options.carry_state,
                   .epochs = options.steps == 0 ? options.epochs : 0}),
      settings_(pretraining_settings(options, direction_, text_.fingerprint())),
      best_{.better = BestSoFar::Better::kLower, .patience = options.patience} {
  text_.read_for(*model_);
  if (start.checkpoint) {
    const std::string path = start.checkpoint->path().string();
    const auto before = read_json(
        path, [&] { return RunSettings::from_json(start.checkpoint->settings().at("run")); });
    check_resumable(before, settings_, path, "start anew with --overwrite");
    settings_ = before;
  } else {
    begin(start.start);
  }
  values_ = training_values(options, *model_, settings_,
                            checkpoint_file(options.output, direction_).string());
  slices_ = std::make_unique<Slices>(trained_parameters(*model_, frozen_encoder_), processes);
  model_->prepare(values_.precision, true);
  engine_ = make_engine(*model_, values_.precision,
                        {.steps = options.unroll,
                         .streams = options.batch_size,
                         .dropout = static_cast<float>(values_.dropout),
                         .seed = options.seed,
                         .samples = values_.samples,
                         .frozen_encoder = frozen_encoder_,
                         .softmax_steps = values_.softmax_steps,
                         .slices = slices_.get(),
                         .clock = &clock_},
                        workers_);
  // After the engine, which decides which parameters are sparse.
  optimizer_ = std::make_unique<Optimizer>(options.optimizer, *slices_);
  optimizer_->hold(model_->parameters_below_softmax(), values_.softmax_steps);
  if (start.checkpoint) load_checkpoint(*start.checkpoint);
  if (log_ != nullptr) {
    log_->retain([this](const nlohmann::json& line) {
      return line.value("direction", "") != name() ||
             (resumed_ && line.value("step", std::uint64_t{0}) <= step_);
    });
  }
  pack();
  was_finished_ = resumed_ && finished() && !measurement_due();
  if (step_ < values_.softmax_steps && speaks()) {
    log::info("{}: the new softmax over {} words is trained alone up to step {}", name(),
              model_->outcomes(), values_.softmax_steps);
  }
}

void DirectionTrainer::begin(const StartingModel& start) {
  // Number of units that suffice to estimate the frequencies of units and the length of the text.
  constexpr std::uint64_t kSample = 500'000;
  const TrainingText::Sample sample = text_.sample(kSample, model_->outcomes());
  const double units_per_sentence =
      static_cast<double>(sample.units) /
      static_cast<double>(std::max<std::uint64_t>(1, sample.sentences));
  derive_settings(options_, *model_,
                  units_per_sentence * static_cast<double>(text_.sentences_per_epoch()),
                  start.new_softmax, settings_);
  const bool by_frequency = options_.softmax_bias == SoftmaxBias::kFrequency;
  if (start.random_softmax && by_frequency && sample.units != 0) {
    model_->softmax.set_bias_to_frequency(sample.counts);
  }
  const std::string limits = text_.limits();
  if (!limits.empty() && speaks()) log::info("{}: {}", name(), limits);
}

void DirectionTrainer::pack() { model_->pack(workers_, values_.samples == 0); }

bool DirectionTrainer::finished() const {
  return text_ended_ || best_.out_of_patience() || steps_reached();
}

double DirectionTrainer::progress() const {
  if (options_.steps == 0) return text_.progress();
  return static_cast<double>(step_) / static_cast<double>(options_.steps);
}

void DirectionTrainer::step() {
  try {
    if (!read()) return;
  } catch (...) {
    // The text can't be read on: keep what has been trained so far. With several processes the
    // others may still be reading it and would not take part in writing a checkpoint.
    if (processes_.size() == 1) checkpoint();
    throw;
  }
  compute();
  update(std::sqrt(squares()));
}

std::vector<Fact> DirectionTrainer::facts() {
  std::uint64_t values = 0;
  model_->for_each_parameter(
      [&](const Parameter& parameter) { values = chained_hash(parameter.value.span(), values); });
  return {{"version of elmo", std::string(version())},
          {"kind of CPU", product_kernel(model_->settings.projection, 4 * LstmLayer::kStepCells,
                                         values_.precision)},
          {"version of oneDNN", product_library()},
          {"--input", text_.fingerprint(), false},
          {"vocabulary",
           fingerprint(model_->vocabulary ? model_->vocabulary->bytes() : model_->words->bytes()),
           false},
          {"command line", fingerprint(settings_.to_json().dump()), false},
          {"model to begin with", fmt::format("{:016x}", values), false},
          {"step to go on from", std::to_string(step_)}};
}

bool DirectionTrainer::read() {
  pending_model_.check();
  pending_checkpoint_.check();
  clock_.enter("reading");
  if (text_.next(window_)) return true;
  text_ended_ = true;
  report();
  return false;
}

void DirectionTrainer::back() { text_.rewind(); }

void DirectionTrainer::compute() {
  nll_ = engine_->train(window_, step_);
  clock_.enter("optimiser");
}

double DirectionTrainer::squares() { return optimizer_->squares(workers_); }

double DirectionTrainer::encoder_squares() {
  return optimizer_->squares(model_->encoder_parameters().size(), workers_);
}

void DirectionTrainer::update(double norm) {
  if (!std::isfinite(nll_) || !std::isfinite(norm)) fail_without_number();
  const float scale = clip_scale(norm, options_.clip);
  optimizer_->apply(values_.rate.at(step_ + 1, progress()), scale, workers_);
  clock_.enter("packing");
  pack();
  clock_.enter("reports");
  ++step_;
  if (step_ == values_.softmax_steps && speaks()) {
    log::info("{} step {}: all weights are trained from now on", name(), step_);
  }
  units_ += window_.predictions;
  meter_.add(nll_, window_.predictions, norm, scale < 1);
  if (processes_.size() > 1) stop_asked_ = any(processes_, interrupted());
  if (step_ % options_.report_every == 0 || steps_reached()) report();
  if (++steps_here_ == 1) {
    clock_.restart();
  } else {
    measured_units_ += window_.predictions;
  }
  clock_.enter("reports");
}

void DirectionTrainer::report() {
  if (meter_.is_empty()) return;
  const TrainingMeter::Report report = meter_.take();
  const bool sampled = values_.samples > 0;
  nlohmann::ordered_json line = {
      {"direction", name()},
      {"step", step_},
      {"epoch", text_.epoch()},
      {"units", units_},
      {sampled ? "sampled_loss" : "loss", report.loss},
      {"learning_rate", values_.rate.at(step_ + 1, progress())},
      {"gradient_norm", report.gradient_norm},
      {"clipped", report.clipped},
      {"units_per_second", std::round(report.units_per_second)},
      {"words_per_second", std::round(report.units_per_second * text_.words_per_unit())}};
  // A sampled loss is not a perplexity.
  if (!sampled) line["perplexity_unit"] = std::exp(report.loss);
  write_log(line);
  const std::string wrong = divergence();
  if (!wrong.empty() && !warned_of_divergence_ && speaks()) log::warn("{}", wrong);
  warned_of_divergence_ = !wrong.empty();
}

std::string DirectionTrainer::divergence() const {
  return describe_divergence(fmt::format("{} model: at step {}", name(), step_),
                             meter_.loss().value_or(0), model_->outcomes(), "outcomes", step_);
}

bool DirectionTrainer::measurement_due() const {
  if (dev_.files.empty() || was_finished_) return false;
  const std::uint64_t every =
      options_.dev_every != 0 ? options_.dev_every : options_.checkpoint_every;
  return is_due(step_, every, measured_step_) || (finished() && measured_step_ != step_);
}

PerplexityResult DirectionTrainer::measured(const std::function<void()>& pause) {
  if (values_.samples > 0) model_->pack(workers_);
  PerplexityResult sum;
  for (const std::string& file : dev_.files) {
    sum.add(
        measure_perplexity(*model_, values_.precision, file, options_.invalid, workers_, pause));
  }
  return sum;
}

double DirectionTrainer::perplexity(const std::function<void()>& pause) {
  clock_.enter("development text");
  meter_.pause();
  double result = 0;
  if (speaks()) {
    // Only the first process measures. Once a second it exchanges a message with the others, so
    // that they know it is alive and all stop together.
    using Clock = std::chrono::steady_clock;
    auto met = Clock::now();
    const PerplexityResult sum = measured([&] {
      if (processes_.size() == 1) pause();
      if (processes_.size() == 1 || Clock::now() - met < std::chrono::seconds(1)) return;
      told_by_first(processes_, "");
      stop_asked_ = any(processes_, interrupted());
      if (stop_asked_) throw MeasurementStopped();
      met = Clock::now();
    });
    const StateMeasure states =
        measure_states(*model_, values_.precision, dev_.files.front(), options_.invalid, workers_);
    result = sum.perplexity_unit();
    told_by_first(processes_, fmt::format("{:a}", result));
    write_log({{"direction", name()},
               {"step", step_},
               {"dev_perplexity_unit", sum.perplexity_unit()},
               {"dev_perplexity_word", sum.perplexity_word()},
               {"dev_unknown_rate", sum.unknown_rate()},
               {"dev_cosine", states.cosine},
               {"dev_clipped_states", states.clipped}});
    log::info("{} step {}: development perplexity {:.2f} a unit, {:.2f} a word, {:.2f} % unknown",
              name(), step_, sum.perplexity_unit(), sum.perplexity_word(),
              100 * sum.unknown_rate());
    // In the first steps all states are alike, so the warning would be premature.
    constexpr std::uint64_t kYoung = 50;
    const std::string collapse = step_ < kYoung ? "" : describe_collapse(states);
    if (!collapse.empty()) log::warn("{} model: {}", name(), collapse);
  } else {
    std::string said;
    while ((said = told_by_first(processes_, "")).empty()) {
      stop_asked_ = any(processes_, interrupted());
      if (stop_asked_) throw MeasurementStopped();
    }
    result = std::strtod(said.c_str(), nullptr);
  }
  meter_.go_on();
  clock_.enter("reports");
  return result;
}

void DirectionTrainer::judge(double perplexity) {
  measured_step_ = step_;
  if (best_.offer(perplexity, step_)) {
    // The best weights are written to the model file now. The checkpoint has only their perplexity.
    if (!speaks()) return;
    clock_.enter("checkpoint");
    pending_model_.wait();
    const auto image = std::make_shared<TensorImage>(weights_image());
    pending_model_.submit(writer_, [image] { image->write().commit(); });
    clock_.enter("reports");
  } else if (best_.out_of_patience() && speaks()) {
    log::info("{}: no better development perplexity in {} evaluations, stopping", name(),
              options_.patience);
  }
}

bool DirectionTrainer::checkpoint_due() const {
  return is_due(step_, options_.checkpoint_every, saved_step_);
}

std::string DirectionTrainer::status() const {
  const auto loss = meter_.loss();
  if (!loss) return std::string(name());
  const std::string perplexity =
      values_.samples > 0 ? " (sampled)" : fmt::format(" ppl {:.1f}", std::exp(*loss));
  return fmt::format("{} epoch {} step {} loss {:.3f}{} {} words/s", name(), text_.epoch(), step_,
                     *loss, perplexity,
                     format_count(meter_.units_per_second() * text_.words_per_unit()));
}

void DirectionTrainer::fail_without_number() {
  settle();
  const std::string kept = saved_step_.value_or(0) == 0
                               ? "nothing was saved yet"
                               : fmt::format("the model of step {} is kept", *saved_step_);
  throw Error(
      fmt::format("{} model: the loss is not a number at step {}, {}; train again with a lower "
                  "--learning-rate, or from the kept model by --init",
                  name(), step_ + 1, kept));
}

PretrainingResult DirectionTrainer::result() const {
  const auto loss = meter_.loss();
  return {.direction = direction_,
          .steps = step_,
          .units = units_,
          .perplexity = loss ? std::exp(*loss) : 0,
          .best_dev_perplexity = best_.value.value_or(0),
          .measured_units = measured_units_,
          .measured_words = static_cast<std::uint64_t>(
              std::llround(text_.words_per_unit() * static_cast<double>(measured_units_))),
          .phases = clock_.phases(),
          .already_finished = was_finished_};
}

}  // namespace elmo
