// elmo bench: measures the machine's ceiling, and how much of it pretraining and dumping reach.

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <string>

#include "base/usable_cores.h"
#include "embed/benchmark.h"
#include "lm/pretraining.h"
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/shared_options.h"

namespace elmo {
namespace {

nlohmann::ordered_json to_json(const BenchmarkSpeed& speed) {
  nlohmann::ordered_json phases;
  for (const auto& phase : speed.phases) phases[std::string(phase.name)] = phase.seconds;
  return {{"words", speed.words},
          {"units", speed.units},
          {"words_per_second", speed.words_per_second},
          {"units_per_second", speed.units_per_second},
          {"gflops", speed.gflops},
          {"share", speed.share},
          {"phases_seconds", phases}};
}

nlohmann::ordered_json to_json(const BenchmarkOptions& options, const BenchmarkReport& report) {
  nlohmann::ordered_json ceilings = {{"f32", report.ceiling_f32}};
  if (report.ceiling_bf16 > 0) ceilings["bf16"] = report.ceiling_bf16;
  auto train = to_json(report.train);
  train["long_run_units_per_second"] = report.train.long_run_units_per_second;
  train["long_run_share"] = report.train.long_run_share;
  return {
      {"cpu", report.cpu},
      {"library", report.library},
      {"kernel", report.kernel},
      {"preset", options.preset},
      {"precision", precision_name(options.precision)},
      {"threads", options.threads},
      {"batch_size", options.batch_size},
      {"unroll", options.unroll},
      {"ceiling_gflops", ceilings},
      {"flop_per_unit", {{"train", report.train_flop}, {"dump", report.dump_flop}}},
      {"train", train},
      {"dump", to_json(report.dump)},
      {"latency_milliseconds", {{"median", report.latency_median}, {"p99", report.latency_p99}}},
      {"load_seconds", report.load_seconds}};
}

void print_phases(const char* name, const BenchmarkSpeed& speed) {
  double seconds = 0;
  for (const auto& phase : speed.phases) seconds += phase.seconds;
  print(fmt::format("\nwhere the time of {} goes ({:.2f} s)\n", name, seconds));
  for (const auto& phase : speed.phases) {
    if (phase.seconds < 0.0005 * seconds) continue;
    print(fmt::format("  {:<18}{:>8.3f} s {:>6.1f} %\n", phase.name, phase.seconds,
                      100 * phase.seconds / seconds));
  }
}

void print_table(const BenchmarkOptions& options, const BenchmarkReport& report) {
  print(fmt::format("{}, {} threads, {}, kernel {}\n", report.cpu, options.threads, report.library,
                    report.kernel));
  print(fmt::format("ceiling: {:.1f} GFLOP/s in f32", report.ceiling_f32));
  print(report.ceiling_bf16 > 0 ? fmt::format(", {:.1f} in bf16\n", report.ceiling_bf16)
                                : std::string(", no bf16 on this CPU\n"));
  print(fmt::format("\n{} in {}  {:>10} {:>10} {:>12} {:>9} {:>17}\n", options.preset,
                    precision_name(options.precision), "words/s", "units/s", "MFLOP/unit",
                    "GFLOP/s", "of the ceiling"));
  const auto row = [&](const char* name, const BenchmarkSpeed& speed, double flop) {
    print(fmt::format("{:<{}}{:>10.0f} {:>10.0f} {:>12.2f} {:>9.1f} {:>15.1f} %\n", name,
                      options.preset.size() + 9, speed.words_per_second, speed.units_per_second,
                      flop * 1e-6, speed.gflops, 100 * speed.share));
  };
  row("pretrain", report.train, report.train_flop);
  row("dump", report.dump, report.dump_flop);
  print(
      fmt::format("pretrain with a checkpoint in {} steps, not in {}: {:.0f} units/s, {:.1f} % of "
                  "the ceiling\n",
                  PretrainingOptions{}.checkpoint_every, options.steps,
                  report.train.long_run_units_per_second, 100 * report.train.long_run_share));
  print_phases("pretrain", report.train);
  print_phases("dump", report.dump);
  print(fmt::format("\none sentence at a time: {:.2f} ms in the median, {:.2f} ms at 99 %\n",
                    report.latency_median, report.latency_p99));
  print(fmt::format("loading both directions: {:.2f} s\n", report.load_seconds));
}

}  // namespace

int run_bench(Arguments arguments) {
  BenchmarkOptions config;
  std::string precision = "auto";
  int threads = 0;
  bool json = false;
  Options options(
      arguments,
      "elmo bench --preset tiny --input corpora/en.txt --vocab build/quickstart/en.model");
  options.group("Data");
  options.add("input", &config.input, "FILE", "text, one sentence a line").required();
  options.add("lines", &config.dump_lines, "N", "number of lines of the text to dump").at_least(1);
  options.group("Model");
  options.add("preset", &config.preset, "WORD", "size of the model, as in `elmo pretrain`")
      .choices({"tiny", "small", "medium", "original"});
  options
      .add(
          "vocab", &config.vocabulary, "FILE",
          "SentencePiece model made by `elmo vocab`; without it, one of 16,000 pieces is made from "
          "the text first")
      .default_text("");
  options.group("Training");
  options.add("batch-size", &config.batch_size, "B", "number of streams trained side by side")
      .between(1, 65536);
  options
      .add("unroll", &config.unroll, "T", "number of time steps of back-propagation through time")
      .between(1, 4096);
  options.add("steps", &config.steps, "N", "training steps in each round").at_least(1);
  options.add("repeats", &config.repeats, "N", "number of rounds; medians are printed")
      .between(1, 1000);
  add_speed(options, &threads, &precision);
  add_json(options, &json);
  options.note(
      "Each round measures the machine's largest matrix product (the ceiling), trains both "
      "directions and dumps, everything included, so that the shares hold even on a machine that "
      "does other work. Words are those of the text; units are counted in each direction.");
  if (!options.parse()) return 0;
  config.precision = parse_precision(precision);
  config.threads = thread_count(threads);
  const BenchmarkReport report = benchmark(config);
  if (json) {
    print(to_json(config, report).dump(2) + "\n");
  } else {
    print_table(config, report);
  }
  return 0;
}

}  // namespace elmo
