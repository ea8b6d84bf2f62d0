// Files that are replaced as a whole, lock files, and lists of input files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace elmo {

// A file under construction. It is written under a temporary name beside the final one and renamed
// when it is complete, so that a file under the final name is always whole. Usage: write to
// temporary_path() by any means (the file exists and is empty), close it, call commit(). The
// destructor removes a file that was not committed. A file that a killed process left behind is
// removed by the next PendingFile of the same final name.
//
// If the final name is a symbolic link, the link stays and its target is replaced. Devices, FIFOs
// and open descriptors (/dev/stdout) are not replaced: the temporary file lies in
// temporary_folder() and commit() copies it into them. Its leftovers are removed by the next
// PendingFile for any device, FIFO or descriptor.
class PendingFile {
 public:
  // Throws Error if the folder does not exist or can't be written to, or if the path is a folder.
  explicit PendingFile(std::filesystem::path final_path);
  ~PendingFile();
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;

  const std::filesystem::path& temporary_path() const { return temporary_path_; }
  const std::filesystem::path& final_path() const { return final_path_; }
  // Writes all of the content; for small files. Throws Error.
  void write(std::string_view content) const;
  // Begins to write the file to disk, without waiting, so that commit() has less to wait for.
  void start_writing_out() const;
  // fsync of the file, rename to the final name (replacing an older file), fsync of the folder.
  // Throws Error.
  void commit();

 private:
  std::filesystem::path final_path_;
  std::filesystem::path target_;  // final_path_ with its links resolved
  std::filesystem::path temporary_path_;
  bool copied_ = false;  // commit() copies instead of renaming
  int descriptor_ = -1;  // holds the lock that distinguishes the file from a leftover
  bool committed_ = false;
};

// Begins to write these bytes of an open file to disk, so that a later fsync has less to wait for.
// `bytes` 0: up to the end. A failure is left to the fsync to report.
void start_writing_out(int descriptor, std::uint64_t offset, std::uint64_t bytes);
// Writes a whole small file through a PendingFile. Throws Error.
void write_file(const std::filesystem::path& path, std::string_view content);
// Reads a whole file. Throws Error if it is missing, a folder, unreadable or larger than max_bytes.
std::string read_file(const std::filesystem::path& path, std::uint64_t max_bytes = 1ull << 32);

// The path beside which an output's work files lie, and which their names begin with: the output
// itself, or, for a device, FIFO or open descriptor, a name in temporary_folder() that is unique to
// it.
std::filesystem::path work_name(const std::filesystem::path& output);
// The folder of an unfinished output's finished parts, from which a run can resume:
// work_name(output) with ".partial" appended.
std::filesystem::path partial_folder(const std::filesystem::path& output);
// $TMPDIR, or /tmp if that is not set. Throws Error if it is not a folder.
std::filesystem::path temporary_folder();

// For files that may come from others: throws Error if the path is a device or a pipe, since
// reading it may block for ever. A missing file passes.
void refuse_pipe(const std::filesystem::path& path);

// fsync of a closed file or of a folder. Throws Error (a full disk is reported here at the latest).
void sync_path(const std::filesystem::path& path);

// An exclusive advisory lock (flock) on `path`, an empty file that is created for the lock and
// removed with it. When a process is killed, the file remains but the lock does not.
class FileLock {
 public:
  // Throws Error if another process holds the lock; the message names `what`, for example "the
  // forward model in DIR".
  FileLock(const std::filesystem::path& path, std::string_view what);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

// Expands each glob pattern into sorted file names; "-" and names without pattern characters are
// kept. Throws Error for a pattern without a match, for a missing, unreadable or empty file, and
// for a folder.
std::vector<std::string> expand_inputs(const std::vector<std::string>& patterns);

// Throws UsageError if the output is one of the inputs, which would be lost. Files are compared by
// device and inode, with links followed. Patterns are expanded, a model's folder stands for its
// files, and "-" for standard input.
void refuse_overwriting(const std::filesystem::path& output,
                        const std::vector<std::string>& inputs);

// Creates a folder and its parents. Throws Error with the reason.
void make_folder(const std::filesystem::path& path);

// Peak resident memory of this process in bytes.
std::uint64_t peak_memory_bytes();

}  // namespace elmo
