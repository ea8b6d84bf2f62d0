// From a corpus to windows: nothing is lost or repeated, also after a resume.

#include "text/streams.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/support/files.h"

namespace elmo {
namespace {

// `count` sentences: sentence i has i mod 9 units, 100 i + 1, 100 i + 2, ...
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
  EXPECT_LT(idle, 40u);  // only in the last windows
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

}  // namespace
}  // namespace elmo
