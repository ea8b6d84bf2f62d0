// log.jsonl: what a training reports, one JSON object a line.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace elmo {

// Several threads and processes may write into one file: each line is appended under a lock on
// the file and is whole.
class TrainingLog {
 public:
  // Makes the file if it is not there. Throws Error: it can't be written to.
  explicit TrainingLog(std::filesystem::path path);

  // Throws Error on a write error.
  void write(const nlohmann::ordered_json& line) const;
  // Drops the lines that `keep` says no to: those behind the checkpoint that a training goes on
  // from, and those of a training that is begun anew. What is no JSON object (the half line of a
  // killed process) is dropped too.
  void retain(const std::function<bool(const nlohmann::json&)>& keep) const;

 private:
  std::filesystem::path path_;
};

}  // namespace elmo
