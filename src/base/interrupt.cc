#include "base/interrupt.h"

#include <atomic>
#include <csignal>

namespace elmo {
namespace {

std::atomic<bool> flag{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler writes it");

int depth = 0;
struct sigaction old_int, old_term;

extern "C" void handle(int) {
  flag.store(true);
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

}  // namespace

bool interrupted() { return flag.load(std::memory_order_relaxed); }

InterruptGuard::InterruptGuard() {
  if (depth++ > 0) return;
  flag.store(false);
  struct sigaction action = {};
  action.sa_handler = handle;
  // A write in flight goes on instead of failing with EINTR.
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &old_int);
  sigaction(SIGTERM, &action, &old_term);
  // A shell without job control starts background jobs with SIGINT ignored, and means it.
  if (old_int.sa_handler == SIG_IGN) sigaction(SIGINT, &old_int, nullptr);
}

InterruptGuard::~InterruptGuard() {
  if (--depth > 0) return;
  sigaction(SIGINT, &old_int, nullptr);
  sigaction(SIGTERM, &old_term, nullptr);
}

}  // namespace elmo
