// What decides the result of a run, so that a resumed run is the one that was begun. One guard
// for every command that can be resumed.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace elmo {

struct RunSettings {
  // By the names of the command's options: what was asked for, files and texts by their
  // fingerprint. null: left to the program. Options that may differ are not in it.
  // The first that differs is the one that is named.
  nlohmann::ordered_json options = nlohmann::ordered_json::object();
  // What the program chose for options that were left to it, by their names. It is kept: a resumed
  // run does not choose again.
  nlohmann::json derived = nlohmann::json::object();
  // What decides the result and is no option, such as the order in which the program sums.
  nlohmann::json facts = nlohmann::json::object();

  nlohmann::json to_json() const;
  // Throws nlohmann::json::exception where a part is missing.
  static RunSettings from_json(const nlohmann::json& json);
  // What was asked for or, where it was left to the program, what that chose; null if neither.
  nlohmann::json value(const std::string& option) const;
};

// Throws UsageError that names the first option of `now` that contradicts `before`, or Error for a
// fact that does. `run` is what is resumed, for the message; `anew` how to begin anew: "start anew
// with --overwrite". An option that `now` has as null contradicts nothing; one that either of them
// lacks is "none" there. A fact that `before` lacks has the value 1.
void check_resumable(const RunSettings& before, const RunSettings& now, const std::string& run,
                     const std::string& anew);

}  // namespace elmo
