// A training corpus: any number of files of any size, their sentences in a seeded order.
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
  // How often an epoch has each sentence of a file, a fraction too: one number a file; empty: once.
  std::vector<double> shares;
  InvalidText invalid = InvalidText::kRefuse;
  std::uint64_t seed = 1;
  // The most places of plain files that are kept in memory (12 bytes each, line_index.h), and the
  // bytes of the windows of .gz files, all of them together, or of standard input.
  std::uint64_t most_places = 1u << 18;
  std::uint64_t window_bytes = 8u << 20;
};

// Sets inputs and shares from patterns (expand_inputs(), base/file.h) with or without shares behind
// them: "novels/*.txt", "near.txt:2", "-". A file of the whole name, colon and all, has precedence.
// Throws UsageError for a share that is not above 0 and at most 1000, Error as expand_inputs().
void set_inputs(const std::vector<std::string>& patterns, CorpusOptions& options);

// The sentences of a corpus, epoch after epoch: the lines that are not blank (nor skipped as
// invalid). Construction reads every file once, to check it (UTF-8, NUL) and to index it.
//
// An epoch is one permutation, by (seed, epoch), of all sentences of all files, whatever their
// order: sentences of plain files are read from their places. A .gz can't be read from the middle:
// the permutation says when one of its sentences is due, and the next of the file's own shuffle
// within windows (window_shuffle.h) is it. Standard input is such a shuffle alone, neither checked
// beforehand nor indexed, one epoch. Memory does not grow with the text. All permutations use
// Philox (compute/random.h).
class Corpus {
 public:
  // Throws Error: any bad file, or no line with a word in it; UsageError: a file that can be read
  // only once.
  explicit Corpus(const CorpusOptions& options);
  ~Corpus();

  // Sentences of one epoch, by the files' shares; 0 for standard input.
  std::uint64_t sentences() const;
  std::uint64_t invalid_lines() const;
  // Identifies the text: base names, sizes, shares other than 1 and a hash of the sentences. Empty
  // for standard input.
  std::string fingerprint() const;
  // What of the text is shuffled within windows only, and how: a sentence for the user; empty:
  // nothing.
  std::string limits() const;

  // The next sentence: all of epoch 0, then all of epoch 1, and so on without end. Returns false
  // only at the end of standard input. Throws Error if a file has changed since it was indexed: a
  // plain one where the change is met, a .gz at its end.
  bool next(std::string& sentence);
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
