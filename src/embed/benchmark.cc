#include "embed/benchmark.h"

#include <stdlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/log.h"
#include "compute/matmul.h"
#include "compute/workers.h"
#include "elmo/error.h"
#include "embed/bidirectional_model.h"
#include "embed/dump.h"
#include "lm/language_model.h"
#include "lm/pretraining.h"
#include "text/line_reader.h"
#include "text/vocabulary_training.h"
#include "text/words.h"

namespace elmo {
namespace {

constexpr double kCeilingSeconds = 0.5;
constexpr std::size_t kLatencySentences = 300;
// At least this many sentences are measured, however slow a large model is.
constexpr std::size_t kLeastLatencySentences = kLatencySentences / 5;
constexpr double kLatencySeconds = 5;

// A temporary folder that is removed with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (temporary_folder() / "elmo-bench-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
      throw Error(name + ": can't be made: " + std::strerror(errno) + "; set TMPDIR");
    }
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double total(const std::vector<PhaseClock::Phase>& phases) {
  double seconds = 0;
  for (const auto& phase : phases) seconds += phase.seconds;
  return seconds;
}

// The quantile `share` of the values (0.5: the median).
double quantile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1) + 0.5)];
}

std::string cpu_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown CPU";
}

double ceiling(Precision precision, Workers& workers) {
  std::vector<double> gflops(static_cast<std::size_t>(workers.count()));
  workers.run([&](int index) {
    gflops[static_cast<std::size_t>(index)] = product_ceiling(precision, kCeilingSeconds);
  });
  double sum = 0;
  for (const double one : gflops) sum += one;
  return sum;
}

// The time of a round's steps in a long run: only part of a checkpoint's time counts.
double long_run_seconds(const std::vector<PhaseClock::Phase>& phases, std::uint64_t steps) {
  const double part =
      static_cast<double>(steps) / static_cast<double>(PretrainingOptions{}.checkpoint_every);
  double seconds = 0;
  for (const auto& phase : phases) {
    seconds += phase.name == "checkpoint" ? part * phase.seconds : phase.seconds;
  }
  return seconds;
}

// The round with the median time, but with the median shares of all rounds, because the ceiling of
// one round may have been measured while the machine was busy.
BenchmarkSpeed median(std::vector<BenchmarkSpeed> rounds) {
  std::vector<double> shares, long_run_shares;
  for (const auto& round : rounds) {
    shares.push_back(round.share);
    long_run_shares.push_back(round.long_run_share);
  }
  const auto middle = rounds.begin() + static_cast<std::ptrdiff_t>(rounds.size() / 2);
  std::nth_element(rounds.begin(), middle, rounds.end(), [](const auto& a, const auto& b) {
    return a.units_per_second > b.units_per_second;
  });
  middle->share = quantile(shares, 0.5);
  middle->long_run_share = quantile(long_run_shares, 0.5);
  return *middle;
}

class Benchmark {
 public:
  explicit Benchmark(const BenchmarkOptions& options)
      : options_(options), workers_(options.threads) {
    vocabulary_ = options.vocabulary.empty() ? make_vocabulary() : options.vocabulary;
    read_sample();
  }

  BenchmarkReport run() {
    BenchmarkReport report;
    report.cpu = cpu_name();
    report.library = product_library();
    std::vector<double> f32, bf16;
    std::vector<BenchmarkSpeed> train, dump;
    const auto limit = [&] {
      f32.push_back(ceiling(Precision::kF32, workers_));
      if (cpu_has_bf16()) bf16.push_back(ceiling(Precision::kBf16, workers_));
      return options_.precision == Precision::kBf16 && cpu_has_bf16() ? bf16.back() : f32.back();
    };
    for (int round = 0; round < options_.repeats; ++round) {
      log::info("bench: round {} of {}", round + 1, options_.repeats);
      // The ceiling is measured before and after the work, because the load by other programs
      // varies.
      const double before = limit();
      train.push_back(pretrain_once());
      const double between = limit();
      if (round == 0) count(report);
      dump.push_back(dump_once(report));
      const double after = limit();
      finish(train.back(), report.train_flop, (before + between) / 2);
      finish(dump.back(), report.dump_flop, (between + after) / 2);
    }
    report.ceiling_f32 = quantile(f32, 0.5);
    if (!bf16.empty()) report.ceiling_bf16 = quantile(bf16, 0.5);
    report.train = median(train);
    report.dump = median(dump);
    measure_latency(report);
    return report;
  }

 private:
  std::string make_vocabulary() {
    log::info("bench: making a vocabulary of {}; --vocab saves the time", options_.input);
    const auto path = folder_ / "text.model";
    write_file(path, train_vocabulary({options_.input}, {}, nullptr));
    return path.string();
  }

  void read_sample() {
    LineReader reader(options_.input);
    std::string text;
    for (std::string_view line; lines_.size() < options_.dump_lines && reader.next(line);) {
      lines_.emplace_back(line);
      text.append(line) += '\n';
    }
    if (lines_.empty()) throw Error(options_.input + ": has no lines to measure with");
    write_file(folder_ / "sample.txt", text);
  }

