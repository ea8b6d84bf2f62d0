#include "task/metrics.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "text/utf8.h"

namespace elmo::task {
namespace {

double share(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

struct Tag {
  char prefix;  // B, I, E, S, O, or any other first character
  std::string_view type;
};

Tag split_tag(std::string_view tag) {
  const std::size_t dash = tag.find('-');
  if (dash == std::string_view::npos) return {tag.empty() ? 'O' : tag[0], {}};
  return {dash == 0 ? '-' : tag[0], tag.substr(dash + 1)};
}

bool ends(const Tag& before, const Tag& tag) {
  if (before.prefix == 'O') return false;
  if (before.prefix == 'E' || before.prefix == 'S') return true;
  if ((before.prefix == 'B' || before.prefix == 'I') &&
      (tag.prefix == 'B' || tag.prefix == 'S' || tag.prefix == 'O')) {
    return true;
  }
  return before.type != tag.type || tag.prefix == 'O';
}

bool begins(const Tag& before, const Tag& tag) {
  if (tag.prefix == 'O') return false;
  if (tag.prefix == 'B' || tag.prefix == 'S') return true;
  if (before.prefix == 'E' || before.prefix == 'S' || before.prefix == 'O') return true;
  return before.type != tag.type;
}

}  // namespace

Interval wilson_interval(std::int64_t correct, std::int64_t total) {
  if (total == 0) return {0, 1};
  constexpr double kZ = 1.959963984540054;
  const auto n = static_cast<double>(total);
  const double p = share(correct, total);
  const double middle = p + kZ * kZ / (2 * n);
  const double spread = kZ * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n));
  const double scale = 1 + kZ * kZ / n;
  return {std::max(0.0, (middle - spread) / scale), std::min(1.0, (middle + spread) / scale)};
}

double Score::precision() const { return share(correct, predicted); }
double Score::recall() const { return share(correct, actual); }
double Score::f1() const { return share(2 * correct, predicted + actual); }

Confusion::Confusion(std::vector<std::string> labels)
    : labels_(std::move(labels)), counts_(labels_.size() * labels_.size()) {}

std::int64_t Confusion::count(std::int32_t actual, std::int32_t predicted) const {
  return counts_[static_cast<std::size_t>(actual) * labels_.size() +
                 static_cast<std::size_t>(predicted)];
}

std::int64_t Confusion::total() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::int64_t{0});
}

std::int64_t Confusion::correct() const {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < labels_.size(); ++i) sum += counts_[i * labels_.size() + i];
  return sum;
}

Score Confusion::score(std::int32_t label) const {
  Score score;
  score.correct = count(label, label);
  for (std::int32_t other = 0; other < static_cast<std::int32_t>(labels_.size()); ++other) {
    score.actual += count(label, other);
    score.predicted += count(other, label);
  }
  return score;
}

double Confusion::accuracy() const { return share(correct(), total()); }

double Confusion::macro_f1() const {
  double sum = 0;
  int classes = 0;
  for (std::int32_t label = 0; label < static_cast<std::int32_t>(labels_.size()); ++label) {
    const Score s = score(label);
    if (s.actual + s.predicted == 0) continue;
    sum += s.f1();
    ++classes;
  }
  return classes == 0 ? 0 : sum / classes;
}

double Confusion::micro_f1() const { return accuracy(); }

