// The lines of a text, or of one of the equal parts into which several processes divide it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "text/line_reader.h"

namespace elmo {

// Share `index` of `count` holds the lines that begin in the bytes from size * index / count up to
// size * (index + 1) / count of a plain file, or the lines of such numbers of a compressed one, and
// may be empty. Together the shares are all lines once, in order.
class LineShare {
 public:
  // Throws Error as LineReader does. Several shares need a text that can be read again.
  LineShare(const std::string& path, InvalidText invalid, std::int64_t index, std::int64_t count);

  // Goes to the first line of the share; before next(). It reads all that lies before, of a
  // compressed text everything, so that lines have their numbers. Throws Error for a line there
  // that is refused, and Interrupted after SIGINT or SIGTERM.
  void start();
  // As LineReader does.
  bool next(std::string_view& line);

  // The number of the share's first line among the lines of the text, from 0.
  std::uint64_t first_line() const { return first_line_; }
  // Bytes of the share, and those that were read; 0 where they can't be told.
  std::uint64_t bytes() const;
  std::uint64_t bytes_read() const;

  // For all else: its name, its invalid lines, cancel().
  LineReader& reader() { return reader_; }
  const LineReader& reader() const { return reader_; }

 private:
  // How far the reader is, in bytes or lines.
  std::uint64_t position() const { return by_bytes_ ? reader_.byte_offset() : lines_; }

  std::string path_;
  InvalidText invalid_;
  std::uint64_t index_, count_;
  LineReader reader_;
  bool by_bytes_;
  std::uint64_t begin_ = 0, end_;  // in bytes or lines
  std::uint64_t size_ = 0;         // in bytes, where they tell the share
  std::uint64_t lines_ = 0;        // read, those before the share too
  std::uint64_t first_line_ = 0;
};

}  // namespace elmo
