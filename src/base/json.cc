#include "base/json.h"

#include <fmt/core.h>

#include <utility>

namespace elmo {
namespace {

constexpr int kMaxDepth = 64;

// Counts brackets outside strings; invalid JSON is left to the parser.
bool is_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxDepth) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

}  // namespace

nlohmann::json parse_json(std::string_view text) {
  if (is_deep(text)) return nlohmann::json(nlohmann::json::value_t::discarded);
  return nlohmann::json::parse(text, nullptr, false);
}

std::string shown(const nlohmann::json& value) {
  constexpr std::size_t kLongest = 80;
  if (value.is_structured()) return value.is_array() ? "a list" : "an object";
  // Bytes that are not UTF-8 are replaced instead of refused.
  const std::string text = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return text.size() <= kLongest ? text : "a string of " + std::to_string(text.size()) + " bytes";
}

JsonFields::JsonFields(const nlohmann::json& object, std::string what)
    : object_(object), what_(std::move(what)) {
  if (!object_.is_object()) fail("they are " + shown(object_) + "; expected an object");
}

void JsonFields::fail(const std::string& problem) const {
  throw Error(fmt::format("{}: {}; the file is damaged, make it again", what_, problem));
}

const nlohmann::json& JsonFields::at(const std::string& key) const {
  const auto found = object_.find(key);
  if (found == object_.end()) fail(key + " is missing");
  return *found;
}

bool JsonFields::boolean(const std::string& key) const {
  const nlohmann::json& value = at(key);
  if (!value.is_boolean()) fail(fmt::format("{} is {}, not true or false", key, shown(value)));
  return value.get<bool>();
}

std::string JsonFields::text(const std::string& key) const {
  const nlohmann::json& value = at(key);
  if (!value.is_string()) fail(fmt::format("{} is {}, not a string", key, shown(value)));
  return value.get<std::string>();
}

double JsonFields::number(const std::string& key, double least, double most) const {
  const nlohmann::json& value = at(key);
  if (!value.is_number() || !(value.get<double>() >= least && value.get<double>() <= most)) {
    fail(fmt::format("{} is {}, not a number from {} to {}", key, shown(value), least, most));
  }
  return value.get<double>();
}

std::int64_t JsonFields::integer(const std::string& key, std::int64_t least,
                                 std::int64_t most) const {
  return integer_of(at(key), key, least, most);
}

std::int64_t JsonFields::integer_of(const nlohmann::json& value, const std::string& key,
                                    std::int64_t least, std::int64_t most) const {
  const bool fits = value.is_number_unsigned()
                        ? value.get<std::uint64_t>() <= std::uint64_t{INT64_MAX}
                        : value.is_number_integer();
  if (!fits || value.get<std::int64_t>() < least || value.get<std::int64_t>() > most) {
    fail(fmt::format("{} is {}, not an integer from {} to {}", key, shown(value), least, most));
  }
  return value.get<std::int64_t>();
}

std::vector<int> JsonFields::integers(const std::string& key, int least, int most,
                                      std::size_t count) const {
  const nlohmann::json& values = at(key);
  if (!values.is_array() || values.size() > count) {
    fail(fmt::format("{} is {}, not a list of at most {} integers", key, shown(values), count));
  }
  std::vector<int> result;
  for (const auto& value : values) {
    result.push_back(static_cast<int>(integer_of(value, key, least, most)));
  }
  return result;
}

}  // namespace elmo
