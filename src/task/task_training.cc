#include "task/task_training.h"

#include <fmt/core.h>
#include <xxhash.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "compute/random.h"
#include "elmo/error.h"
#include "io/tensor_file.h"

namespace elmo {
namespace {

constexpr char kCheckpointFormat[] = "elmo task checkpoint";
// Batches whose texts are sorted by length together.
constexpr std::size_t kSortedBatches = 50;

double learning_rate(const TaskTrainingOptions& options) {
  if (options.learning_rate > 0) return options.learning_rate;
  // After three epochs Adam's 0.003 beats its usual 0.001 (part-of-speech tags and reviews, words
  // learned from scratch and the language model's alike).
  return options.optimizer == OptimizerKind::kAdam ? 0.003 : 0.1;
}

std::filesystem::path beside(const std::filesystem::path& output, const char* ending) {
  std::filesystem::path path = output;
  return path.replace_extension(ending);
}

// The batches of an epoch: texts of like length together, in random order.
std::vector<std::vector<std::uint32_t>> make_batches(const TaskData& data, std::uint64_t seed,
                                                     int epoch, int batch_size) {
  const auto size = static_cast<std::size_t>(batch_size);
  const auto a = static_cast<std::uint64_t>(epoch);
  const auto order = Random(seed, RandomUse::kBatchOrder, a, 0)
                         .permutation(static_cast<std::uint32_t>(data.examples()));
  std::vector<std::vector<std::uint32_t>> batches;
  for (std::size_t begin = 0; begin < order.size(); begin += kSortedBatches * size) {
    const std::size_t end = std::min(order.size(), begin + kSortedBatches * size);
    std::vector<std::uint32_t> window(order.begin() + static_cast<std::ptrdiff_t>(begin),
                                      order.begin() + static_cast<std::ptrdiff_t>(end));
    std::stable_sort(window.begin(), window.end(), [&](std::uint32_t left, std::uint32_t right) {
      return data.length(left) > data.length(right);
    });
    for (std::size_t at = 0; at < window.size(); at += size) {
      const auto first = window.begin() + static_cast<std::ptrdiff_t>(at);
      batches.emplace_back(first,
                           first + static_cast<std::ptrdiff_t>(std::min(size, window.size() - at)));
    }
  }
  const auto shuffled = Random(seed, RandomUse::kBatchOrder, a, 1)
                            .permutation(static_cast<std::uint32_t>(batches.size()));
  std::vector<std::vector<std::uint32_t>> result;
  for (const std::uint32_t i : shuffled) result.push_back(std::move(batches[i]));
  return result;
}

std::vector<float> balanced_weights(const LabelSet& labels, const DataSet& data) {
  std::vector<double> counts(static_cast<std::size_t>(labels.size()));
  double total = 0;
  for (const Example& example : data.examples) {
    for (const std::string& label : example.labels) {
      ++counts[static_cast<std::size_t>(labels.id(label))];
      ++total;
    }
  }
  std::vector<float> weights;
  for (const double count : counts) {
    weights.push_back(static_cast<float>(total / (count * static_cast<double>(counts.size()))));
  }
  return weights;
}

// How the command line calls a setting.
std::string option_name(const std::string& key) {
  static const std::map<std::string, std::string> kOthers = {
      {"text_pooling", "pool"},    {"end_size", "ends-size"}, {"model_hash", "model"},
      {"elmo_dimension", "model"}, {"model_layers", "model"}, {"output", "crf"}};
  const auto found = kOthers.find(key);
  std::string name = found != kOthers.end() ? found->second : key;
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

using Snapshot = std::vector<std::vector<float>>;

Snapshot snapshot(TaskNetwork& network) {
  Snapshot values;
  for (const Parameter* parameter : network.parameters()) {
    values.emplace_back(parameter->value.span().begin(), parameter->value.span().end());
  }
  return values;
}

void restore(const Snapshot& values, TaskNetwork& network) {
  const auto parameters = network.parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    std::copy(values[i].begin(), values[i].end(), parameters[i]->value.data());
  }
}

// Where a training is, besides its weights.
struct Position {
  int seed = 0;  // of seeds, from 0
  int epoch = 0;
  std::size_t batch = 0;  // the next one of the epoch
  std::uint64_t step = 0;
  double loss = 0;  // summed over the batches of the epoch so far
  double best = -1;
  int best_epoch = 0;
  double winner = -1;  // the best result of the seeds that are done
  bool finished = false;
  std::uint64_t log_bytes = 0;

