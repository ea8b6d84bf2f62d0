#include "nn/crf.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "elmo/error.h"

namespace elmo {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

// log(sum(exp(values))); kNever if all values are.
double log_sum_exp(std::span<const double> values) {
  const double top = *std::ranges::max_element(values);
  if (top == kNever) return kNever;
  double sum = 0;
  for (const double value : values) sum += std::exp(value - top);
  return top + std::log(sum);
}

}  // namespace

CrfRules CrfRules::anything(std::int64_t tags) {
  return {std::vector<std::uint8_t>(static_cast<std::size_t>(tags), 1),
          std::vector<std::uint8_t>(static_cast<std::size_t>(tags * tags), 1)};
}

CrfRules CrfRules::bio(std::span<const std::string> tags) {
  CrfRules rules = anything(static_cast<std::int64_t>(tags.size()));
  for (std::size_t to = 0; to < tags.size(); ++to) {
    if (!tags[to].starts_with("I-")) continue;
    rules.start[to] = 0;
    for (std::size_t from = 0; from < tags.size(); ++from) {
      const bool same = (tags[from].starts_with("B-") || tags[from].starts_with("I-")) &&
                        tags[from].substr(2) == tags[to].substr(2);
      if (!same) rules.transitions[from * tags.size() + to] = 0;
    }
  }
  return rules;
}

bool CrfRules::allow(std::span<const std::int32_t> sequence) const {
  for (std::size_t t = 0; t < sequence.size(); ++t) {
    const auto to = static_cast<std::size_t>(sequence[t]);
    if (t == 0 && start[to] == 0) return false;
    if (t > 0 && transitions[static_cast<std::size_t>(sequence[t - 1]) * start.size() + to] == 0) {
      return false;
    }
  }
  return true;
}

// The result of the forward and the backward pass over a text: the logarithms of the sums over all
// beginnings that end with a tag at a word (`before`, which includes the word's own score), and
// over all ends that follow it (`after`).
struct CrfLayer::Lattice {
  std::vector<double> moves;  // (K, K), from x to, forbidden ones kNever
  std::vector<double> before, after;
  double total = 0;
};

CrfLayer::CrfLayer(const std::string& name, CrfRules rules) : rules_(std::move(rules)) {
  const auto k = static_cast<std::int64_t>(rules_.start.size());
  transitions = Parameter(name + "/transitions", {k, k});
  start = Parameter(name + "/start", {k});
  end = Parameter(name + "/end", {k});
}

void CrfLayer::initialise() {
  for_each_parameter([](Parameter& parameter) { parameter.value.zero(); });
}

CrfLayer::Lattice CrfLayer::walk(const float* scores, std::int64_t length) const {
  const auto k = static_cast<std::size_t>(tags());
  const auto words = static_cast<std::size_t>(length);
  Lattice lattice;
  lattice.moves.resize(k * k);
  for (std::size_t i = 0; i < k * k; ++i) {
    lattice.moves[i] = rules_.transitions[i] != 0 ? transitions.value[i] : kNever;
  }
  lattice.before.resize(words * k);
  lattice.after.resize(words * k);
  std::vector<double> paths(k);
  for (std::size_t to = 0; to < k; ++to) {
    lattice.before[to] =
        rules_.start[to] != 0 ? static_cast<double>(start.value[to]) + scores[to] : kNever;
  }
  for (std::size_t t = 1; t < words; ++t) {
    for (std::size_t to = 0; to < k; ++to) {
      for (std::size_t from = 0; from < k; ++from) {
        paths[from] = lattice.before[(t - 1) * k + from] + lattice.moves[from * k + to];
      }
      lattice.before[t * k + to] = log_sum_exp(paths) + scores[t * k + to];
    }
  }
  for (std::size_t from = 0; from < k; ++from) {
    lattice.after[(words - 1) * k + from] = end.value[from];
  }
  for (std::size_t t = words - 1; t-- > 0;) {
    for (std::size_t from = 0; from < k; ++from) {
      for (std::size_t to = 0; to < k; ++to) {
        paths[to] = lattice.moves[from * k + to] + scores[(t + 1) * k + to] +
                    lattice.after[(t + 1) * k + to];
      }
      lattice.after[t * k + from] = log_sum_exp(paths);
    }
  }
  for (std::size_t to = 0; to < k; ++to) {
    paths[to] = lattice.before[(words - 1) * k + to] + end.value[to];
  }
  lattice.total = log_sum_exp(paths);
  return lattice;
}

