#include "plot/colouring.h"

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string_view>
#include <utility>

#include "elmo/error.h"
#include "plot/clusters.h"
#include "task/data_set.h"
#include "text/line_reader.h"
#include "text/utf8.h"

namespace elmo {
namespace {

Colouring colouring_of(std::string name, const std::vector<std::string>& values) {
  std::map<std::string, std::int64_t> counts;
  for (const std::string& value : values) ++counts[value];
  std::vector<std::pair<std::string, std::int64_t>> order(counts.begin(), counts.end());
  std::ranges::stable_sort(order, std::greater(), &std::pair<std::string, std::int64_t>::second);
  if (order.size() > kMostGroups) order.resize(kMostGroups - 1);
  Colouring result{.name = std::move(name), .groups = {}, .of = {}};
  std::map<std::string, int> numbers;
  for (const auto& [value, count] : order) {
    numbers.emplace(value, static_cast<int>(numbers.size()));
    result.groups.push_back(value.empty() ? "(none)" : value);
  }
  if (order.size() < counts.size()) result.groups.push_back("others");
  const int others = static_cast<int>(order.size());
  for (const std::string& value : values) {
    const auto found = numbers.find(value);
    result.of.push_back(found == numbers.end() ? others : found->second);
  }
  return result;
}

}  // namespace

Colouring colour_by_labels(const std::filesystem::path& path, const Occurrences& occurrences) {
  LineReader reader(path.string());
  std::vector<std::string> labels;
  std::string_view line;
  std::int64_t lines = 0;
  for (; reader.next(line); ++lines) {
    // Places are ordered by sentence.
    while (labels.size() < occurrences.places.size() &&
           occurrences.places[labels.size()].sentence == lines) {
      labels.emplace_back(line.substr(0, line.find('\t')));
    }
  }
  if (lines != occurrences.sentences) {
    throw Error(fmt::format(
        "{}: has {} lines, but the dump has {} sentences; give a line for each, in their order",
        path.string(), lines, occurrences.sentences));
  }
  return colouring_of("label", labels);
}

Colouring colour_by_tags(const std::filesystem::path& path, const Occurrences& occurrences) {
  const task::DataSet data = task::read_data_set(path.string(), task::Kind::kTag, Split::kSpaces);
  if (static_cast<std::int64_t>(data.examples.size()) != occurrences.sentences) {
    throw Error(fmt::format("{}: has {} sentences, but the dump has {}", path.string(),
                            data.examples.size(), occurrences.sentences));
  }
  std::vector<std::string> tags;
  for (const Occurrences::Place& place : occurrences.places) {
    const task::Example& example = data.examples[static_cast<std::size_t>(place.sentence)];
    const std::string token =
        place.word < example.words.size() ? example.words[place.word] : std::string();
    if (to_nfc(token) != place.text) {
      throw Error(fmt::format("{}:{}: word {} of the sentence is '{}', but the dump has '{}' there",
                              path.string(), example.line, place.word + 1, token, place.text));
    }
    tags.push_back(example.labels[place.word]);
  }
  return colouring_of("tag", tags);
}

Colouring colour_by_word(const Occurrences& occurrences) {
  std::vector<std::string> words;
  for (const Occurrences::Place& place : occurrences.places)
    words.push_back(to_nfc(place.context.word));
  return colouring_of("word", words);
}

Colouring colour_by_cluster(const PrincipalComponents& components, int clusters,
                            std::uint64_t seed) {
  Colouring result{.name = "cluster",
                   .groups = {},
                   .of = cluster(components.places, components.count, clusters, seed)};
  const int count = 1 + *std::ranges::max_element(result.of);
  for (int c = 1; c <= count; ++c) result.groups.push_back(fmt::format("cluster {}", c));
  return result;
}

}  // namespace elmo
