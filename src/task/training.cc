#include "task/training.h"

#include <fmt/core.h>

#include <climits>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/file.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/progress.h"
#include "elmo/error.h"
#include "task/trainer.h"

namespace elmo::task {
namespace {

std::filesystem::path beside(const std::filesystem::path& output, const char* ending) {
  std::filesystem::path path = output;
  return path.replace_extension(ending);
}

// The mean and the standard deviation (n - 1) over the seeds.
TrainingReport summary(std::vector<SeedResult> seeds) {
  TrainingReport report;
  report.seeds = std::move(seeds);
  const auto n = static_cast<double>(report.seeds.size());
  double sum = 0, squares = 0;
  for (const SeedResult& one : report.seeds) sum += one.best;
  report.mean = sum / n;
  for (const SeedResult& one : report.seeds) squares += std::pow(one.best - report.mean, 2);
  report.spread = n > 1 ? std::sqrt(squares / (n - 1)) : 0;
  return report;
}

std::uintmax_t size_of(const std::filesystem::path& path) {
  std::error_code failed;
  const std::uintmax_t size = std::filesystem::file_size(path, failed);
  return failed ? 0 : size;
}

// Estimates the remaining time and space, once the first checkpoint exists.
void forecast(double seconds, const std::filesystem::path& output) {
  // Two checkpoints, the old and the new, and the task, which is smaller than either.
  const std::uintmax_t bytes = 3 * size_of(checkpoint_path(output));
  log::info("train: about {} to go; {}B of memory{}", format_duration(seconds),
            format_count(static_cast<double>(peak_memory_bytes())),
            bytes == 0 ? ""
                       : fmt::format(", at most {}B on disk beside {}",
                                     format_count(static_cast<double>(bytes)), output.string()));
}

// Tells the user what the files are for.
void explain_files(const std::filesystem::path& output) {
  const auto checkpoint = checkpoint_path(output);
  log::info("{} is all that other commands read; {} ({}B) only train --resume does",
            output.string(), checkpoint.filename().string(),
            format_count(static_cast<double>(size_of(checkpoint))));
}

// The result of a finished task without a checkpoint, if the same training is asked for again.
TrainingReport finished_before(const RunSettings& run, const TrainingOptions& options) {
  const std::filesystem::path& path = options.output;
  const auto finished = Network::load(path);
  const nlohmann::json& results = finished->results();
  const nlohmann::json training =
      results.is_object() ? results.value("training", nlohmann::json()) : nlohmann::json();
  check_resumable(trained_settings(training, path), run, path.string(), "--overwrite it");
  const JsonFields fields(results, path.string() + ": its results");
  const int epochs = fields.integer32("epochs", 0, INT_MAX);
  if (epochs != options.epochs) {
    throw UsageError(fmt::format(
        "{}: was trained with --epochs {} and its checkpoint is gone; --overwrite trains it again",
        path.string(), epochs));
  }
  TrainingReport report =
      summary(read_json(path.string(), [&] { return seed_results(fields.at("seeds")); }));
  report.already_finished = true;
  return report;
}

}  // namespace

std::filesystem::path checkpoint_path(const std::filesystem::path& output) {
  return beside(output, ".checkpoint.h5");
}

std::filesystem::path log_path(const std::filesystem::path& output) {
  return beside(output, ".log.jsonl");
}

FileLock lock_output(const std::filesystem::path& output) {
  if (work_name(output) != output) {
    throw Error(output.string() +
                ": is a device or a pipe, and a training keeps its checkpoint beside its output; "
                "name a file");
  }
  const auto folder = std::filesystem::absolute(output).parent_path();
  make_folder(folder);
  return {folder / fmt::format(".{}.lock", output.filename().string()), output.string()};
}

void check_output(const TrainingOptions& options) {
  if (options.resume || options.overwrite) return;
  for (const auto& path : {options.output, checkpoint_path(options.output)}) {
    if (!std::filesystem::exists(path)) continue;
    throw Error(
        fmt::format("{} exists; --resume continues it, --overwrite replaces it", path.string()));
  }
}

TrainingReport train(const Settings& settings, const LabelSet& labels, const Vocabulary& vocabulary,
                     const std::vector<float>& word_vectors, const Data& train, const Data& dev,
                     const TrainingOptions& options, Workers& workers) {
  const RunSettings run = run_settings(settings, word_vectors, train, dev, options);
  const bool has_checkpoint = std::filesystem::exists(checkpoint_path(options.output));
  if (options.resume && !has_checkpoint) {
    if (std::filesystem::exists(options.output)) return finished_before(run, options);
    log::warn("{}: there is no checkpoint; starting a new training",
              checkpoint_path(options.output).string());
  }
  Network network(settings, labels, vocabulary);
  const TrainingLog log(log_path(options.output));
  BackgroundWriter writer;
  NetworkTrainer trainer(network, run, word_vectors, train, dev, options, log, writer, workers);
  if (!trainer.was_finished()) {
    Trainer* const all[] = {&trainer};
    run_trainers(all, {.title = "train",
                       .hosts = 1,
                       .forecast = [&](double seconds) { forecast(seconds, options.output); },
                       .advice = [] { return std::string("--resume goes on"); }});
  }
  if (const std::string wrong = trainer.divergence(); !wrong.empty()) {
    throw Error(wrong + " (the best epoch's weights have been written nevertheless)");
  }
  if (!trainer.was_finished()) explain_files(options.output);
  TrainingReport report = summary(trainer.seeds());
  report.already_finished = trainer.was_finished();
  return report;
}

}  // namespace elmo::task
