#include "text/dictionary.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "elmo/error.h"

namespace elmo {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kWords[] = "<oov>\t0\n<bos>\t1\n<eos>\t2\n<pad>\t3\nthe\t4\n배를\t5\n";
constexpr char kCharacters[] =
    "t\t0\nh\t1\n배\t2\n<bos>\t3\n<eos>\t4\n<oov>\t5\n<pad>\t6\n<bow>\t7\n<eow>\t8\n,\t9\n";

DictionaryReader reader(int positions = 50, Normalisation how = Normalisation::kNone) {
  return {kWords, "word.dic", kCharacters, "char.dic", positions, how};
}

std::vector<std::uint16_t> characters(const DictionaryReader& dictionaries, const char* word) {
  std::vector<std::uint16_t> ids;
  dictionaries.append_characters(dictionaries.prepare(word), ids);
  return ids;
}

std::string error_of(const std::string& bytes) {
  constexpr std::string_view kMarkers[] = {"<oov>"};
  try {
    const Dictionary dictionary(bytes, "word.dic", kMarkers);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Dictionary, ReadsKeysAndIds) {
  // White space at the ends of a line is stripped, so a key that is only white space becomes
  // U+3000. The last of equal keys counts. The last line need not end in a newline.
  const Dictionary dictionary(" a\t0\r\nNew York\t1\n\t2\na\t3\nb\u00A0\t1", "d", {});
  EXPECT_EQ(dictionary.rows(), 4);
  EXPECT_EQ(dictionary.find("a"), 3);
  EXPECT_EQ(dictionary.find("New York"), 1);
  EXPECT_EQ(dictionary.find("\u3000"), 2);
  EXPECT_EQ(dictionary.find("b\u00A0"), 1);
  EXPECT_EQ(dictionary.find("c"), std::nullopt);
}

TEST(Dictionary, NamesTheLineThatIsWrong) {
  EXPECT_THAT(error_of(""), HasSubstr("word.dic: is empty"));
  EXPECT_THAT(error_of("<oov>\t0\na\tb\t1\n"), HasSubstr("word.dic:2: has more than one tab"));
  EXPECT_THAT(error_of("<oov>\t0\na\t-1\n"), HasSubstr("word.dic:2: has no id"));
  EXPECT_THAT(error_of("<oov>\t0\na\t1x\n"), HasSubstr("word.dic:2: has no id"));
  EXPECT_THAT(error_of("<oov>\t0\n\n"), HasSubstr("word.dic:2: has no id"));
  EXPECT_THAT(error_of("<oov>\t0\na\t99999999999\n"), HasSubstr("word.dic:2: has no id"));
  EXPECT_THAT(error_of("<oov>\t0\na\t2\n"), HasSubstr("word.dic:2: has the id 2, but there are 2"));
  EXPECT_THAT(error_of("<oov>\t0\n\xFF\t1\n"), HasSubstr("word.dic:2: not UTF-8"));
  EXPECT_THAT(error_of("oov\t0\n"), HasSubstr("word.dic: holds no <oov>"));
}

TEST(DictionaryReader, ExchangesTheEndsOfWords) {
  EXPECT_THAT(characters(reader(), "th배x"), ElementsAre(8, 0, 1, 2, 5, 7));
  EXPECT_THAT(characters(reader(), ""), ElementsAre(8, 7));
  EXPECT_THAT(characters(reader(), "<bos>"), ElementsAre(8, 3, 7));
  EXPECT_THAT(characters(reader(), "<eos>"), ElementsAre(8, 4, 7));
  EXPECT_THAT(characters(reader(), "<pad>"), ElementsAre(8, 5, 5, 5, 5, 5, 7));
  EXPECT_EQ(reader().padding(), 6);
}

TEST(DictionaryReader, CutsAfterCodePointsAndLooksUpWhatIsLeft) {
  const DictionaryReader four = reader(5);
  EXPECT_EQ(four.prepare("배를 타고"), "배를 ");
  EXPECT_EQ(four.word_id(four.prepare("there")), 4);
  EXPECT_EQ(reader().word_id("there"), 0);
  EXPECT_EQ(reader().word_id("배를"), 5);
  EXPECT_EQ(reader().word_id("<eos>"), 2);
}

TEST(DictionaryReader, Normalises) {
  EXPECT_EQ(reader(50, Normalisation::kNfkc).prepare("ㅋ…ｔ，①"), "\u110F...t,1");
  EXPECT_EQ(reader(50, Normalisation::kWidth).prepare("ㅋ…ｔ，①！～\u3000￥"), "ㅋ…t,①!~\u3000￥");
  // Words are cut after normalisation.
  EXPECT_EQ(reader(4, Normalisation::kNfkc).prepare("…"), "..");
  EXPECT_THAT(characters(reader(50, Normalisation::kWidth), "ｔ，"), ElementsAre(8, 0, 9, 7));
  for (const auto how : {Normalisation::kNone, Normalisation::kNfkc, Normalisation::kWidth}) {
    EXPECT_EQ(parse_normalisation(normalisation_name(how)), how);
  }
  EXPECT_THROW(parse_normalisation("nfc"), UsageError);
}

TEST(DictionaryReader, CountsWhatIsLacking) {
  DictionaryCoverage all;
  for (const char* word : {"the", "th，", "<bos>", ""}) {
    all.add(dictionary_coverage(reader(), word));
  }
  EXPECT_EQ(all.read.words, 4u);
  EXPECT_EQ(all.read.unknown_words, 2u);
  EXPECT_EQ(all.read.characters, 6u);
  EXPECT_EQ(all.read.unknown_characters, 2u);
  EXPECT_EQ(all.width.unknown_characters, 1u);
  EXPECT_EQ(all.nfkc.unknown_characters, 1u);
}

TEST(DictionaryReader, DoesWithoutOneOfTwo) {
  const DictionaryReader words(kWords, "word.dic", "", "", 50, Normalisation::kNone);
  EXPECT_FALSE(words.characters());
  EXPECT_EQ(words.coverage("the", Normalisation::kNone).characters, 0u);
  const DictionaryReader spelt("", "", kCharacters, "char.dic", 50, Normalisation::kNone);
  EXPECT_EQ(spelt.coverage("the", Normalisation::kNone).words, 0u);
  EXPECT_FALSE(words == spelt);
  EXPECT_TRUE(reader() == reader());
  EXPECT_FALSE(reader() == reader(49));
  EXPECT_FALSE(reader() == reader(50, Normalisation::kNfkc));
  EXPECT_THROW(DictionaryReader(kWords, "word.dic", kWords, "char.dic", 50, Normalisation::kNone),
               Error);
}

}  // namespace
}  // namespace elmo
