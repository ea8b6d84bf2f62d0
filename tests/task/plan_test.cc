#include "task/plan.h"

#include <gmock/gmock.h>

#include <string>

#include "tests/support/files.h"

namespace elmo::task {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class PlanTest : public testing::Test {
 protected:
  Plan plan(const std::string& train, const std::string& dev, Kind kind = Kind::kClassify) {
    put(folder_ / "train", train);
    put(folder_ / "dev", dev);
    Plan result;
    result.train_file = (folder_ / "train").string();
    result.dev_file = (folder_ / "dev").string();
    result.embedding = true;
    result.settings.task = kind;
    return result;
  }
  std::string decided(Plan& one) {
    return error_of([&] { prepare(one, folder_ / "task.h5"); });
  }
  TemporaryFolder folder_;
};

TEST_F(PlanTest, LabelsDecideTheOutput) {
  Plan two = plan("a\tx y\nb\ty\n", "b\tx\n");
  ASSERT_EQ(decided(two), "no error");
  EXPECT_EQ(two.settings.output, OutputKind::kSigmoid);
  EXPECT_THAT(two.labels.names(), ElementsAre("a", "b"));
  EXPECT_EQ(two.train.examples.size(), 2u);
  EXPECT_EQ(two.dev.examples.size(), 1u);
  Plan three = plan("a\tx\nb\tx\nc\tx\n", "a\tx\n");
  ASSERT_EQ(decided(three), "no error");
  EXPECT_EQ(three.settings.output, OutputKind::kSoftmax);
  Plan one = plan("a\tx\na\ty\n", "a\tx\n");
  EXPECT_THAT(decided(one), HasSubstr("has only one label"));
}

TEST_F(PlanTest, TheSplitCutsTexts) {
  Plan characters = plan("a\txyz\nb\ty\n", "a\tx\n");
  characters.split = Split::kCharacters;
  ASSERT_EQ(decided(characters), "no error");
  EXPECT_EQ(characters.settings.split, Split::kCharacters);
  EXPECT_THAT(characters.train.examples[0].words, ElementsAre("x", "y", "z"));
}

TEST_F(PlanTest, TheVocabularyIsOfWordsSeenTwice) {
  Plan words = plan("a\tone two two\nb\tthree two\n", "a\tthree\n");
  ASSERT_EQ(decided(words), "no error");
  EXPECT_GT(words.vocabulary.word_row("two"), 0);
  EXPECT_EQ(words.vocabulary.word_row("one"), 0);
  EXPECT_EQ(words.settings.embedding_size, 100);
  EXPECT_EQ(words.settings.end_size, 25);
  EXPECT_TRUE(words.word_vectors.empty());
}

TEST_F(PlanTest, GivenVectorsDecideTheirSize) {
  put(folder_ / "v.vec", "one 1 2 3\ntwo 4 5 6\nfour 7 8 9\n");
  Plan given = plan("a\tone two\nb\tthree\n", "a\tthree\n");
  given.embeddings = (folder_ / "v.vec").string();
  ASSERT_EQ(decided(given), "no error");
  EXPECT_EQ(given.settings.embedding_size, 3);
  EXPECT_EQ(given.word_vectors.size(), 9u);
  // The first lines of the file, and all words of the data.
  Plan few = plan("a\tone four\nb\tthree\n", "a\tthree\n");
  few.embeddings = given.embeddings;
  few.embedding_words = 1;
  ASSERT_EQ(decided(few), "no error");
  EXPECT_THAT(few.word_vectors, ElementsAre(1, 2, 3, 7, 8, 9));
  Plan contradicted = plan("a\tone\nb\ttwo\n", "a\tone\n");
  contradicted.embeddings = given.embeddings;
  contradicted.given_embedding_size = 4;
  EXPECT_THAT(decided(contradicted), HasSubstr("--embedding-size 4 contradicts"));
  // A frozen embedding has only the given rows, and no word ends.
  Plan frozen = plan("a\tone three three\nb\ttwo\n", "a\tone\n");
  frozen.embeddings = given.embeddings;
  frozen.settings.freeze = true;
  ASSERT_EQ(decided(frozen), "no error");
  EXPECT_EQ(frozen.vocabulary.words.rows(), 4);
  EXPECT_EQ(frozen.settings.end_size, 0);
}

TEST_F(PlanTest, ACrfIsShownTagsInOneForm) {
  const std::string iob1 = "a\tI-X\nb\tI-X\nc\tO\n\nd\tI-X\n";
  Plan crf = plan(iob1, iob1, Kind::kTag);
  crf.crf = true;
  ASSERT_EQ(decided(crf), "no error");
  EXPECT_EQ(crf.settings.output, OutputKind::kCrf);
  EXPECT_THAT(crf.train.examples[0].labels, ElementsAre("B-X", "I-X", "O"));
  EXPECT_THAT(crf.dev.examples[1].labels, ElementsAre("B-X"));
  // A softmax learns the tags unchanged.
  Plan softmax = plan(iob1, iob1, Kind::kTag);
  ASSERT_EQ(decided(softmax), "no error");
  EXPECT_THAT(softmax.train.examples[0].labels, ElementsAre("I-X", "I-X", "O"));
}

TEST_F(PlanTest, BadDataIsNamedWithItsLine) {
  Plan columns = plan("a\tx\nb\n", "a\tx\n");
  EXPECT_THAT(decided(columns), HasSubstr("train:2"));
  Plan empty = plan("a\tx\nb\tx\n", "");
  EXPECT_THAT(decided(empty), HasSubstr("dev"));
}

}  // namespace
}  // namespace elmo::task
