// The lines of a text, or of one of the equal shares that several processes work on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "text/line_reader.h"

namespace elmo {

// Share `index` of `count`: of a plain file, the lines that begin at byte size * index / count or
// later and before byte size * (index + 1) / count; of compressed text, the lines whose numbers are
// in the corresponding range. A share may be empty. Together the shares hold every line once, in
// order. Not thread-safe.
class LineShare {
 public:
  // Throws Error as LineReader does. With several shares the text must be readable more than once.
  LineShare(const std::string& path, InvalidText invalid, std::int64_t index, std::int64_t count);

  // Goes to the first line of the share; call it before next(). It reads everything before the
  // share (all of a compressed text) to count the lines. Throws Error if one of those lines is
  // refused, and Interrupted after SIGINT or SIGTERM.
  void start();
  // As LineReader::next().
  bool next(std::string_view& line);

  // The number of the share's first line among the lines of the text, from 0.
  std::uint64_t first_line() const { return first_line_; }
  // Bytes of the share, and how many of them have been read; 0 if the text is not a plain file.
  std::uint64_t bytes() const;
  std::uint64_t bytes_read() const;

  // For the name, the invalid lines and cancel().
  LineReader& reader() { return reader_; }
  const LineReader& reader() const { return reader_; }

 private:
  // The reader's position, in bytes or lines.
  std::uint64_t position() const { return by_bytes_ ? reader_.byte_offset() : lines_; }

  std::string path_;
  InvalidText invalid_;
  std::uint64_t index_, count_;
  LineReader reader_;
  bool by_bytes_;
  std::uint64_t begin_ = 0, end_;  // in bytes or lines
  std::uint64_t size_ = 0;         // of the file in bytes; 0 unless shares are by bytes
  std::uint64_t lines_ = 0;        // read so far, including those before the share
  std::uint64_t first_line_ = 0;
};

}  // namespace elmo
