#include "elmo/error.h"

#include <fmt/core.h>

#include <filesystem>
#include <new>
#include <stdexcept>
#include <system_error>

namespace elmo {

std::string describe(const std::exception& error) {
  namespace fs = std::filesystem;
  if (const auto* failed = dynamic_cast<const fs::filesystem_error*>(&error)) {
    std::error_code missing;
    static_cast<void>(fs::current_path(missing));
    if (missing) return "the current folder no longer exists; change to another one (cd)";
    if (failed->path1().empty()) return "a system call failed: " + failed->code().message();
    return fmt::format("{}: can't be used: {}", failed->path1().string(), failed->code().message());
  }
  if (const auto* failed = dynamic_cast<const std::system_error*>(&error)) {
    return "a system call failed: " + failed->code().message();
  }
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr ||
      dynamic_cast<const std::length_error*>(&error) != nullptr) {
    return "out of memory; use smaller batches or a smaller model";
  }
  if (dynamic_cast<const Error*>(&error) == nullptr) {
    return "the content of a file is invalid; the file is damaged, make it again";
  }
  return error.what();
}

}  // namespace elmo
