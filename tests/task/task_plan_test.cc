#include "task/task_plan.h"

#include <gmock/gmock.h>

#include <string>

#include "tests/io/io_support.h"

namespace elmo {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class TaskPlanTest : public testing::Test {
 protected:
  struct Case {
    TaskRequest request;
    TaskSettings settings;
    TaskPlan plan;
  };
  Case plan(const std::string& train, const std::string& dev, TaskKind kind = TaskKind::kClassify) {
    put(folder_ / "train", train);
    put(folder_ / "dev", dev);
    Case result;
    result.request.train = (folder_ / "train").string();
    result.request.dev = (folder_ / "dev").string();
    result.request.embedding = true;
    result.settings.task = kind;
    return result;
  }
  std::string decided(Case& one) {
    return error_of([&] { one.plan = plan_task(one.request, one.settings, folder_ / "task.h5"); });
  }
  TemporaryFolder folder_;
};

TEST_F(TaskPlanTest, LabelsDecideTheOutput) {
  Case two = plan("a\tx y\nb\ty\n", "b\tx\n");
  ASSERT_EQ(decided(two), "no error");
  EXPECT_EQ(two.plan.settings.output, OutputKind::kSigmoid);
  EXPECT_THAT(two.plan.labels.names(), ElementsAre("a", "b"));
  EXPECT_EQ(two.plan.train.examples.size(), 2u);
  EXPECT_EQ(two.plan.dev.examples.size(), 1u);
  Case three = plan("a\tx\nb\tx\nc\tx\n", "a\tx\n");
  ASSERT_EQ(decided(three), "no error");
  EXPECT_EQ(three.plan.settings.output, OutputKind::kSoftmax);
  Case one = plan("a\tx\na\ty\n", "a\tx\n");
  EXPECT_THAT(decided(one), HasSubstr("has one label only"));
}

TEST_F(TaskPlanTest, TheSplitCutsTexts) {
  Case characters = plan("a\txyz\nb\ty\n", "a\tx\n");
  characters.request.split = Split::kCharacters;
  ASSERT_EQ(decided(characters), "no error");
  EXPECT_EQ(characters.plan.settings.split, Split::kCharacters);
  EXPECT_THAT(characters.plan.train.examples[0].words, ElementsAre("x", "y", "z"));
}

TEST_F(TaskPlanTest, TheVocabularyIsOfWordsSeenTwice) {
  Case words = plan("a\tone two two\nb\tthree two\n", "a\tthree\n");
  ASSERT_EQ(decided(words), "no error");
  EXPECT_GT(words.plan.vocabulary.word_row("two"), 0);
  EXPECT_EQ(words.plan.vocabulary.word_row("one"), 0);
  EXPECT_EQ(words.plan.settings.embedding_size, 100);
  EXPECT_EQ(words.plan.settings.end_size, 25);
  EXPECT_TRUE(words.plan.word_vectors.empty());
}

TEST_F(TaskPlanTest, GivenVectorsDecideTheirSize) {
  put(folder_ / "v.vec", "one 1 2 3\ntwo 4 5 6\nfour 7 8 9\n");
  Case given = plan("a\tone two\nb\tthree\n", "a\tthree\n");
  given.request.embeddings = (folder_ / "v.vec").string();
  ASSERT_EQ(decided(given), "no error");
  EXPECT_EQ(given.plan.settings.embedding_size, 3);
  EXPECT_EQ(given.plan.word_vectors.size(), 9u);
  // The first lines of the file, and all words of the data.
  Case few = plan("a\tone four\nb\tthree\n", "a\tthree\n");
  few.request.embeddings = given.request.embeddings;
  few.request.embedding_words = 1;
  ASSERT_EQ(decided(few), "no error");
  EXPECT_THAT(few.plan.word_vectors, ElementsAre(1, 2, 3, 7, 8, 9));
  Case contradicted = plan("a\tone\nb\ttwo\n", "a\tone\n");
  contradicted.request.embeddings = given.request.embeddings;
  contradicted.request.given_embedding_size = 4;
  EXPECT_THAT(decided(contradicted), HasSubstr("--embedding-size 4 contradicts"));
  // What stays as it is has no rows but the given ones, and no ends.
  Case frozen = plan("a\tone three three\nb\ttwo\n", "a\tone\n");
  frozen.request.embeddings = given.request.embeddings;
  frozen.settings.freeze = true;
  ASSERT_EQ(decided(frozen), "no error");
  EXPECT_EQ(frozen.plan.vocabulary.words.rows(), 4);
  EXPECT_EQ(frozen.plan.settings.end_size, 0);
}

TEST_F(TaskPlanTest, ACrfIsShownTagsInOneForm) {
  const std::string iob1 = "a\tI-X\nb\tI-X\nc\tO\n\nd\tI-X\n";
  Case crf = plan(iob1, iob1, TaskKind::kTag);
  crf.request.crf = true;
  ASSERT_EQ(decided(crf), "no error");
  EXPECT_EQ(crf.plan.settings.output, OutputKind::kCrf);
  EXPECT_THAT(crf.plan.train.examples[0].labels, ElementsAre("B-X", "I-X", "O"));
  EXPECT_THAT(crf.plan.dev.examples[1].labels, ElementsAre("B-X"));
  // A softmax learns the tags as they are.
  Case softmax = plan(iob1, iob1, TaskKind::kTag);
  ASSERT_EQ(decided(softmax), "no error");
  EXPECT_THAT(softmax.plan.train.examples[0].labels, ElementsAre("I-X", "I-X", "O"));
}

TEST_F(TaskPlanTest, BadDataIsNamedWithItsLine) {
  Case columns = plan("a\tx\nb\n", "a\tx\n");
  EXPECT_THAT(decided(columns), HasSubstr("train:2"));
  Case empty = plan("a\tx\nb\tx\n", "");
  EXPECT_THAT(decided(empty), HasSubstr("dev"));
}

}  // namespace
}  // namespace elmo
