// The occurrences of words in a dump: the words, their contexts and their vectors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "io/dump_file.h"

namespace elmo {

// A word with the words around it in its sentence.
struct Context {
  std::string before, word, after;

  // "... on the grassy [bank] of the river"
  std::string marked() const;
};

// Word `at` of a sentence with up to `reach` words on either side. Words of more than a hundred
// characters are shortened, and invalid UTF-8 is replaced.
Context context_of(const std::vector<std::string>& words, std::size_t at, std::size_t reach);

// The words of sentence i of a dump. Throws Error if the dump does not contain them.
std::vector<std::string> required_words(const DumpReader& dump, std::int64_t i);

struct OccurrenceRequest {
  std::vector<std::string> words;  // compared in NFC; empty: every word
  std::int64_t count = 2000;       // at most so many; if there are more, a sample
  std::uint64_t seed = 1;          // seed of the sample
  std::size_t reach = 4;           // words of context on either side
};

struct Occurrences {
  struct Place {
    std::int64_t sentence;  // from 0
    std::size_t word;       // its index in the sentence, from 0
    Context context;
    std::string text;  // the whole word, in NFC if it is valid UTF-8
  };
  std::vector<Place> places;   // by sentence and word
  std::int64_t total = 0;      // occurrences in the dump, before sampling
  std::int64_t sentences = 0;  // of the dump
  std::size_t dimension = 0;
  // For each layer: row-major (places, dimension).
  std::vector<std::vector<float>> layers;
};

// Reads the dump twice, for the words and then for the vectors of the chosen places; takes memory
// for `count` occurrences. The sample is uniform, and the same for the same words, count and seed.
// In a dump with the layout `sentences`, only the last of equal sentences has its words; it
// represents all of them (with a warning). Throws Error if the words do not occur, if a vector is
// not finite, or if the dump does not contain its words.
Occurrences find_occurrences(const DumpReader& dump, const OccurrenceRequest& request);

}  // namespace elmo
