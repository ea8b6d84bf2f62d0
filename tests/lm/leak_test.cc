// The words that a direction must predict never influence its states: exact, at every layer.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "lm/engine.h"
#include "tests/lm/lm_support.h"
#include "tests/support/precisions.h"
#include "text/characters.h"
#include "text/words.h"

namespace elmo {
namespace {

constexpr int kRows = 50, kStreams = 3, kSteps = 5, kLayers = 2, kWidth = 16;
// For the character models: the vocabulary of their softmax, and the number of characters of a word
// that they read.
constexpr char kWords[] = "<S>\n</S>\n<UNK>\nthe\ncat\nsat\non\na\nmat\n";
constexpr int kPositions = 12;

ModelSettings settings_of(Direction direction) {
  return {.direction = direction,
          .layers = kLayers,
          .hidden = 40,
          .projection = kWidth,
          .cell_clip = 3,
          .projection_clip = 3,
          .skip_connections = true,
          .split = Split::kSpaces};
}

// What a direction computes for a sentence, by position in the text: BOS, units, EOS at 0 .. n + 1.
struct Reading {
  // [layer][position]; empty where the direction does not read the position.
  std::vector<std::vector<std::vector<float>>> states;
  // [position]: the loss of what the direction predicts next. Evaluation only.
  std::vector<double> losses;
};

class Leak : public testing::TestWithParam<std::tuple<Precision, bool>> {
 protected:
  // Reads a sentence of one direction together with others.
  Reading read(LanguageModel& model, const Sequence& sequence) {
    const auto& [precision, training] = GetParam();
    model.initialise(5);
    Workers workers(2);
    model.prepare(precision, true);
    model.pack(workers);
    // Dropout masks are keyed by position, so they can't hide a leak.
    const auto engine = make_engine(
        model, precision,
        {.steps = kSteps, .streams = kStreams, .dropout = training ? 0.2f : 0.0f, .seed = 3},
        workers);
    const bool forward = model.settings.direction == Direction::kForward;
    const std::size_t length = sequence.inputs.size();
    // The sentence of interest is in stream 1; the others have other sentences.
    int given = 0;
    StreamBatcher batcher(
        [&](Sequence& next) {
          if (given == kStreams) return false;
          next = sequence;
          if (given++ == 1) return true;
          std::ranges::fill(next.inputs, 7);
          std::ranges::fill(next.input_words, "other");
          return true;
        },
        kStreams, kSteps, false);
    Reading result;
    result.states.assign(kLayers + 1, std::vector<std::vector<float>>(length + 1));
    result.losses.resize(length + 1);
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
        const auto row = static_cast<std::size_t>(t * kStreams + 1);
        for (int j = 0; j <= kLayers; ++j) {
          const auto state = engine->layer_output(j).subspan(row * kWidth, kWidth);
          result.states[static_cast<std::size_t>(j)][position].assign(state.begin(), state.end());
        }
        if (!training) result.losses[position] = losses[row];
      }
    }
    return result;
  }
  Reading read_units(Direction direction, const std::vector<std::int32_t>& units) {
    LanguageModel model(settings_of(direction), vocabulary_of(kRows));
    const bool forward = direction == Direction::kForward;
    Sequence sequence;
    sequence.inputs = units;
    if (!forward) std::ranges::reverse(sequence.inputs);
    sequence.targets = sequence.inputs;
    sequence.inputs.insert(sequence.inputs.begin(), forward ? 1 : 2);
    sequence.targets.push_back(forward ? 2 : 1);
    return read(model, sequence);
  }
  Reading read_words(Direction direction, const std::vector<std::string>& words) {
    ModelSettings settings = settings_of(direction);
    settings.encoder = Encoder::kCharacters;
    settings.characters = {.rows = kCharacterRows,
                           .dimension = 8,
                           .filters = {{1, 16}, {2, 16}, {3, 16}},
                           .highways = 1,
                           .projection = kWidth,
                           .positions = kPositions,
                           .padding = kPadding};
    LanguageModel model(settings, std::make_shared<const WordVocabulary>(kWords, "a test's words"));
    std::string line;
    for (const std::string& word : words) line += word + ' ';
    Sequence sequence;
    LineEncoder(model).read(line, sequence);
    return read(model, sequence);
  }

