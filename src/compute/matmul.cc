#include "compute/matmul.h"

#include <cpuid.h>
#include <omp.h>
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <dnnl.hpp>
#include <limits>
#include <mutex>
#include <new>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/fork_guard.h"
#include "base/log.h"
#include "compute/kernels.h"
#include "compute/transpose.h"
#include "elmo/error.h"

namespace elmo {
namespace {

using dnnl::memory;

// oneDNN 2.6 does not check whether it got memory for the code that it generates, and writes there
// in any case. Throws std::bad_alloc if less is left than its largest kernels take.
void check_room_for_code() {
  constexpr std::size_t kRoom = 16 << 20;
  void* room = mmap(nullptr, kRoom, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED) throw std::bad_alloc();
  munmap(room, kRoom);
}

// The rules for oneDNN calls that make a row's bits depend on the row and W alone. Operands have no
// gaps between their rows: with gaps, some kernels fall back to the reference implementation, and
// oneDNN's primitive cache does not distinguish a product of one row with gaps from one without, so
// that the bits would depend on which came first. The number of rows of a call stays within bounds
// that were tested count by count, at some 55 shapes, with oneDNN 2.6.3 and 3.7.2, on SSE4.1, AVX2,
// AVX-512, AVX512_BF16 and AMX:
struct RowRule {
  std::int64_t least, most;  // fewer rows are padded, more are divided
};
// Products with packed W use another kernel for one row (f32, 3.7.2), and with AMX for one row and
// for results of up to 256 numbers. With AMX, many rows change how k is divided.
RowRule packed_rows(std::int64_t n, memory::data_type type) {
  return {std::max<std::int64_t>(2, 256 / n + 1), type == memory::data_type::bf16 ? 64 : 128};
}
// Version 2.6 computes the pixels of a convolution one by one, except for a single pixel on SSE4.1;
// in 3.7 the kernel for a pixel depends on how many there are.
#if DNNL_VERSION_MAJOR >= 3
constexpr RowRule kConvolutionRows{16, 16};
#else
constexpr RowRule kConvolutionRows{2, std::numeric_limits<std::int64_t>::max()};
#endif
// In products that pack W in every call, the bits always depend on the number of rows.
constexpr RowRule kPlainRows{16, 16};
// In bf16, AMX divides the depth of a large W (k x n) according to the number of rows, and uses
// another kernel for a W of one column.
constexpr std::int64_t kMostDepth = 2048;
constexpr std::int64_t kMostArea = std::int64_t{1} << 21;  // 2,048 x 1,024
constexpr std::int64_t kLeastColumns = 32;

// Columns of a transposed operand that are transposed at a time.
constexpr std::int64_t kTransposedRows = 128;

const dnnl::engine& engine() {
  static const dnnl::engine instance(dnnl::engine::kind::cpu, 0);
  return instance;
}

bool has(dnnl::cpu_isa wanted) {
  // The value of each instruction set contains the bits of those that it includes.
  const auto bits = static_cast<unsigned>(wanted);
  return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & bits) == bits;
}

// The type in which operands of `precision` are multiplied on this CPU.
memory::data_type product_type(Precision precision) {
  return precision == Precision::kBf16 && cpu_has_bf16() ? memory::data_type::bf16
                                                         : memory::data_type::f32;
}

memory::dim bytes_of(memory::data_type type) { return type == memory::data_type::bf16 ? 2 : 4; }

dnnl::primitive_attr attributes_of(bool accumulate) {
  dnnl::primitive_attr attributes;
  // Debian's build is thread-safe only with scratchpads from the caller.
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (accumulate) {
    dnnl::post_ops operations;
    operations.append_sum(1.0f);
    attributes.set_post_ops(operations);
  }
  return attributes;
}

memory::desc plain(std::int64_t rows, std::int64_t columns, memory::data_type type,
                   std::int64_t stride_row, std::int64_t stride_column) {
  return memory::desc({rows, columns}, type, memory::dims{stride_row, stride_column});
}

dnnl::matmul::primitive_desc describe(std::int64_t rows, std::int64_t k, std::int64_t n,
                                      memory::data_type type, const memory::desc& w,
                                      bool accumulate) {
  const memory::desc x = plain(rows, k, type, k, 1);
  const memory::desc y = plain(rows, n, memory::data_type::f32, n, 1);
#if DNNL_VERSION_MAJOR >= 3
  return dnnl::matmul::primitive_desc(engine(), x, w, y, attributes_of(accumulate));
#else
  return dnnl::matmul::primitive_desc(dnnl::matmul::desc(x, w, y), attributes_of(accumulate),
                                      engine());
#endif
}

// The same product as a convolution with kernels of size 1 over an image one pixel high and `rows`
// wide.
dnnl::convolution_forward::primitive_desc describe_convolution(std::int64_t rows, std::int64_t k,
                                                               std::int64_t n,
                                                               const memory::desc& w,
                                                               bool accumulate) {
  const auto image = [rows](std::int64_t channels) {
    return memory::desc({1, channels, 1, rows}, memory::data_type::f32, memory::format_tag::nhwc);
  };
  const memory::dims one{1, 1}, none{0, 0};
  constexpr auto kKind = dnnl::prop_kind::forward_inference;
  constexpr auto kAlgorithm = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
  return dnnl::convolution_forward::primitive_desc(engine(), kKind, kAlgorithm, image(k), w,
                                                   image(n), one, none, none,
                                                   attributes_of(accumulate));
#else
  return dnnl::convolution_forward::primitive_desc(
      dnnl::convolution_forward::desc(kKind, kAlgorithm, image(k), w, image(n), one, none, none),
      attributes_of(accumulate), engine());
#endif
}

// How a product with W (k x n) is computed. Chosen once for each shape, so that all threads and row
// counts share one packed copy.
struct Form {
  memory::desc weights;  // the layout that oneDNN chooses for W
  bool convolution;
  RowRule rows;
  std::string kernel;
};

void copy_row(const float* from, std::int64_t count, float* to) { std::copy_n(from, count, to); }
void copy_row(const Bf16* from, std::int64_t count, Bf16* to) { std::copy_n(from, count, to); }
void copy_row(const Bf16* from, std::int64_t count, float* to) {
  for (std::int64_t i = 0; i < count; ++i) to[i] = to_float(from[i]);
}
void copy_row(const float* from, std::int64_t count, Bf16* to) { convert(from, count, to); }

// The layout of W (k x n) in bf16 as the kernels of AVX-512 and AMX take it: blocks of columns,
// within a block pairs of rows, and within these the pair of each column. We pack it ourselves,
// several times as fast as oneDNN.
struct PairLayout {
  std::int64_t columns;  // of a block
  std::int64_t rows;     // k, padded
};
std::optional<PairLayout> pair_layout(const memory::desc& w) {
#if DNNL_VERSION_MAJOR >= 3
  if (w.get_format_kind() != memory::format_kind::blocked || w.get_inner_nblks() != 3) return {};
  const memory::dims blocks = w.get_inner_blks(), axes = w.get_inner_idxs();
  const memory::dims strides = w.get_strides(), padded = w.get_padded_dims();
#else
  if (w.data.format_kind != dnnl_blocked || w.data.extra.flags != dnnl_memory_extra_flag_none) {
    return {};
  }
  const dnnl_blocking_desc_t& blocking = w.data.format_desc.blocking;
  if (blocking.inner_nblks != 3) return {};
  const dnnl_dim_t *blocks = blocking.inner_blks, *axes = blocking.inner_idxs;
  const dnnl_dim_t *strides = blocking.strides, *padded = w.data.padded_dims;
#endif
  const bool has_pairs = axes[0] == 0 && axes[1] == 1 && axes[2] == 0 && blocks[2] == 2;
  const bool is_dense =
      strides[0] == 2 * blocks[0] * blocks[1] && strides[1] == padded[0] * blocks[1];
  if (!has_pairs || !is_dense) return {};
  return PairLayout{blocks[1], padded[0]};
}

// Row i of a matrix whose rows lie in runs, `ld` elements apart within a run.
template <typename T>
const T* row_of(const T* source, const Runs& runs, std::int64_t ld, std::int64_t i) {
  return source + i / runs.rows * runs.stride + i % runs.rows * ld;
}

// Packs rows [first, first + size) of `source` (n wide) as pairs.
template <typename T>
void pack_rows(const T* source, const Runs& runs, std::int64_t ld, std::int64_t first,
               std::int64_t size, std::int64_t n, const PairLayout& layout, Bf16* pairs) {
  for (std::int64_t i = 0; i < size; i += 2, pairs += 2 * layout.columns) {
    interleave_rows(row_of(source, runs, ld, first + i),
                    i + 1 < size ? row_of(source, runs, ld, first + i + 1) : nullptr, n,
                    layout.columns, layout.rows / 2 * layout.columns, pairs);
  }
}

// Packs columns of k numbers, `ld` apart, as pairs: two numbers of a column form one of 32 bits,
// and these are transposed tile by tile.
template <typename T>
void pack_columns(const T* source, std::int64_t ld, std::int64_t k, std::int64_t n,
                  const PairLayout& layout, Bf16* pairs) {
  constexpr std::int64_t kTile = 64;
  alignas(64) Bf16 tile[kTile * kTile];
  for (std::int64_t column = 0; column < n; column += layout.columns) {
    const std::int64_t width = std::min(layout.columns, n - column);
    for (std::int64_t j = 0; j < width; j += kTile) {
      const std::int64_t count = std::min(kTile, width - j);
      for (std::int64_t i = 0; i < k; i += kTile) {
        const std::int64_t depth = std::min(kTile, k - i);
        for (std::int64_t q = 0; q < count; ++q) {
          Bf16* row = tile + q * kTile;
          copy_row(source + (column + j + q) * ld + i, depth, row);
          if (depth % 2 != 0) row[depth] = {0};
        }
        transpose(reinterpret_cast<const float*>(tile), kTile / 2, count, (depth + 1) / 2,
                  reinterpret_cast<float*>(pairs + (column * layout.rows) + i * layout.columns) + j,
                  layout.columns);
      }
    }
  }
}

// The number of rows of the product whose form is used for all.
constexpr std::int64_t kFormRows = 64;

Form choose_form(std::int64_t k, std::int64_t n, memory::data_type type) {
  const auto product =
      describe(kFormRows, k, n, type, memory::desc({k, n}, type, memory::format_tag::any), false);
  const memory::desc weights = product.weights_desc();
  // A product that takes W as it is packs it in every call (in f32 before AVX-512). oneDNN's
  // convolution, which takes W packed, is then 1.2 to 2.5 times as fast at the shapes of an LSTM
  // step.
  const bool packs_every_time =
      weights == plain(k, n, type, n, 1) || weights == plain(k, n, type, 1, k);
  if (!packs_every_time || type != memory::data_type::f32) {
    return {weights, false, packs_every_time ? kPlainRows : packed_rows(n, type),
            product.impl_info_str()};
  }
  // Described with the number of rows that it will be called with: the layout for another number
  // may suit none of the kernels, and the product would fall back to the reference implementation.
  const auto convolution =
      describe_convolution(std::min(kFormRows, kConvolutionRows.most), k, n,
                           memory::desc({n, k, 1, 1}, type, memory::format_tag::any), false);
  const memory::desc filter = convolution.weights_desc();
  if (filter == memory::desc({n, k, 1, 1}, type, memory::format_tag::oihw)) {
    return {weights, false, kPlainRows, product.impl_info_str()};  // neither is packed in advance
  }
  return {filter, true, kConvolutionRows, convolution.impl_info_str()};
}

// Limits oneDNN to one thread in this scope and restores the caller's number afterwards (libgomp's
// setting is per thread).
class OneThread {
 public:
  OneThread() : before_(omp_get_max_threads()) {
    if (before_ != 1) omp_set_num_threads(1);
  }
  ~OneThread() {
    if (before_ != 1) omp_set_num_threads(before_);
  }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

struct Key {
  std::int64_t rows, k, n;
  bool bf16, accumulate;
  bool operator==(const Key&) const = default;
};
struct KeyHash {
  std::size_t operator()(const Key& key) const {
    std::size_t hash = 0xCBF29CE484222325u;
    for (const std::int64_t value :
         {key.rows, key.k, key.n,
          static_cast<std::int64_t>((key.bf16 ? 1 : 0) | (key.accumulate ? 2 : 0))}) {
      hash = (hash ^ static_cast<std::size_t>(value)) * 0x9E3779B97F4A7C15u;
      hash ^= hash >> 29;
    }
    return hash;
  }
};

}  // namespace

// The state of a thread: forms, primitives made so far, and scratch memory.
class Products {
 public:
  static Products& mine() {
    thread_local Products products;
    return products;
  }

