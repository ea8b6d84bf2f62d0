// Sentences of an input that can only be read in order, shuffled within windows.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "text/line_reader.h"

namespace elmo {

// The sentences (lines that are not blank) of a .gz file or of standard input, pass after pass, in
// windows of about `window_bytes` bytes. Each window is permuted by (seed, pass, window, source).
// Memory is one window. Not thread-safe.
class WindowShuffle {
 public:
  struct Options {
    InvalidText invalid = InvalidText::kRefuse;
    std::uint64_t seed = 1;
    std::uint32_t source = 0;  // the number of the file in its corpus
    std::uint64_t window_bytes = 0;
    // The number of sentences of a pass and their chained_hash(); 0 for standard input.
    std::uint64_t sentences = 0, hash = 0;
  };
  WindowShuffle(std::string path, const Options& options);

  // The next sentence; after the last one of a pass comes the first of the next. Returns false only
  // at the end of standard input. Throws Error if the text does not match Options::sentences and
  // Options::hash.
  bool next(std::string& sentence);
  std::uint64_t invalid_lines() const { return reader_ ? reader_->invalid_lines() : 0; }

  // The position of the next sentence.
  struct Place {
    std::uint64_t pass = 0, window = 0;
    std::uint64_t begin = 0;  // number of the window's first sentence
    std::uint64_t given = 0;  // sentences of the window returned so far
  };
  const Place& place() const { return place_; }
  // Not for standard input. The text before `place` is read when the next sentence is asked for.
  void go_to(const Place& place);

 private:
  bool read(std::string_view& sentence);
  void load();

  std::string path_;
  Options options_;
  Place place_;
  std::unique_ptr<LineReader> reader_;
  std::uint64_t read_ = 0, hash_ = 0;  // in this pass
  bool loaded_ = false;
  std::string text_;
  std::vector<std::pair<std::size_t, std::size_t>> lines_;  // begin and size in text_
  std::vector<std::uint32_t> permutation_;
};

}  // namespace elmo
