// The exceptions of elmo.cpp. A message is one or two sentences: the file and line if there is one,
// what was found, and what to do about it.
#pragma once

#include <exception>
#include <stdexcept>
#include <string>

#include "elmo/export.h"

namespace elmo {

// The work failed: an input is bad, a file can't be read or written. Exit status 1.
class ELMO_API Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message) : std::runtime_error(message) {}
};

// The request is invalid or contradicts itself. Exit status 2.
class ELMO_API UsageError : public Error {
 public:
  explicit UsageError(const std::string& message) : Error(message) {}
};

// The work was interrupted by SIGINT or SIGTERM after its state was saved. Exit status 130.
class ELMO_API Interrupted : public Error {
 public:
  explicit Interrupted(const std::string& message) : Error(message) {}
};

// An exception as a sentence for the user: an Error's message; for exceptions of the standard
// library, whose what() often only names a C++ function, a description of what went wrong.
ELMO_API std::string describe(const std::exception& error);

}  // namespace elmo
