// ELMo's token encoder: a convolution over a word's characters yields its vector.
//
//   conv_f = max over positions p of sum_k char[id(p + k)] W_f[k], + b_f, then relu or tanh
//   highway  g = sigma(x W_c + b_c); y = g relu(x W_t + b_t) + (1 - g) x
//   y = x W_p + b_p
//
// Kim et al. 2015, as used by Peters et al. 2018. Two exact shortcuts: the product of a character
// and a filter comes from a table, and only one of the positions that hold nothing but padding is
// computed. If there are too many characters for a table (a row has sum_f width_f count_f numbers),
// windows of characters are multiplied by the filters instead.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "compute/aligned.h"
#include "compute/matmul.h"
#include "compute/precision.h"
#include "compute/tree_sum.h"
#include "compute/workers.h"
#include "nn/parameter.h"

namespace elmo {

struct CharacterShape {
  struct Filter {
    int width = 1, count = 0;
  };
  int rows = 0;       // characters
  int dimension = 0;  // dimension of a character's vector
  std::vector<Filter> filters;
  bool tanh = false;  // relu otherwise
  int highways = 0;
  int projection = 0;   // P
  bool project = true;  // false: F = P, and the last highway's output is the vector
  int positions = 0;    // length that words are padded to; no word is longer
  int padding = 0;      // the character that follows a word's end
  bool table = true;    // false: by products (inference only)

  int filter_count() const;  // F
};

// Words in one array: word i has the ids [begin[i], begin[i + 1]).
struct CharacterRows {
  std::vector<std::uint16_t> ids;
  std::vector<std::int64_t> begin = {0};

  std::int64_t count() const { return static_cast<std::int64_t>(begin.size()) - 1; }
  void end_word() { begin.push_back(static_cast<std::int64_t>(ids.size())); }
  void clear() {
    ids.clear();
    begin.assign(1, 0);
  }
};

class CharacterEncoder {
 public:
  CharacterEncoder(const std::string& name, const CharacterShape& shape);

  const CharacterShape& shape() const { return shape_; }
  template <typename F>
  void for_each_parameter(F&& f) {
    f(characters);
    for (Parameter& parameter : filters) f(parameter);
    for (Parameter& parameter : filter_biases) f(parameter);
    for (Highway& highway : highways) {
      f(highway.carry);
      f(highway.transform);
      f(highway.carry_bias);
      f(highway.transform_bias);
    }
    if (!shape_.project) return;
    f(projection);
    f(projection_bias);
  }

  // Matrices are [in, out], as in the official files.
  Parameter characters;                  // (rows, C)
  std::vector<Parameter> filters;        // (width, C, count) each
  std::vector<Parameter> filter_biases;  // (count) each
  struct Highway {
    Parameter carry, transform;            // (F, F)
    Parameter carry_bias, transform_bias;  // (F)
  };
  std::vector<Highway> highways;
  Parameter projection;       // (F, P)
  Parameter projection_bias;  // (P)

  // prepare() allocates the packed weights and the table. pack() fills one part of them, and must
  // be repeated for every part when weights change. Several threads may pack different parts, in
  // any order.
  void prepare(Precision precision, bool training);
  int pack_parts() const;
  void pack(int part);

  // The intermediate values of up to `words` words that backward() needs, and scratch memory. F is
  // filter_count(), P the projection.
  struct Tape {
    Tape() = default;
    Tape(const CharacterEncoder& encoder, std::int64_t words);
    std::int64_t words = 0;
    std::vector<AlignedArray<float>> x;             // F per word: inputs of highways and projection
    std::vector<AlignedArray<float>> gate, change;  // F per word and highway: g, relu(...)
    AlignedArray<std::uint8_t> place;               // F per word: position of the largest sum
    AlignedArray<Bf16> operand;                     // max(F, P) per word
  };

  // Writes the vectors of words [first, last) to y (P per word, dense). In y and in the tape, word
  // `first` is row 0. A word's vector has the same bits whatever is encoded with it.
  void forward(const CharacterRows& words, std::int64_t first, std::int64_t last, Tape& tape,
               float* y) const;
  // The same for all words, divided among the workers.
  void forward(const CharacterRows& words, Tape& tape, float* y, Workers& workers) const;
  // d_y is the gradient of y for all words. The parameters' gradients are overwritten. They are
  // sums over groups of words along a tree (tree_sum.h); group i is words [cuts[i], cuts[i + 1]),
  // and the number of groups is a power of two. Overwrites these words' part of the tape.
  void backward(const CharacterRows& words, Tape& tape, const float* d_y,
                std::span<const std::int64_t> cuts, Workers& workers);

 private:
  // Words [word, word + rows), which are rows `row` and following of the tape and of y.
  void forward_block(const CharacterRows& words, std::int64_t word, std::int64_t rows,
                     std::int64_t row, Tape& tape, float* y) const;
  void convolve(const CharacterRows& words, std::int64_t word, float* x, std::uint8_t* place) const;
  // The same for words [word, word + rows), without a table.
  void convolve_by_products(const CharacterRows& words, std::int64_t word, std::int64_t rows,
                            float* x) const;
  float activate(float x) const;
  // The number of positions with different sums: all that include a character, and one that is all
  // padding.
  std::int64_t positions(std::int64_t characters, int width) const;
  void multiply_rows(const float* x, std::int64_t rows, const PackedMatrix& w, float* y, Tape& tape,
                     std::int64_t row, bool accumulate = false) const;
  void filter_gradients(const CharacterRows& words, const Tape& tape, const float* d,
                        std::span<const std::int64_t> cuts, Workers& workers);
  // A range of a filter's columns; its gradients do not depend on other columns.
  struct FilterColumns {
    std::size_t filter;
    std::int64_t first, count;  // counted in the filter
    std::int64_t at;            // first column, counted over all filters
  };
  // The gradients of these columns over words [first, last), whose d begins at `d`. Writes those of
  // the filter and its bias to these columns of `filter` and `bias`, and the columns' share of the
  // characters' gradient to `d_characters`.
  void filter_gradients(const CharacterRows& words, std::int64_t first, std::int64_t last,
                        const Tape& tape, const float* d, const FilterColumns& columns,
                        float* filter, float* bias, float* d_characters) const;

  CharacterShape shape_;
  Precision precision_ = Precision::kF32;
  bool training_ = false;
  struct PackedHighway {
    PackedMatrix carry, transform, carry_back, transform_back;
  };
  std::vector<PackedHighway> packed_;
  PackedMatrix packed_projection_, packed_projection_back_;
  // For each filter: (character, position in the filter, count).
  std::vector<AlignedArray<float>> table_;
  std::vector<PackedMatrix> packed_filters_;  // used without a table; always float32
};

}  // namespace elmo
