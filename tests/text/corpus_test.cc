// The sentences of a corpus and their order.

#include "text/corpus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/support/files.h"

namespace elmo {
namespace {

using testing::HasSubstr;

// Limits the number of file descriptors while it lives.
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

class CorpusTest : public testing::Test {
 protected:
  CorpusTest() {
    std::string a, b;
    for (int i = 0; i < 900; ++i) (i < 500 ? a : b) += "sentence " + std::to_string(i) + "\n";
    put(folder_ / "a.txt", a + "\n\n");
    put(folder_ / "b.txt", b);
  }
  CorpusOptions options(std::uint64_t seed = 1) {
    CorpusOptions result;
    result.inputs = {(folder_ / "a.txt").string(), (folder_ / "b.txt").string()};
    result.seed = seed;
    return result;
  }
  static std::vector<std::string> take(Corpus& corpus, int count) {
    std::vector<std::string> lines;
    std::string line;
    for (int i = 0; i < count && corpus.next(line); ++i) lines.push_back(line);
    return lines;
  }
  TemporaryFolder folder_;
};

TEST_F(CorpusTest, AnEpochIsEverySentenceOnceInAnOrderOfItsOwn) {
  Corpus corpus(options());
  EXPECT_EQ(corpus.sentences(), 900u);
  const auto first = take(corpus, 900);
  EXPECT_EQ(corpus.epoch(), 0u);
  const auto second = take(corpus, 900);
  EXPECT_EQ(corpus.epoch(), 1u);
  EXPECT_EQ(std::set(first.begin(), first.end()).size(), 900u);
  EXPECT_EQ(std::set(first.begin(), first.end()), std::set(second.begin(), second.end()));
  EXPECT_NE(first, second);
  Corpus same(options()), other(options(2));
  EXPECT_EQ(take(same, 900), first);
  EXPECT_NE(take(other, 900), first);
}

TEST_F(CorpusTest, SeeksToItsPosition) {
  Corpus corpus(options());
  take(corpus, 1234);
  const std::string position = corpus.position();
  const auto expected = take(corpus, 800);
  Corpus again(options());
  again.seek(position);
  EXPECT_EQ(take(again, 800), expected);
}

TEST_F(CorpusTest, KnowsItsText) {
  const std::string before = Corpus(options()).fingerprint();
  EXPECT_EQ(Corpus(options()).fingerprint(), before);
  put(folder_ / "b.txt", "sentence 7\n");
  EXPECT_NE(Corpus(options()).fingerprint(), before);
  put(folder_ / "a.txt", "\n \n");
  put(folder_ / "b.txt", "\n");
  EXPECT_THROW(Corpus{options()}, Error);
}

TEST_F(CorpusTest, MixesAsAFullShuffleWhateverTheOrderAndTheMemory) {
  // The worst order: one kind of sentence after the other, with an index of eight places.
  std::string text;
  for (int i = 0; i < 4000; ++i) text += (i < 3000 ? "a " : "b ") + std::to_string(i) + "\n\n";
  put(folder_ / "text", text);
  for (const std::uint64_t places : {1u << 20, 8u}) {
    CorpusOptions options;
    options.inputs = {(folder_ / "text").string()};
    options.most_places = places;
    Corpus corpus(options);
    const auto order = take(corpus, 4000);
    EXPECT_EQ(std::set(order.begin(), order.end()).size(), 4000u);
    for (std::size_t begin = 0; begin < order.size(); begin += 400) {
      const auto share = std::count_if(order.begin() + static_cast<std::ptrdiff_t>(begin),
                                       order.begin() + static_cast<std::ptrdiff_t>(begin + 400),
                                       [](const std::string& line) { return line[0] == 'a'; });
      EXPECT_NEAR(static_cast<double>(share), 300, 45);  // five standard deviations
    }
    int neighbours = 0;
    for (std::size_t i = 1; i < order.size(); ++i) {
      neighbours += std::stoi(order[i].substr(2)) == std::stoi(order[i - 1].substr(2)) + 1;
    }
    EXPECT_LE(neighbours, 8);  // one is expected
  }
}

TEST_F(CorpusTest, TheOrderDoesNotDependOnTheMemoryOfThePlaces) {
  CorpusOptions sparse = options();
  sparse.most_places = 5;
  Corpus corpus(options()), same(sparse);
  EXPECT_EQ(take(corpus, 2000), take(same, 2000));
}

TEST_F(CorpusTest, AGzIsMixedWithTheOthersAndSeeksToItsPosition) {
  ASSERT_EQ(std::system(("gzip -f " + (folder_ / "b.txt").string()).c_str()), 0);
  CorpusOptions packed = options();
  packed.inputs[1] += ".gz";
  packed.window_bytes = 500;
  Corpus corpus(packed);
  EXPECT_THAT(corpus.limits(), HasSubstr("b.txt.gz is shuffled in windows of"));
  const auto before = take(corpus, 1700);
  const std::string position = corpus.position();
  const auto rest = take(corpus, 1000);
  std::map<std::string, int> counts;
  for (const auto& lines : {before, rest}) {
    for (const auto& line : lines) ++counts[line];
  }
  EXPECT_EQ(counts.size(), 900u);
  for (const auto& [line, count] : counts) EXPECT_EQ(count, 3) << line;
  Corpus again(packed);
  again.seek(position);
  EXPECT_EQ(take(again, 1000), rest);
  // A position in other windows is not valid in these.
  packed.window_bytes = 400;
  Corpus other(packed);
  EXPECT_THROW(other.seek(position), Error);
}

TEST_F(CorpusTest, AShareIsHowOftenAnEpochHasAFile) {
  CorpusOptions shared = options();
  shared.shares = {2, 0.25};
  Corpus corpus(shared);
  EXPECT_EQ(corpus.sentences(), 1100u);
  EXPECT_NE(corpus.fingerprint(), Corpus(options()).fingerprint());
  std::map<std::string, int> counts;
  for (const auto& line : take(corpus, 4 * 1100)) ++counts[line];
  // In four epochs every sentence of the second file comes once.
  for (int i = 0; i < 900; ++i) {
    EXPECT_EQ(counts["sentence " + std::to_string(i)], i < 500 ? 8 : 1) << i;
  }
}

TEST_F(CorpusTest, SharesStandBehindAColon) {
  const std::string a = (folder_ / "a.txt").string(), b = (folder_ / "b.txt").string();
  CorpusOptions shared;
  set_inputs({a + ":2", b, (folder_ / "?.txt").string() + ":0.5"}, shared);
  EXPECT_EQ(shared.inputs, (std::vector<std::string>{a, b, a, b}));
  EXPECT_EQ(shared.shares, (std::vector<double>{2, 1, 0.5, 0.5}));
  put(folder_ / "a.txt:2", "a name\n");
  set_inputs({a + ":2", "-"}, shared);
  EXPECT_EQ(shared.inputs, (std::vector<std::string>{a + ":2", "-"}));
  for (const char* share : {":0", ":1001", ":2.5.1", ":."}) {
    EXPECT_THROW(set_inputs({b + share}, shared), UsageError) << share;
  }
  EXPECT_THROW(set_inputs({"-:2"}, shared), UsageError);
  EXPECT_THROW(set_inputs({b + ":"}, shared), Error);
}

TEST_F(CorpusTest, NoticesAChangeWhereItIsMet) {
  for (const char* name : {"a.txt", "b.txt.gz"}) {
    CorpusOptions one;
    one.inputs = {(folder_ / name).string()};
    if (std::string(name) == "b.txt.gz") {
      ASSERT_EQ(std::system(("gzip -f " + (folder_ / "b.txt").string()).c_str()), 0);
    }
    Corpus corpus(one);
    std::string text;
    for (int i = 0; i < 500; ++i) text += "sentence " + std::to_string(499 - i) + "\n";
    put(folder_ / name, text);
    EXPECT_THAT(error_of([&] { take(corpus, 900); }),
                HasSubstr(std::string(name) + ": has changed since"));
  }
}

TEST_F(CorpusTest, ReadsLinesByTheRuleOfEveryText) {
  put(folder_ / "a.txt", "\xEF\xBB\xBFone\r\n\r\n \ntw\ro\r\r\nbad \xFF\nthree");
  CorpusOptions one;
  one.inputs = {(folder_ / "a.txt").string()};
  one.invalid = InvalidText::kSkip;
  for (const std::uint64_t places : {100u, 1u}) {
    one.most_places = places;
    Corpus corpus(one);
    EXPECT_EQ(corpus.invalid_lines(), 1u);
    const auto lines = take(corpus, 3);
    EXPECT_EQ(std::set(lines.begin(), lines.end()),
              (std::set<std::string>{"one", "tw o", "three"}));
  }
}

}  // namespace
}  // namespace elmo
