// Labelled files, good and bad.
#include "task/data_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/file.h"
#include "elmo/error.h"

namespace elmo {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string written(const std::string& content) {
  const std::string path = testing::TempDir() + "data_set_test.txt";
  write_file(path, content);
  return path;
}

std::string problem(TaskKind task, const std::string& content) {
  try {
    read_data_set(written(content), task, Split::kSpaces);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

TEST(DataSet, ReadsTexts) {
  const DataSet data = read_data_set(written("good\tso  nice !\r\nbad\t\ngood\tyes"),
                                     TaskKind::kClassify, Split::kSpaces);
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
  EXPECT_THAT(read_data_set(path, TaskKind::kClassify, Split::kPunctuation).examples[0].words,
              ElementsAre("좋다", "!!"));
  EXPECT_THAT(read_data_set(path, TaskKind::kClassify, Split::kCharacters).examples[0].words,
              ElementsAre("좋", "다", "!", "!"));
}

TEST(DataSet, ReadsSentences) {
  const DataSet data =
      read_data_set(written("\na\tO\nb\tB-X\n\n \nc\tI-X\n"), TaskKind::kTag, Split::kSpaces);
  ASSERT_EQ(data.examples.size(), 2u);
  EXPECT_THAT(data.examples[0].words, ElementsAre("a", "b"));
  EXPECT_THAT(data.examples[1].labels, ElementsAre("I-X"));
  EXPECT_EQ(data.examples[1].line, 6u);
  EXPECT_TRUE(LabelSet::of(data).bio());
}

TEST(DataSet, NamesTheBadLine) {
  EXPECT_THAT(problem(TaskKind::kClassify, "a\tx\nb\n"), HasSubstr(":2: 1 columns, not 2"));
  EXPECT_THAT(problem(TaskKind::kClassify, "a\tx\ty\n"), HasSubstr(":1: 3 columns, not 2"));
  EXPECT_THAT(problem(TaskKind::kClassify, "\tx\n"), HasSubstr(":1: the first column is empty"));
  EXPECT_THAT(problem(TaskKind::kClassify, "\n\n"), HasSubstr("holds no example"));
  EXPECT_THAT(problem(TaskKind::kTag, "a b\tO\nc\n"), HasSubstr(":2: 1 columns, not 2"));
  EXPECT_THAT(problem(TaskKind::kTag, "a\t\n"), HasSubstr(":1: the tag is empty"));
  EXPECT_THAT(problem(TaskKind::kTag, "a\tO\n\nb\tB-X\nc\tLOC\n"),
              HasSubstr(":4: tag 'LOC' is none of O, B-TYPE, I-TYPE"));
  EXPECT_EQ(problem(TaskKind::kTag, "a\tNOUN\nb\tVERB\n"), "");
}

TEST(DataSet, KnowsBioAndMendsIt) {
  DataSet data = read_data_set(written("a\tI-X\nb\tI-X\nc\tI-Y\nd\tO\ne\tI-Y\n\nf\tI-Y\ng\tB-Y\n"),
                               TaskKind::kTag, Split::kSpaces);
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
    EXPECT_THAT(error.what(), HasSubstr(":8: tag 'B-' is none of"));
  }
}

TEST(DataSet, FingerprintsWhatItHolds) {
  const auto print = [](const std::string& content) {
    return read_data_set(written(content), TaskKind::kClassify, Split::kSpaces).fingerprint();
  };
  EXPECT_EQ(print("a\tx y\n"), print("a\tx  y\n"));
  EXPECT_NE(print("a\tx y\n"), print("b\tx y\n"));
  EXPECT_NE(print("a\tx y\n"), print("a\ty x\n"));
}

TEST(DataSet, ReadsTextAndTokensWithoutLabels) {
  const std::string path = written("a b\n\nc\n");
  EXPECT_EQ(read_unlabelled(path, TaskKind::kTag, TextForm::kText, Split::kSpaces).examples.size(),
            3u);
  const std::string tokens = written("a\nb\tX\n\nc\n");
  const DataSet data = read_unlabelled(tokens, TaskKind::kTag, TextForm::kTokens, Split::kSpaces);
  ASSERT_EQ(data.examples.size(), 2u);
  EXPECT_THAT(data.examples[0].words, ElementsAre("a", "b"));
}

}  // namespace
}  // namespace elmo
