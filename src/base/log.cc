#include "base/log.h"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <mutex>
#include <string>

#include "base/strings.h"
#include "base/terminal_line.h"

namespace elmo::log {
namespace {

std::string& line_prefix() {
  static auto* prefix = new std::string;  // never destroyed, like the logger below
  return *prefix;
}

class StandardErrorSink : public spdlog::sinks::base_sink<std::mutex> {
 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string_view prefix = message.level == spdlog::level::warn ? "warning: " : "";
    print_above_line(fmt::format("{}{}{}\n", line_prefix(), prefix,
                                 one_line({message.payload.data(), message.payload.size()})));
  }
  void flush_() override {}
};

spdlog::logger& logger() {
  // Never destroyed: destructors of other statics may still log.
  static auto* instance = new spdlog::logger("elmo", std::make_shared<StandardErrorSink>());
  return *instance;
}

}  // namespace

void set_prefix(std::string_view prefix) { line_prefix() = prefix; }

void write(Level level, std::string_view message) {
  logger().log(level == Level::kWarn ? spdlog::level::warn : spdlog::level::info,
               spdlog::string_view_t(message.data(), message.size()));
}

}  // namespace elmo::log
