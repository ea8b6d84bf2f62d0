#include "base/file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <glob.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <system_error>

#include "elmo/error.h"

namespace elmo {
namespace fs = std::filesystem;
namespace {

std::string reason(int error) { return std::generic_category().message(error); }

[[noreturn]] void fail(const fs::path& path, std::string_view what, int error) {
  std::string remedy;
  if (error == ENOSPC || error == EDQUOT) remedy = "; free some space or choose another folder";
  if (error == EFBIG) remedy = "; raise the limit of a file's size (ulimit -f)";
  if (error == EMFILE || error == ENFILE) remedy = "; raise the limit of open files (ulimit -n)";
  if (error == EACCES || error == EPERM || error == EROFS) {
    remedy = "; choose a folder you may write to or change its permissions (chmod)";
  }
  throw Error(fmt::format("{}: {}: {}{}", path.string(), what, reason(error), remedy));
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

// Takes an open-file-description lock on a whole file; not flock(), which HDF5 may use on the same
// file. Returns false if somebody else holds the lock.
bool lock_description(int descriptor) {
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return fcntl(descriptor, F_OFD_SETLK, &lock) == 0;
}

bool still_named(int descriptor, const fs::path& path) {
  struct stat opened, named;
  return fstat(descriptor, &opened) == 0 && stat(path.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

constexpr std::string_view kTemporarySuffix = ".tmp";

// Begins the names of temporary files that are copied into pipes and devices.
constexpr std::string_view kCopiedPrefix = "elmo-";

// Returns NAME if this is NAME.<digits>-<digits>.tmp, the name of a temporary file of NAME;
// otherwise an empty string.
std::string_view final_name_of(std::string_view temporary) {
  if (!temporary.ends_with(kTemporarySuffix)) return {};
  temporary.remove_suffix(kTemporarySuffix.size());
  const std::size_t dot = temporary.rfind('.');
  if (dot == std::string_view::npos || dot + 1 == temporary.size() ||
      temporary.find_first_not_of("0123456789-", dot + 1) != std::string_view::npos) {
    return {};
  }
  return temporary.substr(0, dot);
}

// A killed process leaves its temporary file behind, which may be gigabytes of a large model. A
// living process holds a lock on its own file, so a file that can be locked is a leftover. Removes
// the leftovers of this name; with `copied`, those of every copied file, since each pipe has a name
// of its own.
void remove_leftovers(const fs::path& base, bool copied) {
  std::error_code error;
  const std::string name = base.filename().string();
  for (const auto& entry : fs::directory_iterator(folder_of(base), error)) {
    const std::string found = entry.path().filename().string();
    const std::string_view own = final_name_of(found);
    if (copied ? !own.starts_with(kCopiedPrefix) : own != name) continue;
    const int descriptor = open(entry.path().c_str(), O_RDWR | O_CLOEXEC);
    if (descriptor < 0) continue;
    if (lock_description(descriptor)) unlink(entry.path().c_str());
    close(descriptor);
  }
}

bool is_pattern(const std::string& name) { return name.find_first_of("*?[") != std::string::npos; }

// Sorted by bytes, so that the order does not depend on the locale; empty if nothing matches.
std::vector<std::string> files_matching(const std::string& pattern) {
  glob_t matches = {};
  ::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &matches);
  std::vector<std::string> found(matches.gl_pathv, matches.gl_pathv + matches.gl_pathc);
  globfree(&matches);
  std::sort(found.begin(), found.end());
  return found;
}

void check_readable_input(const std::string& path) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0) fail(path, "can't read this input", errno);
  if (S_ISDIR(status.st_mode)) {
    throw Error(fmt::format("{}: is a folder; name its files, for example '{}/*.txt'", path, path));
  }
  if (access(path.c_str(), R_OK) != 0) {
    throw Error(fmt::format("{}: can't read this input: {}; change its permissions (chmod +r {})",
                            path, reason(errno), path));
  }
  if (S_ISREG(status.st_mode) && status.st_size == 0) {
    throw Error(fmt::format("{}: is empty; give a file with text in it", path));
  }
}

// The descriptor, if this is the name of one of this process's open descriptors; otherwise -1.
int descriptor_named(const fs::path& path) {
  std::error_code error;
  const fs::path folder = fs::canonical(folder_of(path), error);
  const std::string name = path.filename().string();
  if (error || folder != fmt::format("/proc/{}/fd", getpid()) || name.empty() || name.size() > 9 ||
      name.find_first_not_of("0123456789") != std::string::npos) {
    return -1;
  }
  return std::stoi(name);
}

// Follows symbolic links until the path is not a link (it may be missing) or names a descriptor.
fs::path behind_links(fs::path path) {
  constexpr int kMostLinks = 40;  // Linux's own limit
  const fs::path shown = path;
  for (int i = 0; i < kMostLinks; ++i) {
    std::error_code error;
    if (descriptor_named(path) >= 0 || !fs::is_symlink(path, error)) return path;
    const fs::path target = fs::read_symlink(path, error);
    if (error) fail(shown, "can't be written", error.value());
    path = folder_of(path) / target;
  }
  fail(shown, "can't be written", ELOOP);
}

// Whether commit() must write into the target instead of replacing it.
bool is_stream(const fs::path& target) {
  struct stat status;
  if (descriptor_named(target) >= 0) return true;
  return stat(target.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

// Copies the file into a device, FIFO or descriptor.
void copy_into(const fs::path& from, const fs::path& target, const fs::path& shown) {
  const int own = descriptor_named(target);
  // A duplicated descriptor keeps the file offset; opened again by name, the file would be written
  // from its start.
  const int descriptor =
      own >= 0 ? dup(own) : open(target.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC);
  if (descriptor < 0) fail(shown, "can't be written", errno);
  std::ifstream in(from, std::ios::binary);
  std::string piece(1u << 16, '\0');
  int error = in ? 0 : EIO;
  while (in && error == 0) {
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    const auto size = static_cast<std::size_t>(in.gcount());
    for (std::size_t at = 0; at < size && error == 0;) {
      const ssize_t count = write(descriptor, piece.data() + at, size - at);
      if (count < 0 && errno != EINTR) error = errno;
      if (count > 0) at += static_cast<std::size_t>(count);
    }
  }
  if (close(descriptor) != 0 && error == 0) error = errno;
  if (error != 0) fail(shown, "can't be written", error);
}

}  // namespace

PendingFile::PendingFile(fs::path final_path) : final_path_(std::move(final_path)) {
  static std::atomic<unsigned> counter{0};
  struct stat status;
  if (!final_path_.has_filename()) {
    throw Error(
        fmt::format("'{}' can't be written: the path has no file name", final_path_.string()));
  }
  if (stat(folder_of(final_path_).c_str(), &status) != 0 && errno == ENOENT) {
    throw Error(fmt::format("{}: can't be written: the folder {} does not exist; create it first",
                            final_path_.string(), folder_of(final_path_).string()));
  }
  target_ = behind_links(final_path_);
  if (stat(target_.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
    throw Error(fmt::format("{}: can't be written: it is a folder; choose another name",
                            final_path_.string()));
  }
  copied_ = is_stream(target_);
  const fs::path base = copied_ ? work_name(final_path_) : target_;
  remove_leftovers(base, copied_);
  while (true) {
    temporary_path_ = base;
    temporary_path_ += fmt::format(".{}-{}{}", getpid(), counter++, kTemporarySuffix);
    descriptor_ =
        open(temporary_path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, copied_ ? 0600 : 0666);
    if (descriptor_ < 0 && errno == EEXIST) continue;
    if (descriptor_ < 0) fail(final_path_, "can't be written", errno);
    // A file system without locks is no reason to fail: the file is merely not protected from
    // remove_leftovers() in another process that writes the same name at the same time.
    lock_description(descriptor_);
    if (still_named(descriptor_, temporary_path_)) return;
    close(descriptor_);
  }
}

PendingFile::~PendingFile() {
  if (!committed_) unlink(temporary_path_.c_str());
  close(descriptor_);
}

void PendingFile::start_writing_out() const { elmo::start_writing_out(descriptor_, 0, 0); }

void PendingFile::commit() {
  if (copied_) {
    copy_into(temporary_path_, target_, final_path_);
    return;  // the destructor removes the temporary file
  }
  // fsync on the descriptor that has been open all along: it reports every write-back that failed
  // meanwhile.
  if (fsync(descriptor_) != 0) fail(final_path_, "can't be synced to disk", errno);
  if (rename(temporary_path_.c_str(), target_.c_str()) != 0) {
    fail(final_path_, "can't be written", errno);
  }
  committed_ = true;
  sync_path(folder_of(target_));
}

void start_writing_out(int descriptor, std::uint64_t offset, std::uint64_t bytes) {
  sync_file_range(descriptor, static_cast<off64_t>(offset), static_cast<off64_t>(bytes),
                  SYNC_FILE_RANGE_WRITE);
}

fs::path work_name(const fs::path& output) {
  const fs::path target = behind_links(output);
  if (!is_stream(target)) return output;
  // /dev/stdout is a different file in every process, so the name holds its device and inode.
  struct stat status = {};
  const int own = descriptor_named(target);
  if ((own >= 0 ? fstat(own, &status) : stat(target.c_str(), &status)) != 0) {
    fail(output, "can't be written", errno);
  }
  return temporary_folder() / fmt::format("{}{}-{}-{}", kCopiedPrefix, output.filename().string(),
                                          status.st_dev, status.st_ino);
}

fs::path partial_folder(const fs::path& output) {
  fs::path folder = work_name(output);
  folder += ".partial";
  return folder;
}

fs::path temporary_folder() {
  const char* given = std::getenv("TMPDIR");
  const fs::path folder = given != nullptr && *given != '\0' ? given : "/tmp";
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    throw Error(fmt::format("{}: is not a folder; set TMPDIR to a folder for temporary files",
                            folder.string()));
  }
  return folder;
}

void PendingFile::write(std::string_view content) const {
  errno = 0;
  std::ofstream out(temporary_path_, std::ios::binary | std::ios::trunc);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.close();
  if (!out) {
    fail(final_path_, fmt::format("can't write {} bytes", content.size()),
         errno != 0 ? errno : EIO);
  }
}

void write_file(const fs::path& path, std::string_view content) {
  PendingFile pending(path);
  pending.write(content);
  pending.commit();
}

void refuse_pipe(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error) || fs::is_regular_file(path, error) ||
      fs::is_directory(path, error)) {
    return;
  }
  throw Error(path.string() + ": is a device or a pipe; copy it into a file");
}

std::string read_file(const fs::path& path, std::uint64_t max_bytes) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    throw Error(fmt::format("{}: is a folder, not a file", path.string()));
  }
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) fail(path, "can't be read", errno != 0 ? errno : EIO);
  // Reads in pieces: only regular files have a size, and even that may be wrong.
  std::string content;
  std::string piece(1u << 16, '\0');
  while (in) {
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    content.append(piece, 0, static_cast<std::size_t>(in.gcount()));
    if (content.size() > max_bytes) {
      throw Error(
          fmt::format("{}: is larger than the {} bytes such a file may have; is it the "
                      "right one?",
                      path.string(), max_bytes));
    }
  }
  if (in.bad()) fail(path, "can't be read", errno != 0 ? errno : EIO);
  return content;
}

