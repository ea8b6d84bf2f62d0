// UTF-8, normalisation and splitting into words.

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "elmo/error.h"
#include "text/utf8.h"
#include "text/words.h"

namespace elmo {
namespace {

TEST(Utf8Test, FindsTheFirstInvalidByte) {
  EXPECT_EQ(find_invalid_utf8("배를 타고 😀 z"), std::string_view::npos);
  EXPECT_EQ(find_invalid_utf8(""), std::string_view::npos);
  EXPECT_EQ(find_invalid_utf8("\xF4\x8F\xBF\xBF"), std::string_view::npos);  // U+10FFFF
  EXPECT_EQ(find_invalid_utf8("ab\xB9\xE8"), 2u);                            // 배 in CP949
  EXPECT_EQ(find_invalid_utf8("a\xC0\x80"), 1u);                             // overlong
  EXPECT_EQ(find_invalid_utf8("\xE0\x80\xAF"), 0u);
  EXPECT_EQ(find_invalid_utf8("x\xED\xA0\x80"), 1u);     // a surrogate
  EXPECT_EQ(find_invalid_utf8("\xF4\x90\x80\x80"), 0u);  // above U+10FFFF
  EXPECT_EQ(find_invalid_utf8("abc\xEB\xB0"), 3u);       // truncated
  EXPECT_EQ(find_invalid_utf8("\x80"), 0u);
  EXPECT_EQ(find_invalid_utf8(std::string(100, 'a') + "\xFF"), 100u);
}

TEST(Utf8Test, ReplacesWhatIsInvalid) {
  EXPECT_EQ(replace_invalid_utf8("a\xFFz"), "a\uFFFDz");
  EXPECT_EQ(find_invalid_utf8(replace_invalid_utf8("\xB9\xE8 \xED\xA0\x80 \xEB\xB0")),
            std::string_view::npos);
  EXPECT_EQ(replace_invalid_utf8("배 😀"), "배 😀");
}

TEST(Utf8Test, DecodesAndCounts) {
  const std::string text = "a배😀";
  std::size_t at = 0;
  EXPECT_EQ(decode_utf8(text, at), U'a');
  EXPECT_EQ(decode_utf8(text, at), U'배');
  EXPECT_EQ(decode_utf8(text, at), U'😀');
  EXPECT_EQ(at, text.size());
  EXPECT_EQ(count_characters(text), 3u);
  std::string again;
  for (const char32_t character : {U'a', U'배', U'😀'}) append_utf8(again, character);
  EXPECT_EQ(again, text);
}

TEST(Utf8Test, ComposesJamoThatMakeSyllablesAndKeepsTheOthers) {
  EXPECT_EQ(to_nfc("\u1100\u1161"), "가");
  EXPECT_EQ(to_nfc("ㅋㅋ"), "ㅋㅋ");
  EXPECT_EQ(to_nfc("ㄱㅏ"), "ㄱㅏ");
  EXPECT_EQ(to_nfc("e\u0301"), "é");
  EXPECT_EQ(to_nfc("ﬁ ①"), "ﬁ ①");  // compatibility forms must stay
}

// Text that to_nfc() returns without normalising it must be what utf8proc would return.
TEST(Utf8Test, KnowsNfcAtSightOnlyWhereItIs) {
  const auto full = [](const std::string& text) {
    // The mark composes with no character before it, so the whole text is normalised.
    std::string normal = to_nfc(text + "x\u0331");
    return normal.substr(0, normal.size() - std::string("x\u0331").size());
  };
  std::string before = "a";
  for (char32_t character = 1; character < 0x30000; ++character) {
    if (character >= 0xD800 && character < 0xE000) continue;
    std::string one;
    append_utf8(one, character);
    ASSERT_EQ(to_nfc(one), full(one)) << std::hex << static_cast<std::uint32_t>(character);
    ASSERT_EQ(to_nfc(before + one), full(before + one))
        << std::hex << static_cast<std::uint32_t>(character);
    before = one;
  }
  EXPECT_EQ(count_nfc_characters("\u1107\u1162\u1105\u1173\u11AF a"), 4u);
}

TEST(Utf8Test, PadsToColumns) {
  EXPECT_EQ(display_width("ab"), 2u);
  EXPECT_EQ(display_width("배를"), 4u);
  EXPECT_EQ(display_width("e\u0301"), 1u);
  EXPECT_EQ(padded("배", 4), "배  ");
  EXPECT_EQ(padded("four", 2), "four");
}

std::vector<std::string> split(std::string_view line, Split how) {
  std::vector<std::string_view> words;
  split_words(line, how, words);
  return {words.begin(), words.end()};
}
using Words = std::vector<std::string>;

TEST(WordsTest, SpacesAndTabsSeparate) {
  EXPECT_EQ(split(" a\tb  c ", Split::kSpaces), (Words{"a", "b", "c"}));
  EXPECT_EQ(split("", Split::kSpaces), Words{});
  EXPECT_EQ(split(" \t ", Split::kSpaces), Words{});
  // Unicode's other spaces are part of words.
  EXPECT_EQ(split("a\u3000b \u200B \u2581", Split::kSpaces),
            (Words{"a\u3000b", "\u200B", "\u2581"}));
}

TEST(WordsTest, PunctuationIsWordsOfItsOwn) {
  EXPECT_EQ(split("최고!! 배를(눈) it's 3.5%", Split::kPunctuation),
            (Words{"최고", "!!", "배를", "(", "눈", ")", "it", "'", "s", "3", ".", "5", "%"}));
  EXPECT_EQ(split("。、ㅋㅋ☆", Split::kPunctuation), (Words{"。、", "ㅋㅋ", "☆"}));
}

TEST(WordsTest, CharactersKeepTheirMarks) {
  EXPECT_EQ(split("배 ab", Split::kCharacters), (Words{"배", "a", "b"}));
  EXPECT_EQ(split("e\u0301x", Split::kCharacters), (Words{"e\u0301", "x"}));
}

TEST(WordsTest, BetweenTabsSpacesBelongToWords) {
  EXPECT_EQ(split("New York\tis big\ta", Split::kTabs), (Words{"New York", "is big", "a"}));
  EXPECT_EQ(split("\t a\t\t  \tb \t", Split::kTabs), (Words{" a", "b "}));
  EXPECT_EQ(split("", Split::kTabs), Words{});
  EXPECT_EQ(split(" \t ", Split::kTabs), Words{});
}

TEST(WordsTest, NamesGoBothWays) {
  for (const Split how : {Split::kSpaces, Split::kCharacters, Split::kPunctuation, Split::kTabs}) {
    EXPECT_EQ(parse_split(split_name(how)), how);
  }
  EXPECT_THROW(parse_split("lines"), UsageError);
}

}  // namespace
}  // namespace elmo
