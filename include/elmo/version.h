// The version of the library. Until 1.0 another minor version is another interface.
#pragma once

#include "elmo/export.h"

// Of these headers; the build reads them here.
#define ELMO_VERSION_MAJOR 0
#define ELMO_VERSION_MINOR 2
#define ELMO_VERSION_PATCH 0
// Do these headers have at least that version?
#define ELMO_VERSION_AT_LEAST(major, minor, patch)                                  \
  (ELMO_VERSION_MAJOR * 1000000 + ELMO_VERSION_MINOR * 1000 + ELMO_VERSION_PATCH >= \
   (major)*1000000 + (minor)*1000 + (patch))

namespace elmo {

// Of the library that runs, as `elmo --version` prints it: "0.2.0".
ELMO_API const char* version();

}  // namespace elmo
