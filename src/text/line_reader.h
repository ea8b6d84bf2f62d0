// Lines of text from a file, a .gz file or standard input. Every text file of a user is read by
// this.
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

// The rule for every line of text: a byte-order mark at the start of the file is removed, and so
// are the carriage returns at a line's end, however many; a carriage return within a line is a
// space. Blanks at a line's end are left to the caller.
class LineRule {
 public:
  explicit LineRule(InvalidText invalid) : invalid_(invalid) {}

  enum class Verdict {
    kKept,
    kRepaired,  // was invalid, and holds U+FFFD for what was
    kDropped,   // is invalid, to be passed over
    kRefused    // is invalid, as it was
  };
  // `line` is without its newline; what it becomes is valid until the next call.
  Verdict apply(std::string_view& line, bool is_first);

 private:
  InvalidText invalid_;
  std::string changed_;
};

// Reads lines by that rule; memory is one line and a buffer. The last line need not end in a
// newline. One thread at a time.
class LineReader {
 public:
  // A sentence beyond this many bytes is no sentence but a file without lines, or a bomb.
  static constexpr std::size_t kLongestLine = std::size_t{128} << 20;

  // `path` "-" is standard input; what starts with gzip's magic bytes is decompressed, from a pipe
  // too (concatenated members too). Throws Error: missing, a folder, unreadable, or another kind of
  // file (io/file_kind.h), whatever `invalid` says.
  explicit LineReader(const std::string& path, InvalidText invalid = InvalidText::kRefuse);
  ~LineReader();
  LineReader(LineReader&&) noexcept;

  // The next line, valid until the next call; false at the end. Throws Error with file, line,
  // byte and remedy under kRefuse (`iconv -f CP949 ...` where that gives Hangul), on a line longer
  // than kLongestLine and on a read error (a truncated .gz); Interrupted where SIGINT or SIGTERM
  // came while it waited for a pipe. kSkip drops the line (it keeps its number), kReplace puts
  // U+FFFD for what is invalid and for NUL.
  bool next(std::string_view& line);

  // 1-based number of the line that next() returned last.
  std::uint64_t line_number() const;
  // For messages: the path, or "standard input".
  const std::string& path() const;
  // Lines dropped or changed so far.
  std::uint64_t invalid_lines() const;
  // A warning that tells how many, where there are any; to be called at the end.
  void warn_of_invalid_lines() const;

  // For a plain file: byte offset behind the last returned line (its newline included), so that
  // a corpus index can be built. Counted from the start of the file, byte-order mark included.
  std::uint64_t byte_offset() const;
  // Plain files only: continue at a byte offset that byte_offset() returned earlier, whose
  // following line has number `line_number`.
  void seek(std::uint64_t byte_offset, std::uint64_t line_number);
  bool is_seekable() const;  // a plain file (not .gz, not "-", not a pipe)
  // From any thread: a wait for a pipe, now or later, ends with Interrupted.
  void cancel();
  // Gives back the descriptor and most memory until the next line is asked for. Regular files only.
  void rest();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Whether its content is there once only: standard input, a pipe, a device. A missing file is not.
bool is_read_once(const std::string& path);
// Throws UsageError that names the input and `why` it is needed twice ("training reads its text in
// every epoch").
void refuse_read_once(const std::string& path, std::string_view why);

}  // namespace elmo