  const Form& form(std::int64_t k, std::int64_t n, memory::data_type type) {
    const Key key{0, k, n, type == memory::data_type::bf16, false};
    auto found = forms_.find(key);
    if (found == forms_.end()) {
      const ForkGuard guard;
      found = forms_.emplace(key, choose_form(k, n, type)).first;
    }
    return found->second;
  }

  static void lay_out(PackedMatrix& w) {
    const memory::data_type type = product_type(w.precision_);
    std::int64_t depth = std::max(w.k_, std::int64_t{1});
    w.columns_ = w.n_;
    if (type == memory::data_type::bf16) {
      w.columns_ = std::max(w.n_, kLeastColumns);
      depth = std::clamp(kMostArea / w.columns_, std::int64_t{1}, kMostDepth);
    }
    const std::int64_t count = (w.k_ + depth - 1) / depth;
    const OneThread one;
    std::size_t bytes = 0;
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t first = w.k_ * i / count, size = w.k_ * (i + 1) / count - first;
      w.slices_.push_back({first, size, bytes});
      const std::size_t own = mine().form(size, w.columns_, type).weights.get_size();
      bytes += (own + 63) / 64 * 64;
    }
    w.data_ = AlignedArray<unsigned char>(bytes);
  }

  template <typename T>
  void pack(PackedMatrix& w, const T* source, std::int64_t stride_k, std::int64_t stride_n) {
    if (pack_pairs(w, source, {1, std::max(w.k_, std::int64_t{1}), 0}, stride_k, stride_n)) return;
    const OneThread one;
    memory::data_type from = sizeof(T) == 2 ? memory::data_type::bf16 : memory::data_type::f32;
    const void* data = source;
    const memory::data_type to = product_type(w.precision_);
    const bool rounds = w.precision_ == Precision::kBf16 && to == memory::data_type::f32;
    if (rounds || (from == memory::data_type::bf16 && to != from) || w.columns_ != w.n_) {
      float* copy = floats(copy_, area(w.k_, w.columns_));
      std::fill_n(copy, area(w.k_, w.columns_), 0.0f);
      for (std::int64_t i = 0; i < w.k_; ++i) {
        for (std::int64_t j = 0; j < w.n_; ++j) {
          const float value = to_float(source[i * stride_k + j * stride_n]);
          copy[i * w.columns_ + j] = rounds ? to_float(to_bf16(value)) : value;
        }
      }
      data = copy;
      from = memory::data_type::f32;
      stride_k = w.columns_;
      stride_n = 1;
    }
    for (const PackedMatrix::Slice& slice : w.slices_) {
      const Form& chosen = form(slice.size, w.columns_, to);
      const auto* first =
          static_cast<const unsigned char*>(data) + slice.first * stride_k * bytes_of(from);
      memory plain_w(chosen.convolution ? memory::desc({w.columns_, slice.size, 1, 1}, from,
                                                       memory::dims{stride_n, stride_k, 1, 1})
                                        : plain(slice.size, w.columns_, from, stride_k, stride_n),
                     engine(), const_cast<unsigned char*>(first));
      memory packed(chosen.weights, engine(), w.data_.data() + slice.offset);
      const ForkGuard guard;
      dnnl::reorder(plain_w, packed).execute(stream_, plain_w, packed);
      stream_.wait();
    }
  }

