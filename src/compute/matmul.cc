#include "compute/matmul.h"

#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <dnnl.hpp>
#include <unordered_map>
#include <vector>

#include "compute/transpose.h"
#include "elmo/error.h"

namespace elmo {
namespace {

using dnnl::memory;

// Rows of the product by which a packed layout is chosen; every other count is made to use it.
constexpr std::int64_t kReferenceRows = 64;
// Where a row's bits depend on the number of rows (kernels before AVX2), and where x or y has gaps
// between its rows and the kernel takes none, products are made in tiles of one of these counts.
constexpr std::int64_t kTileRows = 64;
std::int64_t tile_for(std::int64_t rows) { return rows <= 16 ? 16 : rows <= 48 ? 48 : kTileRows; }

// Columns of a transposed operand that are turned at a time. oneDNN's fast kernels take only
// operands without gaps between the rows, so a strip is copied; it turns it anyway otherwise.
constexpr std::int64_t kTransposedRows = 128;

const dnnl::engine& engine() {
  static const dnnl::engine instance(dnnl::engine::kind::cpu, 0);
  return instance;
}

memory::data_type type_of(Precision precision) {
  return precision == Precision::kBf16 ? memory::data_type::bf16 : memory::data_type::f32;
}

dnnl::primitive_attr attributes_of(bool accumulate) {
  dnnl::primitive_attr attributes;
  // Debian's build is safe between threads only with a scratchpad of the caller's.
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  if (accumulate) {
    dnnl::post_ops operations;
    operations.append_sum(1.0f);
    attributes.set_post_ops(operations);
  }
  return attributes;
}

dnnl::matmul::primitive_desc describe(const memory::desc& x, const memory::desc& w,
                                      const memory::desc& y, bool accumulate) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl::matmul::primitive_desc(engine(), x, w, y, attributes_of(accumulate));
#else
  return dnnl::matmul::primitive_desc(dnnl::matmul::desc(x, w, y), attributes_of(accumulate),
                                      engine());
#endif
}

memory::desc plain(std::int64_t rows, std::int64_t columns, memory::data_type type,
                   std::int64_t stride_row, std::int64_t stride_column) {
  return memory::desc({rows, columns}, type, memory::dims{stride_row, stride_column});
}

// The same product as a convolution by kernels of size 1 over an image of one line, `rows` wide:
// before AVX-512 oneDNN's matmul packs W anew in every call, and its convolution takes it packed.
// At the shapes of an LSTM step the convolution is 1.2 to 2.5 times as fast.
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

// The layout that oneDNN chooses for W, and what the product may be. Chosen once for a shape, so
// that every thread and every row count shares one packed copy.
struct Layout {
  memory::desc weights;
  std::string kernel;
  bool convolution;  // no gaps between rows
  bool any_rows;     // a row's bits do not depend on the number of rows
};

Layout choose_layout(std::int64_t k, std::int64_t n, Precision precision) {
  const auto type = type_of(precision);
  const auto product = describe(plain(kReferenceRows, k, type, k, 1),
                                memory::desc({k, n}, type, memory::format_tag::any),
                                plain(kReferenceRows, n, memory::data_type::f32, n, 1), false);
  const std::string kernel = product.impl_info_str();
  const bool fast = kernel.starts_with("brg:avx512");
  if (fast || precision == Precision::kBf16) return {product.weights_desc(), kernel, false, fast};
  const auto convolution = describe_convolution(
      kReferenceRows, k, n, memory::desc({n, k, 1, 1}, type, memory::format_tag::any), false);
  const std::string name = convolution.impl_info_str();
  return {convolution.weights_desc(), name, true, name == "jit_1x1:avx2"};
}

// One thread for every product on this thread (libgomp's setting is a thread's own).
void use_one_thread() {
  thread_local const bool done = [] {
    omp_set_num_threads(1);
    return true;
  }();
  (void)done;
}

struct Key {
  std::int64_t rows, k, n, ldx, ldy;
  int flags;  // bit 0 bf16, 1 accumulate
  bool operator==(const Key&) const = default;
};
struct KeyHash {
  std::size_t operator()(const Key& key) const {
    std::size_t hash = 0xCBF29CE484222325u;
    for (const std::int64_t value :
         {key.rows, key.k, key.n, key.ldx, key.ldy, static_cast<std::int64_t>(key.flags)}) {
      hash = (hash ^ static_cast<std::size_t>(value)) * 0x9E3779B97F4A7C15u;
      hash ^= hash >> 29;
    }
    return hash;
  }
};

struct Product {
  dnnl::primitive primitive;
  memory x, w, y;
  memory::desc scratchpad;
};

// What a thread keeps: layouts, products made so far, the scratchpad.
class ThreadCache {
 public:
  static ThreadCache& mine() {
    thread_local ThreadCache cache;
    return cache;
  }

