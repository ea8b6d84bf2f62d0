// A sentence with a part of it in brackets.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace elmo {

// "he sat on the [bank] of the river": the sentence without brackets, and the bytes [begin, end)
// that they enclosed. Throws UsageError unless the text is UTF-8 and has one pair of brackets that
// is not empty.
struct Query {
  std::string sentence;
  std::size_t begin, end;
};
Query parse_query(std::string_view text);

}  // namespace elmo