  static bool equal(const std::vector<float>& a, const std::vector<float>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
  }

  // Only unit `changed` (1 .. last) differs. States that have not read it must keep their bits, at
  // every layer, and so must the losses, except that of predicting this unit if it is `predicted`
  // differently now.
  static void expect_no_leak(Direction direction, const Reading& before, const Reading& after,
                             int last, int changed, bool predicted, const std::string& what) {
    const bool forward = direction == Direction::kForward;
    for (int position = forward ? 0 : 1; position <= (forward ? last : last + 1); ++position) {
      const auto at = static_cast<std::size_t>(position);
      const bool has_read = forward ? position >= changed : position <= changed;
      for (std::size_t j = 0; j <= kLayers; ++j) {
        const auto& a = before.states[j][at];
        const auto& b = after.states[j][at];
        ASSERT_EQ(a.size(), static_cast<std::size_t>(kWidth));
        // The token encoder reads only its own unit.
        const bool differs = j == 0 ? position == changed : has_read;
        EXPECT_EQ(equal(a, b), !differs)
            << direction_name(direction) << ", " << what << " changed at " << changed << ", layer "
            << j << ", position " << position;
      }
      const bool predicts = position == (forward ? changed - 1 : changed + 1);
      if (has_read || (predicted && predicts)) continue;
      EXPECT_EQ(before.losses[at], after.losses[at])
          << direction_name(direction) << ", " << what << " changed at " << changed
          << ", loss at position " << position;
    }
  }
};

TEST_P(Leak, StatesKeepTheirBitsWhenAUnitNotYetReadChanges) {
  // 13 units make three windows. The changed units are at the windows' borders and at the ends.
  std::vector<std::int32_t> units;
  for (int i = 0; i < 13; ++i) units.push_back(3 + (i * 17) % (kRows - 3));
  const int last = static_cast<int>(units.size());
  for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
    const Reading before = read_units(direction, units);
    for (int changed = 1; changed <= last; ++changed) {
      auto other = units;
      auto& unit = other[static_cast<std::size_t>(changed - 1)];
      unit = unit == 20 ? 21 : 20;
      expect_no_leak(direction, before, read_units(direction, other), last, changed, true, "unit");
    }
  }
}

TEST_P(Leak, CharactersOfAWordNotYetReadChangeNoBits) {
  // Listed and other words, one of them twice, one longer than the characters that are read.
  const std::vector<std::string> words = {"the", "배를",  "cat", "sat",   "dogs",
                                          "on",  "a",     "mat", "the",   "강을건넜다",
                                          "cat", "zebra", "on",  "dogs's"};
  const int last = static_cast<int>(words.size());
  for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
    const Reading before = read_words(direction, words);
    for (int changed = 1; changed <= last; ++changed) {
      const std::string& word = words[static_cast<std::size_t>(changed - 1)];
      const auto with = [&](const std::string& other) {
        auto changed_words = words;
        changed_words[static_cast<std::size_t>(changed - 1)] = other;
        return read_words(direction, changed_words);
      };
      expect_no_leak(direction, before, with("<S>"), last, changed, true, "word");
      // The softmax can't distinguish words outside its vocabulary. Then not even the prediction of
      // the word itself may depend on its characters.
      const bool known = ("\n" + std::string(kWords)).find("\n" + word + "\n") != std::string::npos;
      const std::size_t seen = std::min<std::size_t>(word.size(), kPositions - 2);
      for (const std::size_t byte : {std::size_t{0}, seen / 2, seen - 1}) {
        // The result may be invalid UTF-8: the encoder reads bytes.
        std::string other = word;
        other[byte] = other[byte] == 'q' ? 'x' : 'q';
        expect_no_leak(direction, before, with(other), last, changed, known,
                       "byte " + std::to_string(byte));
      }
      if (word.size() <= kPositions - 2) continue;
      // Characters beyond those that are read have no effect at all.
      std::string other = word;
      other.back() = 'q';
      EXPECT_EQ(with(other).states, before.states);
    }
  }
}

// The inputs and targets of the two directions are mirror images.
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
                         testing::Combine(testing::ValuesIn(kPrecisions), testing::Bool()));

}  // namespace
}  // namespace elmo
