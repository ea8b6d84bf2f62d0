// Speed of the matrix products and vectorised passes on one core, at the shapes of the preset
// `small` (and of `original` for the step). Run it by hand: compute_kernels_benchmark. Items are
// multiply-adds for products and values for passes. A pass also reports its time for each value
// and, if the kernel allows performance counters (perf_event_open), cycles and instructions for
// each value.

#include <benchmark/benchmark.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "compute/aligned.h"
#include "compute/kernels.h"
#include "compute/matmul.h"
#include "compute/precision.h"
#include "compute/random.h"
#include "compute/transpose.h"
#include "compute/workers.h"
#include "nn/cross_entropy.h"

namespace elmo {
namespace {

template <typename T>
AlignedArray<T> noise(std::int64_t size) {
  const Random random(1, RandomUse::kInitialise, 0);
  AlignedArray<float> values(static_cast<std::size_t>(size));
  for (std::int64_t i = 0; i < size; ++i) {
    values[static_cast<std::size_t>(i)] = random.normal(static_cast<std::uint64_t>(i));
  }
  AlignedArray<T> result(static_cast<std::size_t>(size));
  convert(values.data(), size, result.data());
  return result;
}

template <typename T>
bool served(benchmark::State& state) {
  if (sizeof(T) == sizeof(float) || cpu_has_bf16()) return true;
  state.SkipWithError("this CPU makes products of bf16 numbers in f32");
  return false;
}

// A performance counter of this thread, started by the constructor; empty if the kernel or the
// machine refuses it.
class EventCounter {
 public:
  explicit EventCounter(std::uint64_t event) {
    perf_event_attr attributes{};
    attributes.type = PERF_TYPE_HARDWARE;
    attributes.size = sizeof attributes;
    attributes.config = event;
    attributes.exclude_kernel = 1;
    attributes.exclude_hv = 1;
    file_ = static_cast<int>(syscall(SYS_perf_event_open, &attributes, 0, -1, -1, 0));
  }
  ~EventCounter() {
    if (file_ >= 0) close(file_);
  }
  EventCounter(const EventCounter&) = delete;
  EventCounter& operator=(const EventCounter&) = delete;

  // Adds the count, divided by `numbers`, to the output.
  void report(benchmark::State& state, const char* name, double numbers) const {
    std::uint64_t count = 0;
    if (file_ < 0 || read(file_, &count, sizeof count) != sizeof count || count == 0) return;
    state.counters[name] = static_cast<double>(count) / numbers;
  }

 private:
  int file_;
};

// Benchmarks `pass`, which processes `size` values.
template <typename F>
void measure_pass(benchmark::State& state, std::int64_t size, F&& pass) {
  const EventCounter cycles(PERF_COUNT_HW_CPU_CYCLES), instructions(PERF_COUNT_HW_INSTRUCTIONS);
  for (auto _ : state) {
    pass();
    benchmark::ClobberMemory();
  }
  const auto numbers = static_cast<double>(state.iterations()) * static_cast<double>(size);
  state.SetItemsProcessed(state.iterations() * size);
  state.counters["time/number"] =
      benchmark::Counter(numbers, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  cycles.report(state, "cycles/number", numbers);
  instructions.report(state, "instructions/number", numbers);
}

// y = x W; the arguments are rows, k, n.
template <typename T>
void product(benchmark::State& state) {
  if (!served<T>(state)) return;
  const std::int64_t rows = state.range(0), k = state.range(1), n = state.range(2);
  const auto x = noise<T>(rows * k), w = noise<T>(k * n);
  PackedMatrix packed(k, n, kPrecisionOf<T>);
  packed.pack(w.data(), n, 1);
  AlignedArray<float> y(static_cast<std::size_t>(rows * n));
  for (auto _ : state) multiply(x.data(), rows, packed, y.data());
  state.SetItemsProcessed(state.iterations() * rows * k * n);
}

void shapes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"rows", "k", "n"});
  benchmark->Args({64, 256, 4096});    // a step of small
  benchmark->Args({64, 1024, 16384});  // a step of original
  benchmark->Args({64, 1024, 128});    // projection
  benchmark->Args({1, 256, 4096});     // one sentence
  benchmark->Args({256, 128, 16000});  // a chunk of the softmax
}
BENCHMARK(product<float>)->Apply(shapes);
BENCHMARK(product<Bf16>)->Apply(shapes);

