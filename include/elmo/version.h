// The version of the library. Until 1.0 the interface may change with each minor version.
#pragma once

#include "elmo/export.h"

// The version of these headers; the build reads it here.
#define ELMO_VERSION_MAJOR 0
#define ELMO_VERSION_MINOR 2
#define ELMO_VERSION_PATCH 0
// Are these headers of at least that version?
#define ELMO_VERSION_AT_LEAST(major, minor, patch)                                  \
  (ELMO_VERSION_MAJOR * 1000000 + ELMO_VERSION_MINOR * 1000 + ELMO_VERSION_PATCH >= \
   (major)*1000000 + (minor)*1000 + (patch))

namespace elmo {

// The version of the library that runs, as printed by `elmo --version`: "0.2.0".
ELMO_API const char* version();

}  // namespace elmo
