// A zip archive of stored (not compressed) members, as numpy.savez writes it, of any size
// (APPNOTE.TXT 6.3, ZIP64). Every member has the date 1980-01-01, so equal content gives equal
// bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "io/dump_segments.h"

namespace elmo {

class ZipWriter {
 public:
  // `archive`: the file to write. `directory`: a temporary file for the list of members, which
  // finish() appends to the archive, so that memory does not grow with their number. Sizes and
  // offsets of `limit` or more use ZIP64; tests pass a small limit.
  ZipWriter(const std::filesystem::path& archive, const std::filesystem::path& directory,
            std::uint64_t limit = kLargest);

  // Begins a member of this name (ASCII) and size. write() then takes its content in any number of
  // calls.
  void begin(std::string_view name, std::uint64_t bytes);
  void write(const void* data, std::size_t bytes);
  void end();
  // Also syncs the archive.
  void finish();

 private:
  static constexpr std::uint64_t kLargest = 0xffffffff;  // marks a field whose value is in ZIP64
  struct Member {
    std::uint64_t offset = 0;  // of the member's header
    std::uint64_t bytes = 0;
    std::uint32_t crc = 0;
  };

  std::uint64_t shown(std::uint64_t value) const { return value < limit_ ? value : kLargest; }

  AppendFile archive_, directory_;
  std::filesystem::path directory_path_;
  std::uint64_t limit_;
  std::string name_;
  Member member_;
  std::uint64_t members_ = 0;
};

}  // namespace elmo
