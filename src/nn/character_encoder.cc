#include "nn/character_encoder.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>

#include "compute/kernels.h"
#include "nn/heads.h"

namespace elmo {
namespace {

// Words that are multiplied together, in inference and within a worker's share.
constexpr std::int64_t kBlock = 64;
// In the products of the weight gradients, the number of words is padded to a multiple of this: few
// shapes mean few oneDNN kernels to generate.
constexpr std::int64_t kGradientRows = 256;
// Windows of characters that are multiplied by a filter together; their number is padded to a
// multiple of kWindowGrain.
constexpr std::int64_t kWindows = 256, kWindowGrain = 32;

void add_bias(float* y, std::int64_t rows, const Parameter& bias) {
  const auto width = static_cast<std::int64_t>(bias.value.size());
  const float* b = bias.value.data();
  for (std::int64_t i = 0; i < rows; ++i, y += width) {
    for (std::int64_t k = 0; k < width; ++k) y[k] += b[k];
  }
}

// The words of a group (tree_sum.h), and their padded number.
struct WordGroup {
  std::int64_t begin, end, padded;
};
std::vector<WordGroup> word_groups(std::span<const std::int64_t> cuts) {
  std::vector<WordGroup> result;
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    const std::int64_t count = std::max<std::int64_t>(1, cuts[i + 1] - cuts[i]);
    result.push_back(
        {cuts[i], cuts[i + 1], (count + kGradientRows - 1) / kGradientRows * kGradientRows});
  }
  return result;
}

// gradient (m x n) = a^T b over the groups' rows of a (m wide) and b (n wide), both dense; divided
// among the workers.
void product_gradient(const float* a, std::int64_t m, const float* b, std::int64_t n,
                      const std::vector<WordGroup>& groups, Parameter& parameter,
                      Workers& workers) {
  // The token encoder's gradients are a small part of the work, so f32 is used for bf16 too.
  struct Operands {
    AlignedArray<float> a;
    PackedMatrix b;
  };
  std::vector<Operands> operands(groups.size());
  workers.run([&](int index) {
    const Part part = part_of(static_cast<std::int64_t>(groups.size()), index, workers.count());
    for (std::int64_t i = part.begin; i < part.end; ++i) {
      const WordGroup& group = groups[static_cast<std::size_t>(i)];
      const std::int64_t rows = group.end - group.begin;
      auto& [whole_a, packed] = operands[static_cast<std::size_t>(i)];
      whole_a = AlignedArray<float>(area(group.padded, m));
      AlignedArray<float> whole_b(area(group.padded, n));
      std::copy_n(a + group.begin * m, rows * m, whole_a.data());
      std::copy_n(b + group.begin * n, rows * n, whole_b.data());
      packed = PackedMatrix(group.padded, n, Precision::kF32);
      packed.pack(whole_b.data(), n, 1);
    }
  });
  const auto leaves = static_cast<int>(groups.size());
  workers.run([&](int index) {
    AlignedArray<float> scratch(TreeSum::scratch_size(leaves, kBlock * n));
    const Part part = part_of(m, index, workers.count(), kBlock);
    for (std::int64_t from = part.begin; from < part.end; from += kBlock) {
      const std::int64_t count = std::min(kBlock, part.end - from);
      const TreeSum sum(parameter.gradient.data() + from * n, scratch.data(), count * n);
      for (int group = 0; group < leaves; ++group) {
        const auto& [whole_a, packed] = operands[static_cast<std::size_t>(group)];
        multiply_transposed(whole_a.data() + from, m, count, packed, sum.leaf(group));
        sum.close(group);
      }
    }
  });
}

void bias_gradient(const float* d, const std::vector<WordGroup>& groups, Parameter& bias) {
  const auto width = static_cast<std::int64_t>(bias.value.size());
  const auto leaves = static_cast<int>(groups.size());
  AlignedArray<float> scratch(TreeSum::scratch_size(leaves, width));
  const TreeSum sum(bias.gradient.data(), scratch.data(), width);
  for (int i = 0; i < leaves; ++i) {
    const WordGroup& group = groups[static_cast<std::size_t>(i)];
    std::fill_n(sum.leaf(i), width, 0.0f);
    add_column_sums(d + group.begin * width, group.end - group.begin, width, width, sum.leaf(i));
    sum.close(i);
  }
}

}  // namespace

int CharacterShape::filter_count() const {
  int count = 0;
  for (const Filter& filter : filters) count += filter.count;
  return count;
}

