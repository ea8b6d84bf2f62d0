#include "text/query.h"

#include <fmt/core.h>

#include "elmo/error.h"
#include "text/utf8.h"

namespace elmo {

Query parse_query(std::string_view text) {
  if (const std::size_t wrong = find_invalid_utf8(text); wrong != std::string_view::npos) {
    throw UsageError(
        fmt::format("--query is not UTF-8 at byte {}; was a character cut in two?", wrong + 1));
  }
  const std::size_t open = text.find('['), close = text.find(']');
  if (open == std::string_view::npos || close == std::string_view::npos || close <= open + 1 ||
      text.find('[', open + 1) != std::string_view::npos ||
      text.find(']', close + 1) != std::string_view::npos) {
    throw UsageError(
        "--query needs one word or phrase in brackets, such as \"he sat on the [bank] of the "
        "river\"");
  }
  Query query;
  query.sentence = std::string(text.substr(0, open)) +
                   std::string(text.substr(open + 1, close - open - 1)) +
                   std::string(text.substr(close + 1));
  query.begin = open;
  query.end = close - 1;
  return query;
}

}  // namespace elmo
