// Word vectors on disk.
//
// HDF5, layout `sentences` (AllenNLP's `elmo` command, so that programs written for it go on
// working): one dataset a line at the root, named by line number from 0 ("0", "1", ...) or, with
// keys = kSentence, by the sentence itself, without the white space around it; shape (layers,
// words, dimension), or (words, dimension) when `layered` is false; contiguous, no filter, no
// attribute. A blank line gives (layers, 0, dimension) or (0, dimension). `sentence_to_index`:
// shape (1,), variable-length UTF-8 string: one JSON object {sentence: "line number"}, the sentence
// without the white space around it (as Python's strip() has it), non-ASCII as \uXXXX, the last of
// duplicates wins; blank lines are not in it; absent with map = false or keys = kSentence.
//
// HDF5, layout `matrix`: /vectors (words, layers, dimension) or (words, dimension), chunked (about
// 1 MiB, whole rows); /offsets int64 (sentences + 1); /words variable-length UTF-8 strings
// (words). Sentence i is rows offsets[i] to offsets[i + 1].
//
// With places (dump of listed words only) both layouts hold /places int64 (rows, 2): line and
// word index of each vector, in the order of the lines.
//
// With one vector a line (`pooled`) a line is one word, whose text is the line's without the white
// space around it, and the layout `sentences` leaves the axis of words away: (layers, dimension)
// or (dimension).
//
// Root attributes of both, from DumpOptions::attributes: what made the vectors; line_pool where
// there is one vector a line.
//
// A part of a dump that is made by many processes: io/dump_parts.h.
//
// NumPy's arrays, layout `matrix`: X.npy, X.offsets.npy, X.places.npy like the datasets of those
// names; X.words.txt, a word a line. X.npy gets its name last.
//
// NumPy's archive, layout `sentences`: X.npz, stored (not compressed), arrays like the datasets of
// keys = kLine, "0", "1", ..., and "places".
//
// While it is written: `FILE.partial/` holds closed, synced segments and `state.json`; finish()
// joins them into a temporary file beside FILE and renames it. A segment that was not closed is
// thrown away by the resume. Segments are plain files (dump_segments.h): HDF5 is not safe to kill
// in a write, and so each vector becomes HDF5 once.
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
  bool layered = true;  // false: one vector a word (top, average, mix)
  int layers = 3;       // 1 when not layered
  int dimension = 0;
  bool places = false;
  bool pooled = false;  // one vector a line: each sentence has one word
  // The file is this part of a dump (io/dump_parts.h). Of HDF5 only.
  std::optional<Shard> shard;
  std::int64_t first_line = 0;  // the number of the first sentence among all lines
  // Attributes of the root; they also guard a resume, by their names with dashes. The program's
  // version, "version", does not.
  DumpAttributes attributes;
  // What guards a resume and is in no file: options by their names, files by their fingerprint.
  std::map<std::string, std::string> sources;
  // A segment is closed when it holds this many bytes of vectors or this many sentences.
  std::uint64_t segment_bytes = 256u << 20;
  std::uint64_t segment_sentences = 1'000'000;
};

struct DumpPlace {
  std::int64_t line, word;
};

// The files that a dump of this format and name writes, its own name last.
std::vector<std::filesystem::path> dump_files(const std::filesystem::path& path, DumpFormat format);

// Where the vectors of a text go, sentence after sentence, in a form that an interrupted run can go
// on from. One thread at a time.
class DumpSink {
 public:
  virtual ~DumpSink() = default;

  // Sentences that are there from the run that is gone on with: the caller skips as many lines.
  virtual std::uint64_t resumed_sentences() const = 0;
  // The number of the first sentence among the lines of the text, where it is not 0; before the
  // first sentence.
  virtual void start_at(std::uint64_t first_line) = 0;

  // Appends a sentence: `vectors` is row-major (words, layers, dimension): word after word.
  // `sentence` is the line's text as read. With places, `words` and `places` tell of the kept words
  // only.
  virtual void append(std::string_view sentence, std::span<const std::string_view> words,
                      std::span<const float> vectors, std::span<const DumpPlace> places) = 0;

