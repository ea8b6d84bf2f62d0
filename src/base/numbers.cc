#include "base/numbers.h"

#include <algorithm>
#include <charconv>
#include <cstddef>

namespace elmo {

std::optional<std::vector<int>> parse_numbers(std::string_view text) {
  std::vector<int> numbers;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    const char* end = text.data() + comma;
    int number = -1;
    const auto [rest, error] = std::from_chars(text.data() + at, end, number);
    if (error != std::errc() || rest != end || number < 0) return std::nullopt;
    numbers.push_back(number);
    at = comma + 1;
  }
  return numbers;
}

}  // namespace elmo