  template <typename T>
  void pack(PackedMatrix& w, const T* source, const Runs& runs) {
    if (runs.count == 1) {
      pack(w, source, w.n_, 1);
      return;
    }
    if (pack_pairs(w, source, runs, w.n_, 1)) return;
    T* rows = reinterpret_cast<T*>(bytes(strip_, area(w.k_, w.n_) * sizeof(T)));
    for (std::int64_t run = 0; run < runs.count; ++run) {
      std::copy_n(source + run * runs.stride, runs.rows * w.n_, rows + run * runs.rows * w.n_);
    }
    pack(w, rows, w.n_, 1);
  }

  // x has rows of k numbers; if `sliced`, it holds one slice of W after another, each with all its
  // rows.
  template <typename T>
  void multiply(const T* x, std::int64_t rows, const PackedMatrix& w, float* y, bool accumulate,
                bool sliced = false) {
    const OneThread one;
    const memory::data_type type = product_type(w.precision_);
    if (w.slices_.empty()) {  // k is 0
      if (!accumulate) std::fill_n(y, rows * w.n_, 0.0f);
      return;
    }
    const RowRule rule = form(w.slices_[0].size, w.columns_, type).rows;
    for (std::int64_t first = 0, size = 0; first < rows; first += size) {
      const std::int64_t left = rows - first;
      size = std::min(left, rule.most);
      // A shorter block before the last is better than a last block that needs padding.
      if (rule.least < rule.most && left > size && left - size < rule.least) {
        size = left - rule.least;
      }
      const std::int64_t padded = std::max(size, rule.least);
      const bool whole = padded == size && w.columns_ == w.n_;
      const bool dense = sliced || w.slices_.size() == 1;
      const bool converts = static_cast<memory::dim>(sizeof(T)) != bytes_of(type);
      float* target = y + first * w.n_;
      if (!whole) target = open_tile(target, size, padded, w, accumulate);
      for (const PackedMatrix::Slice& slice : w.slices_) {
        const T* from =
            sliced ? x + rows * slice.first + first * slice.size : x + first * w.k_ + slice.first;
        const void* operand = from;
        if (converts) {
          operand = copied<float>(from, sliced ? slice.size : w.k_, size, padded, slice.size);
        } else if (padded != size || !dense) {
          operand = copied<T>(from, sliced ? slice.size : w.k_, size, padded, slice.size);
        }
        run({padded, slice.size, w.columns_, type == memory::data_type::bf16,
             accumulate || slice.first != 0},
            operand, w.data_.data() + slice.offset, target);
      }
      for (std::int64_t i = 0; !whole && i < size; ++i) {
        std::copy_n(target + i * w.columns_, w.n_, y + (first + i) * w.n_);
      }
    }
  }

