// Pools the vectors of a line's words into one vector.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace elmo {

// The mean of the vectors, the maximum in each dimension, the first, or the last.
enum class LinePooling { kMean, kMax, kFirst, kLast };
std::string_view line_pooling_name(LinePooling pooling);  // mean|max|first|last
// nullopt for an empty name; throws UsageError for an unknown one.
std::optional<LinePooling> parse_line_pooling(std::string_view name);

// `vectors` is (words, pooled.size()). Without words `pooled` becomes zeros. Means are summed in
// double precision in the order of the words.
void pool_line(LinePooling pooling, std::span<const float> vectors, std::span<float> pooled);

}  // namespace elmo
