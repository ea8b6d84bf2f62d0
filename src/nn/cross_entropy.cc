#include "nn/cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include "compute/kernels.h"

namespace elmo {
namespace {

// Blocks of so many columns by so many rows: 512 kB of logits. Fastest on Zen 3 among 512 to 4,096
// columns and 32 to 128 rows (compute_kernels_benchmark).
constexpr std::int64_t kBlock = 1024;
constexpr std::int64_t kBlockRows = 128;
// Threads share rows and columns in these grains.
constexpr std::int64_t kRowGrain = 16;
constexpr std::int64_t kColumnGrain = 256;
static_assert(kBlock % kColumnGrain == 0);
// Rows whose logits are in memory at a time, at most. 128 were fastest in f32, where more of the
// logits stay in the third-level cache. In bf16 products are several times as fast, and the weight
// gradients, which every chunk adds to, would be read and written too often.
constexpr std::int64_t kChunkRowsF32 = 128, kChunkRowsBf16 = 320;
// 64 MB of logits at most, up to a vocabulary of a million.
constexpr std::int64_t kChunkLogits = std::int64_t{1} << 24;

// A logit that no softmax notices.
constexpr float kNever = -1e30f;

}  // namespace

CrossEntropy::CrossEntropy(std::int64_t columns, std::int64_t width, Precision precision,
                           bool training)
    : columns_(columns),
      width_(width),
      chunk_rows_(std::clamp<std::int64_t>(
          kChunkLogits / columns / kRowGrain * kRowGrain, kRowGrain,
          precision == Precision::kBf16 ? kChunkRowsBf16 : kChunkRowsF32)) {
  for (std::int64_t begin = 0; begin < columns; begin += kBlock) {
    const std::int64_t size = std::min(kBlock, columns - begin);
    packed_.emplace_back(width, size, precision);
    if (training) packed_back_.emplace_back(size, width, precision);
  }
}

void CrossEntropy::pack(int part, const float* weights) {
  std::int64_t row = 0;
  for (PackedMatrix& block : part == 0 ? packed_ : packed_back_) {
    if (part == 0) {
      block.pack(weights + row * width_, 1, width_);
    } else {
      block.pack(weights + row * width_, width_, 1);
    }
    row += kBlock;
  }
}

std::int64_t CrossEntropy::block_columns(std::size_t block) const { return packed_[block].n(); }

std::int64_t CrossEntropy::block_offset(std::size_t block) const {
  return chunk_rows_ * kBlock * static_cast<std::int64_t>(block);
}

template <>
float* CrossEntropy::gradient_memory() {
  return logits_.data();
}
template <>
Bf16* CrossEntropy::gradient_memory() {
  if (gradients_.size() == 0) gradients_ = AlignedArray<Bf16>(logits_.size());
  return gradients_.data();
}

// Rows [begin, end) of the chunk that starts at row `from`: their exponentials, sums and losses.
template <typename T>
void CrossEntropy::sum_rows(const CrossEntropyRows<T>& rows, std::int64_t from, std::int64_t begin,
                            std::int64_t end, const float* bias, double* losses) {
  for (std::int64_t i = begin; i < end; ++i) {
    RowSum& sum = sums_[static_cast<std::size_t>(i)];
    sum = {kNever, 0, 0};
    if (rows.target_logits != nullptr) {
      const float target = rows.target_logits[from + i];
      sum = {target, 1, target};
    }
  }
  for (std::size_t block = 0; block < packed_.size(); ++block) {
    const std::int64_t size = block_columns(block);
    const auto first = static_cast<std::int64_t>(block) * kBlock;
    float* logits = logits_.data() + block_offset(block);
    multiply(rows.x + (from + begin) * width_, end - begin, packed_[block], logits + begin * size);
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int32_t target = rows.targets[from + i];
      if (target < 0) continue;
      float* row = logits + i * size;
      RowSum& sum = sums_[static_cast<std::size_t>(i)];
      if (rows.target_logits == nullptr) {
        const std::int64_t column = target - first;
        if (column >= 0 && column < size) sum.target = row[column] + bias[target];
      } else {
        const std::int64_t column = rows.left_out[from + i] - first;
        if (column >= 0 && column < size) row[column] = kNever;
      }
      const SoftmaxPart part = softmax_part(row, bias + first, size);
      tops_[static_cast<std::size_t>(i) * packed_.size() + block] = part.top;
      const float top = std::max(sum.top, part.top);
      sum.total = sum.total * std::exp(static_cast<double>(sum.top) - top) +
                  part.sum * std::exp(static_cast<double>(part.top) - top);
      sum.top = top;
    }
  }
  for (std::int64_t i = begin; i < end; ++i) {
    const RowSum& sum = sums_[static_cast<std::size_t>(i)];
    losses[from + i] =
        rows.targets[from + i] < 0 ? 0.0 : std::log(sum.total) + sum.top - sum.target;
  }
}

