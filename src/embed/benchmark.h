// How near to the machine's limit pretraining and dumping run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/phases.h"
#include "compute/precision.h"

namespace elmo {

struct BenchmarkOptions {
  std::string preset = "small";
  std::string input;       // text, one sentence a line; a file
  std::string vocabulary;  // SentencePiece file; empty: one of 16,000 pieces is made of the input
  Precision precision = Precision::kF32;
  int threads = 1;
  int batch_size = 128, unroll = 20;
  std::uint64_t steps = 10;          // of each direction a round, after one that is not counted
  std::uint64_t dump_lines = 2'000;  // at the beginning of the input
  int repeats = 5;                   // rounds
};

// The round with the median time; the shares are the medians of all rounds'.
struct BenchmarkSpeed {
  // What a round went through: words of the text, and units in each direction added up, since
  // each direction computes its own.
  std::uint64_t words = 0, units = 0;
  double words_per_second = 0, units_per_second = 0;
  double gflops = 0;  // what the layers' products need by the formulas below, no more
  double share = 0;   // of the ceiling measured before and after it in the same precision
  // The same of a long run of pretraining, which writes a checkpoint in so many steps as
  // PretrainingOptions has it, where a round writes one at its end. As above for a dump.
  double long_run_units_per_second = 0, long_run_share = 0;
  // Seconds; they add up to the wall time. Of pretraining, the mean of the directions' threads.
  std::vector<PhaseClock::Phase> phases;
};

struct BenchmarkReport {
  std::string cpu, kernel, library;
  // GFLOP/s of the best product that oneDNN has, on all threads at once; bf16 is 0 where the CPU
  // has none.
  double ceiling_f32 = 0, ceiling_bf16 = 0;
  // Multiply-adds count twice. A unit and direction needs, with L layers of H cells and
  // projection P, 9HP multiply-adds a layer forwards and twice as many backwards; training
  // needs 3 VP more for a softmax over V.
  double train_flop = 0, dump_flop = 0;
  BenchmarkSpeed train, dump;
  // One sentence at a time on all threads, all layers, in milliseconds.
  double latency_median = 0, latency_p99 = 0;
  double load_seconds = 0;  // of both directions, files in memory
};

// Works in a folder of its own for temporary files, which is removed. Pretraining: full softmax,
// Adagrad, both directions, a checkpoint at the end; the dump: all layers, matrix layout, f16,
// files included. Throws Error and UsageError as pretrain() and dump() do.
BenchmarkReport benchmark(const BenchmarkOptions& options);

}  // namespace elmo
