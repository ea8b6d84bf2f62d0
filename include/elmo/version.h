// The version of the library, as `elmo --version` prints it.
#pragma once

namespace elmo {

const char* version();  // "0.1.0"

}  // namespace elmo
