#include "task/vocabulary.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace elmo::task {
namespace {

using testing::ElementsAre;

DataSet training_data_of(const std::vector<std::string>& words) {
  DataSet set;
  set.examples.push_back({.words = words, .labels = {"a"}});
  return set;
}

TEST(NameTable, RowZeroIsEverythingElse) {
  const NameTable table({"the", "배"});
  EXPECT_EQ(table.rows(), 3);
  EXPECT_EQ(table.row("the"), 1);
  EXPECT_EQ(table.row("배"), 2);
  EXPECT_EQ(table.row("The"), 0);
  EXPECT_EQ(table.row(""), 0);
  EXPECT_EQ(NameTable().row("the"), 0);
}

TEST(NameTable, ComparesInNormalFormAndKeepsWhatItWasGiven) {
  const NameTable table({"e\u0301"});
  EXPECT_EQ(table.row("\u00E9"), 1);
  EXPECT_THAT(table.names(), ElementsAre("e\u0301"));
}

TEST(NameTable, GoesThroughAFile) {
  for (const NameTable& table : {NameTable(), NameTable({"a"}), NameTable({"a", "b c", "배"})}) {
    EXPECT_EQ(NameTable::from_bytes(table.bytes()).names(), table.names());
  }
  // The last line need not end in a newline.
  EXPECT_THAT(NameTable::from_bytes("a\nb").names(), ElementsAre("a", "b"));
}

TEST(Vocabulary, HasWordsSeenTwiceByFallingFrequency) {
  const auto vocabulary = Vocabulary::of(
      training_data_of({"one", "two", "two", "three", "three", "three", "b", "b"}), {});
  // Equal counts are sorted by bytes.
  EXPECT_THAT(vocabulary.words.names(), ElementsAre("three", "b", "two"));
}

TEST(Vocabulary, GivenWordsComeFirstAndOnce) {
  const auto vocabulary = Vocabulary::of(training_data_of({"x", "x", "y", "y", "y"}), {"z", "x"});
  EXPECT_THAT(vocabulary.words.names(), ElementsAre("z", "x", "y"));
}

TEST(Vocabulary, AWordInCapitalsIsItsLowerCase) {
  const auto vocabulary = Vocabulary::of(training_data_of({"bank", "bank", "Paris", "Paris"}), {});
  EXPECT_EQ(vocabulary.word_row("BANK"), vocabulary.word_row("bank"));
  EXPECT_NE(vocabulary.word_row("bank"), 0);
  // A word is looked up as written first; its lower case is not listed.
  EXPECT_NE(vocabulary.word_row("Paris"), 0);
  EXPECT_EQ(vocabulary.word_row("PARIS"), 0);
  // Only ASCII is converted to lower case.
  EXPECT_EQ(vocabulary.word_row("\u00C4"), 0);
}

TEST(Vocabulary, EndsAreOfDifferentWords) {
  // -ing is the end of two words, -cat of only one, however often that occurs.
  const auto vocabulary = Vocabulary::of(training_data_of({"going", "singing", "cat", "cat"}), {});
  EXPECT_NE(vocabulary.end_row("walking"), 0);
  EXPECT_EQ(vocabulary.end_row("walking"), vocabulary.end_row("ing"));
  EXPECT_EQ(vocabulary.end_row("tomcat"), 0);
  // The longest known end; -ng and -g are known as well.
  EXPECT_NE(vocabulary.end_row("song"), 0);
  EXPECT_NE(vocabulary.end_row("song"), vocabulary.end_row("walking"));
}

TEST(Vocabulary, EndsAreOfCharactersNotBytes) {
  const auto vocabulary = Vocabulary::of(training_data_of({"산에서", "강에서"}), {});
  EXPECT_NE(vocabulary.end_row("들에서"), 0);
  EXPECT_NE(vocabulary.end_row("서"), 0);
  EXPECT_EQ(vocabulary.end_row("산"), 0);
  EXPECT_EQ(vocabulary.end_row(""), 0);
}

}  // namespace
}  // namespace elmo::task
