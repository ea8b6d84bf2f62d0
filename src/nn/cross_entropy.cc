#include "nn/cross_entropy.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include "compute/kernels.h"

namespace elmo {
namespace {

// A block of kBlockRows x kBlock logits is 512 kB. Fastest on Zen 3 among 512 to 4,096 columns and
// 32 to 128 rows (compute_kernels_benchmark, with two passes over stored logits).
constexpr std::int64_t kBlock = 1024;
constexpr std::int64_t kBlockRows = 128;
// Rows and columns are divided among threads in multiples of these.
constexpr std::int64_t kRowGrain = 16;
constexpr std::int64_t kColumnGrain = 256;
static_assert(kBlock % kColumnGrain == 0);
// The maximal number of rows whose exponentials are in memory at a time. In f32, 128 were fastest
// because more of them stay in the third-level cache. In bf16, products are several times as fast,
// and smaller chunks would read and write the weight gradients, to which each chunk is added, too
// often.
constexpr std::int64_t kChunkRowsF32 = 128, kChunkRowsBf16 = 320;
// At most 16 million exponentials, for vocabularies of up to a million.
constexpr std::int64_t kChunkExps = std::int64_t{1} << 24;

// A logit whose exponential is zero in any softmax.
constexpr float kNever = -1e30f;
// If a logit exceeds its row's shift by more than this, the row is summed again with its largest
// logit as the shift: exp() is clamped at e^87.
constexpr float kHighest = 80;

}  // namespace

CrossEntropy::CrossEntropy(std::int64_t columns, std::int64_t width, Precision precision,
                           bool training)
    : columns_(columns),
      width_(width),
      chunk_rows_(std::clamp<std::int64_t>(
          kChunkExps / columns / kRowGrain * kRowGrain, kRowGrain,
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
AlignedArray<float>& CrossEntropy::exps() {
  return exps_f32_;
}
template <>
AlignedArray<Bf16>& CrossEntropy::exps() {
  return exps_bf16_;
}

template <typename T>
void CrossEntropy::sum_rows(const CrossEntropyRows<T>& rows, std::int64_t from, std::int64_t begin,
                            std::int64_t end, const float* bias, float* logits, T* exps,
                            double* losses) {
  sum_blocks(rows, from, begin, end, bias, logits, exps, false);
  bool again = false;
  for (std::int64_t i = begin; i < end; ++i) {
    Row& row = rows_[static_cast<std::size_t>(i)];
    if (rows.targets[from + i] < 0 || row.top <= kHighest) continue;
    row.shift += row.top;
    again = true;
  }
  if (again) sum_blocks(rows, from, begin, end, bias, logits, exps, true);
  for (std::int64_t i = begin; i < end; ++i) {
    const Row& row = rows_[static_cast<std::size_t>(i)];
    losses[from + i] =
        rows.targets[from + i] < 0 ? 0.0 : std::log(row.total) + row.shift - row.target;
  }
}

// If `shifted`, the rows' shifts are given. Otherwise a row's shift is the largest logit of the
// first block, or the target's if that is larger and not among the columns.
template <typename T>
void CrossEntropy::sum_blocks(const CrossEntropyRows<T>& rows, std::int64_t from,
                              std::int64_t begin, std::int64_t end, const float* bias,
                              float* logits, T* exps, bool shifted) {
  for (std::size_t block = 0; block < packed_.size(); ++block) {
    const std::int64_t size = block_columns(block);
    const auto first = static_cast<std::int64_t>(block) * kBlock;
    multiply(rows.x + (from + begin) * width_, end - begin, packed_[block], logits);
    for (std::int64_t i = begin; i < end; ++i) {
      T* row_exps = exps == nullptr ? nullptr : exps + block_offset(block) + i * size;
      const std::int32_t target = rows.targets[from + i];
      if (target < 0) {
        if (exps != nullptr) std::memset(static_cast<void*>(row_exps), 0, area(size, sizeof(T)));
        continue;
      }
      float* row_logits = logits + (i - begin) * size;
      Row& row = rows_[static_cast<std::size_t>(i)];
      if (rows.target_logits != nullptr) {
        const std::int64_t column = rows.left_out[from + i] - first;
        if (column >= 0 && column < size) row_logits[column] = kNever;
      }
      if (block == 0) {
        const bool apart = rows.target_logits != nullptr;
        if (apart) row.target = rows.target_logits[from + i];
        if (!shifted) {
          row.shift = largest_sum(row_logits, bias, size);
          if (apart) row.shift = std::max(row.shift, rows.target_logits[from + i]);
        }
        row.top = 0;
        row.total = apart ? std::exp(row.target - row.shift) : 0;
      }
      if (rows.target_logits == nullptr) {
        const std::int64_t column = target - first;
        if (column >= 0 && column < size) row.target = row_logits[column] + bias[target];
      }
      const SoftmaxPart part = softmax_part(row_logits, bias + first, row.shift, size, row_exps);
      row.top = std::max(row.top, part.top);
      row.total += part.sum;
    }
  }
}

// The gradients of x, after completing those of the logits at the targets.
template <typename T>
void CrossEntropy::differentiate_rows(const CrossEntropyRows<T>& rows, std::int64_t from,
                                      std::int64_t begin, std::int64_t end,
                                      const CrossEntropyGradients& gradients) {
  T* exps = this->exps<T>().data();
  for (std::int64_t i = begin; i < end; ++i) {
    const Row& row = rows_[static_cast<std::size_t>(i)];
    const std::int32_t target = rows.targets[from + i];
    float& factor = factors_[static_cast<std::size_t>(i)];
    factor = target < 0 ? 0.0f : static_cast<float>(gradients.scale / row.total);
    const double exponential = target < 0 ? 0 : std::exp(row.target - row.shift);
    if (rows.target_logits != nullptr) {
      gradients.target_logits[from + i] =
          target < 0 ? 0.0f : static_cast<float>(gradients.scale * (exponential / row.total - 1));
    } else if (target >= 0) {
      const auto block = static_cast<std::size_t>(target / kBlock);
      const auto value = static_cast<float>(exponential - row.total);
      convert(&value, 1, exps + block_offset(block) + i * block_columns(block) + target % kBlock);
    }
  }
  float* d_x = gradients.x + (from + begin) * width_;
  for (std::size_t block = 0; block < packed_.size(); ++block) {
    multiply(exps + block_offset(block) + begin * block_columns(block), end - begin,
             packed_back_[block], d_x, block != 0);
  }
  for (std::int64_t i = begin; i < end; ++i, d_x += width_) {
    scale_values(d_x, factors_[static_cast<std::size_t>(i)], width_, d_x);
  }
}

template <typename T>
void CrossEntropy::pack_scaled(const T* x, std::int64_t size) {
  for (std::int64_t i = 0; i < size; ++i) {
    float* to = scaled_x_.data() + i * width_;
    const float factor = factors_[static_cast<std::size_t>(i)];
    for (std::int64_t k = 0; k < width_; ++k) to[k] = factor * to_float(x[i * width_ + k]);
  }
  packed_x_.pack(scaled_x_.data(), width_, 1);
}

// Adds the gradients of the columns in `part` over the `size` rows of a chunk, which may be the
// first of its group, the last, or both.
template <typename T>
void CrossEntropy::weight_gradients(std::int64_t size, int group, bool first, bool last,
                                    const Part& part, const TreeSum& weights, const TreeSum& bias) {
  for (std::int64_t column = part.begin; column < part.end; column += kColumnGrain) {
    const auto block = static_cast<std::size_t>(column / kBlock);
    const std::int64_t ld = block_columns(block);
    const std::int64_t count = std::min(kColumnGrain, part.end - column);
    const T* exps = this->exps<T>().data() + block_offset(block) + column % kBlock;
    multiply_transposed(exps, ld, count, packed_x_, weights.leaf(group) + column * width_, !first);
    float* bias_leaf = bias.leaf(group) + column;
    if (first) std::fill_n(bias_leaf, count, 0.0f);
    add_column_sums(exps, factors_.data(), size, count, ld, bias_leaf);
    if (!last) continue;
    weights.close(group, column * width_, count * width_);
    bias.close(group, column, count);
  }
}

template <typename T>
void CrossEntropy::run(const CrossEntropyRows<T>& rows, const float* bias, double* losses,
                       const CrossEntropyGradients* gradients, Workers& workers) {
  const int threads = workers.count();
  while (static_cast<int>(logits_.size()) < threads) {
    logits_.emplace_back(area(kBlockRows, std::min(kBlock, columns_)));
  }
  rows_.resize(static_cast<std::size_t>(chunk_rows_));
  factors_.resize(rows_.size());
  std::optional<TreeSum> weights_sum, bias_sum;
  if (gradients != nullptr) {
    if (exps<T>().size() == 0) exps<T>() = AlignedArray<T>(area(chunk_rows_, columns_));
    if (scaled_x_.size() == 0) scaled_x_ = AlignedArray<float>(area(chunk_rows_, width_));
    const std::int64_t size = columns_ * width_;
    const std::size_t weights_scratch = TreeSum::scratch_size(rows.groups.count(), size);
    const std::size_t scratch =
        weights_scratch + TreeSum::scratch_size(rows.groups.count(), columns_);
    if (tree_.size() < scratch) tree_ = AlignedArray<float>(scratch);
    weights_sum.emplace(gradients->weights, tree_.data(), size);
    bias_sum.emplace(gradients->bias, tree_.data() + weights_scratch, columns_);
  }
  T* kept = gradients == nullptr ? nullptr : exps<T>().data();
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
        float* logits = logits_[static_cast<std::size_t>(index)].data();
        const Part part = part_of(size, index, threads, kRowGrain);
        for (std::int64_t begin = part.begin; begin < part.end; begin += kBlockRows) {
          const std::int64_t end = std::min(part.end, begin + kBlockRows);
          sum_rows(rows, from, begin, end, bias, logits, kept, losses);
          if (gradients != nullptr) differentiate_rows(rows, from, begin, end, *gradients);
        }
      });
      if (gradients == nullptr) continue;
      pack_scaled(rows.x + from * width_, size);
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
