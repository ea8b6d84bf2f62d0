// Dumps with made-up content.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/dump_file.h"

namespace elmo {

struct SampleSentence {
  std::string text;
  std::vector<std::string> words;
  std::vector<float> vectors;  // (words, layers, dimension)
  std::vector<DumpPlace> places;

  std::vector<std::string_view> views() const { return {words.begin(), words.end()}; }
};

// The value of an element. It is exact in float16.
inline float sample_value(std::int64_t line, std::int64_t word, int layer, int column) {
  const auto mixed = static_cast<std::uint32_t>(line * 7919 + word * 104729 + layer * 31 + column);
  return static_cast<float>(static_cast<std::int32_t>(mixed % 2048) - 1024) / 64.0f;
}

// The line number determines the number of words, from 0 (blank lines) to 8; every third sentence
// is the same.
inline SampleSentence sample_sentence(std::int64_t line, const DumpOptions& options) {
  SampleSentence sentence;
  const std::int64_t count = options.keys == DumpKeys::kSentence ? line % 8 + 1 : line * 5 % 9;
  const std::int64_t name = line % 3 == 0 && options.keys == DumpKeys::kLine ? 0 : line;
  for (std::int64_t word = 0; word < count; ++word) {
    sentence.words.push_back("말\"" + std::to_string(name) + "_" + std::to_string(word));
    sentence.text += (word > 0 ? " " : "") + sentence.words.back();
    if (options.places) sentence.places.push_back({line, word});
    for (int layer = 0; layer < options.layers; ++layer) {
      for (int column = 0; column < options.dimension; ++column) {
        sentence.vectors.push_back(sample_value(line, word, layer, column));
      }
    }
  }
  return sentence;
}

inline void append_samples(DumpWriter& writer, const DumpOptions& options, std::int64_t first,
                           std::int64_t end) {
  for (std::int64_t line = first; line < end; ++line) {
    const SampleSentence sentence = sample_sentence(line, options);
    writer.append(sentence.text, sentence.views(), sentence.vectors, sentence.places);
  }
}

}  // namespace elmo
