// A sentence with a part of it marked.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace elmo {

// "he sat on the [bank] of the river": the sentence and the bytes [begin, end) that the brackets
// held. Throws UsageError unless it is UTF-8 with one pair of brackets and something between them.
struct Query {
  std::string sentence;
  std::size_t begin, end;
};
Query parse_query(std::string_view text);

}  // namespace elmo
