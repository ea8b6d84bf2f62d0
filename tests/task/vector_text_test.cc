// Valid and invalid text files of word vectors, and which words are kept.
#include "task/vector_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/file.h"
#include "elmo/error.h"
#include "task/vocabulary.h"
#include "tests/support/files.h"

namespace elmo::task {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

WordVectorTable read(const std::string& content, std::size_t most = 100) {
  const TemporaryFolder folder;
  put(folder / "v.vec", content);
  return read_word_vectors((folder / "v.vec").string(), most,
                           [](std::string_view word) { return word == "wanted"; });
}

std::string problem(const std::string& content) {
  try {
    read(content);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

TEST(WordVectors, AreReadWithAndWithoutAHead) {
  EXPECT_THAT(read("2 2\na 1 2 \nb 3 -4.5e-1\n").values, ElementsAre(1, 2, 3, -0.45f));
  EXPECT_THAT(read("a 1 2\nb 3 4\na 5 6\n").words, ElementsAre("a", "b"));
  EXPECT_THAT(read("a 1 1\nb 2 2\nc 3 3\nwanted 4 4\n", 1).words, ElementsAre("a", "wanted"));
}

TEST(WordVectors, NameTheBadLine) {
  EXPECT_THAT(problem("a 1 2\nb 3\n"), HasSubstr(":2: 1 numbers, not 2"));
  EXPECT_THAT(problem("a 1 2\nb 3 x\n"), HasSubstr(":2: 'x' is not a number"));
  EXPECT_THAT(problem("a 1 nan\n"), HasSubstr(":1: 'nan' is not a number"));
  EXPECT_THAT(problem("a 1 2\n\nb 1 2\n"), HasSubstr(":2: an empty line"));
  EXPECT_THAT(problem("3 2\na 1 2\n"), HasSubstr("1 vectors, but its first line says 3"));
  EXPECT_THAT(problem("9 999999999\n"), HasSubstr("neither a vector nor"));
}

TEST(WordVectors, AreTextAsPeopleHaveIt) {
  const WordVectorTable table = read(
      "\xEF\xBB\xBF"
      "2 2\r\na 1 2\t\r\r\n\u1107\u1162 3 4\r\n\n \n");
  EXPECT_THAT(table.words, ElementsAre("a", "배"));
  EXPECT_THAT(read("배 1 2\n\u1107\u1162 3 4\n").words, ElementsAre("배"));
  EXPECT_THAT(problem(std::string("2 2\na \x9a\x99\x99\x3f\0\0\0\x40\n", 14)),
              HasSubstr("is word2vec's binary form"));
}

TEST(Vocabulary, ComparesInNormalFormC) {
  DataSet data;
  data.examples = {{{"배를", "\u1107\u1162\u1105\u1173\u11AF"}, {}, 1}};
  const Vocabulary vocabulary = Vocabulary::of(data, {"\u1107\u1162"});
  EXPECT_THAT(vocabulary.words.names(), ElementsAre("\u1107\u1162", "배를"));
  EXPECT_EQ(vocabulary.word_row("배"), 1);
  EXPECT_EQ(vocabulary.word_row("\u1107\u1162\u1105\u1173\u11AF"), 2);
}

TEST(Vocabulary, KeepsWordsSeenTwiceAndEnds) {
  DataSet data;
  data.examples = {{{"walking", "talking", "go", "go", "배를"}, {}, 1}, {{"차를"}, {}, 2}};
  const Vocabulary vocabulary = Vocabulary::of(data, {"given"});
  EXPECT_THAT(vocabulary.words.names(), ElementsAre("given", "go"));
  EXPECT_EQ(vocabulary.word_row("Go"), 2);
  EXPECT_EQ(vocabulary.word_row("walking"), 0);
  EXPECT_EQ(vocabulary.end_row("jumping"), vocabulary.ends.row("ing"));
  EXPECT_EQ(vocabulary.end_row("나를"), vocabulary.ends.row("를"));
  EXPECT_NE(vocabulary.end_row("나를"), 0);
  EXPECT_EQ(vocabulary.end_row("x"), 0);
}

}  // namespace
}  // namespace elmo::task
