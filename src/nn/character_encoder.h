// ELMo's token encoder: a word's characters, convolved, to one vector.
//
//   conv_f = max over positions of sum_k char[id(p + k)] W_f[k], + b_f, then relu or tanh
//   highway  g = sigma(x W_c + b_c); y = g relu(x W_t + b_t) + (1 - g) x
//   y = x W_p + b_p
//
// Kim et al. 2015 as Peters et al. 2018 have it. Two exact short cuts: a character's product with a
// filter comes from a table, and of the positions that hold padding alone one is computed. Where
// characters are too many for a table (a row has sum_f width_f count_f numbers), windows of
// characters are multiplied by the filters.
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
  int dimension = 0;  // of a character's vector
  std::vector<Filter> filters;
  bool tanh = false;  // relu otherwise
  int highways = 0;
  int projection = 0;   // P
  bool project = true;  // false: F = P and the highways' output is the vector
  int positions = 0;    // characters that a word is padded to; no word has more
  int padding = 0;      // the character behind a word's end
  bool table = true;    // false: by products, for inference only

  int filter_count() const;  // F
};

// Words, one after another: word i has the ids [begin[i], begin[i + 1]).
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

  // Packs the weights and makes the table; again after every change. Parts may be packed in any
  // order by several threads.
  void prepare(Precision precision, bool training);
  int pack_parts() const;
  void pack(int part);

  // What is kept of up to `words` words for the backward pass, and scratch.
  struct Tape {
    Tape() = default;
    Tape(const CharacterEncoder& encoder, std::int64_t words);
    std::int64_t words = 0;
    std::vector<AlignedArray<float>> x;             // F a word: inputs of highways and projection
    std::vector<AlignedArray<float>> gate, change;  // F a word and highway: g, relu(...)
    AlignedArray<std::uint8_t> place;               // F a word: position of the largest sum
    AlignedArray<Bf16> operand;                     // the larger of F and P a word
  };

  // y (P a word, dense): the vectors of words [first, last), whose place in the tape and in y is
  // counted from `first`. A word has the same bits whatever is encoded beside it.
  void forward(const CharacterRows& words, std::int64_t first, std::int64_t last, Tape& tape,
               float* y) const;
  // The same for all words, shared by the workers.
  void forward(const CharacterRows& words, Tape& tape, float* y, Workers& workers) const;
  // d_y: the gradient of y of all words. The parameters' gradients are overwritten; they are sums
  // over groups of words along a tree (tree_sum.h), group i being words [cuts[i], cuts[i + 1]): a
  // power of two of them. Spoils those words' part of the tape.
  void backward(const CharacterRows& words, Tape& tape, const float* d_y,
                std::span<const std::int64_t> cuts, Workers& workers);

 private:
  // Words [word, word + rows), which are rows `row` and on of the tape and of y.
  void forward_block(const CharacterRows& words, std::int64_t word, std::int64_t rows,
                     std::int64_t row, Tape& tape, float* y) const;
  void convolve(const CharacterRows& words, std::int64_t word, float* x, std::uint8_t* place) const;
  // The same of words [word, word + rows) without a table.
  void convolve_by_products(const CharacterRows& words, std::int64_t word, std::int64_t rows,
                            float* x) const;
  float activate(float x) const;
  // Positions that may differ from one another: those that touch a character, one of padding.
  std::int64_t positions(std::int64_t characters, int width) const;
  void multiply_rows(const float* x, std::int64_t rows, const PackedMatrix& w, float* y, Tape& tape,
                     std::int64_t row, bool accumulate = false) const;
  void filter_gradients(const CharacterRows& words, const Tape& tape, const float* d,
                        std::span<const std::int64_t> cuts, Workers& workers);
  // A stretch of a filter's columns, which needs nothing of the others.
  struct FilterColumns {
    std::size_t filter;
    std::int64_t first, count;  // among the filter's
    std::int64_t at;            // among all filters'
  };
  // Of these columns over words [first, last), whose d begins at `d`: the gradients of the filter
  // and of its bias into those columns of `filter` and `bias`, the columns' share of the
  // characters' gradient into `d_characters`.
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
  // Of each filter: character, place in the filter, count.
  std::vector<AlignedArray<float>> table_;
  std::vector<PackedMatrix> packed_filters_;  // instead of the table; float32 always
};

}  // namespace elmo