  const Layout& layout(std::int64_t k, std::int64_t n, Precision precision) {
    const Key key{0, k, n, 0, 0, precision == Precision::kBf16};
    auto found = layouts_.find(key);
    if (found == layouts_.end()) {
      found = layouts_.emplace(key, choose_layout(k, n, precision)).first;
    }
    return found->second;
  }

  void run(const Key& key, const void* x, const void* w, float* y) {
    auto found = products_.find(key);
    if (found == products_.end()) {
      // Row counts of inference vary; a bound keeps the cache from growing without end.
      if (products_.size() >= 4096) products_.clear();
      found = products_.emplace(key, make(key)).first;
    }
    Product& product = found->second;
    unsigned char* scratchpad = grown(scratchpad_, product.scratchpad.get_size());
    product.x.set_data_handle(const_cast<void*>(x));
    product.w.set_data_handle(const_cast<void*>(w));
    product.y.set_data_handle(y);
    product.primitive.execute(
        stream_, {{DNNL_ARG_SRC, product.x},
                  {DNNL_ARG_WEIGHTS, product.w},
                  {DNNL_ARG_DST, product.y},
                  {DNNL_ARG_SCRATCHPAD, memory(product.scratchpad, engine(), scratchpad)}});
    stream_.wait();
  }

  dnnl::stream& stream() { return stream_; }
  unsigned char* tile(std::size_t bytes) { return grown(tile_, bytes); }
  unsigned char* strip(std::size_t bytes) { return grown(strip_, bytes); }

 private:
  ThreadCache() : stream_(engine()) { use_one_thread(); }

  static unsigned char* grown(AlignedArray<unsigned char>& memory, std::size_t bytes) {
    if (memory.size() < bytes) memory = AlignedArray<unsigned char>(bytes);
    return memory.data();
  }

  Product make(const Key& key) {
    const auto precision = (key.flags & 1) != 0 ? Precision::kBf16 : Precision::kF32;
    const auto type = type_of(precision);
    const bool accumulate = (key.flags & 2) != 0;
    const Layout& chosen = layout(key.k, key.n, precision);
    const auto product = [&](const auto& description, dnnl::primitive primitive) {
      const auto of = [](const memory::desc& what) { return memory(what, engine(), nullptr); };
      return Product{std::move(primitive), of(description.src_desc()),
                     of(description.weights_desc()), of(description.dst_desc()),
                     description.scratchpad_desc()};
    };
    if (chosen.convolution) {
      const auto description =
          describe_convolution(key.rows, key.k, key.n, chosen.weights, accumulate);
      return product(description, dnnl::convolution_forward(description));
    }
    const auto description =
        describe(plain(key.rows, key.k, type, key.ldx, 1), chosen.weights,
                 plain(key.rows, key.n, memory::data_type::f32, key.ldy, 1), accumulate);
    return product(description, dnnl::matmul(description));
  }

  dnnl::stream stream_;
  std::unordered_map<Key, Layout, KeyHash> layouts_;
  std::unordered_map<Key, Product, KeyHash> products_;
  AlignedArray<unsigned char> scratchpad_;
  AlignedArray<unsigned char> tile_;
  AlignedArray<unsigned char> strip_;
};

}  // namespace

bool cpu_has_bf16() {
  static const bool has = [] {
    const auto isa = dnnl::get_effective_cpu_isa();
    return isa == dnnl::cpu_isa::avx512_core_bf16 || isa == dnnl::cpu_isa::avx512_core_amx ||
           static_cast<int>(isa) >= static_cast<int>(dnnl::cpu_isa::avx512_core_bf16);
  }();
  return has;
}

Precision parse_precision(std::string_view name) {
  if (name == "f32") return Precision::kF32;
  if (name == "bf16") {
    if (cpu_has_bf16()) return Precision::kBf16;
    throw UsageError(
        "this CPU has no products in bf16 (AVX512_BF16 or AMX); use --precision f32, or auto");
  }
  if (name == "auto") return cpu_has_bf16() ? Precision::kBf16 : Precision::kF32;
  throw UsageError("precision '" + std::string(name) + "' is none of auto, f32, bf16");
}

PackedMatrix::PackedMatrix(std::int64_t k, std::int64_t n, Precision precision)
    : k_(k), n_(n), precision_(precision) {
  data_ =
      AlignedArray<unsigned char>(ThreadCache::mine().layout(k, n, precision).weights.get_size());
}

namespace {
template <typename T>
void pack_matrix(const T* source, std::int64_t k, std::int64_t n, std::int64_t stride_k,
                 std::int64_t stride_n, Precision precision, void* packed) {
  auto& cache = ThreadCache::mine();
  const Layout& layout = cache.layout(k, n, precision);
  const auto type = type_of(kPrecisionOf<T>);
  memory from(layout.convolution
                  ? memory::desc({n, k, 1, 1}, type, memory::dims{stride_n, stride_k, 1, 1})
                  : plain(k, n, type, stride_k, stride_n),
              engine(), const_cast<T*>(source));
  memory to(layout.weights, engine(), packed);
  dnnl::reorder(from, to).execute(cache.stream(), from, to);
  cache.stream().wait();
}
}  // namespace

