#include "text/line_reader.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/strings.h"
#include "elmo/error.h"
#include "io/file_kind.h"
#include "text/encoding.h"
#include "text/utf8.h"

namespace elmo {
namespace {

constexpr std::size_t kBuffer = 1u << 16;
constexpr std::string_view kGzip = "\x1F\x8B";

std::string reason(int error) { return std::generic_category().message(error); }

// The text with U+FFFD for each NUL byte.
std::string without_nul(std::string_view text) {
  std::string result;
  for (const char byte : text) {
    if (byte == 0) {
      result += "\xEF\xBF\xBD";
    } else {
      result += byte;
    }
  }
  return result;
}

// Decompresses a gzip stream incrementally, one member after the other.
class Inflater {
 public:
  Inflater() {
    // Adding 16 makes zlib expect a gzip header and check it.
    if (inflateInit2(&stream_, 16 + MAX_WBITS) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Consumes bytes from the front of `packed` and writes `made` <= size bytes; false if damaged.
  bool run(std::string_view& packed, char* to, std::size_t size, std::size_t& made) {
    if (at_end_ && !packed.empty()) {
      inflateReset(&stream_);
      at_end_ = false;
    }
    // zlib does not write to its input.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream_.avail_in = static_cast<uInt>(packed.size());
    stream_.next_out = reinterpret_cast<Bytef*>(to);
    stream_.avail_out = static_cast<uInt>(size);
    const int code = inflate(&stream_, Z_NO_FLUSH);
    packed.remove_prefix(packed.size() - stream_.avail_in);
    made = size - stream_.avail_out;
    at_end_ = code == Z_STREAM_END;
    return code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR;
  }
  // At the end of a member?
  bool at_end() const { return at_end_; }

 private:
  z_stream stream_ = {};
  bool at_end_ = false;
};

}  // namespace

struct LineReader::Impl {
  std::string path, shown;
  InvalidText invalid = InvalidText::kRefuse;
  LineRule rule{InvalidText::kRefuse};
  int descriptor = -1;
  bool standard_input = false, regular = false;
  std::unique_ptr<Inflater> inflater;
  std::string packed;  // compressed bytes; those before `packed_at` have been decompressed
  std::size_t packed_at = 0;
  std::uint64_t position = 0;  // of the next byte to read from the descriptor
  std::string buffer, spill;
  std::size_t begin = 0;
  std::uint64_t line = 0, invalid_lines = 0, offset = 0;
  bool started = false, ended = false;
  std::atomic<bool> cancelled = false;

  ~Impl() { close(); }

  void close() {
    if (descriptor >= 0 && !standard_input) ::close(descriptor);
    descriptor = -1;
  }

  void open() {
    descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
      const int error = errno;
      throw Error(fmt::format("{}: can't be opened: {}", shown, reason(error)));
    }
  }

  // The bytes of the file, before decompression.
  std::size_t read(char* to, std::size_t size) {
    if (descriptor < 0) {
      open();
      if (position != 0 && ::lseek(descriptor, static_cast<off_t>(position), SEEK_SET) < 0) {
        throw Error(fmt::format("{}: can't be read from a given offset: {}", shown, reason(errno)));
      }
    }
    // A signal does not end a blocking read() (InterruptGuard), so wait for input with a timeout
    // first.
    constexpr int kMilliseconds = 200;
    pollfd ready{.fd = descriptor, .events = POLLIN, .revents = 0};
    while (!regular && ::poll(&ready, 1, kMilliseconds) <= 0) {
      if (interrupted() || cancelled)
        throw Interrupted(fmt::format("interrupted while {} was read", shown));
    }
    while (true) {
      const ssize_t result = ::read(descriptor, to, size);
      if (result >= 0) {
        position += static_cast<std::uint64_t>(result);
        return static_cast<std::size_t>(result);
      }
      const int error = errno;
      if (error != EINTR) {
        throw Error(fmt::format("{}: can't be read after line {}: {}", shown, line, reason(error)));
      }
    }
  }

  // Tells from the first bytes what kind of file this is.
  std::size_t start(char* to, std::size_t size) {
    started = true;
    std::size_t got = 0;
    // A pipe may deliver them one by one.
    while (got < kKindBytes) {
      const std::size_t more = read(to + got, size - got);
      if (more == 0) break;
      got += more;
    }
    const std::string_view bytes(to, got);
    const std::string kind =
        file_kind(bytes.substr(0, kKindBytes), standard_input || !regular ? "" : path);
    if (!kind.empty()) throw Error(fmt::format("{}: {}", shown, kind));
    if (bytes.starts_with(kGzip)) {
      inflater = std::make_unique<Inflater>();
      packed.assign(bytes);
      packed_at = 0;
      return unpack(to, size);
    }
    return got;
  }

