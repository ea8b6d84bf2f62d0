// One vector a line.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace elmo {

// Of the vectors of a line's words: their mean, the largest of each dimension, the first, the last.
enum class LinePooling { kMean, kMax, kFirst, kLast };
std::string_view line_pooling_name(LinePooling pooling);  // mean|max|first|last
// Nothing of an empty name; throws UsageError of any other.
std::optional<LinePooling> parse_line_pooling(std::string_view name);

// `vectors` is (words, pooled.size()); without words `pooled` becomes zeros. Means are summed in
// double precision, in the order of the words.
void pool_line(LinePooling pooling, std::span<const float> vectors, std::span<float> pooled);

}  // namespace elmo
