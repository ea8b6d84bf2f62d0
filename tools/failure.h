// Turns exceptions into exit statuses; nothing else does.
#pragma once

#include <string>

namespace elmo {

enum Status { kDone = 0, kFailed = 1, kWrongCommandLine = 2, kInterrupted = 130 };

struct Failure {
  Status status;
  std::string message;  // empty: nothing to report
};
// Describes the exception that is being handled.
Failure current_failure();

}  // namespace elmo
