// Measures of the quality of predictions.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace elmo::task {

// The 95 % confidence interval of a share of `correct` in `total` (Wilson 1927); [0, 1] if the
// total is 0.
struct Interval {
  double low, high;
};
Interval wilson_interval(std::int64_t correct, std::int64_t total);

// Counts, and precision, recall and F1; 0 / 0 is 0, as in conlleval.
struct Score {
  std::int64_t correct = 0;    // predicted, and rightly so
  std::int64_t predicted = 0;  // predicted in all
  std::int64_t actual = 0;     // true in all

  double precision() const;
  double recall() const;
  double f1() const;
};

// A confusion matrix.
class Confusion {
 public:
  explicit Confusion(std::vector<std::string> labels);

  void add(std::int32_t actual, std::int32_t predicted) { ++cell(actual, predicted); }

  const std::vector<std::string>& labels() const { return labels_; }
  std::int64_t count(std::int32_t actual, std::int32_t predicted) const;
  std::int64_t total() const;
  std::int64_t correct() const;
  Score score(std::int32_t label) const;
  double accuracy() const;
  // The mean over the classes that occur, true or predicted.
  double macro_f1() const;
  // Over all classes together; equals the accuracy, since each example has one label.
  double micro_f1() const;

  // A table with a row for each true and a column for each predicted class, limited to the `most`
  // most frequent true classes. A note tells how many are left out.
  std::string text(std::size_t most = 20) const;
  // {"labels": [...], "counts": [[...]]}
  nlohmann::ordered_json json() const;

 private:
  std::int64_t& cell(std::int32_t actual, std::int32_t predicted) {
    return counts_[static_cast<std::size_t>(actual) * labels_.size() +
                   static_cast<std::size_t>(predicted)];
  }
  std::vector<std::string> labels_;
  std::vector<std::int64_t> counts_;
};

// An entity: words [begin, end) of a sentence.
struct Entity {
  std::int64_t begin, end;
  std::string type;
  bool operator==(const Entity&) const = default;
};

// The entities in a sentence's tags, as conlleval finds them (Tjong Kim Sang and Buchholz 2000). A
// tag is prefix-type with one of the prefixes B, I, O, E, S. I-X begins an entity after O, after
// another type, and after E and S. A tag without a type, such as NN, is an entity of type "" unless
// it is O.
std::vector<Entity> find_entities(std::span<const std::string> tags);

// O, B-X or I-X?
bool is_bio_tag(std::string_view tag);

// Scores of entities: begin, end and type must all be right.
class EntityScores {
 public:
  void add(std::span<const std::string> actual, std::span<const std::string> predicted);
  const Score& total() const { return total_; }
  // By type, in sorted order.
  const std::vector<std::pair<std::string, Score>>& types() const { return types_; }

 private:
  Score& of_type(const std::string& type);
  Score total_;
  std::vector<std::pair<std::string, Score>> types_;
};

// McNemar's test of two systems on the same examples.
struct McNemar {
  std::int64_t only_first = 0;   // right in the first system only
  std::int64_t only_second = 0;  // right in the second system only

  // Two-sided p-value of a split this uneven if both systems are equally good: exact (binomial).
  double p_value() const;
};

// `first` and `second` are 1 where a system is right, for the same examples.
McNemar compare_systems(std::span<const std::uint8_t> first, std::span<const std::uint8_t> second);

}  // namespace elmo::task