CharacterEncoder::CharacterEncoder(const std::string& name, const CharacterShape& shape)
    : characters(name + "/characters", {shape.rows, shape.dimension}), shape_(shape) {
  const std::int64_t f = shape.filter_count();
  for (std::size_t i = 0; i < shape.filters.size(); ++i) {
    const auto& [width, count] = shape.filters[i];
    const std::string number = std::to_string(i);
    filters.emplace_back(name + "/filter_" + number,
                         std::vector<std::int64_t>{width, shape.dimension, count});
    filter_biases.emplace_back(name + "/filter_bias_" + number, std::vector<std::int64_t>{count});
  }
  for (int k = 0; k < shape.highways; ++k) {
    const std::string group = name + "/highway_" + std::to_string(k);
    highways.push_back(
        {Parameter(group + "/carry", {f, f}), Parameter(group + "/transform", {f, f}),
         Parameter(group + "/carry_bias", {f}), Parameter(group + "/transform_bias", {f})});
  }
  if (shape.project) {
    projection = Parameter(name + "/projection", {f, shape.projection});
    projection_bias = Parameter(name + "/projection_bias", {shape.projection});
  }
}

void CharacterEncoder::prepare(Precision precision, bool training) {
  precision_ = precision;
  training_ = training;
  const std::int64_t f = shape_.filter_count();
  packed_.clear();
  for (int k = 0; k < shape_.highways; ++k) {
    PackedHighway& packed = packed_.emplace_back();
    for (PackedMatrix* matrix : {&packed.carry, &packed.transform}) {
      *matrix = PackedMatrix(f, f, precision);
    }
    if (!training) continue;
    for (PackedMatrix* matrix : {&packed.carry_back, &packed.transform_back}) {
      *matrix = PackedMatrix(f, f, precision);
    }
  }
  if (shape_.project) {
    packed_projection_ = PackedMatrix(f, shape_.projection, precision);
    if (training) packed_projection_back_ = PackedMatrix(shape_.projection, f, precision);
  }
  table_.clear();
  packed_filters_.clear();
  for (const auto& [width, count] : shape_.filters) {
    if (!shape_.table) {
      packed_filters_.emplace_back(static_cast<std::int64_t>(width) * shape_.dimension, count,
                                   Precision::kF32);
      continue;
    }
    table_.emplace_back(area(static_cast<std::int64_t>(shape_.rows) * width, count));
  }
}

int CharacterEncoder::pack_parts() const {
  return shape_.highways + 1 + static_cast<int>(shape_.filters.size());
}

void CharacterEncoder::pack(int part) {
  const std::int64_t f = shape_.filter_count();
  if (part < shape_.highways) {
    const Highway& highway = highways[static_cast<std::size_t>(part)];
    PackedHighway& packed = packed_[static_cast<std::size_t>(part)];
    packed.carry.pack(highway.carry.value.data(), f, 1);
    packed.transform.pack(highway.transform.value.data(), f, 1);
    if (!training_) return;
    packed.carry_back.pack(highway.carry.value.data(), 1, f);
    packed.transform_back.pack(highway.transform.value.data(), 1, f);
    return;
  }
  part -= shape_.highways;
  if (part == 0) {
    if (!shape_.project) return;
    packed_projection_.pack(projection.value.data(), shape_.projection, 1);
    if (training_) {
      packed_projection_back_.pack(projection.value.data(), 1, shape_.projection);
    }
    return;
  }
  const auto at = static_cast<std::size_t>(part - 1);
  const auto& [width, count] = shape_.filters[at];
  if (!shape_.table) {
    packed_filters_[at].pack(filters[at].value.data(), count, 1);
    return;
  }
  // table[c][k] = characters[c] W[k]
  table_[at].zero();
  for (int c = 0; c < shape_.rows; ++c) {
    for (int k = 0; k < width; ++k) {
      float* sums = table_[at].data() + (static_cast<std::int64_t>(c) * width + k) * count;
      for (int d = 0; d < shape_.dimension; ++d) {
        const float value =
            characters.value[area(c, shape_.dimension) + static_cast<std::size_t>(d)];
        const float* weights = filters[at].value.data() +
                               (static_cast<std::int64_t>(k) * shape_.dimension + d) * count;
        for (int n = 0; n < count; ++n) sums[n] += value * weights[n];
      }
    }
  }
}