// Weight gradient dZ^T [x; h] over 20 steps of 128 streams.
template <typename T>
void product_transposed(benchmark::State& state) {
  if (!served<T>(state)) return;
  const std::int64_t k = 2560, m = 4096, n = 256;
  const auto a = noise<T>(k * m), w = noise<T>(k * n);
  PackedMatrix packed(k, n, kPrecisionOf<T>);
  packed.pack(w.data(), n, 1);
  AlignedArray<float> y(static_cast<std::size_t>(m * n));
  for (auto _ : state) multiply_transposed(a.data(), m, m, packed, y.data());
  state.SetItemsProcessed(state.iterations() * k * m * n);
}
BENCHMARK(product_transposed<float>);
BENCHMARK(product_transposed<Bf16>);

constexpr std::int64_t kHidden = 1024;

template <typename T>
void cell_forward(benchmark::State& state) {
  const auto z = noise<float>(4 * kHidden), bias = noise<float>(4 * kHidden);
  const auto before = noise<float>(kHidden);
  AlignedArray<T> gates(4 * kHidden), m(kHidden);
  AlignedArray<float> c(kHidden);
  // Counted by gate values, four for each cell.
  measure_pass(state, 4 * kHidden, [&] {
    lstm_cell_forward(z.data(), bias.data(), before.data(), 3.0f, kHidden, gates.data(), c.data(),
                      m.data());
  });
}
BENCHMARK(cell_forward<float>);
BENCHMARK(cell_forward<Bf16>);

template <typename T>
void cell_backward(benchmark::State& state) {
  const auto d_m = noise<float>(kHidden), before = noise<float>(kHidden), c = noise<float>(kHidden);
  const auto kept_gates = noise<T>(4 * kHidden);
  const auto kept_d_c = noise<float>(kHidden);
  AlignedArray<T> gates(4 * kHidden);
  AlignedArray<float> d_c(kHidden);
  measure_pass(state, 4 * kHidden, [&] {
    // Restored each time, because repeated passes would make them subnormal.
    std::memcpy(gates.data(), kept_gates.data(), gates.size() * sizeof(T));
    std::memcpy(d_c.data(), kept_d_c.data(), d_c.size() * sizeof(float));
    lstm_cell_backward(d_m.data(), before.data(), c.data(), 3.0f, kHidden, gates.data(),
                       d_c.data());
  });
}
BENCHMARK(cell_backward<float>);
BENCHMARK(cell_backward<Bf16>);

template <typename T>
void softmax_exponentials(benchmark::State& state) {
  const std::int64_t size = 2'000;
  const auto logits = noise<float>(size), bias = noise<float>(size);
  AlignedArray<T> exps(static_cast<std::size_t>(size));
  measure_pass(state, size,
               [&] { softmax_part(logits.data(), bias.data(), 3.0f, size, exps.data()); });
}
BENCHMARK(softmax_exponentials<float>);
BENCHMARK(softmax_exponentials<Bf16>);

