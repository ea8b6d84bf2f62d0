// Sentences that can only be read in order, shuffled a window at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "text/line_reader.h"

namespace elmo {

// The sentences (lines that are not blank) of a .gz or of standard input, pass after pass: windows
// of about `window_bytes`, each permuted by (seed, pass, window, source). Memory is one window. One
// thread at a time.
class WindowShuffle {
 public:
  struct Options {
    InvalidText invalid = InvalidText::kRefuse;
    std::uint64_t seed = 1;
    std::uint32_t source = 0;  // which of several
    std::uint64_t window_bytes = 0;
    // What a pass holds: sentences, and their chained_hash(). None of standard input.
    std::uint64_t sentences = 0, hash = 0;
  };
  WindowShuffle(std::string path, const Options& options);

  // The next sentence, after the last of a pass the first of the next one; false only at the end of
  // standard input. Throws Error where the text is not the one of the options.
  bool next(std::string& sentence);
  std::uint64_t invalid_lines() const { return reader_ ? reader_->invalid_lines() : 0; }

  // Where the next sentence comes from.
  struct Place {
    std::uint64_t pass = 0, window = 0;
    std::uint64_t begin = 0;  // the window's first sentence
    std::uint64_t given = 0;  // of the window
  };
  const Place& place() const { return place_; }
  // Not for standard input. The text is read up to there when a sentence is asked for.
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
  std::vector<std::pair<std::size_t, std::size_t>> lines_;  // of text_: begin and size
  std::vector<std::uint32_t> permutation_;
};

}  // namespace elmo
