#include "tools/failure.h"

#include <exception>

#include "elmo/error.h"
#include "tools/output.h"

namespace elmo {

Failure current_failure() {
  try {
    throw;
  } catch (const OutputClosed&) {
    return {kDone, {}};
  } catch (const UsageError& error) {
    return {kWrongCommandLine, error.what()};
  } catch (const Interrupted& error) {
    return {kInterrupted, error.what()};
  } catch (const std::exception& error) {
    return {kFailed, describe(error)};
  } catch (...) {
    return {kFailed, "failed for an unknown reason"};
  }
}

}  // namespace elmo