CharacterEncoder::Tape::Tape(const CharacterEncoder& encoder, std::int64_t word_count)
    : words(word_count) {
  const CharacterShape& shape = encoder.shape();
  const std::size_t size = area(word_count, shape.filter_count());
  for (int k = 0; k <= shape.highways; ++k) x.emplace_back(size);
  for (int k = 0; k < shape.highways; ++k) {
    gate.emplace_back(size);
    change.emplace_back(size);
  }
  place = AlignedArray<std::uint8_t>(size);
  if (encoder.precision_ == Precision::kBf16) {
    operand =
        AlignedArray<Bf16>(area(word_count, std::max(shape.filter_count(), shape.projection)));
  }
}

std::int64_t CharacterEncoder::positions(std::int64_t character_count, int width) const {
  return std::min<std::int64_t>(character_count + 1, shape_.positions - width + 1);
}

float CharacterEncoder::activate(float x) const {
  return shape_.tanh ? std::tanh(x) : std::max(0.0f, x);
}

void CharacterEncoder::convolve(const CharacterRows& words, std::int64_t word, float* x,
                                std::uint8_t* place) const {
  const std::uint16_t* ids = words.ids.data() + words.begin[static_cast<std::size_t>(word)];
  const std::int64_t size =
      words.begin[static_cast<std::size_t>(word) + 1] - words.begin[static_cast<std::size_t>(word)];
  AlignedArray<float> sums(static_cast<std::size_t>(shape_.filter_count()));
  for (std::size_t i = 0; i < shape_.filters.size(); ++i) {
    const auto& [width, count] = shape_.filters[i];
    const std::int64_t end = positions(size, width);
    float* sum = sums.data();
    for (std::int64_t p = 0; p < end; ++p) {
      for (int k = 0; k < width; ++k) {
        const int id = p + k < size ? ids[p + k] : shape_.padding;
        const float* row = table_[i].data() + (static_cast<std::int64_t>(id) * width + k) * count;
        if (k == 0) {
          std::copy_n(row, count, sum);
        } else {
          for (int n = 0; n < count; ++n) sum[n] += row[n];
        }
      }
      if (p == 0) {
        std::copy_n(sum, count, x);
        std::fill_n(place, count, std::uint8_t{0});
        continue;
      }
      for (int n = 0; n < count; ++n) {
        const bool larger = sum[n] > x[n];
        x[n] = larger ? sum[n] : x[n];
        place[n] = larger ? static_cast<std::uint8_t>(p) : place[n];
      }
    }
    const float* bias = filter_biases[i].value.data();
    for (int n = 0; n < count; ++n) {
      x[n] = activate(x[n] + bias[n]);
    }
    x += count;
    place += count;
  }
}

void CharacterEncoder::convolve_by_products(const CharacterRows& words, std::int64_t word,
                                            std::int64_t rows, float* x) const {
  const std::int64_t f = shape_.filter_count(), c = shape_.dimension;
  int widest = 0;
  for (const auto& filter : shape_.filters) widest = std::max(widest, filter.width);
  // The vectors of each word's characters and the padding that a window may include, so that every
  // window is contiguous.
  std::vector<std::int64_t> begin(static_cast<std::size_t>(rows) + 1, 0);
  const auto size_of = [&](std::int64_t i) {
    return words.begin[static_cast<std::size_t>(word + i) + 1] -
           words.begin[static_cast<std::size_t>(word + i)];
  };
  for (std::int64_t i = 0; i < rows; ++i) {
    begin[static_cast<std::size_t>(i) + 1] =
        begin[static_cast<std::size_t>(i)] + size_of(i) + widest;
  }
  AlignedArray<float> vectors(area(begin.back(), c));
  for (std::int64_t i = 0; i < rows; ++i) {
    const std::uint16_t* ids = words.ids.data() + words.begin[static_cast<std::size_t>(word + i)];
    const std::int64_t size = size_of(i);
    for (std::int64_t p = 0; p < size + widest; ++p) {
      const int id = p < size ? ids[p] : shape_.padding;
      std::copy_n(characters.value.data() + id * c, c,
                  vectors.data() + (begin[static_cast<std::size_t>(i)] + p) * c);
    }
  }
  AlignedArray<float> windows(area(kWindows, widest * c)), sums(area(kWindows, f));
  std::vector<std::pair<std::int64_t, std::int64_t>> places;  // word, position
  for (std::size_t i = 0; i < shape_.filters.size(); ++i) {
    const auto& [width, count] = shape_.filters[i];
    const std::int64_t k = width * c;
    const auto reduce = [&, width = width, count = count] {
      // Few row counts mean few kernels to generate; the surplus rows hold old values and are not
      // used.
      const auto used = static_cast<std::int64_t>(places.size());
      multiply(windows.data(), (used + kWindowGrain - 1) / kWindowGrain * kWindowGrain,
               packed_filters_[i], sums.data());
      for (std::int64_t row = 0; row < used; ++row) {
        const auto [at, p] = places[static_cast<std::size_t>(row)];
        float* to = x + at * f;
        const float* from = sums.data() + row * count;
        if (p == 0) {
          std::copy_n(from, count, to);
        } else {
          for (int n = 0; n < count; ++n) to[n] = std::max(to[n], from[n]);
        }
      }
      places.clear();
    };
    for (std::int64_t at = 0; at < rows; ++at) {
      const std::int64_t end = positions(size_of(at), width);
      for (std::int64_t p = 0; p < end; ++p) {
        std::copy_n(vectors.data() + (begin[static_cast<std::size_t>(at)] + p) * c, k,
                    windows.data() + static_cast<std::int64_t>(places.size()) * k);
        places.emplace_back(at, p);
        if (static_cast<std::int64_t>(places.size()) == kWindows) reduce();
      }
    }
    if (!places.empty()) reduce();
    const float* bias = filter_biases[i].value.data();
    for (std::int64_t at = 0; at < rows; ++at) {
      for (int n = 0; n < count; ++n) x[at * f + n] = activate(x[at * f + n] + bias[n]);
    }
    x += count;
  }
}

