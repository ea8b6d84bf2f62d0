#include "embed/word_vectors.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "text/words.h"

namespace elmo {

std::span<const float> WordVectors::at(int layer, std::size_t word) const {
  const auto d = static_cast<std::size_t>(dimension);
  return {values.data() + (static_cast<std::size_t>(layer) * words + word) * d, d};
}

WordVectors layers_first(const std::vector<float>& vectors, int layers, int dimension,
                         bool layered) {
  const auto rows = static_cast<std::size_t>(layers);
  const auto d = static_cast<std::size_t>(dimension);
  WordVectors result{.layers = layers,
                     .words = vectors.size() / (rows * d),
                     .dimension = dimension,
                     .values = std::vector<float>(vectors.size()),
                     .layered = layered};
  for (std::size_t w = 0; w < result.words; ++w) {
    for (std::size_t r = 0; r < rows; ++r) {
      std::copy_n(vectors.data() + (w * rows + r) * d, d,
                  result.values.data() + (r * result.words + w) * d);
    }
  }
  return result;
}

std::optional<std::vector<std::string>> dumped_words(const DumpReader& dump, std::int64_t i) {
  std::vector<std::string> words = dump.words(i);
  if (dump.layout() == DumpLayout::kSentences && !dump.pooled() && !words.empty()) {
    const std::string text = words.front();
    // AllenNLP's files do not record a split; it is always spaces.
    const Split split = parse_split(dump.text_attribute("split").value_or("spaces"));
    std::vector<std::string_view> cut;
    split_words(text, split, cut);
    words.assign(cut.begin(), cut.end());
  }
  if (static_cast<std::int64_t>(words.size()) != dump.word_count(i)) return std::nullopt;
  return words;
}

}  // namespace elmo
