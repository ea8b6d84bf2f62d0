// From a corpus to windows: nothing lost, nothing twice, and on again from where it was.

#include "text/streams.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/io/io_support.h"
#include "text/corpus.h"

namespace elmo {
namespace {

// `count` sentences; sentence i has the units 100 i + 1, ... and its length is i mod 9.
StreamBatcher::Source source(int count) {
  return [count, i = 0](Sequence& sequence) mutable {
    if (i == count) return false;
    sequence = {};
    for (int k = 0; k <= i % 9; ++k) {
      sequence.inputs.push_back(100 * i + k);
      sequence.targets.push_back(100 * i + k + 1);
    }
    ++i;
    return true;
  };
}

TEST(StreamBatcherTest, EverySentenceOnceWithoutPadding) {
  StreamBatcher batcher(source(50), 4, 5, false);
  Window window;
  std::vector<std::int32_t> current(4, -1);
  std::set<std::int32_t> sentences;
  std::size_t units = 0, idle = 0;
  while (batcher.next(window)) {
    ASSERT_EQ(window.inputs.size(), 20u);
    std::uint64_t predictions = 0;
    for (std::size_t at = 0; at < 20; ++at) {
      const std::size_t stream = at % 4;
      if (window.targets[at] < 0) {
        ++idle;
        continue;
      }
      ++units;
      ++predictions;
      EXPECT_EQ(window.targets[at], window.inputs[at] + 1);
      const bool begins = window.inputs[at] % 100 == 0;
      EXPECT_EQ(window.resets[at] != 0, begins);
      if (begins) {
        EXPECT_TRUE(sentences.insert(window.inputs[at] / 100).second);
      } else {
        EXPECT_EQ(window.inputs[at], current[stream] + 1);
      }
      current[stream] = window.inputs[at];
    }
    EXPECT_EQ(window.predictions, predictions);
  }
  EXPECT_EQ(sentences.size(), 50u);
  std::size_t expected = 0;
  for (std::size_t i = 0; i < 50; ++i) expected += i % 9 + 1;
  EXPECT_EQ(units, expected);
  EXPECT_LT(idle, 40u);  // the last windows only
}

TEST(StreamBatcherTest, ACarriedStateIsResetOnce) {
  StreamBatcher batcher(source(50), 4, 5, true);
  Window window;
  int resets = 0;
  while (batcher.next(window)) {
    for (std::size_t at = 0; at < 20; ++at) resets += window.targets[at] >= 0 && window.resets[at];
  }
  EXPECT_EQ(resets, 4);
}

TEST(StreamBatcherTest, GoesOnFromItsState) {
  int given = 0;
  const auto counted = [&given, inner = source(80)](Sequence& sequence) mutable {
    ++given;
    return inner(sequence);
  };
  StreamBatcher batcher(counted, 3, 4, false);
  Window window;
  for (int i = 0; i < 7; ++i) ASSERT_TRUE(batcher.next(window));
  const std::string state = batcher.state();
  auto rest = source(80);
  Sequence passed;
  for (int i = 0; i < given; ++i) rest(passed);
  StreamBatcher again(rest, 3, 4, false);
  EXPECT_THROW(again.restore(state, 5, false), Error) << "unit ids beyond the vocabulary";
  EXPECT_THROW(again.restore(state, 1 << 20, true), Error) << "no words";
  again.restore(state, 1 << 20, false);
  Window other;
  while (batcher.next(window)) {
    ASSERT_TRUE(again.next(other));
    EXPECT_EQ(window.inputs, other.inputs);
    EXPECT_EQ(window.targets, other.targets);
    EXPECT_EQ(window.resets, other.resets);
  }
  EXPECT_FALSE(again.next(other));
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

TEST_F(CorpusTest, SeeksToItsPositionInALaterWindow) {
  CorpusOptions small = options();
  small.window_bytes = 1;  // a window for each of the two files
  Corpus corpus(small);
  const auto before = take(corpus, 700);
  const std::string position = corpus.position();
  const auto rest = take(corpus, 200);
  std::set<std::string> all(before.begin(), before.end());
  all.insert(rest.begin(), rest.end());
  EXPECT_EQ(all.size(), 900u);
  Corpus again(small);
  again.seek(position);
  EXPECT_EQ(take(again, 200), rest);
  // A place counted in other windows is none in these.
  Corpus other(options());
  EXPECT_THROW(other.seek(position), Error);
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

}  // namespace
}  // namespace elmo