void CharacterEncoder::multiply_rows(const float* x, std::int64_t rows, const PackedMatrix& w,
                                     float* y, Tape& tape, std::int64_t row,
                                     bool accumulate) const {
  if (precision_ == Precision::kF32) {
    multiply(x, rows, w, y, accumulate);
    return;
  }
  Bf16* operand = tape.operand.data() + row * std::max(shape_.filter_count(), shape_.projection);
  convert(x, rows * w.k(), operand);
  multiply(operand, rows, w, y, accumulate);
}

void CharacterEncoder::forward_block(const CharacterRows& words, std::int64_t word,
                                     std::int64_t rows, std::int64_t row, Tape& tape,
                                     float* y) const {
  const std::int64_t f = shape_.filter_count(), from = row * f;
  if (shape_.table) {
    for (std::int64_t i = 0; i < rows; ++i) {
      convolve(words, word + i, tape.x[0].data() + from + i * f, tape.place.data() + from + i * f);
    }
  } else {
    convolve_by_products(words, word, rows, tape.x[0].data() + from);
  }
  for (std::size_t k = 0; k < highways.size(); ++k) {
    const float* in = tape.x[k].data() + from;
    float* gate = tape.gate[k].data() + from;
    float* change = tape.change[k].data() + from;
    float* out = tape.x[k + 1].data() + from;
    multiply_rows(in, rows, packed_[k].carry, gate, tape, row);
    multiply_rows(in, rows, packed_[k].transform, change, tape, row);
    add_bias(gate, rows, highways[k].carry_bias);
    add_bias(change, rows, highways[k].transform_bias);
    for (std::int64_t j = 0; j < rows * f; ++j) {
      gate[j] = sigmoid(gate[j]);
      change[j] = std::max(0.0f, change[j]);
      out[j] = gate[j] * change[j] + (1.0f - gate[j]) * in[j];
    }
  }
  const float* top = tape.x.back().data() + from;
  float* to = y + row * shape_.projection;
  if (!shape_.project) {
    std::copy_n(top, rows * f, to);
    return;
  }
  multiply_rows(top, rows, packed_projection_, to, tape, row);
  add_bias(to, rows, projection_bias);
}

void CharacterEncoder::forward(const CharacterRows& words, std::int64_t first, std::int64_t last,
                               Tape& tape, float* y) const {
  for (std::int64_t word = first; word < last; word += kBlock) {
    forward_block(words, word, std::min(kBlock, last - word), word - first, tape, y);
  }
}

void CharacterEncoder::forward(const CharacterRows& words, Tape& tape, float* y,
                               Workers& workers) const {
  workers.run([&](int index) {
    const Part part = part_of(words.count(), index, workers.count(), kBlock);
    for (std::int64_t word = part.begin; word < part.end; word += kBlock) {
      forward_block(words, word, std::min(kBlock, part.end - word), word, tape, y);
    }
  });
}