  // One call of oneDNN; x, w and y dense, W in the layout of its form.
  void run(const Key& key, const void* x, const void* w, float* y) {
    auto found = products_.find(key);
    if (found == products_.end()) {
      // Inference uses many row counts; a bound keeps the cache from growing for ever.
      if (products_.size() >= 4096) products_.clear();
      found = products_.emplace(key, make(key)).first;
    }
    Product& product = found->second;
    unsigned char* scratchpad = bytes(scratchpad_, product.scratchpad.get_desc().get_size());
    product.x.set_data_handle(const_cast<void*>(x));
    product.w.set_data_handle(const_cast<void*>(w));
    product.y.set_data_handle(y);
    product.scratchpad.set_data_handle(scratchpad);
    product.primitive.execute(stream_, product.arguments);
    stream_.wait();
  }

  template <typename T>
  void multiply_transposed(const T* a, std::int64_t lda, const Runs& runs, std::int64_t m,
                           const PackedMatrix& w, float* y, bool accumulate) {
    T* strip = reinterpret_cast<T*>(bytes(strip_, area(kTransposedRows, w.k_) * sizeof(T)));
    for (std::int64_t from = 0; from < m; from += kTransposedRows) {
      const std::int64_t size = std::min(kTransposedRows, m - from);
      for (const PackedMatrix::Slice& slice : w.slices_) {
        // The slice's rows of `a`, run by run; the first and the last run may be incomplete.
        T* to = strip + size * slice.first;
        for (std::int64_t row = 0; row < slice.size;) {
          const std::int64_t run = (slice.first + row) / runs.rows;
          const std::int64_t in_run = (slice.first + row) % runs.rows;
          const std::int64_t count = std::min(runs.rows - in_run, slice.size - row);
          transpose(a + run * runs.stride + in_run * lda + from, lda, count, size, to + row,
                    slice.size);
          row += count;
        }
      }
      multiply(strip, size, w, y + from * w.n_, accumulate, true);
    }
  }

