// A training text that fails midway, ends, and is resumed.
#include "lm/training_text.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "elmo/error.h"
#include "tests/lm/lm_support.h"
#include "tests/support/files.h"

namespace elmo {
namespace {

// `lines` sentences of one to five known characters.
std::string text_of(int lines) {
  std::string text;
  for (int i = 0; i < lines; ++i) {
    for (int k = 0; k <= i % 5; ++k) text += character(3 + (i * 7 + k * 11) % 60) + " ";
    text += "\n";
  }
  return text;
}

LanguageModel small_model() {
  ModelSettings settings;
  settings.layers = 1;
  settings.hidden = 4;
  settings.projection = 4;
  return LanguageModel(settings, vocabulary_of(64));
}

std::vector<std::int32_t> rest_of(TrainingText& text) {
  std::vector<std::int32_t> targets;
  Window window;
  while (text.next(window)) {
    targets.insert(targets.end(), window.targets.begin(), window.targets.end());
  }
  return targets;
}

class TrainingTextTest : public testing::Test {
 protected:
  std::unique_ptr<TrainingText> open(std::uint64_t epochs) {
    auto text = std::make_unique<TrainingText>(
        CorpusOptions{.inputs = {(folder_ / "text").string()}},
        TrainingText::Shape{.streams = 4, .steps = 6, .epochs = epochs});
    text->read_for(model_);
    return text;
  }

  TemporaryFolder folder_;
  LanguageModel model_ = small_model();
};

TEST_F(TrainingTextTest, WhereReadingFailsThePlaceIsTheOneBefore) {
  const std::string whole = text_of(1000);
  put(folder_ / "text", whole);
  const std::vector<std::int32_t> expected = rest_of(*open(1));

  const auto text = open(1);
  Window window;
  std::vector<std::int32_t> got;
  std::size_t windows = 0;
  std::string changed = whole;
  for (char& byte : changed) {
    if (byte == ' ') byte = '\t';
  }
  try {
    while (text->next(window)) {
      got.insert(got.end(), window.targets.begin(), window.targets.end());
      // The same length, so that the change is only noticed when the line is read.
      if (++windows == 10) std::ofstream(folder_ / "text", std::ios::binary) << changed;
    }
    FAIL() << "nobody noticed";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("has changed"), std::string::npos);
  }
  EXPECT_EQ(windows, 10u);
  const TrainingText::Place place = text->place();
  put(folder_ / "text", whole);
  const auto resumed = open(1);
  resumed->go_to(place);
  const auto more = rest_of(*resumed);
  got.insert(got.end(), more.begin(), more.end());
  EXPECT_EQ(got, expected);
}

TEST_F(TrainingTextTest, RewindGivesTheSameWindowAgain) {
  put(folder_ / "text", text_of(50));
  const auto text = open(2);
  Window first, again;
  text->rewind();  // nothing has been read
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(text->next(first));
  text->rewind();
  ASSERT_TRUE(text->next(again));
  EXPECT_EQ(first.targets, again.targets);
}

TEST_F(TrainingTextTest, MoreEpochsLoseNoLine) {
  put(folder_ / "text", text_of(50));
  const auto one = open(1);
  Window window;
  std::uint64_t units = 0;
  while (one->next(window)) units += window.predictions;
  EXPECT_EQ(one->sentences(), 50u);
  EXPECT_EQ(one->epoch(), 1u);
  EXPECT_TRUE(one->is_dealt());
  EXPECT_DOUBLE_EQ(one->progress(), 1);

  const auto three = open(3);
  three->go_to(one->place());
  EXPECT_FALSE(three->is_dealt());
  std::uint64_t more = 0;
  while (three->next(window)) more += window.predictions;
  EXPECT_EQ(more, 2 * units);
  EXPECT_EQ(three->epoch(), 3u);
}

}  // namespace
}  // namespace elmo
