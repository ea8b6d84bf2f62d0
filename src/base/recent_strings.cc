#include "base/recent_strings.h"

#include <string>

namespace elmo {

void RecentStrings::begin_round() {
  ++round_;
  while (numbers_.size() > kept_ + capacity_) forget(oldest_);
}

std::pair<std::int32_t, bool> RecentStrings::take(std::string_view text) {
  const auto found = numbers_.find(text);
  if (found != numbers_.end()) {
    const std::int32_t number = found->second;
    if (static_cast<std::size_t>(number) >= kept_ && number != newest_) {
      unlink(number);
      link(number);
    }
    at(number).round = round_;
    return {number, false};
  }
  const bool full = numbers_.size() >= kept_ + capacity_;
  if (full && oldest_ != kNone && at(oldest_).round != round_) forget(oldest_);
  std::int32_t number = static_cast<std::int32_t>(entries_.size());
  if (free_.empty()) {
    entries_.emplace_back();
  } else {
    number = free_.back();
    free_.pop_back();
  }
  Entry& entry = at(number);
  entry.text = &numbers_.emplace(std::string(text), number).first->first;
  entry.round = round_;
  link(number);
  return {number, true};
}

std::optional<std::int32_t> RecentStrings::find(std::string_view text) const {
  const auto found = numbers_.find(text);
  if (found == numbers_.end()) return std::nullopt;
  return found->second;
}

void RecentStrings::forget(std::int32_t number) {
  unlink(number);
  free_.push_back(number);
  numbers_.erase(numbers_.find(*at(number).text));
  at(number).text = nullptr;
}

void RecentStrings::keep_all() {
  kept_ = entries_.size();
  newest_ = oldest_ = kNone;
}

void RecentStrings::link(std::int32_t number) {
  Entry& entry = at(number);
  entry.newer = kNone;
  entry.older = newest_;
  if (newest_ != kNone) at(newest_).newer = number;
  newest_ = number;
  if (oldest_ == kNone) oldest_ = number;
}

void RecentStrings::unlink(std::int32_t number) {
  const Entry& entry = at(number);
  if (entry.newer != kNone) at(entry.newer).older = entry.older;
  if (entry.older != kNone) at(entry.older).newer = entry.newer;
  if (newest_ == number) newest_ = entry.older;
  if (oldest_ == number) oldest_ = entry.newer;
}

}  // namespace elmo
