#include "text/line_reader.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "elmo/error.h"
#include "text/utf8.h"

namespace elmo {
namespace {

constexpr std::size_t kBuffer = 1u << 18;

}  // namespace

struct LineReader::Impl {
  std::string path;
  InvalidText invalid = InvalidText::kRefuse;
  int descriptor = -1;
  bool seekable = false;
  std::unique_ptr<std::ifstream> file;  // what the decompressor reads
  std::unique_ptr<boost::iostreams::filtering_istream> unzip;
  std::string buffer, spill, replaced;
  std::size_t begin = 0;
  std::uint64_t line = 0, invalid_lines = 0, offset = 0;
  bool at_start = true, ended = false;

  ~Impl() {
    if (descriptor > 0) ::close(descriptor);
  }

  bool fill() {
    if (ended) return false;
    buffer.resize(kBuffer);
    begin = 0;
    std::size_t got = 0;
    if (unzip) {
      try {
        unzip->read(buffer.data(), static_cast<std::streamsize>(kBuffer));
        got = static_cast<std::size_t>(unzip->gcount());
      } catch (const std::exception& error) {
        throw Error(fmt::format("{}: the gzip file is truncated or damaged after line {} ({})",
                                path, line, error.what()));
      }
      if (unzip->bad()) {
        throw Error(fmt::format(
            "{}: the gzip file is truncated or damaged after line {}; get it anew", path, line));
      }
    } else {
      ssize_t result;
      do {
        result = ::read(descriptor, buffer.data(), kBuffer);
      } while (result < 0 && errno == EINTR);
      if (result < 0) {
        throw Error(
            fmt::format("{}: can't be read after line {}: {}", path, line, std::strerror(errno)));
      }
      got = static_cast<std::size_t>(result);
    }
    buffer.resize(got);
    ended = got == 0;
    return got != 0;
  }

  // The raw next line, without its newline.
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
      if (newline == nullptr) {
        spill.append(from, left);
        offset += left;
        begin = buffer.size();
        continue;
      }
      const auto size = static_cast<std::size_t>(newline - from);
      begin += size + 1;
      offset += size + 1;
      if (spill.empty()) {
        text = {from, size};
      } else {
        spill.append(from, size);
        text = spill;
      }
      return true;
    }
  }
};

LineReader::LineReader(const std::string& path, InvalidText invalid)
    : impl_(std::make_unique<Impl>()) {
  impl_->path = path == "-" ? "standard input" : path;
  impl_->invalid = invalid;
  if (path == "-") {
    impl_->descriptor = 0;
    return;
  }
  impl_->descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (impl_->descriptor < 0) {
    throw Error(fmt::format("{}: can't be opened: {}", path, std::strerror(errno)));
  }
  struct stat status {};
  ::fstat(impl_->descriptor, &status);
  if (S_ISDIR(status.st_mode)) {
    throw Error(path + ": is a folder; name a text file, or a pattern such as '" + path +
                "/*.txt'");
  }
  impl_->seekable = S_ISREG(status.st_mode);
  unsigned char magic[2] = {};
  if (impl_->seekable && ::pread(impl_->descriptor, magic, 2, 0) == 2 && magic[0] == 0x1F &&
      magic[1] == 0x8B) {
    impl_->seekable = false;
    impl_->file = std::make_unique<std::ifstream>(path, std::ios::binary);
    impl_->unzip = std::make_unique<boost::iostreams::filtering_istream>();
    impl_->unzip->push(boost::iostreams::gzip_decompressor());
    impl_->unzip->push(*impl_->file);
    impl_->unzip->exceptions(std::ios::badbit);
  }
}

LineReader::~LineReader() = default;
LineReader::LineReader(LineReader&&) noexcept = default;

bool LineReader::next(std::string_view& line) {
  Impl& self = *impl_;
  while (self.raw(line)) {
    ++self.line;
    if (self.at_start && self.line == 1 && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const std::size_t wrong = find_invalid_utf8(line);
    const bool nul = std::memchr(line.data(), 0, line.size()) != nullptr;
    if (wrong == std::string_view::npos && !nul) return true;
    ++self.invalid_lines;
    if (self.invalid == InvalidText::kSkip) continue;
    if (self.invalid == InvalidText::kRefuse) {
      if (wrong == std::string_view::npos) {
        throw Error(
            fmt::format("{}:{}: holds a NUL byte at byte {}; is it text? Pass --invalid "
                        "skip to drop such lines",
                        self.path, self.line, line.find('\0') + 1));
      }
      throw Error(
          fmt::format("{}:{}: not UTF-8 at byte {}; convert it (iconv -f CP949 -t UTF-8 {} "
                      "> converted.txt) or pass --invalid skip to drop such lines",
                      self.path, self.line, wrong + 1, self.path));
    }
    self.replaced = replace_invalid_utf8(line);
    for (std::size_t at; (at = self.replaced.find('\0')) != std::string::npos;) {
      self.replaced.replace(at, 1, "\xEF\xBF\xBD");
    }
    line = self.replaced;
    return true;
  }
  return false;
}

std::uint64_t LineReader::line_number() const { return impl_->line; }
const std::string& LineReader::path() const { return impl_->path; }
std::uint64_t LineReader::invalid_lines() const { return impl_->invalid_lines; }
std::uint64_t LineReader::byte_offset() const { return impl_->offset; }
bool LineReader::is_seekable() const { return impl_->seekable; }

void LineReader::seek(std::uint64_t byte_offset, std::uint64_t line_number) {
  if (::lseek(impl_->descriptor, static_cast<off_t>(byte_offset), SEEK_SET) < 0) {
    throw Error(impl_->path + ": can't be read from the middle: " + std::strerror(errno));
  }
  impl_->buffer.clear();
  impl_->begin = 0;
  impl_->ended = false;
  impl_->offset = byte_offset;
  impl_->line = line_number - 1;
  impl_->at_start = byte_offset == 0;
}

}  // namespace elmo