void sync_path(const fs::path& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail(path, "can't be opened to sync it", errno);
  const int error = fsync(descriptor) == 0 ? 0 : errno;
  close(descriptor);
  // Some file systems have no fsync for folders and return EINVAL.
  if (error != 0 && error != EINVAL) fail(path, "can't be synced to disk", error);
}

FileLock::FileLock(const fs::path& path, std::string_view what) : path_(path) {
  while (true) {
    descriptor_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor_ < 0) fail(path, "can't create this lock file", errno);
    if (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      const int error = errno;
      close(descriptor_);
      if (error == EWOULDBLOCK) {
        throw Error(
            fmt::format("another process is writing {}; wait for it to end, or stop it", what));
      }
      fail(path, "can't be locked", error);
    }
    // The previous holder may have removed the file between our open and our lock; such a lock
    // protects nothing.
    if (still_named(descriptor_, path)) return;
    close(descriptor_);
  }
}

FileLock::~FileLock() {
  // Removed while it is still locked, so that nobody else's lock file is removed.
  if (still_named(descriptor_, path_)) unlink(path_.c_str());
  close(descriptor_);
}

std::vector<std::string> expand_inputs(const std::vector<std::string>& patterns) {
  std::vector<std::string> result;
  for (const std::string& pattern : patterns) {
    struct stat status;
    const bool exists = stat(pattern.c_str(), &status) == 0;
    if (pattern == "-") {
      result.push_back(pattern);
      continue;
    }
    if (exists || !is_pattern(pattern)) {
      check_readable_input(pattern);
      result.push_back(pattern);
      continue;
    }
    const std::vector<std::string> found = files_matching(pattern);
    if (found.empty()) {
      throw Error(
          fmt::format("{}: no file matches this pattern; check the folder's name", pattern));
    }
    for (const std::string& path : found) check_readable_input(path);
    result.insert(result.end(), found.begin(), found.end());
  }
  return result;
}

