// Nothing leaks from the words a direction must predict: exact, at every layer.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <tuple>
#include <vector>

#include "lm/engine.h"
#include "tests/lm/lm_support.h"
#include "tests/support/precisions.h"
#include "text/words.h"

namespace elmo {
namespace {

constexpr int kRows = 50, kStreams = 3, kSteps = 5, kLayers = 2, kWidth = 16;

// Sentences by position: BOS, units, EOS at 0 .. n + 1. State [layer][position], -1 sized where a
// direction does not read the position.
using States = std::vector<std::vector<std::vector<float>>>;

class Leak : public testing::TestWithParam<std::tuple<Precision, bool>> {
 protected:
  // All layers' outputs of a sentence read together with others, by position in the text.
  States states(Direction direction, const std::vector<std::int32_t>& units) {
    const auto& [precision, training] = GetParam();
    LanguageModel model({.direction = direction,
                         .layers = kLayers,
                         .hidden = 40,
                         .projection = kWidth,
                         .cell_clip = 3,
                         .projection_clip = 3,
                         .skip_connections = true,
                         .split = Split::kSpaces},
                        vocabulary_of(kRows));
    model.initialise(5);
    Workers workers(2);
    model.prepare(precision, true);
    model.pack(workers);
    // Dropout's masks belong to places, so they hide no leak.
    const auto engine = make_engine(
        model, precision,
        {.steps = kSteps, .streams = kStreams, .dropout = training ? 0.2f : 0.0f, .seed = 3},
        workers);
    const bool forward = direction == Direction::kForward;
    Sequence sequence;
    sequence.inputs = units;
    if (!forward) std::ranges::reverse(sequence.inputs);
    sequence.targets = sequence.inputs;
    sequence.inputs.insert(sequence.inputs.begin(), forward ? 1 : 2);
    sequence.targets.push_back(forward ? 2 : 1);
    const std::size_t length = sequence.inputs.size();
    // The sentence of interest goes to stream 1, the others hold something else.
    int given = 0;
    StreamBatcher batcher(
        [&](Sequence& next) {
          if (given == kStreams) return false;
          next = sequence;
          if (given++ != 1) std::ranges::fill(next.inputs, 7);
          return true;
        },
        kStreams, kSteps, false);
    States result(kLayers + 1, std::vector<std::vector<float>>(length + 1));
    Window window;
    std::vector<double> losses;
    std::size_t read = 0;
    for (std::uint64_t step = 0; batcher.next(window); ++step) {
      if (training) {
        engine->train(window, step);
      } else {
        engine->evaluate(window, losses);
      }
      for (int t = 0; t < kSteps && read < length; ++t, ++read) {
        const std::size_t position = forward ? read : length - read;
        for (int j = 0; j <= kLayers; ++j) {
          const auto row = engine->layer_output(j).subspan((t * kStreams + 1) * kWidth, kWidth);
          result[static_cast<std::size_t>(j)][position].assign(row.begin(), row.end());
        }
      }
    }
    return result;
  }

  static bool equal(const std::vector<float>& a, const std::vector<float>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
  }
};

TEST_P(Leak, StatesKeepTheirBitsWhenAUnitNotYetReadChanges) {
  // 13 units: three windows, changed at the windows' inner and outer borders and at the ends.
  std::vector<std::int32_t> units;
  for (int i = 0; i < 13; ++i) units.push_back(3 + (i * 17) % (kRows - 3));
  const int last = static_cast<int>(units.size());
  for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
    const bool forward = direction == Direction::kForward;
    const States before = states(direction, units);
    for (int changed = 1; changed <= last; ++changed) {
      auto other = units;
      auto& unit = other[static_cast<std::size_t>(changed - 1)];
      unit = unit == 20 ? 21 : 20;
      const States after = states(direction, other);
      for (int j = 0; j <= kLayers; ++j) {
        for (int position = forward ? 0 : 1; position <= (forward ? last : last + 1); ++position) {
          const auto& a = before[static_cast<std::size_t>(j)][static_cast<std::size_t>(position)];
          const auto& b = after[static_cast<std::size_t>(j)][static_cast<std::size_t>(position)];
          ASSERT_EQ(a.size(), static_cast<std::size_t>(kWidth));
          const bool has_read = forward ? position >= changed : position <= changed;
          // The token encoder sees its own unit only.
          const bool differs = j == 0 ? position == changed : has_read;
          EXPECT_EQ(equal(a, b), !differs) << direction_name(direction) << ", unit " << changed
                                           << " changed, layer " << j << ", position " << position;
        }
      }
    }
  }
}

// What the two directions read and predict: the same sentence, each its mirror.
TEST(Sequences, AreMirrorsOfEachOther) {
  LanguageModel forward(
      {.direction = Direction::kForward, .layers = 1, .hidden = 2, .projection = 2},
      vocabulary_of(kRows));
  LanguageModel backward(
      {.direction = Direction::kBackward, .layers = 1, .hidden = 2, .projection = 2},
      vocabulary_of(kRows));
  Sequence read, mirrored;
  // Words of several units: U+4E03 U+4E04 and U+4E05 U+4E06 U+4E07.
  const char* const line = "\u4E03\u4E04 \u4E05\u4E06\u4E07";
  LineEncoder(forward).read(line, read);
  LineEncoder(backward).read(line, mirrored);
  std::vector<std::int32_t> units(read.inputs.begin() + 1, read.inputs.end());
  EXPECT_EQ(units.size(), 7u);  // "\u2581", not in this vocabulary, is <unk> in each word
  EXPECT_EQ(read.inputs.front(), 1);
  EXPECT_EQ(mirrored.inputs.front(), 2);
  std::ranges::reverse(units);
  EXPECT_EQ(std::vector(mirrored.inputs.begin() + 1, mirrored.inputs.end()), units);
  const auto follows = [](const Sequence& sequence, std::int32_t end) {
    std::vector<std::int32_t> expected(sequence.inputs.begin() + 1, sequence.inputs.end());
    expected.push_back(end);
    return sequence.targets == expected;
  };
  EXPECT_TRUE(follows(read, 2));
  EXPECT_TRUE(follows(mirrored, 1));
  EXPECT_EQ(read.words, 2u);
  EXPECT_EQ(read.characters, 2u + 1 + 3 + 1 + 1);
  EXPECT_EQ(mirrored.characters, read.characters);
}

INSTANTIATE_TEST_SUITE_P(Precisions, Leak,
                         testing::Combine(testing::ValuesIn(available_precisions()),
                                          testing::Bool()));

}  // namespace
}  // namespace elmo
