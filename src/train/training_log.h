// log.jsonl: the reports of a training, one JSON object a line.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace elmo {

// Several threads and processes may write to one file: each line is appended as a whole under a
// file lock.
class TrainingLog {
 public:
  // Creates the file if it does not exist. Throws Error if it can't be written.
  explicit TrainingLog(std::filesystem::path path);

  // Throws Error if writing fails.
  void write(const nlohmann::ordered_json& line) const;
  // Removes the lines for which `keep` is false: those after the checkpoint that is resumed, or
  // those of a training that is started anew. Lines that are not JSON objects (such as half a line
  // of a killed process) are removed too.
  void retain(const std::function<bool(const nlohmann::json&)>& keep) const;

 private:
  std::filesystem::path path_;
};

}  // namespace elmo
