// Numbers in text.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

namespace elmo {

// The number that the whole text denotes, as std::from_chars reads it; nullopt if it is anything
// else or does not fit T.
template <typename T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

// Integers of at least 0 with commas between them ("3,4,5"); nullopt for any other text.
std::optional<std::vector<int>> parse_numbers(std::string_view text);

}  // namespace elmo
