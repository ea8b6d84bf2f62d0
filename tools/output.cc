#include "tools/output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>
#include <string>

#include "base/strings.h"
#include "elmo/error.h"

namespace elmo {
namespace {

void check(bool written) {
  if (written) return;
  const int reason = errno;
  if (reason == EPIPE) throw OutputClosed();
  throw Error(std::string("can't write to standard output: ") + std::strerror(reason));
}

}  // namespace

void print(std::string_view text) {
  check(std::fwrite(text.data(), 1, text.size(), stdout) == text.size());
}

void flush_output() { check(std::fflush(stdout) == 0); }

void print_message(std::string_view command, std::string_view text) noexcept {
  const int length = static_cast<int>(command.size());
  const auto print_all = [&](std::string_view shown) {
    std::fprintf(stderr, "elmo%s%.*s: %.*s\n", length > 0 ? " " : "", length, command.data(),
                 static_cast<int>(shown.size()), shown.data());
  };
  try {
    print_all(one_line(text));
  } catch (const std::bad_alloc&) {
    print_all(text);
  }
}

void guard_standard_streams() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // makes write() fail if a file exceeds the size limit
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    // Read-only, so that writing still fails. open() returns the lowest free number, which is
    // `stream`.
    if (fcntl(stream, F_GETFD) == -1 && open("/dev/null", O_RDONLY) == -1) return;
  }
}

}  // namespace elmo
