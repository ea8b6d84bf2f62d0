// Models and embedders in children of fork().

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "elmo/embedder.h"
#include "elmo/error.h"
#include "elmo/model.h"
#include "tests/embed/embed_support.h"

namespace elmo {
namespace {

using ForkTest = PublicModelTest;

// The exit status of a child process that runs `work`; 99 if it hangs.
int status_of_child(const std::function<int()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    int status = 98;
    try {
      status = work();
    } catch (const std::exception&) {
    }
    _exit(status);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}
TEST_F(ForkTest, AChildWorksAtOnce) {
  const Model model = load();
  const Sentences all = sentences(30);
  Embedder embedder(model, {}, 2);
  const auto expected = values(model.embed_all(all, {}, 2));
  EXPECT_EQ(values(embedder.embed_all(all)), expected);
  const auto same = [&] {
    // Twice: the second call uses the threads that the first one created.
    for (int i = 0; i < 2; ++i) {
      if (values(model.embed_all(all, {}, 2)) != expected) return 1;
      if (values(embedder.embed_all(all)) != expected) return 2;
    }
    return embedder.counts().encoded > 12 * 2 ? 3 : 0;  // the parent's cache is kept
  };
  EXPECT_EQ(status_of_child(same), 0);
  EXPECT_EQ(status_of_child([&] { return same() + status_of_child(same); }), 0);
  EXPECT_EQ(values(embedder.embed_all(all)), expected);
}

TEST_F(ForkTest, AmidAnothersCall) {
  const Model model = load();
  const Sentences all = sentences(30);
  const auto expected = values(model.embed_all(all, {}, 2));
  std::atomic<bool> inside[2] = {false, false}, done = false;
  EmbedSettings settings[2];
  for (int i = 0; i < 2; ++i) {
    settings[i].between_batches = [&, i] {
      inside[i] = true;
      while (!done) std::this_thread::yield();
    };
  }
  Embedder embedder(model, settings[0], 2);
  // Repeatedly, because in a short call the caller's thread may find no batch left.
  std::thread other([&] {
    while (!done) embedder.embed_all(all);
  });
  std::thread third([&] {
    while (!done) model.embed_all(all, settings[1], 2);
  });
  while (!inside[0] || !inside[1]) std::this_thread::yield();
  EXPECT_EQ(status_of_child([&] {
              if (values(model.embed_all(all, {}, 2)) != expected) return 1;
              const auto message = error_of([&] { embedder.embed({"bank"}); });
              return message.find("when the process forked") == std::string::npos ? 2 : 0;
            }),
            0);
  done = true;
  other.join();
  third.join();
}

}  // namespace
}  // namespace elmo