  // A sentence too long to hold: begin_long, then any number of write_part in any order that
  // together cover it, then end_long. `rows` is row-major (count, columns): the vectors of words
  // first_word .. first_word + count of one layer, columns first_column .. + columns, row stride
  // given in floats. Memory is a few MiB besides the words.
  virtual void begin_long(std::string_view sentence, std::span<const std::string_view> words,
                          std::span<const DumpPlace> places) = 0;
  virtual void write_part(int layer, std::int64_t first_word, std::int64_t count, int first_column,
                          int columns, const float* rows, std::int64_t row_stride) = 0;
  virtual void end_long() = 0;

  // Keeps what is done, so that a resume goes on from here: for an interruption or a failure. A
  // sentence that was begun and not ended is taken back.
  virtual void close_segment() = 0;
  // Makes the final files; what was kept for a resume is gone afterwards.
  virtual void finish() = 0;

  virtual std::uint64_t sentences() const = 0;
  virtual std::uint64_t words() const = 0;
  // Sentences that a resume finds.
  virtual std::uint64_t kept_sentences() const = 0;
};

// Writes the formats above.
class DumpWriter : public DumpSink {
 public:
  // Takes a lock on FILE.partial/ (Error if another process writes there). With resume, goes on
  // after the last closed segment (none: starts at 0); without, an older FILE.partial/ is emptied.
  // Throws Error before any work where the output can't be written.
  DumpWriter(const std::filesystem::path& path, const DumpOptions& options, bool resume);
  // Leaves FILE.partial/ as it is, for a resume, unless nothing at all was closed.
  ~DumpWriter() override;

  std::uint64_t resumed_sentences() const override;
  void start_at(std::uint64_t first_line) override;

  // Errors under keys = kSentence: a "/", a duplicate, a blank line or another text that can't be
  // a dataset's name (names the line). After a failed write the writer takes no more.
  void append(std::string_view sentence, std::span<const std::string_view> words,
              std::span<const float> vectors, std::span<const DumpPlace> places = {}) override;
  void begin_long(std::string_view sentence, std::span<const std::string_view> words,
                  std::span<const DumpPlace> places = {}) override;
  void write_part(int layer, std::int64_t first_word, std::int64_t count, int first_column,
                  int columns, const float* rows, std::int64_t row_stride) override;
  void end_long() override;
  void close_segment() override;

  // Joins and renames; FILE.partial/ is gone afterwards. Takes about as long as copying the
  // vectors; killed meanwhile, a resume has only the joining to do.
  void finish() override;

  std::uint64_t sentences() const override;
  std::uint64_t words() const override;
  // Sentences of closed segments.
  std::uint64_t kept_sentences() const override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Does the file look like a dump? With sentences as keys nothing but the attributes tells.
bool is_dump(const h5::File& file);

// Reads a dump of either layout, ours or AllenNLP's own file.
class DumpReader {
 public:
  // Throws Error: missing, not HDF5, neither layout, truncated.
  explicit DumpReader(const std::filesystem::path& path);
  ~DumpReader();
  DumpReader(DumpReader&&) noexcept;

  const std::filesystem::path& path() const;
  DumpLayout layout() const;
  std::int64_t sentences() const;
  bool layered() const;
  // One vector a line, as if it were of a word.
  bool pooled() const;
  int layers() const;
  int dimension() const;
  // Of the root.
  const DumpAttributes& attributes() const;
  // The attribute, where there is one and it is text.
  std::optional<std::string> text_attribute(const std::string& name) const;
  // Words of sentence i: of the matrix layout as stored; of the sentences layout unknown (empty)
  // except through the map (the sentence's text, not cut).
  std::vector<std::string> words(std::int64_t i) const;
  std::int64_t word_count(std::int64_t i) const;
  // (words, layers, dimension) row-major, float32.
  std::vector<float> vectors(std::int64_t i) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace elmo
