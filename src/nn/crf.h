// A linear-chain conditional random field over the tags of a text (Lafferty et al. 2001).
//
//   score(s_1 .. s_n) = start[s_1] + sum_t e_t[s_t] + sum_t transitions[s_t][s_t+1] + end[s_n]
//   p(s) = exp(score(s)) / sum over all allowed sequences
//
// e_t[k] is what the layer below gives tag k at word t. All sums are taken in log space, in double.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "compute/workers.h"
#include "nn/parameter.h"
#include "nn/ragged.h"

namespace elmo {

// Which tags may begin a text and which may follow one another; anything may end it. Each tag must
// lie on some allowed path of any length.
struct CrfRules {
  std::vector<std::uint8_t> start;        // (K), 1: allowed
  std::vector<std::uint8_t> transitions;  // (K, K), from x to

  static CrfRules anything(std::int64_t tags);
  // BIO: I-X only behind B-X or I-X. Tags of other forms may stand anywhere.
  static CrfRules bio(std::span<const std::string> tags);
  bool allow(std::span<const std::int32_t> sequence) const;
};

class CrfLayer {
 public:
  CrfLayer(const std::string& name, CrfRules rules);

  template <typename F>
  void for_each_parameter(F&& f) {
    f(transitions);
    f(start);
    f(end);
  }
  Parameter transitions;  // (K, K), from x to
  Parameter start;        // (K)
  Parameter end;          // (K)

  std::int64_t tags() const { return start.shape[0]; }
  const CrfRules& rules() const { return rules_; }
  // Zero: at first all allowed moves are alike.
  void initialise();

  // Negative log-likelihood in nats of each text's tags (rows of `tags`; all allowed by the rules,
  // an Error otherwise) into `losses` (texts), 0 for an empty one. Unless d_scores is null: adds
  // the gradient of scale * (their sum) to the parameters' gradients and writes that of `scores`
  // (rows x K).
  void losses(const Ragged& texts, const float* scores, const std::int32_t* tags, float scale,
              double* losses, float* d_scores, Workers& workers);
  // The best allowed sequence of each text (Viterbi), of equal ones that of the lower tags.
  void decode(const Ragged& texts, const float* scores, std::int32_t* tags, Workers& workers) const;
  // Probability of each tag at each word (rows x K).
  void marginals(const Ragged& texts, const float* scores, float* probabilities,
                 Workers& workers) const;

 private:
  struct Lattice;
  Lattice walk(const float* scores, std::int64_t length) const;

  CrfRules rules_;
};

}  // namespace elmo
