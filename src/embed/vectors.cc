// The public VectorFile over the reader of dumps.

#include "elmo/vectors.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/dump_file.h"
#include "text/words.h"

namespace elmo {

struct VectorFile::Impl {
  DumpReader reader;
  Split split = Split::kSpaces;
};

VectorFile::VectorFile(const std::string& path)
    : impl_(std::make_unique<Impl>(Impl{DumpReader(path)})) {
  // AllenNLP's files don't name a split: spaces.
  const auto& attributes = impl_->reader.attributes();
  const auto split = attributes.find("split");
  if (split != attributes.end() && split->is_string()) {
    impl_->split = parse_split(split->get<std::string>());
  }
}

VectorFile::VectorFile(VectorFile&&) noexcept = default;
VectorFile& VectorFile::operator=(VectorFile&&) noexcept = default;
VectorFile::~VectorFile() = default;

std::size_t VectorFile::sentences() const {
  return static_cast<std::size_t>(impl_->reader.sentences());
}
int VectorFile::layers() const { return impl_->reader.layers(); }
int VectorFile::dimension() const { return impl_->reader.dimension(); }

WordVectors VectorFile::vectors(std::size_t i) const {
  const std::vector<float> stored = impl_->reader.vectors(static_cast<std::int64_t>(i));
  const auto rows = static_cast<std::size_t>(layers());
  const auto d = static_cast<std::size_t>(dimension());
  WordVectors result{.layers = layers(),
                     .words = stored.size() / (rows * d),
                     .dimension = dimension(),
                     .values = std::vector<float>(stored.size()),
                     .layered = impl_->reader.layered()};
  // (words, layers, dimension) to (layers, words, dimension).
  for (std::size_t w = 0; w < result.words; ++w) {
    for (std::size_t r = 0; r < rows; ++r) {
      std::copy_n(stored.data() + (w * rows + r) * d, d,
                  result.values.data() + (r * result.words + w) * d);
    }
  }
  return result;
}

std::optional<std::vector<std::string>> VectorFile::words(std::size_t i) const {
  const auto index = static_cast<std::int64_t>(i);
  std::vector<std::string> words = impl_->reader.words(index);
  if (impl_->reader.layout() == DumpLayout::kSentences && !words.empty()) {
    std::vector<std::string_view> cut;
    split_words(words.front(), impl_->split, cut);
    words = {cut.begin(), cut.end()};
  }
  if (static_cast<std::int64_t>(words.size()) != impl_->reader.word_count(index)) {
    return std::nullopt;
  }
  return words;
}

}  // namespace elmo
