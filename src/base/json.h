// JSON that strangers may have written: of bounded depth, numbers in their ranges, and messages
// that name the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "elmo/error.h"

namespace elmo {

// Discarded (is_discarded()) where the text is not JSON or nested deeper than 64: what is nested
// without end overflows the stack of whoever walks, copies, compares or prints it.
nlohmann::json parse_json(std::string_view text);

// The fields of an object. Each member throws Error, beginning with `what`, where the key is
// missing or its value of another type or out of range.
class JsonFields {
 public:
  // `what`: "model.h5: its settings". Throws Error: no object. The object outlives the fields.
  JsonFields(const nlohmann::json& object, std::string what);

  bool has(const std::string& key) const { return object_.contains(key); }
  const nlohmann::json& at(const std::string& key) const;
  bool boolean(const std::string& key) const;
  std::string text(const std::string& key) const;
  double number(const std::string& key, double least, double most) const;
  // From 0.
  std::uint64_t natural(const std::string& key) const {
    return static_cast<std::uint64_t>(integer(key, 0, INT64_MAX));
  }
  // No float, however whole.
  std::int64_t integer(const std::string& key, std::int64_t least, std::int64_t most) const;
  int integer32(const std::string& key, int least, int most) const {
    return static_cast<int>(integer(key, least, most));
  }
  // At most `count` of them.
  std::vector<int> integers(const std::string& key, int least, int most, std::size_t count) const;

  // An integer of this range, for values that are no field of an object. `key` names it.
  std::int64_t integer_of(const nlohmann::json& value, const std::string& key, std::int64_t least,
                          std::int64_t most) const;
  [[noreturn]] void fail(const std::string& problem) const;

 private:
  const nlohmann::json& object_;
  std::string what_;
};

// f(), where what it misses in the JSON of `what`, or finds of another type there, becomes an Error
// that begins with `what`.
template <typename F>
auto read_json(const std::string& what, F&& f) {
  try {
    return f();
  } catch (const nlohmann::json::exception&) {
    throw Error(what + ": its settings are damaged; restore the file from a copy or make it anew");
  }
}

// A value as a message shows it, on one line.
std::string shown(const nlohmann::json& value);

}  // namespace elmo