  nlohmann::json to_json() const {
    return {{"seed", seed},
            {"epoch", epoch},
            {"batch", batch},
            {"step", step},
            {"loss", loss},
            {"best", best},
            {"best_epoch", best_epoch},
            {"winner", winner},
            {"finished", finished},
            {"log_bytes", log_bytes}};
  }
  void from_json(const nlohmann::json& json) {
    seed = json.at("seed");
    epoch = json.at("epoch");
    batch = json.at("batch");
    step = json.at("step");
    loss = json.at("loss");
    best = json.at("best");
    best_epoch = json.at("best_epoch");
    winner = json.at("winner");
    finished = json.at("finished");
    log_bytes = json.at("log_bytes");
  }
};

class Training {
 public:
  Training(const TaskSettings& settings, const LabelSet& labels, const TaskVocabulary& vocabulary,
           const std::vector<float>& word_vectors, const TaskData& train, const TaskData& dev,
           const TaskTrainingOptions& options, Workers& workers)
      : word_vectors_(word_vectors),
        train_(train),
        dev_(dev),
        options_(options),
        workers_(workers),
        network_(settings, labels, vocabulary),
        rate_(learning_rate(options)) {
    if (options.class_weights) class_weights_ = balanced_weights(labels, train.data());
    network_.prepare(true);
  }

  TaskTrainingReport run() {
    const auto checkpoint = task_checkpoint(options_.output);
    const bool resumed = options_.resume && std::filesystem::exists(checkpoint);
    if (options_.resume && !resumed && std::filesystem::exists(options_.output)) {
      return finished_before();
    }
    begin_seed();
    if (resumed) {
      read_checkpoint(checkpoint);
      if (at_.finished && (at_.epoch >= options_.epochs || is_stuck())) {
        summarise();
        report_.already_finished = true;
        return report_;
      }
      if (at_.finished) continue_last_seed();
    } else if (options_.resume) {
      log::warn("{}: there is no checkpoint, the training begins", checkpoint.string());
    }
    open_log(resumed);
    while (true) {
      train_seed();
      report_.seeds.push_back(
          {options_.seed + static_cast<std::uint64_t>(at_.seed), at_.best, at_.best_epoch});
      if (at_.best > at_.winner) {
        at_.winner = at_.best;
        winner_ = best_;
      }
      if (at_.seed + 1 == options_.seeds) break;
      const Position done = at_;
      at_ = {};
      at_.seed = done.seed + 1;
      at_.winner = done.winner;
      begin_seed();
    }
    summarise();
    const Snapshot last = snapshot(network_);
    restore(winner_, network_);
    network_.save(options_.output, results());
    at_.finished = true;
    // The weights now, to go on with, are those behind the last epoch.
    restore(last, network_);
    write_checkpoint();
    return report_;
  }

 private:
  std::uint64_t seed() const { return options_.seed + static_cast<std::uint64_t>(at_.seed); }

  void begin_seed() {
    network_.initialise(seed(), options_.mix_deviation);
    if (!word_vectors_.empty()) network_.set_word_vectors(word_vectors_);
    network_.pack();
    optimizer_ = std::make_unique<Optimizer>(options_.optimizer, network_.learned());
    optimizer_->decay = options_.decay;
    best_.clear();
  }

  // More epochs behind a training that had come to its end.
  void continue_last_seed() {
    at_.finished = false;
    report_.seeds.pop_back();
    at_.winner = -1;
    winner_.clear();
  }

