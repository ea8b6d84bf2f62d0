// Everything that decides the result of a run, to check that a resumed run continues the same run.
// Used by every command that can be resumed.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace elmo {

struct RunSettings {
  // The command's options by name, with fingerprints for files and texts; null if the choice was
  // left to the program. Options that may change on resuming are left out. A message names the
  // first option that differs.
  nlohmann::ordered_json options = nlohmann::ordered_json::object();
  // What the program chose for options that were not given, by name. A resumed run keeps these
  // choices.
  nlohmann::json derived = nlohmann::json::object();
  // What decides the result without being an option, such as the order of summation.
  nlohmann::json facts = nlohmann::json::object();

  nlohmann::json to_json() const;
  // Throws nlohmann::json::exception if a member is missing.
  static RunSettings from_json(const nlohmann::json& json);
  // The value of an option, or what the program chose for it; null if neither is known.
  nlohmann::json value(const std::string& option) const;
};

// Throws UsageError naming the first option of `now` that contradicts `before`, or Error for the
// first fact that does. For the message, `run` is what is resumed, and `anew` says how to start
// again: "start anew with --overwrite". An option that is null in `now` contradicts nothing. An
// option missing in either counts as "none", a fact missing in `before` as 1.
void check_resumable(const RunSettings& before, const RunSettings& now, const std::string& run,
                     const std::string& anew);

}  // namespace elmo
