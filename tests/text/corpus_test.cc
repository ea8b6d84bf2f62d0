// Corpora of many files.

#include "text/corpus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cstdlib>
#include <set>
#include <string>

#include "tests/io/io_support.h"

namespace elmo {
namespace {

using testing::HasSubstr;

// Few descriptors while it lives.
class FewDescriptors {
 public:
  explicit FewDescriptors(rlim_t most) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit few{.rlim_cur = most, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &few);
  }
  ~FewDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_ = {};
};

TEST(Corpus, TakesMoreFilesThanThereAreDescriptors) {
  const TemporaryFolder folder;
  constexpr int kFiles = 2000;
  CorpusOptions options;
  std::set<std::string> expected;
  for (int i = 0; i < kFiles; ++i) {
    const std::string name = "f" + std::to_string(i);
    put(folder / name, "a " + name + "\n\nb " + name + "\n");
    options.inputs.push_back((folder / name).string());
    expected.insert({"a " + name, "b " + name});
  }
  for (const char* name : {"f3", "f1500"}) {
    ASSERT_EQ(std::system(("gzip -f " + (folder / name).string()).c_str()), 0);
  }
  for (const int i : {3, 1500}) options.inputs[static_cast<std::size_t>(i)] += ".gz";
  const FewDescriptors few(40);
  Corpus corpus(options);
  EXPECT_EQ(corpus.sentences(), 2u * kFiles);
  for (int epoch = 0; epoch < 2; ++epoch) {
    std::set<std::string> seen;
    std::string line;
    for (int i = 0; i < 2 * kFiles; ++i) {
      ASSERT_TRUE(corpus.next(line));
      seen.insert(line);
    }
    EXPECT_EQ(seen, expected);
  }
}

TEST(Corpus, RefusesWhatCanBeReadOnce) {
  const TemporaryFolder folder;
  const std::string pipe = (folder / "pipe").string();
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  CorpusOptions options;
  options.inputs = {pipe};
  EXPECT_THAT(error_of([&] { Corpus corpus(options); }),
              HasSubstr("pipe: can be read only once, and a corpus is read once to check it"));
}

}  // namespace
}  // namespace elmo