  // A run that was killed may have written more lines than its checkpoint knows of.
  void open_log(bool resumed) {
    const auto path = task_log(options_.output);
    if (resumed && std::filesystem::exists(path) &&
        std::filesystem::file_size(path) > at_.log_bytes) {
      std::filesystem::resize_file(path, at_.log_bytes);
    }
    log_.open(path, resumed ? std::ios::app : std::ios::trunc);
    log_.seekp(0, std::ios::end);
    if (!log_) throw Error(path.string() + ": can't be written; check its permissions");
  }

  void train_seed() {
    const bool tags = network_.settings().task == TaskKind::kTag;
    const std::int64_t targets = tags ? train_.data().words() : train_.examples();
    const std::string title =
        options_.seeds > 1 ? fmt::format("seed {}", seed()) : std::string("train");
    const auto per_epoch = (train_.examples() + options_.batch_size - 1) / options_.batch_size;
    ProgressOptions progress_options;
    progress_options.plain_percent = 0;
    Progress progress(title, static_cast<std::uint64_t>(per_epoch * options_.epochs),
                      progress_options);
    while (at_.epoch < options_.epochs && !is_stuck()) {
      const auto batches = make_batches(train_, seed(), at_.epoch, options_.batch_size);
      const auto start = std::chrono::steady_clock::now();
      while (at_.batch < batches.size()) {
        if (interrupted()) {
          write_checkpoint();
          throw Interrupted("interrupted; --resume goes on");
        }
        step(batches[at_.batch]);
        progress.update(at_.step,
                        fmt::format("epoch {} loss {:.4f}", at_.epoch + 1, running_loss_));
      }
      const double seconds =
          std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      end_epoch(at_.loss / static_cast<double>(targets), seconds);
    }
    progress.finish(fmt::format("best {:.4f} in epoch {}", at_.best, at_.best_epoch));
  }

  bool is_stuck() const {
    return options_.patience > 0 && at_.epoch - at_.best_epoch >= options_.patience;
  }

  void step(const std::vector<std::uint32_t>& examples) {
    const TaskBatch batch = train_.batch(examples);
    const auto count = static_cast<double>(batch.targets.size());
    const TaskNetwork::DropoutKey key{seed(), at_.step};
    const double loss =
        network_.loss(batch, class_weights_, true, static_cast<float>(1 / count), &key, workers_);
    network_.add_mix_penalty(options_.mix_l2);
    if (!std::isfinite(optimizer_->update(rate_, options_.clip, workers_))) {
      throw Error(
          fmt::format("the gradient is not finite in step {}; a smaller --learning-rate "
                      "helps",
                      at_.step));
    }
    network_.pack();
    at_.loss += loss;
    running_loss_ = loss / count;
    ++at_.step;
    ++at_.batch;
  }

  void end_epoch(double loss, double seconds) {
    const Evaluation evaluation = evaluate(network_, dev_, workers_);
    const double result = evaluation.selection();
    ++at_.epoch;
    nlohmann::ordered_json line = {{"seed", seed()},
                                   {"epoch", at_.epoch},
                                   {"loss", loss},
                                   {"dev_accuracy", evaluation.confusion.accuracy()},
                                   {"dev_macro_f1", evaluation.confusion.macro_f1()}};
    if (evaluation.entities) line["dev_entity_f1"] = result;
    line["seconds"] = std::round(seconds * 10) / 10;
    log_ << line.dump() << '\n' << std::flush;
    if (!log_) {
      throw Error(task_log(options_.output).string() + ": can't be written; is the disk full?");
    }
    log::info("{}epoch {}: loss {:.4f}, development {} {:.4f}, {:.1f} s",
              options_.seeds > 1 ? fmt::format("seed {}, ", seed()) : "", at_.epoch, loss,
              evaluation.entities ? "entity F1" : "accuracy", result, seconds);
    if (result > at_.best) {
      at_.best = result;
      at_.best_epoch = at_.epoch;
      best_ = snapshot(network_);
    }
    at_.batch = 0;
    at_.loss = 0;
    write_checkpoint();
  }

  void summarise() {
    const auto n = static_cast<double>(report_.seeds.size());
    double sum = 0, squares = 0;
    for (const SeedResult& result : report_.seeds) sum += result.best;
    report_.mean = sum / n;
    for (const SeedResult& result : report_.seeds)
      squares += std::pow(result.best - report_.mean, 2);
    report_.spread = n > 1 ? std::sqrt(squares / (n - 1)) : 0;
  }

