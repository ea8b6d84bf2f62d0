// Measures pretraining and dumping against the machine's peak matrix-product speed.
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
  std::string vocabulary;  // SentencePiece file; empty: train one of 16,000 pieces on the input
  Precision precision = Precision::kF32;
  int threads = 1;
  int batch_size = 128, unroll = 20;
  std::uint64_t steps = 10;          // of each direction in a round, after one that is not counted
  std::uint64_t dump_lines = 2'000;  // taken from the beginning of the input
  int repeats = 5;                   // rounds
};

// The round with the median time. The shares are medians over all rounds.
struct BenchmarkSpeed {
  // Words of the text in a round, and units summed over both directions, since each direction
  // computes its own.
  std::uint64_t words = 0, units = 0;
  double words_per_second = 0, units_per_second = 0;
  double gflops = 0;  // only what the layers' products need by the formulas below
  double share = 0;   // of the ceiling, measured before and after the round in the same precision
  // The same for a long pretraining, which writes a checkpoint every
  // PretrainingOptions::checkpoint_every steps, whereas a round writes one at its end. For a dump
  // equal to the values above.
  double long_run_units_per_second = 0, long_run_share = 0;
  // Phases in seconds; they add up to the wall time. For pretraining, the mean over the directions'
  // threads.
  std::vector<PhaseClock::Phase> phases;
};

struct BenchmarkReport {
  std::string cpu, kernel, library;
  // GFLOP/s of oneDNN's fastest matrix product on all threads at once; bf16 is 0 if the CPU lacks
  // it.
  double ceiling_f32 = 0, ceiling_bf16 = 0;
  // Floating-point operations per unit and direction, where a multiply-add counts as two. With L
  // layers of H cells and projection P the forward pass needs 9HP multiply-adds for each layer and
  // the backward pass twice as many; in training a softmax over V units adds 3 VP.
  double train_flop = 0, dump_flop = 0;
  BenchmarkSpeed train, dump;
  // One sentence at a time, on all threads, all layers, in milliseconds.
  double latency_median = 0, latency_p99 = 0;
  double load_seconds = 0;  // both directions, files in the page cache
};

// Works in a temporary folder of its own, which it removes. Pretraining: full softmax, Adagrad,
// both directions, a checkpoint at the end. Dump: all layers, matrix layout, f16, including the
// files. Throws Error and UsageError as pretrain() and dump() do.
BenchmarkReport benchmark(const BenchmarkOptions& options);

}  // namespace elmo
