// The checkpoint of NetworkTrainer, and the check of what may change on resuming.

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/fingerprint.h"
#include "base/json.h"
#include "base/log.h"
#include "elmo/error.h"
#include "task/batches.h"
#include "task/trainer.h"

namespace elmo::task {
namespace {

constexpr char kFormat[] = "elmo task checkpoint";
constexpr std::int64_t kVersion = 2;

// The command line's name of a setting of the network; empty if another option implies it.
std::string option_name(const std::string& key) {
  static const std::map<std::string, std::string> kOthers = {{"text_pooling", "pool"},
                                                             {"end_size", "ends-size"},
                                                             {"model_hash", "model"},
                                                             {"model_path", ""},
                                                             {"elmo_dimension", ""},
                                                             {"model_layers", ""},
                                                             {"output", ""}};
  const auto found = kOthers.find(key);
  if (found != kOthers.end()) return found->second;
  std::string name = key;
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

[[noreturn]] void fail_damaged(const std::filesystem::path& path) {
  throw Error(path.string() + ": is damaged; start anew with --overwrite");
}

}  // namespace

RunSettings run_settings(const Settings& network, const std::vector<float>& word_vectors,
                         const Data& train, const Data& dev, const TrainingOptions& options) {
  RunSettings run;
  // The option that explains most of the others comes first in messages.
  run.options["inputs"] = network.inputs();
  const nlohmann::json settings = network.to_json();
  for (const auto& [key, value] : settings.items()) {
    if (const std::string name = option_name(key); !name.empty()) run.options[name] = value;
  }
  const bool chosen = options.learning_rate > 0;
  run.options.update(nlohmann::ordered_json{
      {"crf", network.output == OutputKind::kCrf},
      {"batch-size", options.batch_size},
      {"class-weights", options.class_weights},
      {"clip", options.clip},
      {"decay", options.decay},
      {"embeddings", word_vectors.empty()
                         ? std::string()
                         : fingerprint({reinterpret_cast<const char*>(word_vectors.data()),
                                        word_vectors.size() * sizeof(float)})},
      {"learning-rate", chosen ? nlohmann::json(options.learning_rate) : nlohmann::json(nullptr)},
      {"mix-l2", options.mix_l2},
      {"mix-start", options.mix_deviation},
      {"optimizer", optimizer_name(options.optimizer)},
      {"patience", options.patience},
      {"precision", options.precision},
      {"vectors", options.vectors},
      {"dev-vectors", options.dev_vectors},
      {"seed", options.seed},
      {"seeds", options.seeds},
      {"train", train.data().fingerprint()},
      {"dev", dev.data().fingerprint()}});
  // After three epochs Adam with 0.003 is better than with its usual 0.001, in part-of-speech
  // tagging and review classification, with learned embeddings and with a language model.
  if (!chosen) {
    run.derived["learning-rate"] = options.optimizer == OptimizerKind::kAdam ? 0.003 : 0.1;
  }
  run.facts["order of sums"] = 1;
  return run;
}

RunSettings trained_settings(const nlohmann::json& json, const std::filesystem::path& path) {
  if (!json.is_object() || !json.contains("facts")) {
    throw Error(
        path.string() +
        ": was trained by an older version of elmo; go on with that version, or --overwrite "
        "it");
  }
  return read_json(path.string(), [&] { return RunSettings::from_json(json); });
}

std::optional<std::string> trained_precision(const std::filesystem::path& output) {
  const auto path = checkpoint_path(output);
  if (!std::filesystem::exists(path)) return std::nullopt;
  const TensorFileReader reader(path, kFormat, kVersion);
  const auto name = read_json(path.string(), [&] {
    const nlohmann::json& state = reader.settings();
    const auto run = trained_settings(state.value("run", nlohmann::json()), path);
    return run.value("precision").get<std::string>();
  });
  return name.empty() ? std::nullopt : std::optional(name);
}

nlohmann::json to_json(const std::vector<SeedResult>& seeds) {
  auto json = nlohmann::json::array();
  for (const SeedResult& one : seeds) {
    json.push_back({{"seed", one.seed}, {"best", one.best}, {"epoch", one.epoch}});
  }
  return json;
}

std::vector<SeedResult> seed_results(const nlohmann::json& json) {
  std::vector<SeedResult> seeds;
  for (const auto& one : json) {
    seeds.push_back({one.at("seed"), one.at("best"), one.at("epoch")});
  }
  return seeds;
}

nlohmann::json NetworkTrainer::Position::to_json() const {
  return {{"seed", seed}, {"epoch", epoch}, {"batch", batch},     {"step", step},
          {"loss", loss}, {"norms", norms}, {"clipped", clipped}, {"last_loss", last_loss}};
}

void NetworkTrainer::Position::read(const nlohmann::json& json) {
  json.at("seed").get_to(seed);
  json.at("epoch").get_to(epoch);
  json.at("batch").get_to(batch);
  json.at("step").get_to(step);
  json.at("loss").get_to(loss);
  json.at("norms").get_to(norms);
  json.at("clipped").get_to(clipped);
  json.at("last_loss").get_to(last_loss);
}

void NetworkTrainer::checkpoint() {
  pending_.wait();  // before making the next copy
  const auto image = std::make_shared<TensorImage>(checkpoint_image());
  pending_.submit(writer_, [image] { image->write().commit(); });
  saved_step_ = at_.step;
}

TensorImage NetworkTrainer::checkpoint_image() const {
  const nlohmann::json state = {
      {"run", run_.to_json()},          {"epochs", options_.epochs}, {"position", at_.to_json()},
      {"best", best_.to_json()},        {"winner", winner_},         {"finished", finished_},
      {"updates", optimizer_->updates}, {"seeds", to_json(seeds_)}};
  TensorImage image(checkpoint_path(options_.output), kFormat, kVersion, state);
  const auto parameters = network_.parameters();
  const auto add = [&](const std::string& group, const Weights& values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      image.add("/" + group + "/" + parameters[i]->name, parameters[i]->shape, values[i]);
    }
  };
  add("now", weights());
  add("best", best_weights_);
  add("winner", winner_weights_);
  for (const Optimizer::State& array : optimizer_->states()) {
    image.add("/optimizer/" + array.name, {static_cast<std::int64_t>(array.values.size())},
              array.values);
  }
  return image;
}

// `before`: the number of epochs when the training began.
void NetworkTrainer::check_epochs(int before, const std::filesystem::path& path) const {
  if (options_.epochs < at_.epoch) {
    throw UsageError(fmt::format("{}: has done {} epochs; --epochs {} is fewer", path.string(),
                                 at_.epoch, options_.epochs));
  }
  if (options_.epochs != before && (at_.seed > 0 || (finished_ && options_.seeds > 1))) {
    throw UsageError(
        fmt::format("{}: has seeds that were trained with --epochs {}; all need as many, or "
                    "--overwrite it",
                    path.string(), before));
  }
}

void NetworkTrainer::load_checkpoint(const std::filesystem::path& path) {
  const TensorFileReader reader(path, kFormat, kVersion);
  read_json(path.string(), [&] { load_state(reader); });
  const auto read = [&](const std::string& group) {
    Weights values;
    for (const Parameter* parameter : network_.parameters()) {
      const std::string name = "/" + group + "/" + parameter->name;
      if (!reader.has(name)) return Weights{};
      reader.read_finite(name, parameter->shape, values.emplace_back(parameter->value.size()));
    }
    return values;
  };
  const Weights now = read("now");
  best_weights_ = read("best");
  winner_weights_ = read("winner");
  if (now.empty() || best_.value.has_value() == best_weights_.empty() ||
      (winner_ >= 0) == winner_weights_.empty()) {
    fail_damaged(path);
  }
  set_weights(now);
  for (const Optimizer::State& array : optimizer_->states()) {
    reader.read_finite("/optimizer/" + array.name, {static_cast<std::int64_t>(array.values.size())},
                       array.values);
  }
  network_.pack();
  saved_step_ = at_.step;
  epoch_start_ = std::chrono::steady_clock::now();
  if (at_.batch > 0) batches_ = make_batches(train_, seed(), at_.epoch, options_.batch_size);
  was_finished_ = finished_ && finished();
  if (!finished_ || was_finished_) return;
  // The training had finished and continues with more epochs.
  finished_ = false;
  seeds_.pop_back();
  winner_ = -1;
  winner_weights_.clear();
}

// Restores everything but the arrays.
void NetworkTrainer::load_state(const TensorFileReader& reader) {
  const auto& path = reader.path();
  const nlohmann::json& state = reader.settings();
  const RunSettings before = trained_settings(state.value("run", nlohmann::json()), path);
  check_resumable(before, run_, path.string(), "--overwrite it");
  run_ = before;
  const nlohmann::json rate = run_.value("learning-rate");
  if (!rate.is_number()) fail_damaged(path);
  rate_ = rate;
  at_.read(state.at("position"));
  best_.read(state.at("best"));
  state.at("winner").get_to(winner_);
  state.at("finished").get_to(finished_);
  check_epochs(state.at("epochs"), path);
  seeds_ = seed_results(state.at("seeds"));
  state.at("updates").get_to(optimizer_->updates);
  const auto done = static_cast<std::size_t>(std::max(0, at_.seed)) + (finished_ ? 1 : 0);
  if (at_.seed < 0 || at_.seed >= options_.seeds || at_.epoch < 0 || seeds_.size() != done ||
      at_.batch > static_cast<std::size_t>(batches_of(train_, options_))) {
    fail_damaged(path);
  }
}

}  // namespace elmo::task
