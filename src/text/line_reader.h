// Lines of text from a file, a .gz file or standard input, checked.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace elmo {

// What to do with a line that is not UTF-8 or holds a NUL byte.
enum class InvalidText { kRefuse, kSkip, kReplace };
constexpr std::string_view invalid_name(InvalidText invalid) {
  return invalid == InvalidText::kSkip      ? "skip"
         : invalid == InvalidText::kReplace ? "replace"
                                            : "refuse";
}

// Reads lines of any length; memory is one line and a buffer. Removes a byte-order mark at the
// start of the file and a CR at a line's end. The last line need not end in a newline.
class LineReader {
 public:
  // `path` "-" is standard input; a file that starts with gzip's magic bytes is decompressed
  // (concatenated members too). Throws Error: missing, a directory, unreadable.
  explicit LineReader(const std::string& path, InvalidText invalid = InvalidText::kRefuse);
  ~LineReader();
  LineReader(LineReader&&) noexcept;

  // The next line, valid until the next call; false at the end. Throws Error with file, line,
  // byte and remedy (`iconv -f CP949 -t UTF-8 ...`, or --invalid) under kRefuse, and on a read
  // error (a truncated .gz). kSkip drops the line (it keeps its number), kReplace puts U+FFFD
  // for what is invalid and for NUL.
  bool next(std::string_view& line);

  // 1-based number of the line that next() returned last.
  std::uint64_t line_number() const;
  const std::string& path() const;
  // Lines dropped or changed so far.
  std::uint64_t invalid_lines() const;
  // For a plain file: byte offset behind the last returned line (its newline included), so that
  // a corpus index can be built. Counted from the start of the file, byte-order mark included.
  std::uint64_t byte_offset() const;
  // Plain files only: continue at a byte offset that byte_offset() returned earlier, whose
  // following line has number `line_number`.
  void seek(std::uint64_t byte_offset, std::uint64_t line_number);
  bool is_seekable() const;  // a plain file (not .gz, not "-", not a pipe)

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace elmo
