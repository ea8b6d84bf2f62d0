// The file formats of word vectors ("dumps").
//
// HDF5, layout `sentences` (that of AllenNLP's `elmo` command, so that programs written for it keep
// working): one dataset for each line, at the root, named by the line number from 0 ("0", "1", ...)
// or, with keys = kSentence, by the sentence itself without the white space around it. Its shape is
// (layers, words, dimension), or (words, dimension) when `layered` is false; contiguous, no filter,
// no attributes. A blank line gives (layers, 0, dimension) or (0, dimension). `sentence_to_index`
// has shape (1,) and is a variable-length UTF-8 string: one JSON object {sentence: "line number"},
// the sentence stripped as Python's strip() does it, non-ASCII characters as \uXXXX. Of duplicates
// the last one counts; blank lines are left out. It is absent with map = false or keys = kSentence.
//
// HDF5, layout `matrix`: /vectors (words, layers, dimension) or (words, dimension), chunked (about
// 1 MiB, whole rows); /offsets int64 (sentences + 1); /words variable-length UTF-8 strings (words).
// Sentence i is rows offsets[i] to offsets[i + 1].
//
// With places (a dump of listed words only) both layouts have /places int64 (rows, 2): the line and
// the word index of each vector, in the order of the lines.
//
// With one vector for each line (`pooled`) a line has one word, whose text is the line's without
// the white space around it, and the layout `sentences` has no axis of words: (layers, dimension)
// or (dimension).
//
// Attributes of the root in both layouts, from DumpOptions::attributes: what made the vectors;
// line_pool if there is one vector for each line.
//
// For the parts of a dump that is made by several processes see io/dump_parts.h.
//
// NumPy arrays, layout `matrix`: X.npy, X.offsets.npy and X.places.npy hold the same arrays as the
// datasets of those names; X.words.txt has one word a line. X.npy gets its final name last.
//
// NumPy archive, layout `sentences`: X.npz, stored (not compressed), with the same arrays as the
// datasets of keys = kLine, "0", "1", ..., and "places".
//
// While a dump is written, `FILE.partial/` holds closed, synced segments and `state.json`; finish()
// joins them into a temporary file beside FILE and renames it. A resumed run discards a segment
// that was not closed. Segments are plain files (dump_segments.h), because an HDF5 file is damaged
// if its writer is killed; each vector is written to HDF5 once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/hdf5.h"
#include "io/shard.h"

namespace elmo {

enum class DumpLayout { kSentences, kMatrix };
enum class DumpType { kF32, kF16 };
enum class DumpKeys { kLine, kSentence };
// kNpy has the layout kMatrix, kNpz the layout kSentences.
enum class DumpFormat { kHdf5, kNpy, kNpz };

using DumpAttributes = std::map<std::string, h5::Attribute>;

struct DumpOptions {
  DumpFormat format = DumpFormat::kHdf5;
  DumpLayout layout = DumpLayout::kSentences;
  DumpType type = DumpType::kF32;
  DumpKeys keys = DumpKeys::kLine;
  bool map = true;
  bool layered = true;  // false: one vector for each word (top, average, mix)
  int layers = 3;       // 1 if not layered
  int dimension = 0;
  bool places = false;
  bool pooled = false;  // one vector for each line: each sentence has one word
  // Set if the file is a part of a dump (io/dump_parts.h). HDF5 only.
  std::optional<Shard> shard;
  std::int64_t first_line = 0;  // the number of the first sentence among the lines of the text
  // Attributes of the root. All but "version", the version of the program, must be the same when
  // the dump is resumed.
  DumpAttributes attributes;
  // More settings that must be the same when the dump is resumed but are not written to the file:
  // options by name, files by their fingerprints.
  std::map<std::string, std::string> sources;
  // A segment is closed when it holds this many bytes of vectors or this many sentences.
  std::uint64_t segment_bytes = 256u << 20;
  std::uint64_t segment_sentences = 1'000'000;
};

struct DumpPlace {
  std::int64_t line, word;
};

// The files that a dump of this format and name consists of; `path` itself comes last.
std::vector<std::filesystem::path> dump_files(const std::filesystem::path& path, DumpFormat format);

// Takes the vectors of a text, sentence after sentence, so that an interrupted run can be resumed.
// Not thread-safe.
class DumpSink {
 public:
  virtual ~DumpSink() = default;

