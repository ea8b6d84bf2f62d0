#include "base/terminal_line.h"

#include <cstdio>
#include <mutex>
#include <string>

namespace elmo {
namespace {

std::mutex mutex;
std::string current;  // what the line shows; empty: there is no line

// One call for each message, so that lines of several processes on one terminal stay whole.
void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

constexpr const char* kClearLine = "\r\033[K";

}  // namespace

void draw_line(std::string_view text) {
  const std::lock_guard lock(mutex);
  current = text;
  print(kClearLine + current);
}

void end_line() {
  const std::lock_guard lock(mutex);
  if (current.empty()) return;
  current.clear();
  print("\n");
}

void print_above_line(std::string_view lines) {
  const std::lock_guard lock(mutex);
  if (current.empty()) {
    print(std::string(lines));
  } else {
    print(kClearLine + std::string(lines) + current);
  }
}

}  // namespace elmo
