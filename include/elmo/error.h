// The exceptions of elmo.cpp. Every message is one sentence (or two) that names the file and
// line where there is one, what was found, and what to do about it.
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

// What was asked contradicts itself or makes no sense. Exit status 2.
class ELMO_API UsageError : public Error {
 public:
  explicit UsageError(const std::string& message) : Error(message) {}
};

// The work was interrupted by SIGINT or SIGTERM after its state was saved. Exit status 130.
class ELMO_API Interrupted : public Error {
 public:
  explicit Interrupted(const std::string& message) : Error(message) {}
};

// An exception as a sentence: Error's own; of the standard library's, whose what() names functions
// of C++, what went wrong.
ELMO_API std::string describe(const std::exception& error);

}  // namespace elmo
