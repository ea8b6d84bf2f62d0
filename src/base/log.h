// Messages to the user: on standard error, one line each, without timestamps. Thread-safe. A
// message that is written while a Progress bar is on the terminal takes the bar's line, and the bar
// moves below it.
#pragma once

#include <fmt/core.h>

#include <string_view>
#include <utility>

namespace elmo::log {

enum class Level { kInfo, kWarn };

void write(Level level, std::string_view message);
// Sets what every later message begins with, so that the processes of a parallel run can be told
// apart. Not thread-safe.
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
