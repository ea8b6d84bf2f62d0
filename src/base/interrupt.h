// SIGINT (Ctrl-C), SIGTERM and SIGUSR1 (which launchers of parallel jobs forward to all processes)
// as a flag that long work checks between its steps.
#pragma once

namespace elmo {

// Whether one of these signals has arrived since the outermost live InterruptGuard was made; when
// none is alive, during the last one's life. Cheap and thread-safe.
bool interrupted();

// While a guard is alive, the first signal only sets the flag, so that the work can save its state;
// the second SIGINT or SIGTERM kills the process. Guards may nest; the outermost restores the
// previous handlers. Make and destroy them on one thread.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
};

}  // namespace elmo
