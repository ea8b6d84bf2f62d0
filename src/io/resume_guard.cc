#include "io/resume_guard.h"

#include <fmt/core.h>

#include "elmo/error.h"

namespace elmo {
namespace {

// Text as it is, everything else as JSON.
std::string option_text(const nlohmann::json& value) {
  if (value.is_null()) return "none";
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

nlohmann::json RunSettings::to_json() const {
  return {{"options", options}, {"derived", derived}, {"facts", facts}};
}

RunSettings RunSettings::from_json(const nlohmann::json& json) {
  return {.options = json.at("options"), .derived = json.at("derived"), .facts = json.at("facts")};
}

nlohmann::json RunSettings::value(const std::string& option) const {
  if (options.contains(option) && !options.at(option).is_null()) return options.at(option);
  return derived.value(option, nlohmann::json(nullptr));
}

void check_resumable(const RunSettings& before, const RunSettings& now, const std::string& run,
                     const std::string& anew) {
  // Facts come first, because another version may also record its options differently.
  for (const auto& [name, value] : now.facts.items()) {
    const nlohmann::json old = before.facts.value(name, nlohmann::json(1));
    if (old == value) continue;
    throw Error(
        fmt::format("{}: was begun by a version of elmo whose {} is {}, this one's is {}, so "
                    "it can't continue with the same values; continue with that version, or {}",
                    run, name, option_text(old), option_text(value), anew));
  }
  nlohmann::ordered_json options = now.options;
  for (const auto& [name, value] : before.options.items()) {
    if (!options.contains(name)) options[name] = nullptr;
  }
  for (const auto& [name, unused] : options.items()) {
    const bool known = now.options.contains(name);
    const nlohmann::json value = known ? nlohmann::json(now.options.at(name)) : nullptr;
    const nlohmann::json old = before.value(name);
    if (old == value || (known && value.is_null())) continue;
    throw UsageError(
        fmt::format("{}: was begun with another --{}: {}, not {}; pass the same value, or {}", run,
                    name, option_text(old), option_text(value), anew));
  }
}

}  // namespace elmo
