// The places where words occur in a dump: which, in what sentence, with what vectors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "io/dump_file.h"

namespace elmo {

// A word in the middle of its sentence, or of as much of it as is shown.
struct Context {
  std::string before, word, after;

  // "... on the grassy [bank] of the river"
  std::string marked() const;
};

// Word `at` of a sentence with `reach` words on either side. Words of more than a hundred
// characters are cut, and what is not UTF-8 is replaced.
Context context_of(const std::vector<std::string>& words, std::size_t at, std::size_t reach);

// The words of sentence i of a dump. Throws Error where the dump does not tell them.
std::vector<std::string> required_words(const DumpReader& dump, std::int64_t i);

struct OccurrenceRequest {
  std::vector<std::string> words;  // compared in NFC; empty: every word
  std::int64_t count = 2000;       // occurrences at most; where there are more, a sample
  std::uint64_t seed = 1;          // of the sample
  std::size_t reach = 4;           // of the contexts
};

struct Occurrences {
  struct Place {
    std::int64_t sentence;  // from 0
    std::size_t word;       // its index in the sentence, from 0
    Context context;
    std::string text;  // the word itself, whole, in NFC where it is UTF-8
  };
  std::vector<Place> places;   // by sentence and word
  std::int64_t total = 0;      // occurrences in the dump
  std::int64_t sentences = 0;  // of the dump
  std::size_t dimension = 0;
  // Of each layer: row-major (places, dimension).
  std::vector<std::vector<float>> layers;
};

// Reads the dump twice, the words and then the vectors of what is kept; memory is that of `count`
// occurrences. A sample is uniform, and the same for the same words, count and seed. Of equal
// sentences the layout `sentences` tells the words of the last one, which stands for all of them
// (with a warning). Throws Error: the words do not occur, a vector is not finite, or the dump does
// not tell its words.
Occurrences find_occurrences(const DumpReader& dump, const OccurrenceRequest& request);

}  // namespace elmo
