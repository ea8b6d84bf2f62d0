// A training corpus: the sentences of any number of files of any size, in a seeded random order.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "text/line_reader.h"

namespace elmo {

struct CorpusOptions {
  // Paths, with patterns already expanded, or a single "-" (standard input).
  std::vector<std::string> inputs;
  // How often each sentence of a file appears in an epoch, one number for each file; may be a
  // fraction. Empty: once.
  std::vector<double> shares;
  InvalidText invalid = InvalidText::kRefuse;
  std::uint64_t seed = 1;
  // Limits of memory: the number of line offsets kept for plain files (12 bytes each,
  // line_index.h), and the total bytes of the shuffle windows of the .gz files or of standard
  // input.
  std::uint64_t most_places = 1u << 18;
  std::uint64_t window_bytes = 8u << 20;
};

// Sets inputs and shares from patterns (expand_inputs(), base/file.h), each with an optional share:
// "novels/*.txt", "near.txt:2", "-". If a file with the whole name exists, including the colon, it
// is taken. Throws UsageError for a share that is not above 0 and at most 1000, and Error as
// expand_inputs() does.
void set_inputs(const std::vector<std::string>& patterns, CorpusOptions& options);

// The sentences of a corpus, epoch after epoch: all lines except blank and skipped invalid ones.
// The constructor reads every file once, to check it (UTF-8, NUL bytes) and to index it.
//
// An epoch is one permutation, seeded by (seed, epoch), of all sentences of all files. Sentences of
// plain files are read by their offsets. A .gz file can't be read from the middle: when the
// permutation asks for one of its sentences, the next sentence of that file's own shuffle within
// windows is taken (window_shuffle.h). Standard input is shuffled within windows only, is neither
// checked beforehand nor indexed, and has one epoch. Memory does not grow with the text. All
// permutations use Philox (compute/random.h). Not thread-safe.
class Corpus {
 public:
  // Throws Error for a file that can't be used or if no line has a word in it, and UsageError for
  // an input that can be read only once (except "-").
  explicit Corpus(const CorpusOptions& options);
  ~Corpus();

  // Sentences of one epoch, after the shares are applied; 0 for standard input.
  std::uint64_t sentences() const;
  std::uint64_t invalid_lines() const;
  // Identifies the text by the files' base names, sizes, shares other than 1, and a hash of the
  // sentences. Empty for standard input.
  std::string fingerprint() const;
  // A sentence for the user about the first file that is shuffled within windows only. Empty if
  // there is none.
  std::string limits() const;

  // The next sentence: all of epoch 0, then all of epoch 1, and so on without end. Returns false
  // only at the end of standard input. Throws Error if a file has changed since it was indexed: at
  // the changed line of a plain file, at the end of a .gz file.
  bool next(std::string& sentence);
  // Epoch (0-based) of the sentence that next() returned last.
  std::uint64_t epoch() const;

  // The position of the next sentence as a small JSON text; seek() continues there. Both throw
  // UsageError for standard input. seek() throws Error if the position does not fit this corpus
  // (for example, windows of another size).
  std::string position() const;
  void seek(const std::string& position);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace elmo
