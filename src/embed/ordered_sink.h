// A dump that needs all vectors of a line at once, in the order of the words.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/scratch.h"
#include "io/dump_file.h"

namespace elmo {

// A sum over words must not depend on the order in which the parts of a long sentence are computed,
// so the sentence is collected (in a temporary file if it is large) until it is complete.
class OrderedSink : public DumpSink {
 public:
  void append(std::string_view sentence, std::span<const std::string_view> words,
              std::span<const float> vectors, std::span<const DumpPlace> places) final;
  void begin_long(std::string_view sentence, std::span<const std::string_view> words,
                  std::span<const DumpPlace> places) final;
  void write_part(int layer, std::int64_t first_word, std::int64_t count, int first_column,
                  int columns, const float* rows, std::int64_t row_stride) final;
  void end_long() final;
  void close_segment() final;

 protected:
  // A word's vectors have `layers` layers of `dimension` floats. The temporary file is created in
  // the folder of `output`.
  OrderedSink(const std::filesystem::path& output, int layers, int dimension);

  // Takes one line; `vectors` is (words, layers, dimension).
  virtual void take(std::string_view sentence, std::span<const std::string_view> words,
                    std::span<const float> vectors) = 0;
  // close_segment(), after an open long sentence has been discarded.
  virtual void keep() = 0;

  // Floats of a word.
  std::size_t width() const { return layers_ * dimension_; }

 private:
  struct LongSentence {
    std::string_view text;
    std::vector<std::string_view> words;
    ScratchMemory vectors;
    LongSentence(std::string_view sentence, std::span<const std::string_view> its_words,
                 std::uint64_t bytes, const std::filesystem::path& folder);
  };

  std::filesystem::path folder_;
  std::size_t layers_, dimension_;
  std::optional<LongSentence> long_sentence_;
};

}  // namespace elmo
