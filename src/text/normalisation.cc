#include "text/normalisation.h"

#include <algorithm>
#include <cstddef>

#include "elmo/error.h"
#include "text/utf8.h"

namespace elmo {
namespace {

// U+FF01 to U+FF5E are in the same order as ASCII's ! to ~.
std::string to_half_width(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t character = decode_utf8(text, at);
    const bool is_wide = character >= 0xFF01 && character <= 0xFF5E;
    append_utf8(result, is_wide ? character - 0xFF01 + U'!' : character);
  }
  return result;
}

}  // namespace

Normalisation parse_normalisation(std::string_view name) {
  for (const auto known : {Normalisation::kNone, Normalisation::kNfkc, Normalisation::kWidth}) {
    if (normalisation_name(known) == name) return known;
  }
  throw UsageError("normalisation '" + std::string(name) + "' is not one of none, nfkc, width");
}

std::string_view normalisation_name(Normalisation normalisation) {
  return normalisation == Normalisation::kNone   ? "none"
         : normalisation == Normalisation::kNfkc ? "nfkc"
                                                 : "width";
}

std::string normalise(std::string_view text, Normalisation normalisation) {
  switch (normalisation) {
    case Normalisation::kNone:
      break;
    case Normalisation::kNfkc:
      return to_nfkc(text);
    case Normalisation::kWidth:
      return to_half_width(text);
  }
  return std::string(text);
}

}  // namespace elmo
