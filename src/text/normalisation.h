// Unicode normalisation of the words that a model reads.
#pragma once

#include <string>
#include <string_view>

namespace elmo {

// kNfkc: normalisation form KC (ㅋ becomes the jamo U+110F, … three dots, full-width letters
// plain ones). kWidth: the full-width forms of ASCII, U+FF01 to U+FF5E, become ASCII; nothing else.
enum class Normalisation { kNone, kNfkc, kWidth };
Normalisation parse_normalisation(std::string_view name);  // none|nfkc|width; throws UsageError
std::string_view normalisation_name(Normalisation normalisation);

// Of valid UTF-8.
std::string normalise(std::string_view text, Normalisation normalisation);

}  // namespace elmo
