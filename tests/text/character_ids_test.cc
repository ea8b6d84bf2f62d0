#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "text/characters.h"

namespace elmo {
namespace {

using testing::ElementsAre;

std::vector<std::uint16_t> ids(std::string_view word, int most = 50) {
  std::vector<std::uint16_t> result;
  append_characters(word, most, result);
  return result;
}

// One less than in bilm-tf and AllenNLP, which add 1 to every id.
TEST(Characters, AreTheBytesBetweenTheWordsEnds) {
  EXPECT_THAT(ids("한"), ElementsAre(258, 237, 149, 156, 259));
  EXPECT_THAT(ids("a"), ElementsAre(258, 'a', 259));
  EXPECT_THAT(ids("😀"), ElementsAre(258, 0xF0, 0x9F, 0x98, 0x80, 259));
  EXPECT_THAT(ids("<S>"), ElementsAre(kBeginWord, kBeginSentence, kEndWord));
  EXPECT_THAT(ids("</S>"), ElementsAre(kBeginWord, kEndSentence, kEndWord));
}

TEST(Characters, AreCutAt48BytesEvenAmidACharacter) {
  const std::string long_word(60, 'x');
  EXPECT_EQ(ids(long_word).size(), 50u);
  EXPECT_EQ(ids(long_word), ids(std::string(48, 'x')));
  std::string hangul = "a";
  for (int i = 0; i < 16; ++i) hangul += "가";  // 49 bytes
  EXPECT_EQ(ids(hangul).size(), 50u);
  EXPECT_EQ(ids(hangul)[48], 0xB0) << "the second byte of the last syllable is kept";
}

}  // namespace
}  // namespace elmo
