#include "base/numbers.h"

#include <algorithm>
#include <cstddef>

namespace elmo {

std::optional<std::vector<int>> parse_numbers(std::string_view text) {
  std::vector<int> numbers;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    const auto number = parse_number<int>(text.substr(at, comma - at));
    if (!number || *number < 0) return std::nullopt;
    numbers.push_back(*number);
    at = comma + 1;
  }
  return numbers;
}

}  // namespace elmo
