// Numbers for strings, of which the least recently used are forgotten.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/strings.h"

namespace elmo {

// What a cache is addressed by: each string known has a number, and numbers are small, so that
// values lie in an array. A number that a string loses is given to another.
class RecentStrings {
 public:
  // Strings known at most, besides those of the round at hand and those that keep_all() has fixed.
  explicit RecentStrings(std::size_t capacity) : capacity_(capacity) {}

  // Numbers given from here on hold until the next round begins.
  void begin_round();
  // The string's number, and whether it is new: then some other string may have lost it.
  std::pair<std::int32_t, bool> take(std::string_view text);
  std::optional<std::int32_t> find(std::string_view text) const;
  // As if the number's string had never been taken.
  void forget(std::int32_t number);
  // What is known now stays for good. Before the first round.
  void keep_all();

  // All numbers are below it.
  std::size_t numbers() const { return entries_.size(); }

 private:
  static constexpr std::int32_t kNone = -1;
  struct Entry {
    const std::string* text = nullptr;  // key of numbers_; null: the number is free
    std::uint64_t round = 0;            // last taken in
    std::int32_t newer = kNone, older = kNone;
  };

  Entry& at(std::int32_t number) { return entries_[static_cast<std::size_t>(number)]; }
  void link(std::int32_t number);
  void unlink(std::int32_t number);

  std::size_t capacity_, kept_ = 0;
  StringMap<std::int32_t> numbers_;
  std::vector<Entry> entries_;
  std::vector<std::int32_t> free_;
  std::int32_t newest_ = kNone, oldest_ = kNone;
  std::uint64_t round_ = 1;
};

}  // namespace elmo