  nlohmann::json seeds_json() const {
    auto seeds = nlohmann::json::array();
    for (const SeedResult& result : report_.seeds) {
      seeds.push_back({{"seed", result.seed}, {"best", result.best}, {"epoch", result.epoch}});
    }
    return seeds;
  }

  nlohmann::json results() const {
    return {{"training", recipe()}, {"epochs", options_.epochs}, {"seeds", seeds_json()}};
  }

  void read_seeds(const nlohmann::json& json) {
    for (const auto& result : json) {
      report_.seeds.push_back({result.at("seed"), result.at("best"), result.at("epoch")});
    }
  }

  // What a resumed training may not change.
  nlohmann::json recipe() const {
    return {{"batch-size", options_.batch_size},
            {"class-weights", options_.class_weights},
            {"clip", options_.clip},
            {"decay", options_.decay},
            {"embeddings", embeddings_hash()},
            {"learning-rate", options_.learning_rate},
            {"mix-l2", options_.mix_l2},
            {"mix-start", options_.mix_deviation},
            {"optimizer", optimizer_name(options_.optimizer)},
            {"patience", options_.patience},
            {"seed", options_.seed},
            {"seeds", options_.seeds},
            {"train", train_.data().fingerprint()},
            {"dev", dev_.data().fingerprint()}};
  }

  std::string embeddings_hash() const {
    if (word_vectors_.empty()) return {};
    return fmt::format("{:016x}",
                       XXH3_64bits(word_vectors_.data(), word_vectors_.size() * sizeof(float)));
  }

  // Throws UsageError that names the first of `now` that is otherwise in `before`.
  static void check_equal(const nlohmann::json& now, const nlohmann::json& before,
                          const std::filesystem::path& path) {
    for (const auto& [key, value] : now.items()) {
      const auto found = before.find(key);
      if (found != before.end() && *found == value) continue;
      throw UsageError(fmt::format(
          "{}: was trained with another --{}: {}, not {}; give what it was, or --overwrite it",
          path.string(), option_name(key), found != before.end() ? found->dump() : "none",
          value.dump()));
    }
  }

  void check_settings(const nlohmann::json& before, const std::filesystem::path& path) const {
    const auto inputs = [](const TaskSettings& s) {
      return nlohmann::json{{"inputs", s.inputs()}};
    };
    const TaskSettings& settings = network_.settings();
    check_equal(inputs(settings), inputs(TaskSettings::from_json(before, path.string())), path);
    nlohmann::json now = settings.to_json();
    // Its place may change, its hash may not.
    now.erase("model_path");
    check_equal(now, before, path);
  }

  // Before is what it was trained with so far.
  void check_epochs(int before, const std::filesystem::path& path) const {
    if (options_.epochs < at_.epoch) {
      throw UsageError(fmt::format("{}: has done {} epochs; --epochs {} is fewer", path.string(),
                                   at_.epoch, options_.epochs));
    }
    if (options_.epochs != before && (at_.seed > 0 || (at_.finished && options_.seeds > 1))) {
      throw UsageError(
          fmt::format("{}: has seeds that were trained with --epochs {}; all need as many, or "
                      "--overwrite it",
                      path.string(), before));
    }
  }

  // Without a checkpoint there is nothing to go on with.
  TaskTrainingReport finished_before() {
    const auto finished = TaskNetwork::load(options_.output);
    check_settings(finished->settings().to_json(), options_.output);
    const nlohmann::json& results = finished->results();
    check_equal(recipe(), results.value("training", nlohmann::json::object()), options_.output);
    if (results.value("epochs", 0) != options_.epochs) {
      throw UsageError(fmt::format(
          "{}: was trained with --epochs {} and its checkpoint is gone; --overwrite trains it anew",
          options_.output.string(), results.value("epochs", 0)));
    }
    read_seeds(results.at("seeds"));
    summarise();
    report_.already_finished = true;
    return report_;
  }

