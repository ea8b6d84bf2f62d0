// Unicode normalisation of the words that a model reads.
#pragma once

#include <string>
#include <string_view>

namespace elmo {

// kNfkc: normalisation form KC (ㅋ becomes the jamo U+110F, … three dots, full-width letters
// ordinary ones). kWidth: full-width ASCII, U+FF01 to U+FF5E, becomes ASCII; nothing else changes.
enum class Normalisation { kNone, kNfkc, kWidth };
Normalisation parse_normalisation(std::string_view name);  // none|nfkc|width; throws UsageError
std::string_view normalisation_name(Normalisation normalisation);

// `text` must be valid UTF-8.
std::string normalise(std::string_view text, Normalisation normalisation);

}  // namespace elmo
