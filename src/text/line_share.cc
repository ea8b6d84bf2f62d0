#include "text/line_share.h"

#include <filesystem>
#include <limits>
#include <system_error>

#include "base/interrupt.h"
#include "elmo/error.h"

namespace elmo {
namespace {

// total * index / count, rounded up.
std::uint64_t border(std::uint64_t total, std::uint64_t index, std::uint64_t count) {
  using Wide = unsigned __int128;
  return static_cast<std::uint64_t>((Wide{total} * index + count - 1) / count);
}

bool read_line(LineReader& reader) {
  std::string_view line;
  if (interrupted()) throw Interrupted("interrupted before the first line of its part");
  return reader.next(line);
}

std::uint64_t size_of(const LineReader& reader, const std::string& path) {
  std::error_code failed;
  if (!reader.is_seekable()) return 0;
  const auto size = std::filesystem::file_size(path, failed);
  return failed ? 0 : size;
}

}  // namespace

LineShare::LineShare(const std::string& path, InvalidText invalid, std::int64_t index,
                     std::int64_t count)
    : path_(path),
      invalid_(invalid),
      index_(static_cast<std::uint64_t>(index)),
      count_(static_cast<std::uint64_t>(count)),
      reader_(path, invalid),
      by_bytes_(reader_.is_seekable()),
      end_(std::numeric_limits<std::uint64_t>::max()),
      size_(size_of(reader_, path)) {}

void LineShare::start() {
  if (count_ == 1) return;
  std::uint64_t total = size_;
  if (!by_bytes_) {
    LineReader all(path_, invalid_);
    while (read_line(all)) ++total;
  }
  begin_ = border(total, index_, count_);
  end_ = border(total, index_ + 1, count_);
  if (by_bytes_ && begin_ > 0) {
    // A separate reader, so that the final warning counts the invalid lines of this share only.
    LineReader before(path_, invalid_);
    while (before.byte_offset() < begin_ && read_line(before)) ++lines_;
    reader_.seek(before.byte_offset(), before.line_number() + 1);
  } else {
    while (position() < begin_ && read_line(reader_)) ++lines_;
  }
  first_line_ = lines_;
  begin_ = position();
}

bool LineShare::next(std::string_view& line) {
  if (position() >= end_ || !reader_.next(line)) return false;
  ++lines_;
  return true;
}

std::uint64_t LineShare::bytes() const {
  if (!by_bytes_) return 0;
  return end_ > size_ ? size_ - begin_ : end_ > begin_ ? end_ - begin_ : 0;
}

std::uint64_t LineShare::bytes_read() const {
  return by_bytes_ ? reader_.byte_offset() - begin_ : 0;
}

}  // namespace elmo