  std::size_t unpack(char* to, std::size_t size) {
    std::size_t made = 0;
    while (made == 0) {
      if (packed_at == packed.size()) {
        packed.resize(kBuffer);
        packed_at = 0;
        packed.resize(read(packed.data(), packed.size()));
        if (packed.empty()) {
          if (inflater->at_end()) return 0;
          damaged("truncated");
        }
      }
      std::string_view rest = std::string_view(packed).substr(packed_at);
      const bool sound = inflater->run(rest, to, size, made);
      packed_at = packed.size() - rest.size();
      if (!sound) damaged("damaged");
    }
    return made;
  }

  [[noreturn]] void damaged(std::string_view how) const {
    throw Error(
        fmt::format("{}: the gzip file is {} after line {}; get it again", shown, how, line));
  }

  bool fill() {
    if (ended) return false;
    buffer.resize(kBuffer);
    begin = 0;
    const std::size_t got = !started   ? start(buffer.data(), kBuffer)
                            : inflater ? unpack(buffer.data(), kBuffer)
                                       : read(buffer.data(), kBuffer);
    buffer.resize(got);
    ended = got == 0;
    return got != 0;
  }

  // The next line, without its newline but otherwise unchanged.
  bool raw(std::string_view& text) {
    spill.clear();
    while (true) {
      if (begin == buffer.size() && !fill()) {
        text = spill;
        return !spill.empty();
      }
      const char* from = buffer.data() + begin;
      const std::size_t left = buffer.size() - begin;
      const auto* newline = static_cast<const char*>(std::memchr(from, '\n', left));
      const std::size_t size = newline == nullptr ? left : static_cast<std::size_t>(newline - from);
      if (spill.size() + size > kLongestLine) {
        throw Error(fmt::format(
            "{}:{}: is longer than {} MiB; a line is one sentence or text, so cut it into lines",
            shown, line + 1, kLongestLine >> 20));
      }
      begin += size + (newline != nullptr);
      offset += size + (newline != nullptr);
      if (newline != nullptr && spill.empty()) {
        text = {from, size};
        return true;
      }
      spill.append(from, size);
      if (newline != nullptr) {
        text = spill;
        return true;
      }
    }
  }

  [[noreturn]] void refuse(std::string_view text) const {
    const std::size_t wrong = find_invalid_utf8(text);
    if (wrong == std::string_view::npos) {
      throw Error(
          fmt::format("{}:{}: holds a NUL byte at byte {}; is it text? Pass --invalid skip to drop "
                      "such lines",
                      shown, line, text.find('\0') + 1));
    }
    throw Error(
        fmt::format("{}:{}: not UTF-8 at byte {}; {} or pass --invalid skip to drop such lines",
                    shown, line, wrong + 1, advice(text)));
  }

