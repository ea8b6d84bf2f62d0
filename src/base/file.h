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
// process left behind by the next PendingFile of the same name (of any, where it is copied).
//
// A final name that is a link stays one: what it leads to is replaced. Devices, FIFOs and open
// descriptors (/dev/stdout) are not replaced: the temporary file lies in temporary_folder() and
// commit() copies it into them.
class PendingFile {
 public:
  // Throws Error if the folder does not exist or can't be written to, or at a folder.
  explicit PendingFile(std::filesystem::path final_path);
  ~PendingFile();
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;

  const std::filesystem::path& temporary_path() const { return temporary_path_; }
  const std::filesystem::path& final_path() const { return final_path_; }
  // All of the content, for a small file. Throws Error.
  void write(std::string_view content) const;
  // fsync of the file, rename to the final name (replacing an older file), fsync of the folder.
  void commit();

 private:
  std::filesystem::path final_path_;
  std::filesystem::path target_;  // the same behind all links
  std::filesystem::path temporary_path_;
  bool copied_ = false;  // into a device, instead of renamed
  int descriptor_ = -1;  // holds the lock that tells it from a leftover
  bool committed_ = false;
};

// Writes a whole small file by way of PendingFile.
void write_file(const std::filesystem::path& path, std::string_view content);
// Reads a whole file. Throws Error: missing, a directory, unreadable, larger than max_bytes.
std::string read_file(const std::filesystem::path& path, std::uint64_t max_bytes = 1ull << 32);

// The final name that work files of an output are named after, which lie beside it: the output
// itself, or, of what PendingFile does not replace, a name in temporary_folder() of this
// device, pipe or file alone.
std::filesystem::path work_name(const std::filesystem::path& output);
// The folder of what is made of an output so far, for a resume: work_name(output) and ".partial".
std::filesystem::path partial_folder(const std::filesystem::path& output);
// $TMPDIR, or /tmp. Throws Error if it is no folder.
std::filesystem::path temporary_folder();

// Throws Error where a file that may be a stranger's is a device or a pipe: to read it may wait for
// ever. What is missing passes.
void refuse_pipe(const std::filesystem::path& path);

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

// Throws UsageError where the output is one of the inputs, which would be lost: the same file by
// device and inode, links followed, patterns expanded, a model's folder
// standing for its files, "-" for standard input.
void refuse_overwriting(const std::filesystem::path& output,
                        const std::vector<std::string>& inputs);

// Creates a folder (and its parents). Throws Error with the reason.
void make_folder(const std::filesystem::path& path);

// Peak resident memory of this process in bytes, for reports.
std::uint64_t peak_memory_bytes();

}  // namespace elmo