  void write_checkpoint() {
    at_.log_bytes = static_cast<std::uint64_t>(log_.tellp());
    const nlohmann::json settings = {{"network", network_.settings().to_json()},
                                     {"recipe", recipe()},
                                     {"epochs", options_.epochs},
                                     {"position", at_.to_json()},
                                     {"updates", optimizer_->updates},
                                     {"seeds", seeds_json()}};
    TensorFileWriter writer(task_checkpoint(options_.output), kCheckpointFormat, 1, settings);
    const auto parameters = network_.parameters();
    const auto add = [&](const std::string& group, const Snapshot& values) {
      for (std::size_t i = 0; i < values.size(); ++i) {
        writer.add("/" + group + "/" + parameters[i]->name, parameters[i]->shape,
                   std::span<const float>(values[i]));
      }
    };
    add("now", snapshot(network_));
    add("best", best_);
    add("winner", winner_);
    for (const Optimizer::State& state : optimizer_->states()) {
      writer.add("/optimizer/" + state.name, {static_cast<std::int64_t>(state.values.size())},
                 std::span<const float>(state.values));
    }
    writer.commit();
  }

  void read_checkpoint(const std::filesystem::path& path) {
    const TensorFileReader reader(path, kCheckpointFormat, 1);
    check_settings(reader.settings().at("network"), path);
    check_equal(recipe(), reader.settings().at("recipe"), path);
    at_.from_json(reader.settings().at("position"));
    check_epochs(reader.settings().at("epochs"), path);
    read_seeds(reader.settings().at("seeds"));
    const auto read = [&](const std::string& group) {
      Snapshot values;
      for (const Parameter* parameter : network_.parameters()) {
        const std::string name = "/" + group + "/" + parameter->name;
        if (!reader.has(name)) return Snapshot{};
        reader.read(name, parameter->shape, values.emplace_back(parameter->value.size()));
      }
      return values;
    };
    restore(read("now"), network_);
    best_ = read("best");
    winner_ = read("winner");
    for (const Optimizer::State& state : optimizer_->states()) {
      reader.read("/optimizer/" + state.name, {static_cast<std::int64_t>(state.values.size())},
                  state.values);
    }
    optimizer_->updates = reader.settings().at("updates");
    network_.pack();
  }

  const std::vector<float>& word_vectors_;
  const TaskData& train_;
  const TaskData& dev_;
  const TaskTrainingOptions& options_;
  Workers& workers_;
  TaskNetwork network_;
  double rate_;
  std::vector<float> class_weights_;
  std::unique_ptr<Optimizer> optimizer_;
  Position at_;
  double running_loss_ = 0;
  Snapshot best_, winner_;
  TaskTrainingReport report_;
  std::ofstream log_;
};

}  // namespace

std::filesystem::path task_checkpoint(const std::filesystem::path& output) {
  return beside(output, ".checkpoint.h5");
}

std::filesystem::path task_log(const std::filesystem::path& output) {
  return beside(output, ".log.jsonl");
}

FileLock lock_task_output(const std::filesystem::path& output) {
  const auto folder = std::filesystem::absolute(output).parent_path();
  make_folder(folder);
  return {folder / fmt::format(".{}.lock", output.filename().string()), output.string()};
}

void check_task_output(const TaskTrainingOptions& options) {
  if (options.resume || options.overwrite) return;
  for (const auto& path : {options.output, task_checkpoint(options.output)}) {
    if (!std::filesystem::exists(path)) continue;
    throw Error(
        fmt::format("{} exists; --resume goes on with it, --overwrite replaces it", path.string()));
  }
}

TaskTrainingReport train_task(const TaskSettings& settings, const LabelSet& labels,
                              const TaskVocabulary& vocabulary,
                              const std::vector<float>& word_vectors, const TaskData& train,
                              const TaskData& dev, const TaskTrainingOptions& options,
                              Workers& workers) {
  const InterruptGuard guard;
  return Training(settings, labels, vocabulary, word_vectors, train, dev, options, workers).run();
}

}  // namespace elmo
