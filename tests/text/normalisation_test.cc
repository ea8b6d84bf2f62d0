#include "text/normalisation.h"

#include <gmock/gmock.h>

#include "elmo/error.h"

namespace elmo {
namespace {

TEST(Normalisation, NamesGoBothWays) {
  for (const auto one : {Normalisation::kNone, Normalisation::kNfkc, Normalisation::kWidth}) {
    EXPECT_EQ(parse_normalisation(normalisation_name(one)), one);
  }
  EXPECT_THROW(parse_normalisation("nfc"), UsageError);
  EXPECT_THROW(parse_normalisation(""), UsageError);
}

TEST(Normalisation, NoneChangesNothing) {
  EXPECT_EQ(normalise("e\u0301 ㅋ，…", Normalisation::kNone), "e\u0301 ㅋ，…");
}

TEST(Normalisation, WidthTouchesTheFullWidthFormsOfAsciiAlone) {
  EXPECT_EQ(normalise("！～Ａｚ０，", Normalisation::kWidth), "!~Az0,");
  // Not changed: U+FF5F, half-width Korean and Japanese letters, U+3000, combining characters.
  EXPECT_EQ(normalise("｟ﾡｱ\u3000…ㅋe\u0301", Normalisation::kWidth), "｟ﾡｱ\u3000…ㅋe\u0301");
  EXPECT_EQ(normalise("", Normalisation::kWidth), "");
}

TEST(Normalisation, NfkcIsUnicodes) {
  EXPECT_EQ(normalise("…", Normalisation::kNfkc), "...");
  EXPECT_EQ(normalise("Ａ，", Normalisation::kNfkc), "A,");
  EXPECT_EQ(normalise("ㅋ", Normalisation::kNfkc), "\u110F");
  EXPECT_EQ(normalise("e\u0301", Normalisation::kNfkc), "\u00E9");
}

}  // namespace
}  // namespace elmo
