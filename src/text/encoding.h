// Which old encoding a text that is not UTF-8 is in.
#pragma once

#include <string_view>

namespace elmo {

// Whether the bytes read as CP949 give Hangul, and little else beyond ASCII.
bool is_korean_cp949(std::string_view bytes);

}  // namespace elmo
