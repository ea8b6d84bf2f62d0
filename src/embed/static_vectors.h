// One vector for each word: the mean over its occurrences in a text.
//
// The result has word2vec's text format: a line `COUNT DIMENSION`, then for each word a line with
// the word and its values, separated by single spaces.
//
// Until it is finished, FILE.partial/ holds `lock` and `sums`: a line of JSON (version, settings,
// lines, words, dimension, XXH3-64 of what follows), then the number of occurrences of each word
// (uint64), then the sums, double (words, dimension), all little-endian. Words are added in the
// order of the text, so the bits are the same with and without interruptions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/strings.h"
#include "embed/ordered_sink.h"

namespace elmo {

class StaticVectors : public OrderedSink {
 public:
  // Takes the lock. With `resume`, checks the existing sums against the settings and the dimension
  // in `options`. Throws Error and UsageError as DumpWriter does.
  StaticVectors(const std::filesystem::path& path, const DumpOptions& options, bool resume);
  // Keeps FILE.partial/ for a resume, unless nothing has been saved.
  ~StaticVectors() override;

  // Sets the wanted words, in normalisation form C and in the order of the file. Call it before the
  // first line.
  void start(std::vector<std::string> words);

  std::uint64_t resumed_sentences() const override { return resumed_; }
  void start_at(std::uint64_t) override {}  // lines have no numbers here
  // Occurrences of other words are ignored.
  void take(std::string_view sentence, std::span<const std::string_view> words,
            std::span<const float> vectors) override;
  void keep() override;
  // Writes the file, without words that did not occur.
  void finish() override;
  std::uint64_t sentences() const override { return sentences_; }
  std::uint64_t words() const override { return occurrences_; }
  std::uint64_t kept_sentences() const override { return kept_; }

 private:
  struct Saved;
  std::filesystem::path sums_path() const;
  std::unique_ptr<Saved> read_head(const DumpOptions& options) const;
  std::uint64_t hash() const;
  void remove();

  std::filesystem::path path_, folder_;
  std::string settings_;  // JSON
  std::uint64_t segment_bytes_;
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<Saved> saved_;  // until start()
  std::vector<std::string> words_;
  StringMap<std::size_t> places_;  // indices in words_
  std::vector<std::uint64_t> counts_;
  std::vector<double> sums_;
  std::uint64_t sentences_ = 0, occurrences_ = 0, resumed_ = 0, kept_ = 0;
  std::uint64_t new_bytes_ = 0;  // of vectors since the last keep()
};

}  // namespace elmo
