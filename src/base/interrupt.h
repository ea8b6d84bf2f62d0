// Ctrl-C, SIGTERM and SIGUSR1 (which launchers of parallel jobs hand on to all processes) as a
// question that long work asks between its steps.
#pragma once

namespace elmo {

// Whether one of them arrived since the outermost living InterruptGuard was made (or, when
// none lives, during the last one's life). Cheap, any thread.
bool interrupted();

// While one lives, the first of them only sets the flag, so that the work can save its state; the
// second SIGINT or SIGTERM kills at once. Guards may nest; the outermost restores what was
// installed before. Make and destroy them on one thread.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
};

}  // namespace elmo
