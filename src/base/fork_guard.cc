#include "base/fork_guard.h"

#include <pthread.h>
#include <unistd.h>

namespace elmo {
namespace {

// glibc's default lock prefers readers, so a thread may lock it twice while a fork waits.
pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;

// Nobody holds the lock in the child, although its copied state says so.
void renew() {
  const pthread_rwlock_t fresh = PTHREAD_RWLOCK_INITIALIZER;
  lock = fresh;
}

thread_local bool passes = false;

void take() {
  if (!passes) pthread_rwlock_wrlock(&lock);
}
void give_back() {
  if (!passes) pthread_rwlock_unlock(&lock);
}

[[maybe_unused]] const int registered = pthread_atfork(take, give_back, renew);

}  // namespace

pid_t fork_past_guards() {
  passes = true;
  const pid_t child = fork();
  passes = false;
  return child;
}

ForkGuard::ForkGuard() { pthread_rwlock_rdlock(&lock); }
ForkGuard::~ForkGuard() { pthread_rwlock_unlock(&lock); }

}  // namespace elmo
