#include "elmo/version.h"

namespace elmo {

const char* version() { return ELMO_VERSION; }

}  // namespace elmo
