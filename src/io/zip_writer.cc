#include "io/zip_writer.h"

#include <zlib.h>

#include <algorithm>
#include <string>
#include <vector>

namespace elmo {
namespace {

constexpr std::uint32_t kLocalHeader = 0x04034b50, kCentralHeader = 0x02014b50;
constexpr std::uint32_t kEnd = 0x06054b50, kEnd64 = 0x06064b50, kLocator64 = 0x07064b50;
constexpr std::uint64_t kMemberLimit = 0xffff;
constexpr std::uint16_t kVersion = 20, kVersion64 = 45;
constexpr std::uint16_t kDate = 1 << 5 | 1;  // 1980-01-01
constexpr std::uint64_t kCrcOffset = 14;     // of a local header

// Appends little-endian fields.
class Fields {
 public:
  Fields& u16(std::uint64_t value) { return put(value, 2); }
  Fields& u32(std::uint64_t value) { return put(value, 4); }
  Fields& u64(std::uint64_t value) { return put(value, 8); }
  Fields& text(std::string_view value) {
    bytes_ += value;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  Fields& put(std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) bytes_ += static_cast<char>(value >> (8 * i) & 0xff);
    return *this;
  }
  std::string bytes_;
};

void append(AppendFile& file, const Fields& fields) {
  file.append(fields.bytes().data(), fields.bytes().size());
}

// ZIP64's extra field, with the values that don't fit into a header's own fields.
std::string extra(const std::vector<std::uint64_t>& values) {
  if (values.empty()) return {};
  Fields fields;
  fields.u16(1).u16(8 * values.size());
  for (const std::uint64_t value : values) fields.u64(value);
  return fields.bytes();
}

}  // namespace

ZipWriter::ZipWriter(const std::filesystem::path& archive, const std::filesystem::path& directory,
                     std::uint64_t limit)
    : archive_(archive), directory_(directory), directory_path_(directory), limit_(limit) {}

void ZipWriter::begin(std::string_view name, std::uint64_t bytes) {
  name_ = name;
  member_ = {.offset = archive_.size(), .bytes = bytes, .crc = 0};
  const bool large = bytes >= limit_;
  const std::string sizes = large ? extra({bytes, bytes}) : "";
  append(archive_, Fields()
                       .u32(kLocalHeader)
                       .u16(large ? kVersion64 : kVersion)
                       .u16(0)  // flags
                       .u16(0)  // stored
                       .u16(0)  // time
                       .u16(kDate)
                       .u32(0)  // CRC-32, filled in by end()
                       .u32(shown(bytes))
                       .u32(shown(bytes))
                       .u16(name_.size())
                       .u16(sizes.size())
                       .text(name_)
                       .text(sizes));
}

void ZipWriter::write(const void* data, std::size_t bytes) {
  archive_.append(data, bytes);
  member_.crc = static_cast<std::uint32_t>(
      crc32_z(member_.crc, static_cast<const unsigned char*>(data), bytes));
}

void ZipWriter::end() {
  const std::string crc = Fields().u32(member_.crc).bytes();
  archive_.write_at(member_.offset + kCrcOffset, crc.data(), crc.size());
  std::vector<std::uint64_t> large;
  if (member_.bytes >= limit_) large = {member_.bytes, member_.bytes};
  if (member_.offset >= limit_) large.push_back(member_.offset);
  const std::string more = extra(large);
  const std::uint16_t version = large.empty() ? kVersion : kVersion64;
  append(directory_, Fields()
                         .u32(kCentralHeader)
                         .u16(version)
                         .u16(version)
                         .u16(0)
                         .u16(0)
                         .u16(0)
                         .u16(kDate)
                         .u32(member_.crc)
                         .u32(shown(member_.bytes))
                         .u32(shown(member_.bytes))
                         .u16(name_.size())
                         .u16(more.size())
                         .u16(0)  // comment
                         .u16(0)  // disk
                         .u16(0)  // internal attributes
                         .u32(0)  // external attributes
                         .u32(shown(member_.offset))
                         .text(name_)
                         .text(more));
  ++members_;
}

void ZipWriter::finish() {
  directory_.close();
  const std::uint64_t begin = archive_.size();
  {
    SequentialFile from(directory_path_);
    std::vector<char> piece(1 << 16);
    while (from.left() > 0) {
      const std::size_t bytes = std::min<std::uint64_t>(piece.size(), from.left());
      from.read(piece.data(), bytes);
      archive_.append(piece.data(), bytes);
    }
  }
  const std::uint64_t end = archive_.size(), bytes = end - begin;
  if (members_ >= kMemberLimit || end >= limit_) {
    append(archive_, Fields()
                         .u32(kEnd64)
                         .u64(44)  // bytes of this record after this field
                         .u16(kVersion64)
                         .u16(kVersion64)
                         .u32(0)
                         .u32(0)
                         .u64(members_)
                         .u64(members_)
                         .u64(bytes)
                         .u64(begin)
                         .u32(kLocator64)
                         .u32(0)
                         .u64(end)
                         .u32(1));
  }
  const std::uint64_t count = std::min(members_, kMemberLimit);
  append(archive_, Fields()
                       .u32(kEnd)
                       .u16(0)
                       .u16(0)
                       .u16(count)
                       .u16(count)
                       .u32(shown(bytes))
                       .u32(shown(begin))
                       .u16(0));
  archive_.close();
}

}  // namespace elmo
