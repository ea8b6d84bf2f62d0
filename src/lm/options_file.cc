#include "lm/options_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/file.h"
#include "base/json.h"
#include "elmo/error.h"

namespace elmo {

OptionsFile::OptionsFile(std::filesystem::path path, std::string kind)
    : path_(std::move(path)),
      kind_(std::move(kind)),
      json_(parse_json(read_file((refuse_pipe(path_), path_), 1 << 24))) {
  if (!json_.is_object()) {
    throw Error(fmt::format("{}: is not a JSON object, so it is not {}; fetch it again",
                            path_.string(), kind_));
  }
}

const nlohmann::json* OptionsFile::find(const std::string& key) const {
  const nlohmann::json* at = &json_;
  for (std::size_t begin = 0; begin <= key.size();) {
    const std::size_t end = std::min(key.find('.', begin), key.size());
    const std::string name = key.substr(begin, end - begin);
    if (!at->is_object() || !at->contains(name)) return nullptr;
    at = &at->at(name);
    begin = end + 1;
  }
  return at;
}

const nlohmann::json& OptionsFile::get(const std::string& key) const {
  const nlohmann::json* found = find(key);
  if (found == nullptr) fail(key + " is missing");
  return *found;
}

int OptionsFile::size_of(const nlohmann::json& value, const std::string& key, int least,
                         int most) const {
  // get<int64_t>() would be wrong for an unsigned value above INT64_MAX.
  const bool fits = value.is_number_unsigned()
                        ? value.get<std::uint64_t>() <= static_cast<std::uint64_t>(INT32_MAX)
                        : value.is_number_integer();
  if (!fits || value.get<std::int64_t>() < least || value.get<std::int64_t>() > most) {
    fail(fmt::format("{} is {}, not a number from {} to {}", key, shown(value), least, most));
  }
  return value.get<int>();
}

float OptionsFile::bound_of(const nlohmann::json& value, const std::string& key) const {
  if (value.is_null()) return 0;
  if (!value.is_number() || !(value.get<double>() >= 0 && value.get<double>() < 1e30)) {
    fail(fmt::format("{} is {}, which is not a bound", key, shown(value)));
  }
  return value.get<float>();
}

bool OptionsFile::is_tanh(const std::string& key) const {
  const nlohmann::json& name = get(key);
  if (name != "relu" && name != "tanh") {
    fail(fmt::format("{} is {}, neither relu nor tanh", key, shown(name)));
  }
  return name == "tanh";
}

std::vector<CharacterShape::Filter> OptionsFile::filters(const std::string& key,
                                                         int positions) const {
  const nlohmann::json& list = get(key);
  const auto is_pair = [](const nlohmann::json& one) { return one.is_array() && one.size() == 2; };
  if (!list.is_array() || list.empty() || list.size() > 64 || !std::ranges::all_of(list, is_pair)) {
    fail(key + " is not a list of [width, count]");
  }
  std::vector<CharacterShape::Filter> result;
  for (const auto& filter : list) {
    result.push_back({size_of(filter[0], "a filter's width", 1, positions),
                      size_of(filter[1], "a filter's count", 1, 1 << 14)});
  }
  return result;
}

void OptionsFile::fail(const std::string& what) const {
  throw Error(fmt::format("{}: {}; is it {}?", path_.string(), what, kind_));
}

}  // namespace elmo
