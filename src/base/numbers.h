// Numbers in text.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace elmo {

// "3,4,5": numbers from 0 on with commas between them; nothing for any other text.
std::optional<std::vector<int>> parse_numbers(std::string_view text);

}  // namespace elmo
