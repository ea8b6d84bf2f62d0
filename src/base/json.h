// JSON that may come from others: of bounded depth, with numbers in range, and messages that name
// the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "elmo/error.h"

namespace elmo {

// Returns a discarded value (is_discarded()) if the text is not JSON or is nested deeper than 64
// levels. Unbounded nesting would overflow the stack of any code that walks, copies, compares or
// prints the value.
nlohmann::json parse_json(std::string_view text);

// The fields of an object. Every function that reads one throws Error, beginning with `what`, if
// the key is missing or its value has another type or is out of range.
class JsonFields {
 public:
  // `what` is for example "model.h5: its settings". Throws Error if the value is not an object. The
  // object must outlive the fields.
  JsonFields(const nlohmann::json& object, std::string what);

  bool has(const std::string& key) const { return object_.contains(key); }
  const nlohmann::json& at(const std::string& key) const;
  bool boolean(const std::string& key) const;
  std::string text(const std::string& key) const;
  double number(const std::string& key, double least, double most) const;
  // At least 0.
  std::uint64_t natural(const std::string& key) const {
    return static_cast<std::uint64_t>(integer(key, 0, INT64_MAX));
  }
  // Refuses floating-point numbers, even whole ones.
  std::int64_t integer(const std::string& key, std::int64_t least, std::int64_t most) const;
  int integer32(const std::string& key, int least, int most) const {
    return static_cast<int>(integer(key, least, most));
  }
  // A list of at most `count` integers.
  std::vector<int> integers(const std::string& key, int least, int most, std::size_t count) const;

  // Checks an integer that is not a field, such as an element of a list; messages call it `key`.
  std::int64_t integer_of(const nlohmann::json& value, const std::string& key, std::int64_t least,
                          std::int64_t most) const;
  [[noreturn]] void fail(const std::string& problem) const;

 private:
  const nlohmann::json& object_;
  std::string what_;
};

// Calls f(). If a key is missing in the JSON of `what` or a value has another type, throws Error,
// beginning with `what`.
template <typename F>
auto read_json(const std::string& what, F&& f) {
  try {
    return f();
  } catch (const nlohmann::json::exception&) {
    throw Error(what + ": its settings are damaged; restore the file from a copy or make it again");
  }
}

// A value for a message, on one line; lists, objects and long strings are only named as such.
std::string shown(const nlohmann::json& value);

}  // namespace elmo
