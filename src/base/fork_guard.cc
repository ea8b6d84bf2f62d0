#include "base/fork_guard.h"

#include <pthread.h>

namespace elmo {
namespace {

// glibc's default prefers readers, so a thread may take it twice while a fork waits.
pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;

// In the child nobody holds it, whatever it says: the thread that forks is another one there.
void renew() {
  const pthread_rwlock_t fresh = PTHREAD_RWLOCK_INITIALIZER;
  lock = fresh;
}

[[maybe_unused]] const int registered = pthread_atfork([] { pthread_rwlock_wrlock(&lock); },
                                                       [] { pthread_rwlock_unlock(&lock); }, renew);

}  // namespace

ForkGuard::ForkGuard() { pthread_rwlock_rdlock(&lock); }
ForkGuard::~ForkGuard() { pthread_rwlock_unlock(&lock); }

}  // namespace elmo
