#include "train/training_log.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/json.h"
#include "elmo/error.h"

namespace elmo {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, int error) {
  throw Error(fmt::format("{}: can't be written to: {}", path.string(),
                          std::generic_category().message(error)));
}

// The file, open for appending and locked.
class LockedFile {
 public:
  explicit LockedFile(const std::filesystem::path& path) : path_(path) {
    while (true) {
      descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
      if (descriptor_ < 0 || ::flock(descriptor_, LOCK_EX) != 0) {
        const int error = errno;
        close();
        fail(path, error);
      }
      // Another process may have replaced the file by a shorter one meanwhile.
      struct stat mine, named;
      if (::fstat(descriptor_, &mine) == 0 && ::stat(path.c_str(), &named) == 0 &&
          mine.st_ino == named.st_ino && mine.st_dev == named.st_dev) {
        return;
      }
      close();
    }
  }
  ~LockedFile() { close(); }
  LockedFile(const LockedFile&) = delete;
  LockedFile& operator=(const LockedFile&) = delete;

  void append(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t written = ::write(descriptor_, text.data(), text.size());
      if (written < 0 && errno != EINTR) fail(path_, errno);
      if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
    }
  }

 private:
  void close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }

  const std::filesystem::path& path_;
  int descriptor_ = -1;
};

}  // namespace

TrainingLog::TrainingLog(std::filesystem::path path) : path_(std::move(path)) {
  const LockedFile probe(path_);
}

void TrainingLog::write(const nlohmann::ordered_json& line) const {
  const LockedFile file(path_);
  file.append(line.dump() + "\n");
}

void TrainingLog::retain(const std::function<bool(const nlohmann::json&)>& keep) const {
  const LockedFile file(path_);
  const std::string text = read_file(path_);
  std::string kept;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    const auto json = parse_json(line);
    try {
      if (json.is_object() && keep(json)) kept += line + "\n";
    } catch (const nlohmann::json::exception&) {
      // Not a line of the log: removed.
    }
    begin = end + 1;
  }
  if (kept != text) write_file(path_, kept);
}

}  // namespace elmo
