// Messages to people: standard error, one line each, no timestamps. Thread-safe; a message
// written while a Progress bar is on the terminal takes the bar's line, the bar moves below.
#pragma once

#include <fmt/core.h>

#include <string_view>
#include <utility>

namespace elmo::log {

enum class Level { kInfo, kWarn };

void write(Level level, std::string_view message);
// Before every message from here on: which of several processes speaks. Not while others write.
void set_prefix(std::string_view prefix);

// Plain lines.
template <typename... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::kInfo, fmt::format(format, std::forward<Args>(args)...));
}

// Lines that begin with "warning: ".
template <typename... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::kWarn, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace elmo::log
