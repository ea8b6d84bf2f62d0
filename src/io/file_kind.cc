#include "io/file_kind.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/strings.h"
#include "elmo/error.h"
#include "io/dump_file.h"
#include "io/hdf5.h"

namespace elmo {
namespace {

using namespace std::string_view_literals;

// `command` unpacks to standard output; {} is replaced by the file.
struct Packer {
  std::string_view magic, name, command;
};
constexpr Packer kPackers[] = {
    {"\xFD\x37zXZ\0"sv, "xz", "xz -dc"},
    {"BZh"sv, "bzip2", "bzip2 -dc"},
    {"\x28\xB5\x2F\xFD"sv, "zstd", "zstd -dc"},
    {"\x04\x22\x4D\x18"sv, "lz4", "lz4 -dc"},
};

struct Magic {
  std::string_view bytes;
  std::string_view what;
  std::string_view instead;  // what to do if text was expected
};
constexpr Magic kMagics[] = {
    {"PK\x03\x04"sv, "a zip archive, such as PyTorch's, NumPy's or an office program's",
     "give what is packed in it as a text file"},
    {"PK\x05\x06"sv, "an empty zip archive", "give a text file"},
    {"\x93NUMPY"sv, "a NumPy array", "give a text file"},
    {"%PDF-"sv, "a PDF", "give its text (pdftotext)"},
    {"\xBA\x16\x4F\x2F"sv, "fastText's binary model",
     "give the vectors in text form, the .vec file beside it"},
    {"\x7F"
     "ELF"sv,
     "a program", "give a text file"},
    {"\x89PNG\r\n"sv, "a picture", "give a text file"},
    {"\xFF\xD8\xFF"sv, "a picture", "give a text file"},
    {"\xD0\xCF\x11\xE0"sv, "an old office document", "save it as a text file"},
    {"SQLite format 3\0"sv, "a database of SQLite", "give a text file"},
    {"version https://git-lfs"sv, "a pointer of Git LFS, not the file", "fetch it (git lfs pull)"},
};

// ModelProto.pieces comes first; each has its text (field 1) and its score (field 2, a float):
// 0A SIZE 0A LENGTH text 15 score ...
bool is_sentencepiece(std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  if (bytes.size() < 10 || byte(0) != 0x0A || byte(2) != 0x0A) return false;
  const std::size_t size = byte(1), length = byte(3);
  return size < 0x80 && length + 7 <= size && 4 + length < bytes.size() && byte(4 + length) == 0x15;
}

std::string convert(std::string_view encoding, std::string_view path) {
  if (path.empty()) return fmt::format("convert it first (iconv -f {} -t UTF-8)", encoding);
  return fmt::format("convert it (iconv -f {} -t UTF-8 {} > converted.txt)", encoding,
                     shell_word(path));
}

// UTF-16 of mostly Latin text without a byte-order mark: every other byte is 0.
std::string_view bare_utf16(std::string_view bytes) {
  std::array<std::size_t, 2> zeros = {};
  for (std::size_t i = 0; i < bytes.size(); ++i) zeros[i % 2] += bytes[i] == 0;
  const std::size_t pairs = bytes.size() / 2;
  for (const std::size_t place : {0, 1}) {
    if (zeros[place] >= 4 && zeros[place] * 3 > pairs * 2 && zeros[1 - place] == 0) {
      return place == 1 ? "UTF-16LE" : "UTF-16BE";
    }
  }
  return {};
}

}  // namespace

std::string file_kind(std::string_view beginning, std::string_view path) {
  if (beginning.starts_with(kHdf5Signature)) {
    if (path.empty()) return "is HDF5; give a text file";
    return hdf5_kind(path);
  }
  for (const auto& [magic, name, command] : kPackers) {
    if (!beginning.starts_with(magic)) continue;
    // Text may begin with "BZh". In a bzip2 file a digit and the magic of a block or of the end
    // follow.
    if (name == "bzip2" && (beginning.size() < 10 || (beginning.substr(4, 6) != "1AY&SY" &&
                                                      beginning.substr(4, 4) != "\x17rE8"))) {
      continue;
    }
    if (path.empty()) return fmt::format("is packed by {}; unpack it first ({})", name, command);
    return fmt::format("is packed by {}; unpack it first ({} {} > unpacked.txt)", name, command,
                       shell_word(path));
  }
  for (const auto& [magic, what, instead] : kMagics) {
    if (beginning.starts_with(magic)) return fmt::format("is {}; {}", what, instead);
  }
  if (beginning.starts_with("\xFF\xFE\0\0"sv) || beginning.starts_with("\0\0\xFE\xFF"sv)) {
    return "is UTF-32, by its byte-order mark; " + convert("UTF-32", path);
  }
  if (beginning.starts_with("\xFF\xFE") || beginning.starts_with("\xFE\xFF")) {
    return "is UTF-16, by its byte-order mark; " + convert("UTF-16", path);
  }
  if (is_sentencepiece(beginning)) {
    return "is a SentencePiece model; --vocab takes it, for models of pieces";
  }
  if (const auto encoding = bare_utf16(beginning); !encoding.empty()) {
    return fmt::format("seems to be {}: every other byte is 0; {}", encoding,
                       convert(encoding, path));
  }
  return {};
}

std::string_view kind_without_hdf5(std::string_view beginning) {
  if (beginning.starts_with("\x1f\x8b")) return "a gzip file; unpack it first (gunzip)";
  for (const auto& [magic, what, instead] : kMagics) {
    if (beginning.starts_with(magic)) return what;
  }
  const auto is_text = [](unsigned char c) { return c >= 0x20 || (c >= 0x09 && c <= 0x0d); };
  return std::all_of(beginning.begin(), beginning.end(), is_text) ? "text" : "other binary data";
}

std::string hdf5_kind(const std::filesystem::path& path) {
  try {
    const h5::File file = h5::File::open(path);
    const auto attribute = file.attribute("format");
    const auto* format = attribute ? std::get_if<std::string>(&*attribute) : nullptr;
    if (format != nullptr && format->starts_with("elmo ")) {
      if (*format == "elmo task") return "is a task that elmo train wrote; --task takes it";
      if (*format == "elmo language model") {
        return "is a language model; --model takes the folder that it is in";
      }
      return "is an " + *format;
    }
    if (is_dump(file)) {
      return "is a dump of word vectors; --vectors takes it";
    }
    if (file.has_dataset("RNN_0/RNN/MultiRNNCell/Cell0/LSTMCell/W_0") ||
        file.has_dataset("RNN_0/RNN/LSTMCell/W_0")) {
      return "holds ELMo weights in the official format; --weights takes it, beside --options";
    }
    return "is an HDF5 file that elmo did not write";
  } catch (const Error&) {
    return "is a damaged HDF5 file";
  }
}

std::string beginning_of(const std::filesystem::path& path) {
  // Non-blocking, because opening a pipe would otherwise wait for a writer.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return {};
  std::string bytes(kKindBytes, '\0');
  struct stat status = {};
  ssize_t count = 0;
  if (::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) {
    count = ::pread(descriptor, bytes.data(), bytes.size(), 0);
  }
  ::close(descriptor);
  bytes.resize(static_cast<std::size_t>(count > 0 ? count : 0));
  return bytes;
}

}  // namespace elmo
