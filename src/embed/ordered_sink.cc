#include "embed/ordered_sink.h"

#include <algorithm>

#include "base/file.h"

namespace elmo {
namespace {

// A larger sentence is collected on disk.
constexpr std::uint64_t kPartsInMemory = std::uint64_t{64} << 20;

}  // namespace

OrderedSink::LongSentence::LongSentence(std::string_view sentence,
                                        std::span<const std::string_view> its_words,
                                        std::uint64_t bytes, const std::filesystem::path& folder)
    : text(sentence),
      words(its_words.begin(), its_words.end()),
      vectors(bytes, folder, kPartsInMemory) {}

OrderedSink::OrderedSink(const std::filesystem::path& output, int layers, int dimension)
    : folder_(work_name(output).parent_path()),
      layers_(static_cast<std::size_t>(layers)),
      dimension_(static_cast<std::size_t>(dimension)) {}

void OrderedSink::append(std::string_view sentence, std::span<const std::string_view> words,
                         std::span<const float> vectors, std::span<const DumpPlace>) {
  take(sentence, words, vectors);
}

void OrderedSink::begin_long(std::string_view sentence, std::span<const std::string_view> words,
                             std::span<const DumpPlace>) {
  long_sentence_.emplace(sentence, words, words.size() * width() * sizeof(float), folder_);
}

void OrderedSink::write_part(int layer, std::int64_t first_word, std::int64_t count,
                             int first_column, int columns, const float* rows,
                             std::int64_t row_stride) {
  auto* to = static_cast<float*>(long_sentence_->vectors.data()) +
             static_cast<std::size_t>(first_word) * width() +
             static_cast<std::size_t>(layer) * dimension_ + static_cast<std::size_t>(first_column);
  for (std::int64_t i = 0; i < count; ++i, to += width()) {
    std::copy_n(rows + i * row_stride, columns, to);
  }
}

void OrderedSink::end_long() {
  const LongSentence& line = *long_sentence_;
  take(line.text, line.words,
       {static_cast<const float*>(line.vectors.data()), line.words.size() * width()});
  long_sentence_.reset();
}

void OrderedSink::close_segment() {
  long_sentence_.reset();
  keep();
}

}  // namespace elmo
