// Speed of the products and of the passes between them, one core, at the shapes of `small` (and of
// `original` for the step). Run by hand: compute_kernels_benchmark; items are multiply-adds for
// products and elements for passes.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "compute/aligned.h"
#include "compute/kernels.h"
#include "compute/matmul.h"
#include "compute/precision.h"
#include "compute/random.h"
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

// y = x W: rows, k, n.
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

// Weight gradient: dZ^T [x; h] over 20 steps of 128 streams.
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
  for (auto _ : state) {
    lstm_cell_forward(z.data(), bias.data(), before.data(), 3.0f, kHidden, gates.data(), c.data(),
                      m.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * kHidden);
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
  for (auto _ : state) {
    // Made anew, or they would run into denormal numbers.
    std::ranges::copy(kept_gates.span(), gates.data());
    std::ranges::copy(kept_d_c.span(), d_c.data());
    lstm_cell_backward(d_m.data(), before.data(), c.data(), 3.0f, kHidden, gates.data(),
                       d_c.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * kHidden);
}
BENCHMARK(cell_backward<float>);
BENCHMARK(cell_backward<Bf16>);

template <typename T>
void softmax_exponentials(benchmark::State& state) {
  const std::int64_t size = 2'000;
  const auto logits = noise<float>(size), bias = noise<float>(size);
  AlignedArray<T> exps(static_cast<std::size_t>(size));
  for (auto _ : state) {
    softmax_part(logits.data(), bias.data(), 3.0f, size, exps.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * size);
}
BENCHMARK(softmax_exponentials<float>);
BENCHMARK(softmax_exponentials<Bf16>);

// Losses and gradients of 512 rows over a vocabulary of 16,000, by the width of the projection.
template <typename T>
void cross_entropy(benchmark::State& state) {
  if (!served<T>(state)) return;
  const std::int64_t rows = 512, columns = 16'000, width = state.range(0);
  const auto x = noise<T>(rows * width);
  const auto weights = noise<float>(columns * width), bias = noise<float>(columns);
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
  for (auto _ : state) {
    adagrad_update(weights.data(), gradient.data(), accumulator.data(), size, 1.0f, 0.2f, 1e-10f);
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * size);
}
BENCHMARK(adagrad);

}  // namespace
}  // namespace elmo

BENCHMARK_MAIN();