 private:
  struct Product {
    dnnl::primitive primitive;
    memory x, w, y, scratchpad;
    std::unordered_map<int, memory> arguments;  // refers to the same memories
  };

  Products() : stream_(engine()) {}

  static unsigned char* bytes(AlignedArray<unsigned char>& memory, std::size_t size) {
    if (memory.size() < size) memory = AlignedArray<unsigned char>(size);
    return memory.data();
  }
  static float* floats(AlignedArray<float>& memory, std::size_t size) {
    if (memory.size() < size) memory = AlignedArray<float>(size);
    return memory.data();
  }

  // Memory for a product with more rows or columns than y; with `accumulate` it begins with y's
  // values.
  float* open_tile(const float* y, std::int64_t size, std::int64_t padded, const PackedMatrix& w,
                   bool accumulate) {
    float* tile = floats(tile_y_, area(padded, w.columns_));
    if (!accumulate) return tile;
    std::fill_n(tile, padded * w.columns_, 0.0f);
    for (std::int64_t i = 0; i < size; ++i) {
      std::copy_n(y + i * w.n_, w.n_, tile + i * w.columns_);
    }
    return tile;
  }

  // `size` rows of x without gaps, converted to U and padded with zero rows to `padded` rows.
  template <typename U, typename T>
  U* copied(const T* x, std::int64_t ld, std::int64_t size, std::int64_t padded,
            std::int64_t width) {
    U* tile = reinterpret_cast<U*>(bytes(tile_x_, area(padded, width) * sizeof(U)));
    for (std::int64_t i = 0; i < size; ++i) copy_row(x + i * ld, width, tile + i * width);
    std::memset(static_cast<void*>(tile + size * width), 0, area(padded - size, width) * sizeof(U));
    return tile;
  }

