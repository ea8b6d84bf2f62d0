// Random access to the lines of plain text files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/line_reader.h"

namespace elmo {

// The offsets of the sentences (lines that are not blank) of plain files, and checksums to detect
// that a file has changed. The index is sparse: it stores the offset of every k-th sentence of a
// file and reads a chunk of k sentences to get one. k doubles when the index would grow too large.
// Not thread-safe.
class LineIndex {
 public:
  // `most_chunks` bounds the memory: a chunk takes 12 bytes, and a file has at least one. `files`
  // must outlive the index.
  LineIndex(const std::vector<std::string>& files, InvalidText invalid, std::size_t most_chunks);
  ~LineIndex();
  LineIndex(const LineIndex&) = delete;
  LineIndex& operator=(const LineIndex&) = delete;

  // Adds the next sentence of a file. All sentences of one file are added, in order, before those
  // of the next. `end` is the byte offset after the sentence's newline.
  void add(std::size_t file, std::string_view sentence, std::uint64_t end);

  // Reads sentence `number` of a file. Throws Error if the file has changed since it was indexed.
  void read(std::size_t file, std::uint64_t number, std::string& sentence);
  // Tells the system that read() will soon ask for this sentence.
  void announce(std::size_t file, std::uint64_t number);

 private:
  struct File {
    std::uint64_t first_chunk = 0, sentences = 0;
    std::uint64_t end = 0;  // of the last sentence
  };
  struct Opened {
    std::size_t file;
    int descriptor;
  };
  struct Range {
    std::uint64_t begin, end;  // byte offsets
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
  std::vector<std::uint64_t> begins_;  // of the chunks: byte offsets in their files
  // One checksum for each chunk.
  std::vector<std::uint32_t> sums_;
  std::vector<Opened> opened_;  // most recently used first
  std::string buffer_;
};

// Throws Error: the file has changed since it was first read.
[[noreturn]] void throw_changed(const std::string& file);

}  // namespace elmo