void CrfLayer::losses(const Ragged& texts, const float* scores, const std::int32_t* tags,
                      float scale, double* losses, float* d_scores, Workers& workers) {
  const auto k = static_cast<std::size_t>(this->tags());
  // The parameters' gradients (transitions, start, end), separately for each text, so that they are
  // added in the same order whatever the number of threads.
  const std::size_t size = k * k + 2 * k;
  std::vector<std::vector<double>> gradients(static_cast<std::size_t>(texts.texts()));
  workers.run([&](int index) {
    for (std::int64_t i = index; i < texts.texts(); i += workers.count()) {
      const std::int64_t length = texts.length(i);
      losses[i] = 0;
      if (length == 0) continue;
      const float* e = scores + texts.begin(i) * this->tags();
      const std::span<const std::int32_t> gold(tags + texts.begin(i),
                                               static_cast<std::size_t>(length));
      if (!rules_.allow(gold))
        throw Error("the tags of a text are not a sequence that the CRF allows");
      const Lattice lattice = walk(e, length);
      double score = start.value[static_cast<std::size_t>(gold.front())] +
                     static_cast<double>(end.value[static_cast<std::size_t>(gold.back())]);
      for (std::size_t t = 0; t < gold.size(); ++t) {
        const auto to = static_cast<std::size_t>(gold[t]);
        score += e[t * k + to];
        if (t > 0) score += lattice.moves[static_cast<std::size_t>(gold[t - 1]) * k + to];
      }
      losses[i] = lattice.total - score;
      if (d_scores == nullptr) continue;
      // The expected counts minus those of the gold tags.
      std::vector<double>& gradient = gradients[static_cast<std::size_t>(i)];
      gradient.assign(size, 0.0);
      for (std::size_t t = 0; t < gold.size(); ++t) {
        for (std::size_t to = 0; to < k; ++to) {
          const double p =
              std::exp(lattice.before[t * k + to] + lattice.after[t * k + to] - lattice.total);
          const double d = p - (static_cast<std::size_t>(gold[t]) == to ? 1 : 0);
          d_scores[texts.begin(i) * this->tags() + static_cast<std::int64_t>(t * k + to)] =
              static_cast<float>(scale * d);
          if (t == 0) gradient[k * k + to] += d;
          if (t + 1 == gold.size()) gradient[k * k + k + to] += d;
          if (t == 0) continue;
          const double follows = e[t * k + to] + lattice.after[t * k + to] - lattice.total;
          for (std::size_t from = 0; from < k; ++from) {
            gradient[from * k + to] += std::exp(lattice.before[(t - 1) * k + from] +
                                                lattice.moves[from * k + to] + follows);
          }
        }
        if (t > 0) {
          gradient[static_cast<std::size_t>(gold[t - 1]) * k + static_cast<std::size_t>(gold[t])] -=
              1;
        }
      }
    }
  });
  if (d_scores == nullptr) return;
  std::vector<double> sum(size, 0.0);
  for (const std::vector<double>& gradient : gradients) {
    for (std::size_t j = 0; j < gradient.size(); ++j) sum[j] += gradient[j];
  }
  const auto add_to = [&](Parameter& parameter, std::size_t first) {
    for (std::size_t j = 0; j < parameter.gradient.size(); ++j) {
      parameter.gradient[j] += static_cast<float>(scale * sum[first + j]);
    }
  };
  add_to(transitions, 0);
  add_to(start, k * k);
  add_to(end, k * k + k);
}

void CrfLayer::decode(const Ragged& texts, const float* scores, std::int32_t* tags,
                      Workers& workers) const {
  const auto k = static_cast<std::size_t>(this->tags());
  workers.run([&](int index) {
    std::vector<double> best(k), next(k);
    std::vector<std::int32_t> came_from;
    for (std::int64_t i = index; i < texts.texts(); i += workers.count()) {
      const auto words = static_cast<std::size_t>(texts.length(i));
      if (words == 0) continue;
      const float* e = scores + texts.begin(i) * this->tags();
      came_from.assign(words * k, 0);
      for (std::size_t to = 0; to < k; ++to) {
        best[to] = rules_.start[to] != 0 ? static_cast<double>(start.value[to]) + e[to] : kNever;
      }
      for (std::size_t t = 1; t < words; ++t) {
        for (std::size_t to = 0; to < k; ++to) {
          next[to] = kNever;
          for (std::size_t from = 0; from < k; ++from) {
            if (rules_.transitions[from * k + to] == 0) continue;
            const double score = best[from] + transitions.value[from * k + to];
            if (score <= next[to]) continue;
            next[to] = score;
            came_from[t * k + to] = static_cast<std::int32_t>(from);
          }
          next[to] += e[t * k + to];
        }
        std::swap(best, next);
      }
      for (std::size_t to = 0; to < k; ++to) best[to] += end.value[to];
      auto tag = static_cast<std::int32_t>(std::ranges::max_element(best) - best.begin());
      std::int32_t* out = tags + texts.begin(i);
      for (std::size_t t = words; t-- > 0;) {
        out[t] = tag;
        tag = came_from[t * k + static_cast<std::size_t>(tag)];
      }
    }
  });
}

void CrfLayer::marginals(const Ragged& texts, const float* scores, float* probabilities,
                         Workers& workers) const {
  workers.run([&](int index) {
    for (std::int64_t i = index; i < texts.texts(); i += workers.count()) {
      if (texts.length(i) == 0) continue;
      const std::int64_t first = texts.begin(i) * tags();
      const Lattice lattice = walk(scores + first, texts.length(i));
      for (std::size_t j = 0; j < lattice.before.size(); ++j) {
        probabilities[first + static_cast<std::int64_t>(j)] =
            static_cast<float>(std::exp(lattice.before[j] + lattice.after[j] - lattice.total));
      }
    }
  });
}

}  // namespace elmo