  Product make(const Key& key) {
    const ForkGuard guard;
    check_room_for_code();
    const auto type = key.bf16 ? memory::data_type::bf16 : memory::data_type::f32;
    const Form& chosen = form(key.k, key.n, type);
    const auto product = [&](const auto& description, dnnl::primitive primitive) {
      const auto of = [](const memory::desc& what) { return memory(what, engine(), nullptr); };
      Product result{std::move(primitive),
                     of(description.src_desc()),
                     of(description.weights_desc()),
                     of(description.dst_desc()),
                     of(description.scratchpad_desc()),
                     {}};
      result.arguments = {{DNNL_ARG_SRC, result.x},
                          {DNNL_ARG_WEIGHTS, result.w},
                          {DNNL_ARG_DST, result.y},
                          {DNNL_ARG_SCRATCHPAD, result.scratchpad}};
      return result;
    };
    if (chosen.convolution) {
      const auto description =
          describe_convolution(key.rows, key.k, key.n, chosen.weights, key.accumulate);
      return product(description, dnnl::convolution_forward(description));
    }
    const auto description = describe(key.rows, key.k, key.n, type, chosen.weights, key.accumulate);
    return product(description, dnnl::matmul(description));
  }

  // Returns false if W's layout has no pairs.
  template <typename T>
  bool pack_pairs(PackedMatrix& w, const T* source, const Runs& runs, std::int64_t stride_k,
                  std::int64_t stride_n) {
    const memory::data_type type = product_type(w.precision_);
    if (type != memory::data_type::bf16) return false;
    const OneThread one;
    for (const PackedMatrix::Slice& slice : w.slices_) {
      const auto layout = pair_layout(form(slice.size, w.columns_, type).weights);
      if (!layout) return false;
      auto* pairs = reinterpret_cast<Bf16*>(w.data_.data() + slice.offset);
      if (stride_n == 1) {
        pack_rows(source, runs, stride_k, slice.first, slice.size, w.n_, *layout, pairs);
      } else {
        pack_columns(source + slice.first, stride_n, slice.size, w.n_, *layout, pairs);
      }
    }
    return true;
  }

  dnnl::stream stream_;
  std::unordered_map<Key, Form, KeyHash> forms_;
  std::unordered_map<Key, Product, KeyHash> products_;
  AlignedArray<unsigned char> scratchpad_, tile_x_, strip_;
  AlignedArray<float> tile_y_, copy_;
};

bool cpu_has_bf16() {
  static const bool has_bf16 = has(dnnl::cpu_isa::avx512_core_bf16);
  return has_bf16;
}

