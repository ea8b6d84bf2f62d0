// The JSON files in which other programs keep a network's sizes: options.json of official weights,
// architecture files of ELMoForManyLangs.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "nn/character_encoder.h"

namespace elmo {

// A key names a value by its path, such as "lstm.dim". Every member throws Error, which names the
// file and the key, for what is missing or out of reason.
class OptionsFile {
 public:
  // `kind`, for messages: "the options.json of these weights".
  OptionsFile(std::filesystem::path path, std::string kind);

  const std::filesystem::path& path() const { return path_; }
  // Null where there is none.
  const nlohmann::json* find(const std::string& key) const;
  const nlohmann::json& get(const std::string& key) const;
  // A number from `least` to `most`.
  int size(const std::string& key, int least, int most) const {
    return size_of(get(key), key, least, most);
  }
  int size_of(const nlohmann::json& value, const std::string& key, int least, int most) const;
  // 0 or more; null is 0, no bound.
  float bound(const std::string& key) const { return bound_of(get(key), key); }
  float bound_of(const nlohmann::json& value, const std::string& key) const;
  // Of two activations, relu and tanh.
  bool is_tanh(const std::string& key) const;
  // A list of [width, count], none wider than `positions`.
  std::vector<CharacterShape::Filter> filters(const std::string& key, int positions) const;

  [[noreturn]] void fail(const std::string& what) const;

 private:
  std::filesystem::path path_;
  std::string kind_;
  nlohmann::json json_;
};

}  // namespace elmo
