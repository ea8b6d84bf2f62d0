// Everything that decides the result of a run, to make sure that a resumed run is the run that was
// begun. The same guard serves every command that can be resumed.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace elmo {

struct RunSettings {
  // The command's options by name, with files and texts as fingerprints; null: the choice was left
  // to the program. Options that may change on resuming are not in it. The first that differs is
  // named in the message.
  nlohmann::ordered_json options = nlohmann::ordered_json::object();
  // What the program chose for the options left to it, by name. A resumed run keeps these choices.
  nlohmann::json derived = nlohmann::json::object();
  // What decides the result without being an option, such as the order of summation.
  nlohmann::json facts = nlohmann::json::object();

  nlohmann::json to_json() const;
  // Throws nlohmann::json::exception where a part is missing.
  static RunSettings from_json(const nlohmann::json& json);
  // The value of an option, or what the program chose for it; null if neither is known.
  nlohmann::json value(const std::string& option) const;
};

// Throws UsageError naming the first option of `now` that contradicts `before`, or Error for a fact
// that does. For the message, `run` is what is resumed and `anew` how to start again: "start anew
// with --overwrite". An option that is null in `now` contradicts nothing; an option missing in
// either counts as "none"; a fact missing in `before` counts as 1.
void check_resumable(const RunSettings& before, const RunSettings& now, const std::string& run,
                     const std::string& anew);

}  // namespace elmo