  // A hint how to convert a text that contains this line.
  std::string advice(std::string_view text) const {
    const bool korean = is_korean_cp949(text);
    const std::string_view encoding = korean ? "CP949" : "ENCODING";
    const std::string_view lead = korean ? "convert it" : "convert it from its encoding";
    if (!regular) return fmt::format("{} first (iconv -f {} -t UTF-8)", lead, encoding);
    const std::string file = shell_word(path);
    if (inflater) {
      return fmt::format("{} (zcat {} | iconv -f {} -t UTF-8 > converted.txt)", lead, file,
                         encoding);
    }
    return fmt::format("{} (iconv -f {} -t UTF-8 {} > converted.txt)", lead, encoding, file);
  }
};

InvalidText parse_invalid_text(std::string_view name) {
  if (name == "refuse") return InvalidText::kRefuse;
  if (name == "skip") return InvalidText::kSkip;
  if (name == "replace") return InvalidText::kReplace;
  throw UsageError(
      fmt::format("what to do with invalid text, '{}', is not one of refuse, skip, replace", name));
}

LineRule::Verdict LineRule::apply(std::string_view& line, bool is_first) {
  if (is_first && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  while (line.ends_with('\r')) line.remove_suffix(1);
  const bool nul = std::memchr(line.data(), 0, line.size()) != nullptr;
  const bool returns = std::memchr(line.data(), '\r', line.size()) != nullptr;
  const bool invalid = nul || find_invalid_utf8(line) != std::string_view::npos;
  if (!invalid && !returns) return Verdict::kKept;
  if (invalid) {
    if (invalid_ == InvalidText::kSkip) return Verdict::kDropped;
    if (invalid_ == InvalidText::kRefuse) return Verdict::kRefused;
    changed_ = replace_invalid_utf8(line);
    if (nul) changed_ = without_nul(changed_);
  } else {
    changed_ = line;
  }
  std::ranges::replace(changed_, '\r', ' ');
  line = changed_;
  return invalid ? Verdict::kRepaired : Verdict::kKept;
}

LineReader::LineReader(const std::string& path, InvalidText invalid)
    : impl_(std::make_unique<Impl>()) {
  Impl& self = *impl_;
  self.path = path;
  self.invalid = invalid;
  self.rule = LineRule(invalid);
  self.shown = path == "-" ? "standard input" : path;
  struct stat status {};
  if (path == "-") {
    self.standard_input = true;
    self.descriptor = 0;
  } else {
    self.open();
  }
  if (::fstat(self.descriptor, &status) != 0) return;  // standard input is closed: read() says so
  if (S_ISDIR(status.st_mode)) {
    throw Error(self.shown + ": is a folder; name a text file, or a pattern such as '" + path +
                "/*.txt'");
  }
  self.regular = S_ISREG(status.st_mode) && path != "-";
  // Reading now reports a wrong kind of file before any work begins.
  if (self.regular) self.fill();
}

LineReader::~LineReader() = default;
LineReader::LineReader(LineReader&&) noexcept = default;

bool LineReader::next(std::string_view& line) {
  Impl& self = *impl_;
  while (self.raw(line)) {
    switch (self.rule.apply(line, ++self.line == 1)) {
      case LineRule::Verdict::kRefused:
        self.refuse(line);
      case LineRule::Verdict::kDropped:
        ++self.invalid_lines;
        continue;
      case LineRule::Verdict::kRepaired:
        ++self.invalid_lines;
        return true;
      case LineRule::Verdict::kKept:
        return true;
    }
  }
  return false;
}

std::uint64_t LineReader::line_number() const { return impl_->line; }
const std::string& LineReader::path() const { return impl_->shown; }
std::uint64_t LineReader::invalid_lines() const { return impl_->invalid_lines; }

void LineReader::warn_of_invalid_lines() const {
  const Impl& self = *impl_;
  if (self.invalid_lines == 0) return;
  log::warn("{}: {} {} not UTF-8 or held a NUL byte and {} {}", self.shown, self.invalid_lines,
            self.invalid_lines == 1 ? "line was" : "lines were",
            self.invalid_lines == 1 ? "was" : "were",
            self.invalid == InvalidText::kSkip ? "dropped" : "repaired");
}

std::uint64_t LineReader::byte_offset() const { return impl_->offset; }
bool LineReader::is_seekable() const { return impl_->regular && !impl_->inflater; }

void LineReader::seek(std::uint64_t byte_offset, std::uint64_t line_number) {
  Impl& self = *impl_;
  if (self.descriptor >= 0 &&
      ::lseek(self.descriptor, static_cast<off_t>(byte_offset), SEEK_SET) < 0) {
    throw Error(
        fmt::format("{}: can't be read from a given offset: {}", self.shown, reason(errno)));
  }
  self.position = byte_offset;
  self.buffer.clear();
  self.begin = 0;
  self.ended = false;
  self.offset = byte_offset;
  self.line = line_number - 1;
}

void LineReader::cancel() { impl_->cancelled = true; }

void LineReader::rest() {
  Impl& self = *impl_;
  self.close();
  self.spill = {};
  if (self.inflater) {
    self.buffer.erase(0, self.begin);
    self.packed.erase(0, self.packed_at);
    self.packed_at = 0;
    self.packed.shrink_to_fit();
  } else {
    // Reading the bytes again costs less than keeping buffers for thousands of files.
    self.position = self.offset;
    self.buffer.clear();
    self.ended = false;
  }
  self.begin = 0;
  self.buffer.shrink_to_fit();
}

bool is_read_once(const std::string& path) {
  if (path == "-") return true;
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

void refuse_read_once(const std::string& path, std::string_view why) {
  if (!is_read_once(path)) return;
  throw UsageError(fmt::format("{}: can be read only once, and {}; write it to a file first",
                               path == "-" ? "standard input" : path, why));
}

}  // namespace elmo
