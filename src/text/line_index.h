// Random access to the lines of plain text files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/line_reader.h"

namespace elmo {

// Where the sentences (lines that are not blank) of plain files stand, and a sum of each to notice
// change. The index is sparse: it has the place of each k-th sentence of a file, k doubling when
// there would be too many places, and reading a sentence reads the k of its chunk. One thread at a
// time.
class LineIndex {
 public:
  // `most_chunks` bounds the memory: 12 bytes a chunk, of which a file has one at the least.
  // `files` outlive the index.
  LineIndex(const std::vector<std::string>& files, InvalidText invalid, std::size_t most_chunks);
  ~LineIndex();
  LineIndex(const LineIndex&) = delete;
  LineIndex& operator=(const LineIndex&) = delete;

  // File after file and in their order: the next sentence, which ends, newline included, before
  // byte `end` of the file.
  void add(std::size_t file, std::string_view sentence, std::uint64_t end);

  // The sentence of this number in this file. Throws Error where the file has changed since.
  void read(std::size_t file, std::uint64_t number, std::string& sentence);
  // Tells the system that read() will ask for it.
  void announce(std::size_t file, std::uint64_t number);

 private:
  struct File {
    std::uint64_t first_chunk = 0, sentences = 0;
    std::uint64_t end = 0;  // of its last sentence
  };
  struct Opened {
    std::size_t file;
    int descriptor;
  };
  struct Range {
    std::uint64_t begin, end;  // bytes of the file
  };

  void join_pairs();
  std::uint64_t chunks_of(const File& file) const { return (file.sentences + step_ - 1) / step_; }
  Range range(std::size_t file, std::uint64_t chunk) const;
  int descriptor(std::size_t file);

  const std::vector<std::string>& names_;
  LineRule rule_;
  std::size_t most_chunks_;
  std::uint64_t step_ = 1;  // k
  std::vector<File> files_;
  std::vector<std::uint64_t> begins_;  // of the chunks, in bytes of their file
  std::vector<std::uint32_t> sums_;
  std::vector<Opened> opened_;  // the last used first
  std::string buffer_;
};

// Throws the Error of a file that is no longer what it was when it was first read.
[[noreturn]] void throw_changed(const std::string& file);

}  // namespace elmo
