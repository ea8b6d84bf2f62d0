// Vocabularies: training them, and from words to pieces.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "elmo/error.h"
#include "tests/io/io_support.h"
#include "text/piece_vocabulary.h"
#include "text/utf8.h"
#include "text/vocabulary_training.h"
#include "text/word_vocabulary.h"

namespace elmo {
namespace {

using testing::HasSubstr;

class VocabularyTest : public testing::Test {
 protected:
  VocabularyTest() {
    std::ofstream out(folder_ / "text");
    const char* const words[] = {"배를", "타고", "강을", "건넜다", "bank", "river", "ㅋㅋ", "눈이"};
    for (int i = 0; i < 800; ++i) {
      out << words[i % 8] << ' ' << words[i * i % 7] << ' ' << i * 37 % 991 << '\n';
    }
  }
  std::string train(VocabularyOptions options, VocabularyReport* report = nullptr) {
    return train_vocabulary({(folder_ / "text").string()}, options, report);
  }
  PieceVocabulary pieces() { return {train({.size = 400}), "test"}; }
  static std::vector<std::int32_t> encode(const PieceVocabulary& vocabulary,
                                          std::string_view word) {
    std::vector<std::int32_t> ids;
    vocabulary.encode(word, ids);
    return ids;
  }
  static std::string text_of(const PieceVocabulary& vocabulary, std::string_view word) {
    std::string text;
    for (const std::int32_t id : encode(vocabulary, word)) text += vocabulary.piece(id);
    return text;
  }
  TemporaryFolder folder_;
};

TEST_F(VocabularyTest, TheSameTextGivesTheSameModel) {
  for (const char* type : {"unigram", "bpe"}) {
    const VocabularyOptions options{.size = 380, .type = type};
    EXPECT_EQ(train(options), train(options)) << type;
  }
}

TEST_F(VocabularyTest, HasBoundaryUnitsAndBytes) {
  VocabularyReport report;
  const PieceVocabulary vocabulary(train({.size = 400}, &report), "test");
  EXPECT_EQ(report.lines, 800u);
  EXPECT_EQ(vocabulary.rows(), 400);
  EXPECT_EQ(vocabulary.piece(vocabulary.bos()), "<s>");
  EXPECT_EQ(vocabulary.piece(vocabulary.eos()), "</s>");
  EXPECT_EQ(vocabulary.piece(vocabulary.unk()), "<unk>");
  EXPECT_TRUE(vocabulary.is_unknown(vocabulary.unk()));
  EXPECT_FALSE(vocabulary.is_unknown(vocabulary.bos()));
  // What the text does not hold goes by bytes.
  const auto emoji = encode(vocabulary, "😀");
  EXPECT_GE(emoji.size(), 4u);
  EXPECT_TRUE(std::all_of(emoji.end() - 4, emoji.end(),
                          [&](std::int32_t id) { return vocabulary.is_unknown(id); }));
}

TEST_F(VocabularyTest, SizesThatTheTextDoesNotSupportAreNamed) {
  const std::string error = error_of([&] { train({.size = 30'000}); });
  EXPECT_THAT(error, HasSubstr("--size 30000 is more than this text supports; the largest is "));
  const auto largest = std::stoll(error.substr(error.rfind(' ')));
  EXPECT_NO_THROW(train({.size = largest}));
  std::string many;
  for (int i = 0; i < 600; ++i) append_utf8(many, U'가' + static_cast<char32_t>(i % 200));
  put(folder_ / "text", many + "\n");
  const std::string small = error_of([&] { train({.size = 300}); });
  EXPECT_THAT(small, HasSubstr("--size 300 is too small"));
  EXPECT_THAT(small, testing::Not(HasSubstr("trainer_interface")));
}

TEST_F(VocabularyTest, WordsAreBroughtToNfcAndNoFurther) {
  const PieceVocabulary vocabulary = pieces();
  EXPECT_EQ(text_of(vocabulary, "ㅋㅋ"), "▁ㅋㅋ");
  EXPECT_EQ(encode(vocabulary, "\u1107\u1162\u1105\u1173\u11AF"), encode(vocabulary, "배를"));
  EXPECT_NE(encode(vocabulary, "ㅋ"), encode(vocabulary, "\u110F"));
}

TEST_F(VocabularyTest, AWordWithoutPiecesGetsOneUnknown) {
  const PieceVocabulary vocabulary = pieces();
  for (const char* word : {"\u2581", "\u2581\u2581"}) {
    EXPECT_EQ(encode(vocabulary, word), std::vector{vocabulary.unk()}) << word;
  }
  for (const char* word : {"\u200B", "\u3000", "\u00A0"}) {
    EXPECT_GE(encode(vocabulary, word).size(), 1u);
  }
}

TEST_F(VocabularyTest, CachedPiecesAreTheSame) {
  const PieceVocabulary vocabulary = pieces();
  PieceCache cache(vocabulary, 3);
  for (int round = 0; round < 3; ++round) {
    for (const char* word : {"배를", "bank", "눈이", "강을", "bank", "river"}) {
      std::vector<std::int32_t> ids = {7};
      cache.encode(word, ids);
      const auto expected = encode(vocabulary, word);
      EXPECT_EQ(std::vector(ids.begin() + 1, ids.end()), expected) << word;
    }
  }
}

TEST_F(VocabularyTest, PlacesCoverTheWord) {
  const PieceVocabulary vocabulary = pieces();
  for (const std::string word : {"배를", "river", "riverbank", "배bank를", "😀", "ㅋ"}) {
    const auto places = vocabulary.encode_with_places(word);
    const auto ids = encode(vocabulary, word);
    ASSERT_EQ(places.size(), ids.size());
    std::size_t at = 0;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      EXPECT_EQ(places[i].id, ids[i]);
      EXPECT_GE(places[i].end, places[i].begin);
      at = std::max(at, places[i].end);
    }
    EXPECT_EQ(at, word.size()) << word;
  }
}

TEST_F(VocabularyTest, LongWordsAreCut) {
  const PieceVocabulary vocabulary = pieces();
  std::string word;
  for (int i = 0; i < 20'000; ++i) word += "배";
  EXPECT_GE(encode(vocabulary, word).size(), 20'000u / 8);
}

TEST_F(VocabularyTest, ForeignAndDamagedModelsAreRefused) {
  const std::string good = train({.size = 400});
  for (const std::string& bad : {std::string(), std::string("text\n"), good.substr(0, 100),
                                 good.substr(0, good.size() / 2)}) {
    EXPECT_THAT(error_of([&] { PieceVocabulary(bad, "x.model"); }), HasSubstr("x.model"))
        << bad.size();
  }
}

TEST_F(VocabularyTest, WordListsAreByFallingFrequency) {
  put(folder_ / "text", "b a c a\na b a d\n");
  const std::string list = train({.size = 6, .type = "word"});
  put(folder_ / "list", list);
  const WordVocabulary words = WordVocabulary::from_file((folder_ / "list").string());
  EXPECT_EQ(words.rows(), 6);
  EXPECT_LT(words.id("a"), words.id("b"));
  EXPECT_EQ(words.id("z"), words.unk());
  EXPECT_EQ(words.word(words.id("a")), "a");
}

}  // namespace
}  // namespace elmo
