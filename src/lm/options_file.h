// The JSON files with the sizes of other programs' networks: options.json of official weights, and
// the architecture files of ELMoForManyLangs.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "nn/character_encoder.h"

namespace elmo {

// A key is the path of a value, such as "lstm.dim". Every function throws Error, naming the file
// and the key, if a value is missing or out of range.
class OptionsFile {
 public:
  // `kind` is for messages: "the options.json of these weights".
  OptionsFile(std::filesystem::path path, std::string kind);

  const std::filesystem::path& path() const { return path_; }
  // Null if there is no such value.
  const nlohmann::json* find(const std::string& key) const;
  const nlohmann::json& get(const std::string& key) const;
  // An integer from `least` to `most`.
  int size(const std::string& key, int least, int most) const {
    return size_of(get(key), key, least, most);
  }
  int size_of(const nlohmann::json& value, const std::string& key, int least, int most) const;
  // A number of at least 0; null means 0, no bound.
  float bound(const std::string& key) const { return bound_of(get(key), key); }
  float bound_of(const nlohmann::json& value, const std::string& key) const;
  // The activation is relu or tanh.
  bool is_tanh(const std::string& key) const;
  // A list of [width, count], with no width above `positions`.
  std::vector<CharacterShape::Filter> filters(const std::string& key, int positions) const;

  [[noreturn]] void fail(const std::string& what) const;

 private:
  std::filesystem::path path_;
  std::string kind_;
  nlohmann::json json_;
};

}  // namespace elmo
