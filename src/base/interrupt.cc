#include "base/interrupt.h"

#include <atomic>
#include <csignal>
#include <cstddef>
#include <iterator>

namespace elmo {
namespace {

std::atomic<bool> flag{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler writes it");

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGUSR1};

std::atomic<int> depth{0};  // atomic: tests run several processes as threads
struct sigaction old_actions[std::size(kSignals)];

// A shell without job control starts background jobs with SIGINT ignored; that must stay so.
bool is_ignored(const struct sigaction& action) { return action.sa_handler == SIG_IGN; }

extern "C" void handle(int signal) {
  flag.store(true);
  // Launchers may send SIGUSR1 both to a process and to its group, and after SIGTERM, so it never
  // kills a process that is saving.
  if (signal == SIGUSR1) return;
  for (std::size_t i = 0; i < std::size(kSignals); ++i) {
    if (kSignals[i] != SIGUSR1 && !is_ignored(old_actions[i])) std::signal(kSignals[i], SIG_DFL);
  }
}

}  // namespace

bool interrupted() { return flag.load(std::memory_order_relaxed); }

InterruptGuard::InterruptGuard() {
  if (depth++ > 0) return;
  flag.store(false);
  struct sigaction action = {};
  action.sa_handler = handle;
  // Interrupted writes continue instead of failing with EINTR.
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  // Saves all old actions before it installs the first handler, which reads them.
  for (std::size_t i = 0; i < std::size(kSignals); ++i) {
    sigaction(kSignals[i], nullptr, &old_actions[i]);
  }
  for (std::size_t i = 0; i < std::size(kSignals); ++i) {
    if (!is_ignored(old_actions[i])) sigaction(kSignals[i], &action, nullptr);
  }
}

InterruptGuard::~InterruptGuard() {
  if (--depth > 0) return;
  for (std::size_t i = 0; i < std::size(kSignals); ++i) {
    sigaction(kSignals[i], &old_actions[i], nullptr);
  }
}

}  // namespace elmo
