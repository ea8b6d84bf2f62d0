// The one place that turns exceptions into exit statuses.
#pragma once

#include <string>

namespace elmo {

enum Status { kDone = 0, kFailed = 1, kWrongCommandLine = 2, kInterrupted = 130 };

struct Failure {
  Status status;
  std::string message;  // empty: nothing is to be said
};
// Of the exception that is being handled.
Failure current_failure();

}  // namespace elmo
