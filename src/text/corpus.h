// A training corpus: any number of files of any size, streamed in a seeded order.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "text/line_reader.h"

namespace elmo {

struct CorpusOptions {
  // Files (expanded already), or a single "-".
  std::vector<std::string> inputs;
  InvalidText invalid = InvalidText::kRefuse;
  std::uint64_t seed = 1;
  // Lines shuffled together: windows of about this many bytes. Memory of a corpus is a small
  // multiple of it, whatever the size of the files.
  std::uint64_t window_bytes = 8u << 20;
};

// The sentences of a corpus, epoch after epoch. Construction reads every plain file and .gz once
// to check it (UTF-8, NUL) and to index it: blocks of about 1 MiB that end at a line's end, with
// line numbers. In each epoch the blocks are permuted by (seed, epoch), taken into windows, and
// the lines of a window permuted by (seed, epoch, window). A .gz is read in order as a sequence
// of blocks of its own; standard input is one endless-once sequence: neither checked beforehand
// nor indexed, its windows shuffled as they come, one epoch. Blank lines are passed over (they
// are sentences without words), lines that are skipped as invalid too. The permutations use
// Philox (compute/random.h), never the standard library's.
class Corpus {
 public:
  // Throws Error: any bad file, or no line with a word in it; UsageError: a file that can be read
  // only once.
  explicit Corpus(const CorpusOptions& options);
  ~Corpus();

  // Lines with text, bytes and lines in all, of one epoch; 0 for standard input.
  std::uint64_t sentences() const;
  std::uint64_t bytes() const;
  // Space-separated tokens of one epoch; 0 for standard input.
  std::uint64_t words() const;
  std::uint64_t invalid_lines() const;
  // Identifies the text: base names, sizes and an XXH3 hash of the content. Empty for standard
  // input.
  std::string fingerprint() const;

  // The next sentence of the endless sequence epoch 0, 1, 2, ...; false only at the end of
  // standard input. Throws Error if a file has changed since it was indexed.
  bool next(std::string& line);
  // Epoch (0-based) of the sentence that next() returned last.
  std::uint64_t epoch() const;

  // Where the next sentence comes from, as a small JSON text; seek() goes there. Not for
  // standard input (UsageError). seek() throws Error where the position is of other windows.
  std::string position() const;
  void seek(const std::string& position);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace elmo