std::string Confusion::text(std::size_t most) const {
  std::vector<std::int32_t> shown(labels_.size());
  std::iota(shown.begin(), shown.end(), 0);
  std::stable_sort(shown.begin(), shown.end(), [&](std::int32_t a, std::int32_t b) {
    return score(a).actual > score(b).actual;
  });
  const std::size_t left_out = shown.size() > most ? shown.size() - most : 0;
  shown.resize(shown.size() - left_out);
  std::sort(shown.begin(), shown.end());
  const auto label = [&](std::int32_t i) -> const std::string& {
    return labels_[static_cast<std::size_t>(i)];
  };
  // Columns are numbered, because labels may be long.
  std::size_t widest = 9;
  for (const std::int32_t i : shown) widest = std::max(widest, display_width(label(i)));
  std::string text = std::string(widest, ' ') + "     ";
  for (std::size_t j = 0; j < shown.size(); ++j) text += fmt::format("{:>7}", j + 1);
  text += "   predicted\n";
  for (std::size_t i = 0; i < shown.size(); ++i) {
    text += padded(label(shown[i]), widest) + fmt::format("{:>5}", i + 1);
    for (const std::int32_t j : shown) text += fmt::format("{:>7}", count(shown[i], j));
    text += '\n';
  }
  if (left_out > 0) text += fmt::format("({} rarer classes are left out)\n", left_out);
  return text;
}

nlohmann::ordered_json Confusion::json() const {
  auto rows = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    const auto row = counts_.begin() + static_cast<std::ptrdiff_t>(i * labels_.size());
    rows.push_back(
        std::vector<std::int64_t>(row, row + static_cast<std::ptrdiff_t>(labels_.size())));
  }
  return {{"labels", labels_}, {"counts", rows}};
}

std::vector<Entity> find_entities(std::span<const std::string> tags) {
  std::vector<Entity> entities;
  Tag before{'O', {}};
  std::int64_t begin = -1;
  const auto size = static_cast<std::int64_t>(tags.size());
  for (std::int64_t i = 0; i <= size; ++i) {
    const Tag tag = i < size ? split_tag(tags[static_cast<std::size_t>(i)]) : Tag{'O', {}};
    if (begin >= 0 && ends(before, tag)) {
      entities.push_back({begin, i, std::string(before.type)});
      begin = -1;
    }
    if (begins(before, tag)) begin = i;
    before = tag;
  }
  return entities;
}

bool is_bio_tag(std::string_view tag) {
  return tag == "O" || (tag.size() > 2 && (tag[0] == 'B' || tag[0] == 'I') && tag[1] == '-');
}

Score& EntityScores::of_type(const std::string& type) {
  const auto at = std::lower_bound(types_.begin(), types_.end(), type,
                                   [](const auto& a, const auto& b) { return a.first < b; });
  if (at != types_.end() && at->first == type) return at->second;
  return types_.insert(at, {type, Score{}})->second;
}

void EntityScores::add(std::span<const std::string> actual,
                       std::span<const std::string> predicted) {
  const std::vector<Entity> truth = find_entities(actual), guess = find_entities(predicted);
  for (const Entity& entity : truth) {
    ++of_type(entity.type).actual;
    if (std::find(guess.begin(), guess.end(), entity) != guess.end()) {
      ++of_type(entity.type).correct;
      ++total_.correct;
    }
  }
  for (const Entity& entity : guess) ++of_type(entity.type).predicted;
  total_.actual += static_cast<std::int64_t>(truth.size());
  total_.predicted += static_cast<std::int64_t>(guess.size());
}

double McNemar::p_value() const {
  const std::int64_t n = only_first + only_second;
  if (n == 0) return 1;
  const std::int64_t k = std::min(only_first, only_second);
  const auto size = static_cast<double>(n);
  double tail = 0;
  for (std::int64_t i = 0; i <= k; ++i) {
    const auto x = static_cast<double>(i);
    tail += std::exp(std::lgamma(size + 1) - std::lgamma(x + 1) - std::lgamma(size - x + 1) -
                     size * std::log(2.0));
  }
  return std::min(1.0, 2 * tail);
}

McNemar compare_systems(std::span<const std::uint8_t> first, std::span<const std::uint8_t> second) {
  McNemar test;
  for (std::size_t i = 0; i < first.size(); ++i) {
    test.only_first += first[i] > second[i] ? 1 : 0;
    test.only_second += second[i] > first[i] ? 1 : 0;
  }
  return test;
}

}  // namespace elmo::task