  // Counts the operations of a unit and the units of the dump.
  void count(BenchmarkReport& report) {
    const auto model =
        LanguageModel::load(LanguageModel::file(model_folder(), Direction::kForward));
    const ModelSettings& s = model->settings;
    const double layers = 9.0 * s.layers * s.hidden * s.projection;
    const double softmax = static_cast<double>(model->softmax_weights().value.size());
    report.train_flop = 6 * (layers + softmax);
    report.dump_flop = 2 * layers;
    report.kernel = product_kernel(2 * s.projection, 4 * LstmLayer::kStepCells, options_.precision);
    LineEncoder encoder(*model);
    Sequence sequence;
    for (const std::string& line : lines_) {
      // The embedder reads BOS and the units, but not EOS.
      if (!encoder.read(line, sequence).empty()) sample_units_ += sequence.inputs.size();
    }
  }

  // Derives speeds from a round's counts and phases; `limit` is in GFLOP/s.
  void finish(BenchmarkSpeed& speed, double flop, double limit) const {
    const double seconds = total(speed.phases);
    speed.words_per_second = static_cast<double>(speed.words) / seconds;
    speed.units_per_second = static_cast<double>(speed.units) / seconds;
    speed.gflops = speed.units_per_second * flop * 1e-9;
    speed.share = speed.gflops / limit;
    const double long_run = long_run_seconds(speed.phases, options_.steps);
    speed.long_run_units_per_second = static_cast<double>(speed.units) / long_run;
    speed.long_run_share = speed.share * seconds / long_run;
  }

  BenchmarkSpeed pretrain_once() {
    PretrainingOptions config;
    config.directions = {Direction::kForward, Direction::kBackward};
    config.inputs = {options_.input};
    config.output = model_folder();
    config.vocabulary = vocabulary_;
    config.preset = options_.preset;
    config.steps = options_.steps + 1;
    config.checkpoint_every = config.steps;
    config.batch_size = options_.batch_size;
    config.unroll = options_.unroll;
    config.precision = precision_name(options_.precision);
    config.threads = options_.threads;
    config.overwrite = true;
    const auto results = pretrain(config);
    BenchmarkSpeed speed;
    for (const PretrainingResult& result : results) {
      speed.units += result.measured_units;
      // Both directions train on the same words.
      speed.words = result.measured_words;
      for (const auto& phase : result.phases) {
        const auto found = std::find_if(speed.phases.begin(), speed.phases.end(),
                                        [&](const auto& one) { return one.name == phase.name; });
        const double share = phase.seconds / static_cast<double>(results.size());
        if (found == speed.phases.end()) {
          speed.phases.push_back({phase.name, share});
        } else {
          found->seconds += share;
        }
      }
    }
    return speed;
  }

  BenchmarkSpeed dump_once(BenchmarkReport& report) {
    const auto start = std::chrono::steady_clock::now();
    model_ = BidirectionalModel::load(model_folder(), options_.precision);
    report.load_seconds = seconds_since(start);
    DumpRequest request;
    request.input = (folder_ / "sample.txt").string();
    request.output = folder_ / "sample.h5";
    request.embed.mix = LayerMix::parse("all", model_->layers());
    request.layout = DumpLayout::kMatrix;
    request.type = DumpType::kF16;
    const DumpReport result = dump(model_, request, workers_);
    BenchmarkSpeed speed;
    speed.phases = result.phases;
    speed.words = result.words;
    speed.units = 2 * sample_units_;
    return speed;
  }

  void measure_latency(BenchmarkReport& report) {
    EmbedOptions embed;
    embed.mix = LayerMix::parse("all", model_->layers());
    BatchEmbedder embedder(model_, embed, workers_);
    std::vector<double> milliseconds;
    const auto begin = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < kLatencySentences; ++i) {
      if (i >= kLeastLatencySentences && seconds_since(begin) > kLatencySeconds) break;
      SentenceVectors sentence;
      split_words(lines_[i % lines_.size()], model_->split(), sentence.words);
      const auto start = std::chrono::steady_clock::now();
      embedder.embed({&sentence, 1});
      // The first sentences, which create kernels and fill the word cache, are not counted.
      if (i >= kLatencySentences / 10) milliseconds.push_back(1e3 * seconds_since(start));
    }
    report.latency_median = quantile(milliseconds, 0.5);
    report.latency_p99 = quantile(milliseconds, 0.99);
  }

  std::filesystem::path model_folder() const { return folder_ / "model"; }

  const BenchmarkOptions& options_;
  Workers workers_;
  TemporaryFolder folder_;
  std::string vocabulary_;
  std::vector<std::string> lines_;
  std::uint64_t sample_units_ = 0;
  std::shared_ptr<const BidirectionalModel> model_;
};

}  // namespace

BenchmarkReport benchmark(const BenchmarkOptions& options) { return Benchmark(options).run(); }

}  // namespace elmo