namespace {

// The files that are read in an input folder: a model of ours or of ELMoForManyLangs, or a training
// log.
constexpr const char* kModelFiles[] = {"forward.h5",         "backward.h5", "encoder.pkl",
                                       "token_embedder.pkl", "char.dic",    "word.dic",
                                       "config.json",        "log.jsonl"};

}  // namespace

void refuse_overwriting(const fs::path& output, const std::vector<std::string>& inputs) {
  struct stat target, source;
  if (stat(output.c_str(), &target) != 0 || !S_ISREG(target.st_mode)) return;
  const auto check = [&](int code) {
    if (code != 0 || source.st_dev != target.st_dev || source.st_ino != target.st_ino) return;
    throw UsageError(fmt::format(
        "{}: is an input, so the output can't replace it; choose another name", output.string()));
  };
  for (const std::string& input : inputs) {
    if (input == "-") check(fstat(STDIN_FILENO, &source));
    check(stat(input.c_str(), &source));
    for (const char* name : kModelFiles) check(stat((fs::path(input) / name).c_str(), &source));
    if (!is_pattern(input)) continue;
    for (const std::string& path : files_matching(input)) check(stat(path.c_str(), &source));
  }
}

void make_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) fail(path, "can't create this folder", error.value());
  if (!fs::is_directory(path, error)) {
    throw Error(fmt::format("{}: can't create this folder: a file of that name is in the way",
                            path.string()));
  }
}

std::uint64_t peak_memory_bytes() {
  // Not getrusage(): its maximum survives exec(), so it would count a large parent process.
  std::ifstream status("/proc/self/status");
  std::string key;
  while (status >> key) {
    if (key == "VmHWM:") {
      std::uint64_t kibibytes = 0;
      status >> kibibytes;
      return kibibytes * 1024;
    }
  }
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace elmo