void CharacterEncoder::backward(const CharacterRows& words, Tape& tape, const float* d_y,
                                std::span<const std::int64_t> cuts, Workers& workers) {
  const std::vector<WordGroup> groups = word_groups(cuts);
  const std::int64_t first = cuts.front(), count = cuts.back() - first;
  const std::int64_t f = shape_.filter_count(), p = shape_.projection;
  // Row 0 of d is the first word.
  AlignedArray<float> d(area(count, f));
  const auto words_of = [&](int index) { return part_of(count, index, workers.count(), kBlock); };
  if (shape_.project) {
    product_gradient(tape.x.back().data(), f, d_y, p, groups, projection, workers);
    bias_gradient(d_y, groups, projection_bias);
    workers.run([&](int index) {
      const Part part = words_of(index);
      if (part.begin == part.end) return;
      multiply_rows(d_y + (first + part.begin) * p, part.end - part.begin, packed_projection_back_,
                    d.data() + part.begin * f, tape, first + part.begin);
    });
  } else {
    std::copy_n(d_y + first * f, count * f, d.data());
  }
  for (std::size_t k = highways.size(); k-- > 0;) {
    float* gate = tape.gate[k].data() + first * f;
    float* change = tape.change[k].data() + first * f;
    const float* in = tape.x[k].data() + first * f;
    workers.run([&](int index) {
      const Part part = words_of(index);
      for (std::int64_t j = part.begin * f; j < part.end * f; ++j) {
        const float g = gate[j], t = change[j], out = d[static_cast<std::size_t>(j)];
        gate[j] = out * (t - in[j]) * g * (1.0f - g);
        change[j] = t > 0 ? out * g : 0.0f;
        d[static_cast<std::size_t>(j)] = out * (1.0f - g);
      }
      if (part.begin == part.end) return;
      const std::int64_t from = part.begin * f, rows = part.end - part.begin;
      multiply_rows(gate + from, rows, packed_[k].carry_back, d.data() + from, tape,
                    first + part.begin, true);
      multiply_rows(change + from, rows, packed_[k].transform_back, d.data() + from, tape,
                    first + part.begin, true);
    });
    const float* all_in = tape.x[k].data();
    product_gradient(all_in, f, tape.gate[k].data(), f, groups, highways[k].carry, workers);
    product_gradient(all_in, f, tape.change[k].data(), f, groups, highways[k].transform, workers);
    bias_gradient(tape.gate[k].data(), groups, highways[k].carry_bias);
    bias_gradient(tape.change[k].data(), groups, highways[k].transform_bias);
  }
  const float* activated = tape.x[0].data() + first * f;
  for (std::int64_t j = 0; j < count * f; ++j) {
    const float x = activated[j];
    float& value = d[static_cast<std::size_t>(j)];
    value = shape_.tanh ? value * (1.0f - x * x) : (x > 0 ? value : 0.0f);
  }
  filter_gradients(words, tape, d.data(), cuts, workers);
}