void PackedMatrix::pack(const float* source, std::int64_t stride_k, std::int64_t stride_n) {
  pack_matrix(source, k_, n_, stride_k, stride_n, precision_, data_.data());
}

void PackedMatrix::pack(const Bf16* source, std::int64_t stride_k, std::int64_t stride_n) {
  pack_matrix(source, k_, n_, stride_k, stride_n, precision_, data_.data());
}

template <typename T>
void multiply(const T* x, std::int64_t ldx, std::int64_t rows, const PackedMatrix& w, float* y,
              std::int64_t ldy, bool accumulate) {
  if (rows == 0) return;
  auto& cache = ThreadCache::mine();
  const std::int64_t k = w.k(), n = w.n();
  const int flags = (w.precision() == Precision::kBf16 ? 1 : 0) | (accumulate ? 2 : 0);
  const Layout& layout = cache.layout(k, n, w.precision());
  if (layout.any_rows && (!layout.convolution || (ldx == k && ldy == n))) {
    cache.run({rows, k, n, ldx, ldy, flags}, x, w.data(), y);
    return;
  }
  for (std::int64_t from = 0; from < rows; from += kTileRows) {
    const std::int64_t size = std::min(kTileRows, rows - from);
    const std::int64_t tile_rows = layout.any_rows ? size : tile_for(size);
    const std::size_t x_bytes = static_cast<std::size_t>(tile_rows * k) * sizeof(T);
    const std::size_t y_offset = (x_bytes + 63) / 64 * 64;
    unsigned char* tile =
        cache.tile(y_offset + static_cast<std::size_t>(tile_rows * n) * sizeof(float));
    T* tile_x = reinterpret_cast<T*>(tile);
    float* tile_y = reinterpret_cast<float*>(tile + y_offset);
    for (std::int64_t i = 0; i < size; ++i) {
      std::memcpy(tile_x + i * k, x + (from + i) * ldx, static_cast<std::size_t>(k) * sizeof(T));
      if (accumulate) {
        std::memcpy(tile_y + i * n, y + (from + i) * ldy,
                    static_cast<std::size_t>(n) * sizeof(float));
      }
    }
    std::memset(static_cast<void*>(tile_x + size * k), 0,
                static_cast<std::size_t>((tile_rows - size) * k) * sizeof(T));
    cache.run({tile_rows, k, n, k, n, flags}, tile_x, w.data(), tile_y);
    for (std::int64_t i = 0; i < size; ++i) {
      std::memcpy(y + (from + i) * ldy, tile_y + i * n,
                  static_cast<std::size_t>(n) * sizeof(float));
    }
  }
}

template <typename T>
void multiply_transposed(const T* a, std::int64_t lda, std::int64_t m, const PackedMatrix& w,
                         float* y, bool accumulate) {
  auto& cache = ThreadCache::mine();
  const std::int64_t k = w.k(), n = w.n();
  for (std::int64_t from = 0; from < m; from += kTransposedRows) {
    const std::int64_t size = std::min(kTransposedRows, m - from);
    T* strip = reinterpret_cast<T*>(
        cache.strip(static_cast<std::size_t>(kTransposedRows * k) * sizeof(T)));
    transpose(a + from, lda, k, size, strip);
    multiply(strip, k, size, w, y + from * n, n, accumulate);
  }
}

template void multiply(const float*, std::int64_t, std::int64_t, const PackedMatrix&, float*,
                       std::int64_t, bool);
template void multiply(const Bf16*, std::int64_t, std::int64_t, const PackedMatrix&, float*,
                       std::int64_t, bool);
template void multiply_transposed(const float*, std::int64_t, std::int64_t, const PackedMatrix&,
                                  float*, bool);
template void multiply_transposed(const Bf16*, std::int64_t, std::int64_t, const PackedMatrix&,
                                  float*, bool);

std::string product_kernel(std::int64_t k, std::int64_t n, Precision precision) {
  return ThreadCache::mine().layout(k, n, precision).kernel;
}

double product_ceiling(Precision precision, double seconds) {
  constexpr std::int64_t kSize = 2048;
  using Clock = std::chrono::steady_clock;
  PackedMatrix w(kSize, kSize, precision);
  AlignedArray<float> y(kSize * kSize);
  AlignedArray<float> x(kSize * kSize);
  x.zero();  // zeros in either precision, in memory of their own
  w.pack(x.data(), kSize, 1);
  const auto once = [&] {
    if (precision == Precision::kBf16) {
      multiply(reinterpret_cast<const Bf16*>(x.data()), kSize, kSize, w, y.data(), kSize);
    } else {
      multiply(x.data(), kSize, kSize, w, y.data(), kSize);
    }
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