// The gradients of their logits, and of their x.
template <typename T>
void CrossEntropy::differentiate_rows(const CrossEntropyRows<T>& rows, std::int64_t from,
                                      std::int64_t begin, std::int64_t end,
                                      const CrossEntropyGradients& gradients) {
  for (std::size_t block = 0; block < packed_.size(); ++block) {
    const std::int64_t size = block_columns(block);
    const auto first = static_cast<std::int64_t>(block) * kBlock;
    const float* logits = logits_.data() + block_offset(block);
    T* d_logits = gradient_memory<T>() + block_offset(block);
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int32_t target = rows.targets[from + i];
      T* d_row = d_logits + i * size;
      if (target < 0) {
        std::memset(static_cast<void*>(d_row), 0, area(size, sizeof(T)));
        continue;
      }
      const RowSum& sum = sums_[static_cast<std::size_t>(i)];
      const float top = tops_[static_cast<std::size_t>(i) * packed_.size() + block];
      const double factor =
          gradients.scale / sum.total * std::exp(static_cast<double>(top) - sum.top);
      const std::int64_t column = target - first;
      const bool here = rows.target_logits == nullptr && column >= 0 && column < size;
      const auto d_target =
          static_cast<float>(here ? logits[i * size + column] * factor - gradients.scale : 0);
      scale_values(logits + i * size, static_cast<float>(factor), size, d_row);
      if (here) convert(&d_target, 1, d_row + column);
    }
    multiply(d_logits + begin * size, end - begin, packed_back_[block],
             gradients.x + (from + begin) * width_, block != 0);
  }
  if (gradients.target_logits == nullptr) return;
  for (std::int64_t i = begin; i < end; ++i) {
    const RowSum& sum = sums_[static_cast<std::size_t>(i)];
    gradients.target_logits[from + i] =
        rows.targets[from + i] < 0
            ? 0.0f
            : static_cast<float>(gradients.scale *
                                 (std::exp(sum.target - sum.top) / sum.total - 1));
  }
}

// Of the columns of `part`, over the `size` rows of a chunk, one of its group's first or last or
// both.
template <typename T>
void CrossEntropy::weight_gradients(std::int64_t size, int group, bool first, bool last,
                                    const Part& part, const TreeSum& weights, const TreeSum& bias) {
  for (std::int64_t column = part.begin; column < part.end; column += kColumnGrain) {
    const auto block = static_cast<std::size_t>(column / kBlock);
    const std::int64_t ld = block_columns(block);
    const std::int64_t count = std::min(kColumnGrain, part.end - column);
    const T* d_logits = gradient_memory<T>() + block_offset(block) + column % kBlock;
    multiply_transposed(d_logits, ld, count, packed_x_, weights.leaf(group) + column * width_,
                        !first);
    float* bias_leaf = bias.leaf(group) + column;
    if (first) std::fill_n(bias_leaf, count, 0.0f);
    add_column_sums(d_logits, size, count, ld, bias_leaf);
    if (!last) continue;
    weights.close(group, column * width_, count * width_);
    bias.close(group, column, count);
  }
}

template <typename T>
void CrossEntropy::run(const CrossEntropyRows<T>& rows, const float* bias, double* losses,
                       const CrossEntropyGradients* gradients, Workers& workers) {
  if (logits_.size() == 0) {
    logits_ = AlignedArray<float>(area(chunk_rows_, columns_));
    tops_.resize(area(chunk_rows_, static_cast<std::int64_t>(packed_.size())));
    sums_.resize(static_cast<std::size_t>(chunk_rows_));
  }
  std::optional<TreeSum> weights_sum, bias_sum;
  if (gradients != nullptr) {
    gradient_memory<T>();  // made before the threads meet in it
    const std::int64_t size = columns_ * width_;
    const std::size_t weights_scratch = TreeSum::scratch_size(rows.groups.count(), size);
    const std::size_t scratch =
        weights_scratch + TreeSum::scratch_size(rows.groups.count(), columns_);
    if (tree_.size() < scratch) tree_ = AlignedArray<float>(scratch);
    weights_sum.emplace(gradients->weights, tree_.data(), size);
    bias_sum.emplace(gradients->bias, tree_.data() + weights_scratch, columns_);
  }
  const int threads = workers.count();
  for (int group = 0; group < rows.groups.count(); ++group) {
    const Part all = rows.groups.rows_of(group);
    const auto chunks = static_cast<int>((all.end - all.begin + chunk_rows_ - 1) / chunk_rows_);
    for (int chunk = 0; chunk < chunks; ++chunk) {
      const Part of_group = part_of(all.end - all.begin, chunk, chunks, kRowGrain);
      const std::int64_t from = all.begin + of_group.begin, size = of_group.end - of_group.begin;
      if (gradients != nullptr && packed_x_.k() != size) {
        packed_x_ = PackedMatrix(size, width_, kPrecisionOf<T>);
      }
      workers.run([&](int index) {
        if (gradients != nullptr && index == 0) {  // its share is never the largest
          packed_x_.pack(rows.x + from * width_, width_, 1);
        }
        const Part part = part_of(size, index, threads, kRowGrain);
        for (std::int64_t begin = part.begin; begin < part.end; begin += kBlockRows) {
          const std::int64_t end = std::min(part.end, begin + kBlockRows);
          sum_rows(rows, from, begin, end, bias, losses);
          if (gradients != nullptr) differentiate_rows(rows, from, begin, end, *gradients);
        }
      });
      if (gradients == nullptr) continue;
      workers.run([&](int index) {
        weight_gradients<T>(size, group, chunk == 0, chunk + 1 == chunks,
                            part_of(columns_, index, threads, kColumnGrain), *weights_sum,
                            *bias_sum);
      });
    }
  }
}

template void CrossEntropy::run(const CrossEntropyRows<float>&, const float*, double*,
                                const CrossEntropyGradients*, Workers&);
template void CrossEntropy::run(const CrossEntropyRows<Bf16>&, const float*, double*,
                                const CrossEntropyGradients*, Workers&);

}  // namespace elmo
