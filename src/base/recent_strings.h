// Assigns numbers to the most recently used strings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/strings.h"

namespace elmo {

// The index of a cache: each known string has a number. The numbers are small, so that the cached
// values can lie in an array. When a string is forgotten, its number is reused.
class RecentStrings {
 public:
  // The number of strings that are kept, besides those taken in the current round and those fixed
  // by keep_all().
  explicit RecentStrings(std::size_t capacity) : capacity_(capacity) {}

  // Numbers that take() returns from now on stay valid until the next round begins.
  void begin_round();
  // The string's number, and whether it is new; a new number may have belonged to another string.
  std::pair<std::int32_t, bool> take(std::string_view text);
  std::optional<std::int32_t> find(std::string_view text) const;
  // Forgets the string that has this number.
  void forget(std::int32_t number);
  // Keeps all strings known now for ever. Must be called before the first round.
  void keep_all();

  // All numbers are less than this.
  std::size_t numbers() const { return entries_.size(); }

 private:
  static constexpr std::int32_t kNone = -1;
  struct Entry {
    const std::string* text = nullptr;  // key of numbers_; null: the number is free
    std::uint64_t round = 0;            // of the last take()
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