void CharacterEncoder::filter_gradients(const CharacterRows& words, const Tape& tape,
                                        const float* d, std::span<const std::int64_t> cuts,
                                        Workers& workers) {
  std::vector<FilterColumns> parts;
  std::int64_t at = 0;
  for (std::size_t i = 0; i < shape_.filters.size(); ++i) {
    for (std::int64_t first = 0; first < shape_.filters[i].count; first += kBlock) {
      parts.push_back({i, first, std::min(kBlock, shape_.filters[i].count - first), at + first});
    }
    at += shape_.filters[i].count;
  }
  const auto leaves = static_cast<int>(cuts.size()) - 1;
  struct Sum {
    Sum(Parameter& parameter, int leaves)
        : scratch(TreeSum::scratch_size(leaves, static_cast<std::int64_t>(parameter.value.size()))),
          tree(parameter.gradient.data(), scratch.data(),
               static_cast<std::int64_t>(parameter.value.size())) {}
    AlignedArray<float> scratch;
    TreeSum tree;
  };
  std::vector<std::unique_ptr<Sum>> sums, bias_sums;
  for (std::size_t i = 0; i < filters.size(); ++i) {
    sums.push_back(std::make_unique<Sum>(filters[i], leaves));
    bias_sums.push_back(std::make_unique<Sum>(filter_biases[i], leaves));
  }
  Sum character_sum(characters, leaves);
  std::vector<AlignedArray<float>> d_characters(parts.size());
  for (auto& part : d_characters) part = AlignedArray<float>(characters.value.size());
  for (int leaf = 0; leaf < leaves; ++leaf) {
    const std::int64_t first = cuts[static_cast<std::size_t>(leaf)];
    const std::int64_t last = cuts[static_cast<std::size_t>(leaf) + 1];
    workers.run([&](int index) {
      for (std::size_t i = static_cast<std::size_t>(index); i < parts.size();
           i += static_cast<std::size_t>(workers.count())) {
        filter_gradients(words, first, last, tape, d + (first - cuts.front()) * at, parts[i],
                         sums[parts[i].filter]->tree.leaf(leaf),
                         bias_sums[parts[i].filter]->tree.leaf(leaf), d_characters[i].data());
      }
    });
    // Added in the order of the parts, so the number of workers does not matter.
    float* sum = character_sum.tree.leaf(leaf);
    std::fill_n(sum, characters.value.size(), 0.0f);
    for (const auto& part : d_characters) {
      for (std::size_t j = 0; j < part.size(); ++j) sum[j] += part[j];
    }
    character_sum.tree.close(leaf);
    for (std::size_t i = 0; i < filters.size(); ++i) {
      sums[i]->tree.close(leaf);
      bias_sums[i]->tree.close(leaf);
    }
  }
}

void CharacterEncoder::filter_gradients(const CharacterRows& words, std::int64_t first,
                                        std::int64_t last, const Tape& tape, const float* d,
                                        const FilterColumns& columns, float* filter, float* bias,
                                        float* d_characters) const {
  const std::int64_t f = shape_.filter_count(), c = shape_.dimension, count = columns.count;
  const int width = shape_.filters[columns.filter].width;
  const int filter_columns = shape_.filters[columns.filter].count;
  // Each maximum came from one position, so the gradient goes to the table's rows at that position.
  AlignedArray<float> d_table(area(static_cast<std::int64_t>(shape_.rows) * width, count));
  float* d_bias = bias + columns.first;
  std::fill_n(d_bias, count, 0.0f);
  std::vector<bool> met(static_cast<std::size_t>(shape_.rows));
  for (std::int64_t word = first; word < last; ++word) {
    const std::int64_t begin = words.begin[static_cast<std::size_t>(word)];
    const std::int64_t size = words.begin[static_cast<std::size_t>(word) + 1] - begin;
    const std::uint16_t* ids = words.ids.data() + begin;
    const float* from = d + (word - first) * f + columns.at;
    const std::uint8_t* place = tape.place.data() + word * f + columns.at;
    for (std::int64_t n = 0; n < count; ++n) {
      if (from[n] == 0) continue;
      d_bias[n] += from[n];
      for (int k = 0; k < width; ++k) {
        const int id = place[n] + k < size ? ids[place[n] + k] : shape_.padding;
        met[static_cast<std::size_t>(id)] = true;
        d_table[area(static_cast<std::int64_t>(id) * width + k, count) +
                static_cast<std::size_t>(n)] += from[n];
      }
    }
  }
  // table[c][k] = characters[c] W[k]
  const auto weights_at = [&](std::int64_t k, std::int64_t q) {
    return (k * c + q) * filter_columns + columns.first;
  };
  for (int k = 0; k < width; ++k) {
    for (std::int64_t q = 0; q < c; ++q) std::fill_n(filter + weights_at(k, q), count, 0.0f);
  }
  std::fill_n(d_characters, characters.value.size(), 0.0f);
  for (int row = 0; row < shape_.rows; ++row) {
    if (!met[static_cast<std::size_t>(row)]) continue;
    const float* vector = characters.value.data() + row * c;
    float* d_vector = d_characters + row * c;
    for (int k = 0; k < width; ++k) {
      const float* sums = d_table.data() + (static_cast<std::int64_t>(row) * width + k) * count;
      for (std::int64_t q = 0; q < c; ++q) {
        float* d_weights = filter + weights_at(k, q);
        const float* w = filters[columns.filter].value.data() + weights_at(k, q);
        float total = 0;
        for (std::int64_t n = 0; n < count; ++n) {
          d_weights[n] += vector[q] * sums[n];
          total += w[n] * sums[n];
        }
        d_vector[q] += total;
      }
    }
  }
}

}  // namespace elmo
