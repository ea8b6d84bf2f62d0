// Lines of text from a file, a .gz file or standard input. All text files of users are read with
// it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace elmo {

// What to do with a line that is not UTF-8 or holds a NUL byte.
enum class InvalidText { kRefuse, kSkip, kReplace };
InvalidText parse_invalid_text(std::string_view name);  // refuse|skip|replace; throws UsageError
constexpr std::string_view invalid_name(InvalidText invalid) {
  return invalid == InvalidText::kSkip      ? "skip"
         : invalid == InvalidText::kReplace ? "replace"
                                            : "refuse";
}

// What is done to every line: a byte-order mark at the start of the file and all carriage returns
// at the end of a line are removed; a carriage return within a line becomes a space. Blanks at the
// ends of a line are kept.
class LineRule {
 public:
  explicit LineRule(InvalidText invalid) : invalid_(invalid) {}

  enum class Verdict {
    kKept,
    kRepaired,  // was invalid; the invalid parts are now U+FFFD
    kDropped,   // invalid and to be skipped
    kRefused    // invalid and unchanged
  };
  // `line` has no newline. The view that it becomes is valid until the next call.
  Verdict apply(std::string_view& line, bool is_first);

 private:
  InvalidText invalid_;
  std::string changed_;
};

// Reads lines by that rule. Memory is one line and a buffer. The last line need not end in a
// newline. Not thread-safe, except cancel().
class LineReader {
 public:
  // Longer lines are refused: the file has no line breaks, or is a decompression bomb.
  static constexpr std::size_t kLongestLine = std::size_t{128} << 20;

  // `path` "-" is standard input. Input that starts with gzip's magic bytes is decompressed, from a
  // pipe too; concatenated members are supported. Throws Error, whatever `invalid` says, if the
  // file is missing, unreadable, a folder, or a file of another kind (io/file_kind.h).
  explicit LineReader(const std::string& path, InvalidText invalid = InvalidText::kRefuse);
  ~LineReader();
  LineReader(LineReader&&) noexcept;

  // The next line, valid until the next call; false at the end. kSkip skips an invalid line, which
  // keeps its number; kReplace puts U+FFFD for invalid parts and for NUL bytes. Under kRefuse an
  // invalid line throws Error with file, line, byte and remedy (`iconv -f CP949 ...` if that gives
  // Hangul). Also throws Error for a line longer than kLongestLine and for a read error (such as a
  // truncated .gz), and Interrupted if SIGINT or SIGTERM arrives while waiting for a pipe.
  bool next(std::string_view& line);

  // 1-based number of the line that next() returned last.
  std::uint64_t line_number() const;
  // The path, or "standard input", for messages.
  const std::string& path() const;
  // Lines skipped or changed so far.
  std::uint64_t invalid_lines() const;
  // Logs a warning with the number of invalid lines, if there are any. Call it at the end.
  void warn_of_invalid_lines() const;

  // Plain files only: the byte offset after the last returned line and its newline. Counted from
  // the start of the file, including a byte-order mark.
  std::uint64_t byte_offset() const;
  // Plain files only: continue at an offset that byte_offset() returned earlier. `line_number` is
  // the number of the line that follows.
  void seek(std::uint64_t byte_offset, std::uint64_t line_number);
  bool is_seekable() const;  // a plain file (not .gz, not "-", not a pipe)
  // Makes a wait for a pipe, now or later, end with Interrupted. May be called by any thread.
  void cancel();
  // Closes the file and frees most memory until the next line is asked for. Regular files only.
  void rest();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Can the content be read only once (standard input, a pipe, a device)? False for a missing file.
bool is_read_once(const std::string& path);
// Throws UsageError that names the input and says `why` it is needed twice ("training reads its
// text in every epoch").
void refuse_read_once(const std::string& path, std::string_view why);

}  // namespace elmo
