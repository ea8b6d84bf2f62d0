// Valid and invalid labelled files.
#include "task/data_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/file.h"
#include "elmo/error.h"
#include "task/plan.h"
#include "tests/support/files.h"

namespace elmo::task {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string written(const std::string& content) {
  static const TemporaryFolder folder;
  const std::filesystem::path path = folder / "data";
  put(path, content);
  return path.string();
}

std::string problem(Kind task, const std::string& content) {
  try {
    read_data_set(written(content), task, Split::kSpaces);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

TEST(DataSet, ReadsTexts) {
  const DataSet data = read_data_set(written("good\tso  nice !\r\nbad\t\ngood\tyes"),
                                     Kind::kClassify, Split::kSpaces);
  ASSERT_EQ(data.examples.size(), 3u);
  EXPECT_THAT(data.examples[0].words, ElementsAre("so", "nice", "!"));
  EXPECT_THAT(data.examples[1].labels, ElementsAre("bad"));
  EXPECT_EQ(data.empty_texts(), 1);
  EXPECT_EQ(data.words(), 4);
  EXPECT_THAT(LabelSet::of(data).names(), ElementsAre("bad", "good"));
  EXPECT_EQ(LabelSet::of(data).id("ugly"), -1);
}

TEST(DataSet, CutsTextsAsTheModelDoes) {
  const std::string path = written("1\t좋다!!\n");
  EXPECT_THAT(read_data_set(path, Kind::kClassify, Split::kPunctuation).examples[0].words,
              ElementsAre("좋다", "!!"));
  EXPECT_THAT(read_data_set(path, Kind::kClassify, Split::kCharacters).examples[0].words,
              ElementsAre("좋", "다", "!", "!"));
}

TEST(DataSet, ReadsSentences) {
  const DataSet data =
      read_data_set(written("\na\tO\nb\tB-X\n\n \nc\tI-X\n"), Kind::kTag, Split::kSpaces);
  ASSERT_EQ(data.examples.size(), 2u);
  EXPECT_THAT(data.examples[0].words, ElementsAre("a", "b"));
  EXPECT_THAT(data.examples[1].labels, ElementsAre("I-X"));
  EXPECT_EQ(data.examples[1].line, 6u);
  EXPECT_TRUE(LabelSet::of(data).bio());
}

TEST(DataSet, NamesTheBadLine) {
  EXPECT_THAT(problem(Kind::kClassify, "a\tx\nb\n"), HasSubstr(":2: 1 columns instead of 2"));
  EXPECT_THAT(problem(Kind::kClassify, "a\tx\ty\n"), HasSubstr(":1: 3 columns instead of 2"));
  EXPECT_THAT(problem(Kind::kClassify, "\tx\n"), HasSubstr(":1: the first column is empty"));
  EXPECT_THAT(problem(Kind::kClassify, "\n\n"), HasSubstr("holds no example"));
  EXPECT_THAT(problem(Kind::kTag, "a b\tO\nc\n"), HasSubstr(":2: 1 columns instead of 2"));
  EXPECT_THAT(problem(Kind::kTag, "a\t\n"), HasSubstr(":1: the tag is empty"));
  EXPECT_THAT(problem(Kind::kTag, "a\tO\n\nb\tB-X\nc\tLOC\n"),
              HasSubstr(":4: tag 'LOC' is not O, B-TYPE or I-TYPE"));
  EXPECT_EQ(problem(Kind::kTag, "a\tNOUN\nb\tVERB\n"), "");
}

TEST(DataSet, KnowsBioAndMendsIt) {
  DataSet data = read_data_set(written("a\tI-X\nb\tI-X\nc\tI-Y\nd\tO\ne\tI-Y\n\nf\tI-Y\ng\tB-Y\n"),
                               Kind::kTag, Split::kSpaces);
  EXPECT_TRUE(LabelSet({"I-X", "O"}).bio());
  EXPECT_FALSE(LabelSet({"INTJ", "ADJ"}).bio());
  EXPECT_EQ(repair_bio(data), 4);
  EXPECT_THAT(data.examples[0].labels, ElementsAre("B-X", "I-X", "B-Y", "O", "B-Y"));
  EXPECT_THAT(data.examples[1].labels, ElementsAre("B-Y", "B-Y"));
  EXPECT_EQ(repair_bio(data), 0);
  data.examples[1].labels[1] = "B-";
  try {
    check_bio(data);
    ADD_FAILURE() << "B- has no type";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(":8: tag 'B-' is not O"));
  }
}

TEST(DataSet, FingerprintsWhatItHolds) {
  const auto print = [](const std::string& content) {
    return read_data_set(written(content), Kind::kClassify, Split::kSpaces).fingerprint();
  };
  EXPECT_EQ(print("a\tx y\n"), print("a\tx  y\n"));
  EXPECT_NE(print("a\tx y\n"), print("b\tx y\n"));
  EXPECT_NE(print("a\tx y\n"), print("a\ty x\n"));
}

TEST(DataSet, LabelsHaveNoBlanksAndOneForm) {
  const DataSet texts = read_data_set(written("\xEF\xBB\xBFgood \tx y\r\n good\tz \r\r\n \n"),
                                      Kind::kClassify, Split::kSpaces);
  ASSERT_EQ(texts.examples.size(), 2u);
  EXPECT_EQ(LabelSet::of(texts).size(), 1);
  EXPECT_THAT(texts.examples[1].words, ElementsAre("z"));
  const DataSet tags =
      read_data_set(written("a \tO\nb\tO \r\n\t \nc\tP\n"), Kind::kTag, Split::kSpaces);
  EXPECT_THAT(tags.examples[0].words, ElementsAre("a", "b"));
  EXPECT_THAT(tags.examples[0].labels, ElementsAre("O", "O"));
  EXPECT_EQ(tags.examples.size(), 2u);
  // "긍정" in both normalisation forms.
  const std::string decomposed = "\u1100\u1173\u11BC\u110C\u1165\u11BC";
  EXPECT_EQ(LabelSet::of(read_data_set(written("긍정\tx\n" + decomposed + "\ty\n"), Kind::kClassify,
                                       Split::kSpaces))
                .size(),
            1);
  EXPECT_EQ(LabelSet({decomposed}).id("긍정"), 0);
}

TEST(DataSet, BoundsATextsWords) {
  std::string text = "l\t";
  for (std::size_t i = 0; i <= kLongestText; ++i) text += "w ";
  EXPECT_THAT(problem(Kind::kClassify, "l\tx\n" + text + "\n"),
              HasSubstr(":2: has more than the 262144 words"));
}

TEST(DataSet, TagsAreSettledAsTheTaskLearnedThem) {
  const auto read = [] {
    return read_data_set(written("a\tI-X\nb\tI-X\n"), Kind::kTag, Split::kSpaces);
  };
  Settings settings;
  settings.task = Kind::kTag;
  settings.output = OutputKind::kCrf;
  DataSet data = read();
  settle_tags(settings, LabelSet({"B-X", "I-X", "O"}), data);
  EXPECT_THAT(data.examples[0].labels, ElementsAre("B-X", "I-X"));
  settings.output = OutputKind::kSoftmax;
  data = read();
  settle_tags(settings, LabelSet({"B-X", "I-X", "O"}), data);
  EXPECT_THAT(data.examples[0].labels, ElementsAre("I-X", "I-X"));
}

TEST(DataSet, ReadsTextAndTokensWithoutLabels) {
  const LabelSet labels({"bad", "good", "X"});
  const auto read = [&](const std::string& content, Kind task, TextForm form) {
    return read_unlabelled(written(content), task, form, Split::kSpaces, labels);
  };
  EXPECT_EQ(read("a b\n\nc\n", Kind::kTag, TextForm::kText).examples.size(), 3u);
  const DataSet data = read("a \nb\tX\n\nc\n", Kind::kTag, TextForm::kTokens);
  ASSERT_EQ(data.examples.size(), 2u);
  EXPECT_THAT(data.examples[0].words, ElementsAre("a", "b"));
  // In labelled data the labels are removed from all lines or from none.
  const DataSet labelled = read("good\tx y\n\nbad \tz\n", Kind::kClassify, TextForm::kText);
  EXPECT_THAT(labelled.examples[0].words, ElementsAre("x", "y"));
  EXPECT_THAT(labelled.examples[1].words, ElementsAre());
  EXPECT_THAT(labelled.examples[2].words, ElementsAre("z"));
  const DataSet plain = read("good\tx y\nit was\tz\n", Kind::kClassify, TextForm::kText);
  EXPECT_THAT(plain.examples[0].words, ElementsAre("good", "x", "y"));
  try {
    read("a\tX\nb\tX\n", Kind::kTag, TextForm::kText);
    ADD_FAILURE() << "tokens are no sentences";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("read it with --form tokens"));
  }
}

}  // namespace
}  // namespace elmo::task