  // Sentences kept from the run that is resumed; the caller skips this many lines.
  virtual std::uint64_t resumed_sentences() const = 0;
  // Sets the number of the first sentence among the lines of the text, if it is not 0. Call it
  // before the first sentence.
  virtual void start_at(std::uint64_t first_line) = 0;

  // Appends a sentence. `vectors` is row-major (words, layers, dimension). `sentence` is the text
  // of the line as read. With places, `words` and `places` hold the selected words only.
  virtual void append(std::string_view sentence, std::span<const std::string_view> words,
                      std::span<const float> vectors, std::span<const DumpPlace> places) = 0;

  // For a sentence too long to hold in memory: begin_long(), then write_part() any number of times,
  // in any order, until the sentence is covered, then end_long(). `rows` is row-major (count,
  // columns) with a row stride in floats: the vectors of words first_word to first_word + count in
  // one layer, columns first_column to first_column + columns. Takes a few MiB of memory besides
  // the words.
  virtual void begin_long(std::string_view sentence, std::span<const std::string_view> words,
                          std::span<const DumpPlace> places) = 0;
  virtual void write_part(int layer, std::int64_t first_word, std::int64_t count, int first_column,
                          int columns, const float* rows, std::int64_t row_stride) = 0;
  virtual void end_long() = 0;

  // Closes the current segment, so that a later run can resume from here after an interruption or a
  // failure. An unfinished long sentence is discarded.
  virtual void close_segment() = 0;
  // Makes the final files and removes what was kept for a resume.
  virtual void finish() = 0;

  virtual std::uint64_t sentences() const = 0;
  virtual std::uint64_t words() const = 0;
  // Sentences that a resumed run would find.
  virtual std::uint64_t kept_sentences() const = 0;
};

// Writes the formats described above.
class DumpWriter : public DumpSink {
 public:
  // Takes a lock on FILE.partial/ (Error if another process holds it). With `resume`, continues
  // after the last closed segment, or at the start if there is none; without it, an older
  // FILE.partial/ is emptied. Throws Error at once if the output can't be written.
  DumpWriter(const std::filesystem::path& path, const DumpOptions& options, bool resume);
  // Keeps FILE.partial/ for a resume, unless it has no closed segment.
  ~DumpWriter() override;

  std::uint64_t resumed_sentences() const override;
  void start_at(std::uint64_t first_line) override;

  // With keys = kSentence throws Error, naming the line, for a sentence with a "/", a duplicate, a
  // blank line and any other text that can't be the name of a dataset. After a failed write every
  // further call throws.
  void append(std::string_view sentence, std::span<const std::string_view> words,
              std::span<const float> vectors, std::span<const DumpPlace> places = {}) override;
  void begin_long(std::string_view sentence, std::span<const std::string_view> words,
                  std::span<const DumpPlace> places = {}) override;
  void write_part(int layer, std::int64_t first_word, std::int64_t count, int first_column,
                  int columns, const float* rows, std::int64_t row_stride) override;
  void end_long() override;
  void close_segment() override;

  // Joins the segments, renames the result and removes FILE.partial/. Takes about as long as
  // copying the vectors. If it is killed, a resumed run only has to join again.
  void finish() override;

  std::uint64_t sentences() const override;
  std::uint64_t words() const override;
  // Sentences of the closed segments.
  std::uint64_t kept_sentences() const override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Does the file look like a dump? If its keys are sentences, only the attributes can tell.
bool is_dump(const h5::File& file);

// Reads a dump of either layout, or a file of AllenNLP's elmo command.
class DumpReader {
 public:
  // Throws Error if the file is missing, truncated, not HDF5, or in neither layout.
  explicit DumpReader(const std::filesystem::path& path);
  ~DumpReader();
  DumpReader(DumpReader&&) noexcept;

  const std::filesystem::path& path() const;
  DumpLayout layout() const;
  std::int64_t sentences() const;
  bool layered() const;
  // Is there one vector for each line? Each line then counts as one word.
  bool pooled() const;
  int layers() const;
  int dimension() const;
  // The attributes of the root.
  const DumpAttributes& attributes() const;
  // An attribute of the root, if it exists and is text.
  std::optional<std::string> text_attribute(const std::string& name) const;
  // Words of sentence i. The matrix layout stores them. The sentences layout has only the map: the
  // whole text of the sentence, not cut into words, or nothing if the map lacks it.
  std::vector<std::string> words(std::int64_t i) const;
  std::int64_t word_count(std::int64_t i) const;
  // The vectors of sentence i in float32, row-major (words, layers, dimension).
  std::vector<float> vectors(std::int64_t i) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace elmo
