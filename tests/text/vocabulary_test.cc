// Training vocabularies, and cutting words into pieces.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "elmo/error.h"
#include "tests/support/files.h"
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
    for (const std::int32_t id : encode(vocabulary, word)) text += vocabulary.name(id);
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
  EXPECT_EQ(vocabulary.name(vocabulary.bos()), "<s>");
  EXPECT_EQ(vocabulary.name(vocabulary.eos()), "</s>");
  EXPECT_EQ(vocabulary.name(vocabulary.unk()), "<unk>");
  EXPECT_TRUE(vocabulary.is_unknown(vocabulary.unk()));
  EXPECT_FALSE(vocabulary.is_unknown(vocabulary.bos()));
  // Characters that the training text lacks are encoded as bytes.
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

TEST_F(VocabularyTest, SmallAlphabetsHaveASize) {
  std::string dna;
  for (int i = 0; i < 4000; ++i) dna += i % 50 == 49 ? '\n' : "ACGT"[(i * i + i / 7) % 4];
  put(folder_ / "dna", dna + "\n");
  VocabularyOptions options{.size = 300, .split = Split::kCharacters};
  const std::vector<std::string> inputs = {(folder_ / "dna").string()};
  const auto error = [&] { return error_of([&] { train_vocabulary(inputs, options, nullptr); }); };
  const std::string first = error(), lead = "the largest is ";
  ASSERT_THAT(first, HasSubstr(lead));
  options.size = std::stoll(first.substr(first.find(lead) + lead.size()));
  EXPECT_LT(options.size, 300);
  EXPECT_EQ(error(), "no error");
  options.size = 259;
  EXPECT_THAT(error(), HasSubstr("at least 260"));
}

// libsentencepiece itself would read out of bounds.
TEST_F(VocabularyTest, DamagedCharacterMapsAndMissingUnknownsAreRefused) {
  const auto field = [](int number, const std::string& payload) {
    std::string size;
    std::size_t left = payload.size();
    for (; left >= 0x80; left >>= 7) size += static_cast<char>(0x80 | (left & 0x7F));
    size += static_cast<char>(left);
    return std::string{static_cast<char>(number << 3 | 2)} + size + payload;
  };
  const auto model = [&](std::uint32_t root, std::string_view texts, int type) {
    std::string map = {0, 4, 0, 0};  // 256 units
    map.append(reinterpret_cast<const char*>(&root), sizeof root);
    map.append(255 * sizeof root, '\0');
    map += texts;
    const auto piece = [&](const std::string& text, int kind) {
      return field(1,
                   field(1, text) + std::string("\x15\0\0\0\0\x18", 6) + static_cast<char>(kind));
    };
    return piece("<unk>", type) + piece("a", 1) + field(2, "") + field(3, field(2, map));
  };
  const std::string_view sound("\0", 1);
  const auto error = [](const std::string& bytes) {
    return error_of([&] { PieceVocabulary(bytes, "m.model"); });
  };
  EXPECT_EQ(error(model(0, sound, 2)), "no error");
  EXPECT_THAT(error(model(0, sound, 1)),
              HasSubstr("m.model: not a SentencePiece model, or one without"));
  const std::string damaged = "m.model: the SentencePiece model's table of characters is damaged";
  EXPECT_THAT(error(model(1u << 10 << 8, sound, 2)), HasSubstr(damaged));  // 256 is not a unit
  EXPECT_THAT(error(model(0x100, "", 2)), HasSubstr(damaged));             // no text at all
  EXPECT_THAT(error(model(0, "text without an end", 2)), HasSubstr(damaged));
}

// A part of continuation bytes only can't be cut between characters.
TEST_F(VocabularyTest, StrayBytesEnd) {
  const PieceVocabulary vocabulary(train({.size = 400}), "test");
  std::vector<std::int32_t> ids;
  vocabulary.encode("a" + std::string(20'000, '\x80'), ids);
  EXPECT_FALSE(ids.empty());
}

TEST_F(VocabularyTest, WordListsOfPeople) {
  const auto list = [&](std::string_view content) {
    put(folder_ / "list", content);
    return WordVocabulary::from_file((folder_ / "list").string());
  };
  const std::string_view clean = "<S>\n</S>\n<UNK>\n배\na\n";
  EXPECT_EQ(list(clean).bytes(), clean);
  EXPECT_EQ(list("\xEF\xBB\xBF<S>\r\n</S> \r\r\n<UNK>\n배\t\na\n\n \n").bytes(), clean);
  EXPECT_EQ(list(clean).id("\u1107\u1162"), 3);
  EXPECT_EQ(list("<S>\n</S>\n<UNK>\n\u1107\u1162\na\n").id("배"), 3);
  EXPECT_THAT(error_of([&] { list("<S>\n</S>\n\n<UNK>\na\n"); }),
              HasSubstr("list:3: an empty line"));
}

TEST_F(VocabularyTest, WordListsAreByFallingFrequency) {
  put(folder_ / "text", "b a c a\na b a d\n");
  const std::string list = train({.size = 6, .type = "word"});
  put(folder_ / "list", list);
  const WordVocabulary words = WordVocabulary::from_file((folder_ / "list").string());
  EXPECT_EQ(words.rows(), 6);
  EXPECT_LT(words.id("a"), words.id("b"));
  EXPECT_EQ(words.id("z"), words.unk());
  EXPECT_EQ(words.name(words.id("a")), "a");
}

}  // namespace
}  // namespace elmo