bool bf16_is_faster() {
  static const bool is_faster = [] {
    if (has(dnnl::cpu_isa::avx512_core_amx)) return true;
    unsigned highest = 0, ebx = 0, ecx = 0, edx = 0;
    return cpu_has_bf16() && __get_cpuid(0, &highest, &ebx, &ecx, &edx) != 0 &&
           ebx != signature_INTEL_ebx;
  }();
  return is_faster;
}

Precision parse_precision(std::string_view name) {
  if (name == "f32") return Precision::kF32;
  if (name == "auto") return bf16_is_faster() ? Precision::kBf16 : Precision::kF32;
  if (name != "bf16") {
    throw UsageError("precision '" + std::string(name) + "' is not one of auto, f32, bf16");
  }
  static std::once_flag warned;
  if (!cpu_has_bf16()) {
    std::call_once(warned, [] {
      log::warn(
          "this CPU has no bf16 instructions (AVX512_BF16 or AMX); bf16 products are computed in "
          "f32 on rounded operands, slower than --precision f32");
    });
  }
  return Precision::kBf16;
}

PackedMatrix::PackedMatrix(std::int64_t k, std::int64_t n, Precision precision)
    : k_(k), n_(n), precision_(precision) {
  Products::lay_out(*this);
}

void PackedMatrix::pack(const float* source, std::int64_t stride_k, std::int64_t stride_n) {
  Products::mine().pack(*this, source, stride_k, stride_n);
}

void PackedMatrix::pack(const Bf16* source, std::int64_t stride_k, std::int64_t stride_n) {
  Products::mine().pack(*this, source, stride_k, stride_n);
}

void PackedMatrix::pack(const float* source, const Runs& runs) {
  Products::mine().pack(*this, source, runs);
}

void PackedMatrix::pack(const Bf16* source, const Runs& runs) {
  Products::mine().pack(*this, source, runs);
}

template <typename T>
void multiply(const T* x, std::int64_t rows, const PackedMatrix& w, float* y, bool accumulate) {
  if (rows != 0) Products::mine().multiply(x, rows, w, y, accumulate);
}

template <typename T>
void multiply_transposed(const T* a, std::int64_t lda, const Runs& runs, std::int64_t m,
                         const PackedMatrix& w, float* y, bool accumulate) {
  Products::mine().multiply_transposed(a, lda, runs, m, w, y, accumulate);
}

#define ELMO_INSTANTIATE(T)                                                            \
  template void multiply(const T*, std::int64_t, const PackedMatrix&, float*, bool);   \
  template void multiply_transposed(const T*, std::int64_t, const Runs&, std::int64_t, \
                                    const PackedMatrix&, float*, bool);
ELMO_INSTANTIATE(float)
ELMO_INSTANTIATE(Bf16)
#undef ELMO_INSTANTIATE

std::string product_kernel(std::int64_t k, std::int64_t n, Precision precision) {
  const OneThread one;
  return Products::mine().form(k, n, product_type(precision)).kernel;
}

double product_ceiling(Precision precision, double seconds) {
  constexpr std::int64_t kSize = 2048;
  using Clock = std::chrono::steady_clock;
  const OneThread one;
  const memory::data_type type = product_type(precision);
  Products& products = Products::mine();
  // All-zero bytes are zeros in either format.
  AlignedArray<unsigned char> w(products.form(kSize, kSize, type).weights.get_size());
  AlignedArray<float> x(area(kSize, kSize)), y(x.size());
  w.zero();
  x.zero();
  const auto once = [&] {
    products.run({kSize, kSize, kSize, type == memory::data_type::bf16, false}, x.data(), w.data(),
                 y.data());
  };
  once();  // makes the kernel and touches the memory
  const auto start = Clock::now();
  double passed = 0;
  int times = 0;
  while (passed < seconds) {
    once();
    ++times;
    passed = std::chrono::duration<double>(Clock::now() - start).count();
  }
  return 2e-9 * kSize * kSize * kSize * times / passed;
}

std::string product_library() {
  const dnnl_version_t* version = dnnl_version();
  return "oneDNN " + std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
         std::to_string(version->patch);
}

}  // namespace elmo
