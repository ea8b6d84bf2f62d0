#include "base/numbers.h"

#include <gmock/gmock.h>

#include <cstdint>
#include <string>

#include "base/printable.h"

namespace elmo {
namespace {

using testing::ElementsAre;
using testing::Optional;

TEST(Number, IsAWholeText) {
  EXPECT_EQ(parse_number<int>("-12"), -12);
  EXPECT_EQ(parse_number<double>("1.5e3"), 1500);
  EXPECT_EQ(parse_number<std::uint8_t>("255"), 255);
  for (const char* const text : {"", "1 ", " 1", "1.5", "1x", "+1", "0x1", "99999999999"}) {
    EXPECT_EQ(parse_number<int>(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_number<std::uint8_t>("256"), std::nullopt);
  EXPECT_EQ(parse_number<unsigned>("-1"), std::nullopt);
  EXPECT_EQ(parse_number<int>(std::string_view("1\0", 2)), std::nullopt);
}

TEST(Numbers, AreWhatStandsBetweenCommas) {
  EXPECT_THAT(parse_numbers("3"), Optional(ElementsAre(3)));
  EXPECT_THAT(parse_numbers("3,0,3,2147483647"), Optional(ElementsAre(3, 0, 3, 2147483647)));
}

TEST(Numbers, NothingElseIsAList) {
  for (const char* const text : {"", ",", "1,", ",1", "1,,2", "-1", "+1", " 1", "1 ", "1;2", "1.5",
                                 "0x1", "2147483648", "99999999999999999999", "one"}) {
    EXPECT_EQ(parse_numbers(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_numbers(std::string_view("1\0", 2)), std::nullopt);
}

TEST(Printable, NamesOfOthersStayInOneLine) {
  EXPECT_EQ(printable("weight_0"), "weight_0");
  EXPECT_EQ(printable("a\nb\x1b[31m\x7f배"), "a?b?[31m????");
  EXPECT_EQ(printable(std::string(200, 'x')).size(), 100u);
  EXPECT_EQ(printable(std::string_view("\0", 1)), "?");
}

TEST(JoinWords, NamesOneTwoAndMore) {
  EXPECT_EQ(join_words({}, "and"), "");
  EXPECT_EQ(join_words({"a"}, "and"), "a");
  EXPECT_EQ(join_words({"a", "b"}, "or"), "a or b");
  EXPECT_EQ(join_words({"a", "b", "c"}, "and"), "a, b and c");
}

}  // namespace
}  // namespace elmo
