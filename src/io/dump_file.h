// Word vectors on disk.
//
// Layout `sentences` (AllenNLP's `elmo` command, so that programs written for it go on working):
// one dataset a line at the root, named by line number from 0 ("0", "1", ...) or, with keys =
// kSentence, by the sentence itself, without the white space around it; shape (layers, words,
// dimension), or (words, dimension) when `layered` is false; contiguous, no filter, no attribute. A
// blank line gives (layers, 0, dimension) or (0, dimension). `sentence_to_index`: shape (1,),
// variable-length UTF-8 string: one JSON object {sentence: "line number"}, the sentence without the
// white space around it (as Python's strip() has it), non-ASCII as \uXXXX, the last of duplicates
// wins; blank lines are not in it; absent with map = false or keys = kSentence.
//
// Layout `matrix`: /vectors (words, layers, dimension) or (words, dimension), chunked (about
// 1 MiB, whole rows); /offsets int64 (sentences + 1); /words variable-length UTF-8 strings
// (words). Sentence i is rows offsets[i] to offsets[i + 1].
//
// With places (dump of listed words only) both layouts hold /places int64 (rows, 2): line and
// word index of each vector, in the order of the lines.
//
// Root attributes of both, from DumpOptions::attributes: what made the vectors.
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

namespace elmo {

enum class DumpLayout { kSentences, kMatrix };
enum class DumpType { kF32, kF16 };
enum class DumpKeys { kLine, kSentence };

struct DumpOptions {
  DumpLayout layout = DumpLayout::kSentences;
  DumpType type = DumpType::kF32;
  DumpKeys keys = DumpKeys::kLine;
  bool map = true;
  bool layered = true;  // false: one vector a word (top, average, mix)
  int layers = 3;       // 1 when not layered
  int dimension = 0;
  bool places = false;
  // Attributes of the root; they also guard a resume, by their names with dashes. The program's
  // version, "version", does not.
  std::map<std::string, h5::Attribute> attributes;
  // What guards a resume and is in no file: options by their names, files by their fingerprint.
  std::map<std::string, std::string> sources;
  // A segment is closed when it holds this many bytes of vectors or this many sentences.
  std::uint64_t segment_bytes = 256u << 20;
  std::uint64_t segment_sentences = 1'000'000;
};

struct DumpPlace {
  std::int64_t line, word;
};

// One thread at a time.
class DumpWriter {
 public:
  // Takes a lock on FILE.partial/ (Error if another process writes there). With resume, goes on
  // after the last closed segment (none: starts at 0); without, an older FILE.partial/ is
  // emptied. Throws Error before any work where the output can't be written.
  DumpWriter(const std::filesystem::path& path, const DumpOptions& options, bool resume);
  // Leaves FILE.partial/ as it is, for a resume, unless nothing at all was closed.
  ~DumpWriter();

  // Sentences that closed segments hold already: the caller skips as many lines.
  std::uint64_t resumed_sentences() const;

  // Appends a sentence: `vectors` is row-major (words, layers, dimension): word after word, in
  // both layouts (the writer transposes for `sentences`). `sentence` is the line's text as read,
  // for the map or the key. With places, `words` and `places` tell of the kept words only.
  // Errors under keys = kSentence: a "/", a duplicate, a blank line or another text that can't be
  // a dataset's name (names the line). After a failed write the writer takes no more.
  void append(std::string_view sentence, std::span<const std::string_view> words,
              std::span<const float> vectors, std::span<const DumpPlace> places = {});

  // A sentence too long to hold: begin_long, then any number of write_part in any order that
  // together cover it, then end_long. `rows` is row-major (count, columns): the vectors of words
  // first_word .. first_word + count of one layer, columns first_column .. + columns, row stride
  // given in floats. Memory is a few MiB besides the words.
  void begin_long(std::string_view sentence, std::span<const std::string_view> words,
                  std::span<const DumpPlace> places = {});
  void write_part(int layer, std::int64_t first_word, std::int64_t count, int first_column,
                  int columns, const float* rows, std::int64_t row_stride);
  void end_long();

  // Closes the current segment, so that a resume goes on from here: for an interruption or a
  // failure. A sentence that was begun and not ended is taken back.
  void close_segment();

  // Joins and renames; FILE.partial/ is gone afterwards. Takes about as long as copying the
  // vectors; killed meanwhile, a resume has only the joining to do.
  void finish();

  std::uint64_t sentences() const;
  std::uint64_t words() const;
  // Sentences of closed segments, which a resume finds.
  std::uint64_t kept_sentences() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

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
  int layers() const;
  int dimension() const;
  // Of the root.
  const std::map<std::string, h5::Attribute>& attributes() const;
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
