// Files that appear whole or not at all, locks that go with the process, and input lists.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace elmo {

// A file under construction: a temporary name beside the final one, so that whoever sees the
// final name sees a whole file. Usage: write to temporary_path() by any means (the file exists,
// empty), close it, commit(). An uncommitted one is removed by the destructor, one that a killed
// process left behind by the next PendingFile of the same name.
class PendingFile {
 public:
  // Throws Error if the folder does not exist or can't be written to.
  explicit PendingFile(std::filesystem::path final_path);
  ~PendingFile();
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;

  const std::filesystem::path& temporary_path() const { return temporary_path_; }
  const std::filesystem::path& final_path() const { return final_path_; }
  // fsync of the file, rename to the final name (replacing an older file), fsync of the folder.
  void commit();

 private:
  std::filesystem::path final_path_;
  std::filesystem::path temporary_path_;
  int descriptor_ = -1;  // holds the lock that tells it from a leftover
  bool committed_ = false;
};

// Writes a whole small file by way of PendingFile.
void write_file(const std::filesystem::path& path, std::string_view content);
// Reads a whole file. Throws Error: missing, a directory, unreadable, larger than max_bytes.
std::string read_file(const std::filesystem::path& path, std::uint64_t max_bytes = 1ull << 32);

// fsync of a closed file or of a folder. Throws Error (a full disk shows here at the latest).
void sync_path(const std::filesystem::path& path);

// An exclusive advisory lock (flock) on `path`, an empty file made for it and removed with it; a
// killed process leaves the file but not the lock.
class FileLock {
 public:
  // Throws Error naming `what` ("the forward model in DIR") if another process holds it.
  FileLock(const std::filesystem::path& path, std::string_view what);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

// Expands glob patterns (sorted); "-" and names without pattern characters pass through.
// Throws Error: a pattern without a match; a missing, unreadable or empty file; a directory.
std::vector<std::string> expand_inputs(const std::vector<std::string>& patterns);

// Throws UsageError where the output is one of the inputs, under whatever name (the same file by
// device and inode, links followed).
void refuse_overwriting(const std::filesystem::path& output,
                        const std::vector<std::string>& inputs);

// Creates a folder (and its parents). Throws Error with the reason.
void make_folder(const std::filesystem::path& path);

// Peak resident memory of this process in bytes, for reports.
std::uint64_t peak_memory_bytes();

}  // namespace elmo