// Losses and gradients of 512 rows over a vocabulary of 16,000, by projection size.
template <typename T>
void cross_entropy(benchmark::State& state) {
  if (!served<T>(state)) return;
  const std::int64_t rows = 512, columns = 16'000, width = state.range(0);
  const auto x = noise<T>(rows * width);
  const auto bias = noise<float>(columns);
  auto weights = noise<float>(columns * width);
  // Logits as in training. With a deviation of 10 or more the gradients are subnormal, which makes
  // the product a hundred times as slow.
  for (float& weight : weights.span()) weight /= std::sqrt(static_cast<float>(width));
  const std::vector<std::int32_t> targets(static_cast<std::size_t>(rows), 7);
  std::vector<double> losses(static_cast<std::size_t>(rows));
  AlignedArray<float> d_x(static_cast<std::size_t>(rows * width));
  AlignedArray<float> d_weights(static_cast<std::size_t>(columns * width));
  AlignedArray<float> d_bias(static_cast<std::size_t>(columns));
  CrossEntropy softmax(columns, width, kPrecisionOf<T>, true);
  for (int part = 0; part < CrossEntropy::kPackParts; ++part) softmax.pack(part, weights.data());
  const CrossEntropyGradients gradients{1e-3f, d_x.data(), d_weights.data(), d_bias.data()};
  Workers one(1);
  for (auto _ : state) {
    softmax.run(CrossEntropyRows<T>{x.data(), StreamGroups(4, rows / 4), targets.data()},
                bias.data(), losses.data(), &gradients, one);
  }
  state.SetItemsProcessed(state.iterations() * 3 * rows * columns * width);
}
BENCHMARK(cross_entropy<float>)->Arg(128)->Arg(256)->Arg(512);
BENCHMARK(cross_entropy<Bf16>)->Arg(128)->Arg(256)->Arg(512);

void adagrad(benchmark::State& state) {
  const std::int64_t size = 1 << 20;
  auto weights = noise<float>(size), accumulator = noise<float>(size);
  const auto gradient = noise<float>(size);
  for (auto& value : accumulator.span()) value = 1;
  measure_pass(state, size, [&] {
    adagrad_update(weights.data(), gradient.data(), accumulator.data(), size, 1.0f, 0.2f, 1e-10f);
  });
}
BENCHMARK(adagrad);

void adam(benchmark::State& state) {
  const std::int64_t size = 1 << 20;
  auto weights = noise<float>(size);
  AlignedArray<float> mean(size), variance(size);
  const auto gradient = noise<float>(size);
  measure_pass(state, size, [&] {
    adam_update(weights.data(), gradient.data(), mean.data(), variance.data(), size, 1.0f, 1e-3f,
                0.9f, 0.999f, 1e-8f, 0.5f, 0.5f);
  });
}
BENCHMARK(adam);

// Rounds and transposes 640 rows of 128 values, as multiply_transposed() does for a strip.
void round_to_bf16(benchmark::State& state) {
  const std::int64_t size = 1 << 14;
  const auto values = noise<float>(size);
  AlignedArray<Bf16> rounded(size);
  measure_pass(state, size, [&] { convert(values.data(), size, rounded.data()); });
}
BENCHMARK(round_to_bf16);

template <typename T>
void transpose_strip(benchmark::State& state) {
  const std::int64_t rows = 640, columns = 128, ld = 1024;
  const auto source = noise<T>(rows * ld);
  AlignedArray<T> turned(static_cast<std::size_t>(rows * columns));
  measure_pass(state, rows * columns,
               [&] { transpose(source.data(), ld, rows, columns, turned.data(), rows); });
}
BENCHMARK(transpose_strip<float>);
BENCHMARK(transpose_strip<Bf16>);

// Packs 1,024 x 512 weights, by rows, and by columns for the transposed matrix.
template <typename T>
void pack(benchmark::State& state) {
  const std::int64_t k = 1024, n = 512;
  const auto weights = noise<float>(k * n);
  PackedMatrix packed(k, n, kPrecisionOf<T>);
  const bool by_rows = state.range(0) != 0;
  measure_pass(state, k * n,
               [&] { packed.pack(weights.data(), by_rows ? n : 1, by_rows ? 1 : k); });
}
BENCHMARK(pack<float>)->ArgName("by_rows")->Arg(0)->Arg(1);
BENCHMARK(pack<Bf16>)->ArgName("by_rows")->Arg(0)->Arg(1);

}  // namespace
}  // namespace elmo

BENCHMARK_MAIN();
