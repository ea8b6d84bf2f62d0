#include "lm/pretraining.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/usable_cores.h"
#include "compute/tree_sum.h"
#include "elmo/error.h"
#include "io/hdf5_turn.h"
#include "lm/direction_trainer.h"
#include "lm/shared_trainer.h"
#include "parallel/own_threads.h"
#include "text/corpus.h"
#include "train/trainer.h"

namespace elmo {
namespace {

constexpr const char* kLogName = "log.jsonl";

using Trainers = std::vector<std::unique_ptr<DirectionTrainer>>;

// Checks the options by themselves.
void check(const PretrainingOptions& options) {
  if (options.resume && options.overwrite) {
    throw UsageError("--resume and --overwrite contradict each other");
  }
  const bool standard_input = std::ranges::find(options.inputs, "-") != options.inputs.end();
  if (standard_input && options.inputs.size() > 1) {
    throw UsageError("--input - (standard input) can't be combined with files");
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
    throw UsageError("--encoder-from can't be combined with --share-encoder or --init");
  }
  if (options.tie.value_or(false)) {
    const std::string obstacle = obstacle_to_tying(options);
    if (!obstacle.empty()) {
      throw UsageError(fmt::format(
          "--tie makes the softmax's weights those of the pieces' embedding, which {}", obstacle));
    }
  }
  if (options.softmax_steps && options.init.empty() && !options.resume) {
    throw UsageError("--freeze-steps needs --init with official weights, which get a new softmax");
  }
  if (options.dev.empty() && (options.dev_every != 0 || options.patience != 0)) {
    throw UsageError(fmt::format("--{} needs --dev, which is measured",
                                 options.patience != 0 ? "patience" : "dev-every"));
  }
  if (options.vocabulary.empty() && !options.resume && options.init.empty() &&
      options.encoder_from.empty()) {
    throw UsageError("--vocab is needed: make one with `elmo vocab --input ... --output ko.model`");
  }
  parse_precision(options.precision);
}

void check_rereadable(const std::vector<std::string>& files, const char* option) {
  for (const std::string& file : files) {
    if (file == "-") continue;
    refuse_read_once(file, fmt::format("pretrain reads --{} several times", option));
  }
}

// Throws UsageError if the batch can't be divided among this many processes.
void check_processes(const PretrainingOptions& options, int count) {
  if (count == 1) return;
  if (std::ranges::find(options.inputs, "-") != options.inputs.end()) {
    throw UsageError("--input - (standard input) reaches one process alone, and there are " +
                     std::to_string(count) + "; put the text in a file");
  }
  const bool halves = options.directions.size() > 1 && !options.share_encoder;
  if (halves && count % 2 != 0) {
    throw UsageError(
        fmt::format("--direction both gives half of the processes to each direction, and there are "
                    "{}; start {} or {}",
                    count, count - 1, count + 1));
  }
  const int each = halves ? count / 2 : count;
  const StreamGroups groups(options.unroll, options.batch_size);
  if (each <= groups.batch_count()) return;
  // The largest possible number of groups, and the batch size that would give enough of them.
  const StreamGroups most(1, 1 << 16);
  const std::string enough =
      each > most.batch_count()
          ? fmt::format("no batch has more than {} groups", most.batch_count())
          : fmt::format("--batch-size {} would do for as many",
                        32 * std::bit_ceil(static_cast<unsigned>(each)));
  throw UsageError(
      fmt::format("--batch-size {} gives {} group{} of streams, for as many processes a direction, "
                  "and there are {}; start fewer processes ({})",
                  options.batch_size, groups.batch_count(), groups.batch_count() == 1 ? "" : "s",
                  each, enough));
}

// Reads the development text once, in the first process only, so that a bad one is reported now and
// not at the first measurement.
DevelopmentText read_development_text(const PretrainingOptions& options, Processes& processes) {
  DevelopmentText dev;
  if (options.dev.empty()) return dev;
  if (!processes.is_first()) {
    dev.files = options.dev;
    dev.fingerprint = told_by_first(processes, "");
    return dev;
  }
  dev.files = expand_inputs(options.dev);
  check_rereadable(dev.files, "dev");
  if (std::ranges::find(dev.files, "-") != dev.files.end()) {
    throw UsageError("--dev - can be read once, and is measured again and again; use a file");
  }
  dev.fingerprint = Corpus({.inputs = dev.files, .invalid = options.invalid}).fingerprint();
  told_by_first(processes, dev.fingerprint);
  return dev;
}

bool has_checkpoint(const PretrainingOptions& options, Direction direction) {
  return std::filesystem::exists(checkpoint_file(options.output, direction));
}

bool has_model(const PretrainingOptions& options, Direction direction) {
  return std::filesystem::exists(LanguageModel::file(options.output, direction));
}

// Throws Error if this direction must not be written to the folder.
void check_output(const PretrainingOptions& options, Direction direction) {
  const auto model = LanguageModel::file(options.output, direction);
  if (options.overwrite || options.resume) return;
  if (has_checkpoint(options, direction)) {
    throw Error(
        fmt::format("{} exists; pass --resume to continue it, --overwrite to replace it, "
                    "or another --output",
                    checkpoint_file(options.output, direction).string()));
  }
  if (has_model(options, direction)) {
    throw Error(fmt::format(
        "{} exists, without the checkpoint that it could be gone on from; pass --overwrite to "
        "replace it, --resume to begin again beside it, or another --output (with --init {} to "
        "start from it)",
        model.string(), options.output.string()));
  }
}

std::filesystem::path older_model(const PretrainingOptions& options, Direction direction) {
  return LanguageModel::file(options.output, direction).replace_extension(".old.h5");
}

// A direction without a checkpoint begins at step 0. A model that exists already is renamed: it may
// be a good one whose checkpoint was deleted.
void begin_again(const PretrainingOptions& options, Direction direction) {
  std::string kept;
  if (has_model(options, direction)) {
    const auto old = older_model(options, direction);
    std::filesystem::rename(LanguageModel::file(options.output, direction), old);
    kept = fmt::format("; the existing model was renamed to {}", old.string());
  }
  log::warn("{}: no checkpoint of the {} model, it starts at step 0{}", options.output.string(),
            direction_name(direction), kept);
}

void check_something_to_resume(const PretrainingOptions& options) {
  if (options.resume && std::ranges::none_of(options.directions, [&](Direction direction) {
        return has_checkpoint(options, direction) || has_model(options, direction);
      })) {
    throw Error(options.output.string() +
                ": holds no checkpoint to resume; leave --resume out to start anew");
  }
}

// The lock of each direction, and its model or checkpoint. `writes`: this process writes the
// folder.
std::vector<DirectionStart> make_starts(const PretrainingOptions& options, bool writes) {
  std::vector<DirectionStart> starts;
  for (const Direction direction : options.directions) {
    DirectionStart& one = starts.emplace_back();
    one.direction = direction;
    if (!writes) continue;
    one.lock = std::make_unique<FileLock>(
        options.output / fmt::format(".{}.lock", direction_name(direction)),
        fmt::format("the {} model in {}", direction_name(direction), options.output.string()));
    check_output(options, direction);
  }
  if (writes && options.resume && options.share_encoder) {
    SharedTrainer::settle_checkpoints(options.output);
  }
  for (DirectionStart& one : starts) {
    const auto path = checkpoint_file(options.output, one.direction);
    if (options.resume && has_checkpoint(options, one.direction)) {
      one.checkpoint.emplace(open_checkpoint(path));
      const JsonFields state(one.checkpoint->settings(), path.string() + ": its settings");
      one.start.model = LanguageModel::make(
          ModelSettings::from_json(state.at("model"), path.string()), *one.checkpoint);
      one.start.frozen_encoder = state.boolean("frozen_encoder");
      one.start.origin = path.string();
      continue;
    }
    if (options.vocabulary.empty() && options.init.empty() && options.encoder_from.empty()) {
      throw UsageError(fmt::format("--vocab is needed: there is no checkpoint of the {} model",
                                   direction_name(one.direction)));
    }
    one.start = make_starting_model(options, one.direction);
  }
  const bool tied = std::ranges::any_of(
      starts, [](const DirectionStart& one) { return one.start.model->settings.tied; });
  if (options.share_encoder && tied) {
    throw UsageError(
        "--share-encoder trains one embedding under both directions, and in the model that this "
        "starts from each direction's softmax is tied to its own");
  }
  if (options.share_encoder && !have_same_units(*starts[0].start.model, *starts[1].start.model)) {
    throw UsageError(
        "--share-encoder needs directions with the same token encoder and vocabulary, and those of "
        "--init differ");
  }
  for (const DirectionStart& one : starts) check_model_options(options, one.start);
  return starts;
}

void run(const PretrainingOptions& options, const Trainers& directions, int threads,
         BackgroundWriter& writer, Processes& processes) {
  std::unique_ptr<SharedTrainer> shared;
  std::vector<Trainer*> trainers;
  if (options.share_encoder) {
    shared =
        std::make_unique<SharedTrainer>(*directions[0], *directions[1], threads, writer, processes);
    trainers = {shared.get()};
  } else {
    for (const auto& one : directions) trainers.push_back(one.get());
  }
  // A checkpoint is written before the first step, so that this run can be resumed however it ends,
  // and so that an unwritable disk is found before the work. The model file is not yet written.
  if (directions.front()->is_new() && shared) {
    shared->checkpoint();
    shared->settle();
  }
  for (const auto& one : directions) {
    if (shared || !one->is_new()) continue;
    one->checkpoint();
    one->settle();
  }
  const auto count = static_cast<int>(trainers.size());
  TrainingLoop loop = {.title = "pretrain", .hosts = threads < count ? 1 : count, .advice = [&] {
                         return fmt::format("go on with --resume (step {})",
                                            directions.front()->steps());
                       }};
  if (processes.size() > 1) {
    loop.stop = [&] {
      return std::ranges::any_of(directions, [](const auto& one) { return one->stop_asked(); });
    };
  }
  loop.quiet = !processes.is_first();
  if (processes.is_first()) {
    loop.forecast = [&](double seconds) {
      std::uint64_t bytes = 0;
      for (const auto& one : directions) {
        const auto values = static_cast<std::uint64_t>(one->model().parameter_count());
        bytes += values * sizeof(float) +
                 std::filesystem::file_size(checkpoint_file(options.output, one->direction()));
      }
      log::info("pretrain: about {} to go; {}B of memory, {}B on disk in {}",
                format_duration(seconds), format_count(static_cast<double>(peak_memory_bytes())),
                format_count(static_cast<double>(bytes)), options.output.string());
    };
  }
  run_trainers(trainers, loop);
  // No process ends before the files exist.
  barrier(processes);
}

// Tells the user what the files in the folder are for.
void explain_files(const PretrainingOptions& options) {
  std::vector<std::string> models, checkpoints;
  std::uintmax_t bytes = 0;
  for (const Direction direction : options.directions) {
    const auto checkpoint = checkpoint_file(options.output, direction);
    std::error_code failed;
    const std::uintmax_t size = std::filesystem::file_size(checkpoint, failed);
    bytes += failed ? 0 : size;
    checkpoints.push_back(checkpoint.filename().string());
    models.push_back(LanguageModel::file(options.output, direction).filename().string());
  }
  log::info("{}: other commands read only {}; {} ({}B) {} for pretrain --resume",
            options.output.string(), fmt::join(models, " and "), fmt::join(checkpoints, " and "),
            format_count(static_cast<double>(bytes)), checkpoints.size() == 1 ? "is" : "are");
}

void introduce(const PretrainingOptions& options, Processes& processes, int threads) {
  if (processes.size() == 1 || !processes.is_first()) return;
  std::set<std::string> machines;
  for (int i = 0; i < processes.size(); ++i) machines.insert(processes.host(i));
  const StreamGroups groups(options.unroll, options.batch_size);
  log::info("pretrain: {} processes on {} machine{}, {} thread{} each, groups of {} streams{}{}",
            processes.size(), machines.size(), machines.size() == 1 ? "" : "s", threads,
            threads == 1 ? "" : "s", options.batch_size / groups.batch_count(),
            processes.description().empty() ? "" : ", ", processes.description());
  const auto cores = static_cast<int>(std::thread::hardware_concurrency());
  if (!threads_are_chosen(options.threads) && usable_cores() == 1 && cores > 1 &&
      static_cast<int>(machines.size()) * cores > processes.size()) {
    log::warn(
        "process 0 may use one core of {}: mpirun binds each process to one; pass mpirun "
        "--bind-to none (srun: -c N) so that threads have cores",
        cores);
  }
}

// Trains options.directions with all of these processes.
std::vector<PretrainingResult> train(const PretrainingOptions& options, const CorpusOptions& text,
                                     Processes& processes, int threads) {
  const DevelopmentText dev = read_development_text(options, processes);
  if (processes.is_first()) make_folder(options.output);
  // The first process goes first, because it may change which files exist; the others read the
  // result.
  std::vector<DirectionStart> starts;
  const auto make = [&] {
    const Hdf5Turn turn;  // in tests the processes are threads
    starts = make_starts(options, processes.is_first());
  };
  if (processes.is_first()) make();
  barrier(processes);
  if (!processes.is_first()) make();
  const int count = static_cast<int>(options.directions.size());
  std::optional<TrainingLog> log;
  if (processes.is_first()) log.emplace(options.output / kLogName);
  BackgroundWriter writer;
  // Directions with a shared encoder are trained side by side, each with a communicator of its own.
  std::vector<std::unique_ptr<Processes>> communicators;
  Trainers trainers;
  std::vector<Fact> facts;
  while (communicators.size() < starts.size()) communicators.push_back(processes.split(0));
  for (DirectionStart& one : starts) {
    const Hdf5Turn turn;
    trainers.push_back(std::make_unique<DirectionTrainer>(
        options, text, dev, std::move(one), std::max(1, threads / count), log ? &*log : nullptr,
        writer, *communicators[trainers.size()]));
    if (processes.size() == 1) continue;  // nobody to compare with
    for (Fact& fact : trainers.back()->facts()) facts.push_back(std::move(fact));
  }
  check_alike(processes, facts);
  for (const auto& one : trainers) {
    if (options.resume && one->is_new() && processes.is_first()) {
      begin_again(options, one->direction());
    }
  }
  const bool all_finished =
      std::ranges::all_of(trainers, [](const auto& one) { return one->was_finished(); });
  if (!all_finished) run(options, trainers, threads, writer, processes);
  std::vector<PretrainingResult> results;
  std::string wrong;
  for (const auto& one : trainers) {
    results.push_back(one->result());
    if (wrong.empty()) wrong = one->divergence();
  }
  if (!wrong.empty()) throw Error(wrong + " (the model has been written nevertheless)");
  if (!processes.is_first()) return {};
  if (!all_finished) explain_files(options);
  return results;
}

}  // namespace

std::vector<std::filesystem::path> pretraining_files(const PretrainingOptions& options) {
  std::vector<std::filesystem::path> files = {options.output / kLogName};
  for (const Direction direction : options.directions) {
    files.push_back(LanguageModel::file(options.output, direction));
    files.push_back(checkpoint_file(options.output, direction));
    files.push_back(older_model(options, direction));
  }
  return files;
}

std::vector<PretrainingResult> pretrain(const PretrainingOptions& given, Processes& processes) {
  check(given);
  check_processes(given, processes.size());
  PretrainingOptions options = given;
  CorpusOptions text{.invalid = options.invalid, .seed = options.seed};
  set_inputs(given.inputs, text);
  check_rereadable(text.inputs, "input");
  if (processes.is_first()) check_something_to_resume(options);
  const int threads = own_threads(processes, options.threads);
  introduce(options, processes, threads);
  if (options.directions.size() == 1 || options.share_encoder || processes.size() == 1) {
    return train(options, text, processes, threads);
  }
  const int half = processes.rank() < processes.size() / 2 ? 0 : 1;
  const auto others = processes.split(half);
  options.directions = {options.directions[static_cast<std::size_t>(half)]};
  return train(options, text, *others, threads);
}

}  // namespace elmo
