#include "parallel/background_exchanges.h"

#include <utility>

namespace elmo {

std::shared_future<void> BackgroundExchanges::start(std::function<void()> exchange) {
  if (queue_) {
    last_ = queue_->submit([this, exchange = std::move(exchange)] { run(exchange); });
  } else {
    std::packaged_task<void()> now([&] { run(exchange); });
    now();
    last_ = now.get_future();
  }
  return last_;
}

void BackgroundExchanges::run(const std::function<void()>& exchange) {
  if (failure_) std::rethrow_exception(failure_);
  try {
    exchange();
  } catch (...) {
    failure_ = std::current_exception();
    throw;
  }
}

}  // namespace elmo
