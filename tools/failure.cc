#include "tools/failure.h"

#include <exception>
#include <new>

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
  } catch (const std::bad_alloc&) {
    return {kFailed, "out of memory; smaller batches or sizes need less"};
  } catch (const std::exception& error) {
    return {kFailed, error.what()};
  } catch (...) {
    return {kFailed, "failed for an unknown reason"};
  }
}

}  // namespace elmo
