// Numbers in text.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

namespace elmo {

// A text that is a number from its first byte to its last and fits T, as std::from_chars reads it;
// nothing for any other.
template <typename T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

// "3,4,5": numbers from 0 on with commas between them; nothing for any other text.
std::optional<std::vector<int>> parse_numbers(std::string_view text);

}  // namespace elmo
