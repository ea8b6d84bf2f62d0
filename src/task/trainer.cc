#include "task/trainer.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/log.h"
#include "elmo/error.h"
#include "task/batches.h"
#include "train/divergence.h"

namespace elmo::task {

std::int64_t batches_of(const Data& data, const TrainingOptions& options) {
  return (data.examples() + options.batch_size - 1) / options.batch_size;
}

NetworkTrainer::NetworkTrainer(Network& network, RunSettings run,
                               const std::vector<float>& word_vectors, const Data& train,
                               const Data& dev, const TrainingOptions& options,
                               const TrainingLog& log, BackgroundWriter& writer, Workers& workers)
    : network_(network),
      run_(std::move(run)),
      word_vectors_(word_vectors),
      train_(train),
      dev_(dev),
      options_(options),
      log_(log),
      writer_(writer),
      workers_(workers),
      rate_(run_.value("learning-rate")),
      best_{.better = BestSoFar::Better::kHigher,
            .patience = static_cast<std::uint64_t>(options.patience)} {
  if (options.class_weights) class_weights_ = balanced_weights(network.labels(), train.data());
  network_.prepare(true);
  begin_seed();
  const auto path = checkpoint_path(options.output);
  const bool resumed = options.resume && std::filesystem::exists(path);
  if (resumed) load_checkpoint(path);
  if (was_finished_) return;
  log_.retain([&](const nlohmann::json& line) {
    const auto line_seed = line.value("seed", std::uint64_t{0});
    return resumed &&
           (line_seed < seed() || (line_seed == seed() && line.value("epoch", 0) <= at_.epoch));
  });
}

void NetworkTrainer::begin_seed() {
  network_.initialise(seed(), options_.mix_deviation);
  if (!word_vectors_.empty()) network_.set_word_vectors(word_vectors_);
  network_.pack();
  optimizer_ = std::make_unique<Optimizer>(options_.optimizer, network_.learned());
  optimizer_->decay = options_.decay;
  best_.forget();
  best_weights_.clear();
}

void NetworkTrainer::close_seed() {
  seeds_.push_back({seed(), best_.value.value_or(-1), static_cast<int>(best_.at)});
  if (seeds_.back().best > winner_) {
    winner_ = seeds_.back().best;
    winner_weights_ = best_weights_;
  }
}

void NetworkTrainer::step() {
  pending_.check();
  if (seed_is_done()) {
    close_seed();
    at_ = {.seed = at_.seed + 1};
    saved_step_.reset();
    begin_seed();
  }
  if (batches_.empty()) {
    batches_ = make_batches(train_, seed(), at_.epoch, options_.batch_size);
    epoch_start_ = std::chrono::steady_clock::now();
  }
  const Batch batch = train_.batch(batches_[at_.batch]);
  const auto count = static_cast<double>(batch.targets.size());
  const Network::DropoutKey key{seed(), at_.step};
  const double loss =
      network_.loss(batch, class_weights_, true, static_cast<float>(1 / count), &key, workers_);
  network_.add_mix_penalty(options_.mix_l2);
  const double norm = optimizer_->update(rate_, options_.clip, workers_);
  if (!std::isfinite(norm)) {
    throw Error(fmt::format(
        "the gradient is not finite in step {}; a smaller --learning-rate helps", at_.step));
  }
  network_.pack();
  at_.loss += loss;
  at_.norms += norm;
  at_.clipped += clip_scale(norm, options_.clip) < 1 ? 1 : 0;
  running_loss_ = loss / count;
  ++at_.step;
  ++at_.batch;
  measured_ = false;
}

std::int64_t NetworkTrainer::targets() const {
  return network_.settings().task == Kind::kTag ? train_.data().words() : train_.examples();
}

void NetworkTrainer::measure(const std::function<void()>& pause) {
  finish_epoch(evaluate(network_, dev_, workers_, pause));
}

void NetworkTrainer::finish_epoch(const Evaluation& evaluation) {
  const auto steps = static_cast<double>(batches_.size());
  const double result = evaluation.selection();
  at_.last_loss = at_.loss / static_cast<double>(targets());
  ++at_.epoch;
  nlohmann::ordered_json line = {{"seed", seed()},
                                 {"epoch", at_.epoch},
                                 {"loss", at_.last_loss},
                                 {"gradient_norm", at_.norms / steps},
                                 {"clipped", static_cast<double>(at_.clipped) / steps},
                                 {"dev_accuracy", evaluation.confusion.accuracy()},
                                 {"dev_macro_f1", evaluation.confusion.macro_f1()}};
  if (evaluation.entities) line["dev_entity_f1"] = result;
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - epoch_start_).count();
  line["seconds"] = std::round(seconds * 10) / 10;
  log_.write(line);
  log::info("{}epoch {}: loss {:.4f}, development {} {:.4f}, {:.1f} s",
            options_.seeds > 1 ? fmt::format("seed {}, ", seed()) : "", at_.epoch, at_.last_loss,
            evaluation.entities ? "entity F1" : "accuracy", result, seconds);
  if (best_.offer(result, static_cast<std::uint64_t>(at_.epoch))) best_weights_ = weights();
  const std::string wrong = divergence();
  if (!wrong.empty() && !warned_of_divergence_) log::warn("{}", wrong);
  warned_of_divergence_ = !wrong.empty();
  at_.batch = 0;
  at_.loss = at_.norms = 0;
  at_.clipped = 0;
  batches_.clear();
  measured_ = true;
}

std::string NetworkTrainer::divergence() const {
  return describe_divergence(fmt::format("in epoch {}", at_.epoch), at_.last_loss,
                             network_.labels().size(), "labels", at_.step);
}

void NetworkTrainer::end() {
  if (was_finished_) return;
  close_seed();
  finished_ = true;
  // Resuming continues with the weights of the last epoch; the task gets the best of all.
  const TensorImage last = checkpoint_image();
  set_weights(winner_weights_);
  const nlohmann::json results = {
      {"training", run_.to_json()}, {"epochs", options_.epochs}, {"seeds", to_json(seeds_)}};
  pending_.submit(writer_, [&] {
    network_.save(options_.output, results);
    last.write().commit();
  });
  pending_.wait();
}

double NetworkTrainer::progress() const {
  const auto batches = static_cast<double>(batches_of(train_, options_));
  const double epochs = at_.epoch + static_cast<double>(at_.batch) / batches;
  const double seed_share = seed_is_done() ? 1 : epochs / options_.epochs;
  return (at_.seed + seed_share) / options_.seeds;
}

std::string NetworkTrainer::status() const {
  const std::string title = options_.seeds > 1 ? fmt::format("seed {} ", seed()) : "";
  if (seed_is_done() && best_.value) {
    return title + fmt::format("best {:.4f} in epoch {}", *best_.value, best_.at);
  }
  if (!running_loss_) return title;
  const int epoch = at_.epoch + (batches_.empty() ? 0 : 1);
  return title + fmt::format("epoch {} loss {:.4f}", epoch, *running_loss_);
}

NetworkTrainer::Weights NetworkTrainer::weights() const {
  Weights values;
  for (const Parameter* parameter : network_.parameters()) {
    values.emplace_back(parameter->value.span().begin(), parameter->value.span().end());
  }
  return values;
}

void NetworkTrainer::set_weights(const Weights& values) {
  const auto parameters = network_.parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    std::copy(values[i].begin(), values[i].end(), parameters[i]->value.data());
  }
}

}  // namespace elmo::task
