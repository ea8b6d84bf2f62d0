// The character encoder against a plain implementation in double and its finite differences.
#include "nn/character_encoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

#include "compute/random.h"
#include "tests/support/precisions.h"

namespace elmo {
namespace {

constexpr int kCharacters = 9, kPadding = 8, kPositions = 7;
// Groups of the words of some_words(), one of them empty.
constexpr std::int64_t kCuts[] = {0, 1, 3, 3, 6};

// `wide`: with more columns in a filter than a worker processes at a time.
CharacterShape small_shape(bool tanh, bool project, bool wide = false) {
  CharacterShape shape;
  shape.rows = kCharacters;
  shape.dimension = 3;
  shape.filters = {{1, 4}, {2, 3}, {4, 5}};
  shape.tanh = tanh;
  shape.highways = 2;
  if (wide) {
    shape.filters = {{1, 4}, {2, 70}};
    shape.highways = 0;
  }
  shape.projection = project ? 5 : 12;
  shape.project = project;
  shape.positions = kPositions;
  shape.padding = kPadding;
  return shape;
}

// Short and long words, one that fills all positions, one that occurs twice.
CharacterRows some_words() {
  CharacterRows words;
  for (const std::vector<int>& word : std::vector<std::vector<int>>{
           {6, 1, 7}, {6, 2, 3, 7}, {6, 5, 4, 3, 2, 1, 7}, {6, 7}, {6, 1, 7}, {6, 1, 1, 2, 2, 7}}) {
    for (const int id : word) words.ids.push_back(static_cast<std::uint16_t>(id));
    words.end_word();
  }
  return words;
}

void fill(CharacterEncoder& encoder, std::uint64_t seed) {
  const Random random(seed, RandomUse::kInitialise);
  std::uint64_t n = 0;
  encoder.for_each_parameter([&](Parameter& parameter) {
    for (auto& value : parameter.value.span()) value = 0.5f * random.normal(n++);
    parameter.allocate_gradient();
  });
}

void pack(CharacterEncoder& encoder, Precision precision, bool training) {
  encoder.prepare(precision, training);
  for (int part = 0; part < encoder.pack_parts(); ++part) encoder.pack(part);
}

// All parameters in the order of for_each_parameter.
using Values = std::vector<std::vector<double>>;

// The formulas of character_encoder.h over every position, with explicit padding.
std::vector<double> twin(const CharacterEncoder& encoder, const Values& values,
                         const CharacterRows& words) {
  const CharacterShape& s = encoder.shape();
  const auto f = static_cast<std::size_t>(s.filter_count());
  const auto c = static_cast<std::size_t>(s.dimension);
  std::vector<double> result;
  for (std::size_t i = 0; i + 1 < words.begin.size(); ++i) {
    std::vector<std::size_t> ids(kPositions, kPadding);
    std::copy(words.ids.begin() + words.begin[i], words.ids.begin() + words.begin[i + 1],
              ids.begin());
    std::vector<double> x;
    for (std::size_t bank = 0; bank < s.filters.size(); ++bank) {
      const auto width = static_cast<std::size_t>(s.filters[bank].width);
      const auto count = static_cast<std::size_t>(s.filters[bank].count);
      for (std::size_t n = 0; n < count; ++n) {
        double best = -1e300;
        for (std::size_t p = 0; p + width <= ids.size(); ++p) {
          double sum = values[1 + s.filters.size() + bank][n];
          for (std::size_t k = 0; k < width; ++k) {
            for (std::size_t d = 0; d < c; ++d) {
              sum += values[0][ids[p + k] * c + d] * values[1 + bank][(k * c + d) * count + n];
            }
          }
          best = std::max(best, sum);
        }
        x.push_back(s.tanh ? std::tanh(best) : std::max(0.0, best));
      }
    }
    std::size_t at = 1 + 2 * s.filters.size();
    for (int k = 0; k < s.highways; ++k, at += 4) {
      std::vector<double> y(f);
      for (std::size_t n = 0; n < f; ++n) {
        double gate = values[at + 2][n], change = values[at + 3][n];
        for (std::size_t m = 0; m < f; ++m) {
          gate += x[m] * values[at][m * f + n];
          change += x[m] * values[at + 1][m * f + n];
        }
        gate = 1 / (1 + std::exp(-gate));
        y[n] = gate * std::max(0.0, change) + (1 - gate) * x[n];
      }
      x = y;
    }
    if (!s.project) {
      result.insert(result.end(), x.begin(), x.end());
      continue;
    }
    const auto p = static_cast<std::size_t>(s.projection);
    for (std::size_t n = 0; n < p; ++n) {
      double sum = values[at + 1][n];
      for (std::size_t m = 0; m < f; ++m) sum += x[m] * values[at][m * p + n];
      result.push_back(sum);
    }
  }
  return result;
}

Values values_of(CharacterEncoder& encoder) {
  Values values;
  encoder.for_each_parameter([&](const Parameter& parameter) {
    values.emplace_back(parameter.value.span().begin(), parameter.value.span().end());
  });
  return values;
}

struct Case {
  bool tanh, project;
  int threads;
  bool wide = false;
};
class CharacterGradient : public testing::TestWithParam<Case> {};

TEST_P(CharacterGradient, AgreesWithFiniteDifferences) {
  CharacterEncoder encoder("token_encoder",
                           small_shape(GetParam().tanh, GetParam().project, GetParam().wide));
  fill(encoder, 3);
  pack(encoder, Precision::kF32, true);
  const CharacterRows words = some_words();
  const auto size = static_cast<std::size_t>(words.count()) *
                    static_cast<std::size_t>(encoder.shape().projection);
  std::vector<float> y(size), d(size);
  const Random random(4, RandomUse::kInitialise);
  for (std::size_t i = 0; i < size; ++i) d[i] = random.normal(i);
  Workers workers(GetParam().threads);
  CharacterEncoder::Tape tape(encoder, words.count());
  encoder.forward(words, tape, y.data(), workers);
  encoder.backward(words, tape, d.data(), kCuts, workers);

  Values values = values_of(encoder);
  const auto expected = twin(encoder, values, words);
  for (std::size_t i = 0; i < size; ++i) EXPECT_NEAR(y[i], expected[i], 3e-6) << i;
  const auto loss = [&] {
    const auto result = twin(encoder, values, words);
    double sum = 0;
    for (std::size_t i = 0; i < size; ++i) sum += d[i] * result[i];
    return sum;
  };
  std::size_t at = 0;
  encoder.for_each_parameter([&](const Parameter& parameter) {
    for (std::size_t i = 0; i < values[at].size(); ++i) {
      constexpr double kStep = 1e-6;
      const double kept = values[at][i];
      values[at][i] = kept + kStep;
      const double above = loss();
      values[at][i] = kept - kStep;
      const double below = loss();
      values[at][i] = kept;
      const double numeric = (above - below) / (2 * kStep);
      ASSERT_NEAR(parameter.gradient[i], numeric, 1e-4 * std::max(1.0, std::abs(numeric)))
          << parameter.name << " " << i;
    }
    ++at;
  });
}

INSTANTIATE_TEST_SUITE_P(Shapes, CharacterGradient,
                         testing::Values(Case{false, true, 1}, Case{true, true, 2},
                                         Case{false, false, 3}, Case{false, true, 3, true}));

TEST(CharacterGradientBits, DoNotDependOnTheNumberOfThreads) {
  const CharacterRows words = some_words();
  std::vector<std::vector<float>> expected;
  for (const int threads : {1, 2, 5}) {
    CharacterEncoder encoder("token_encoder", small_shape(true, true, true));
    fill(encoder, 7);
    pack(encoder, Precision::kF32, true);
    Workers workers(threads);
    CharacterEncoder::Tape tape(encoder, words.count());
    std::vector<float> y(30), d(30);
    for (std::size_t i = 0; i < d.size(); ++i) d[i] = 0.3f * static_cast<float>(i) - 4;
    encoder.forward(words, tape, y.data(), workers);
    encoder.backward(words, tape, d.data(), kCuts, workers);
    std::vector<std::vector<float>> gradients;
    encoder.for_each_parameter([&](const Parameter& parameter) {
      gradients.emplace_back(parameter.gradient.span().begin(), parameter.gradient.span().end());
    });
    if (threads == 1) expected = gradients;
    EXPECT_EQ(gradients, expected) << threads << " threads";
  }
}

using BitsCase = std::tuple<Precision, bool>;  // and: with a table
class CharacterEncoderBits : public testing::TestWithParam<BitsCase> {};

TEST_P(CharacterEncoderBits, AWordHasItsVectorInAnyCompany) {
  const auto [precision, table] = GetParam();
  CharacterShape shape = small_shape(false, true);
  shape.table = table;
  CharacterEncoder encoder("token_encoder", shape);
  fill(encoder, 5);
  pack(encoder, precision, false);
  CharacterRows words;
  const Random random(6, RandomUse::kInitialise);
  for (std::uint64_t i = 0; i < 200; ++i) {
    for (std::uint64_t k = 0; k < 2 + i % 5; ++k) {
      words.ids.push_back(static_cast<std::uint16_t>(8 * random.uniform(8 * i + k)));
    }
    words.end_word();
  }
  const auto p = static_cast<std::size_t>(encoder.shape().projection);
  std::vector<float> all(p * 200), shared(p * 200), one(p);
  CharacterEncoder::Tape tape(encoder, 200), small_tape(encoder, 1);
  encoder.forward(words, 0, 200, tape, all.data());
  Workers workers(3);
  encoder.forward(words, tape, shared.data(), workers);
  EXPECT_EQ(all, shared);
  for (std::size_t i = 0; i < 200; ++i) {
    const auto word = static_cast<std::int64_t>(i);
    encoder.forward(words, word, word + 1, small_tape, one.data());
    ASSERT_TRUE(
        std::equal(one.begin(), one.end(), all.begin() + static_cast<std::ptrdiff_t>(i * p)))
        << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Precisions, CharacterEncoderBits,
                         testing::Combine(testing::ValuesIn(kPrecisions), testing::Bool()));

// Also for more windows than one product processes at a time.
TEST(CharacterEncoderProducts, GiveWhatATableGives) {
  for (const bool tanh : {false, true}) {
    CharacterShape shape = small_shape(tanh, true);
    CharacterEncoder with_table("token_encoder", shape);
    shape.table = false;
    CharacterEncoder without("token_encoder", shape);
    for (CharacterEncoder* encoder : {&with_table, &without}) {
      fill(*encoder, 8);
      pack(*encoder, Precision::kF32, false);
    }
    CharacterRows words;
    for (int copy = 0; copy < 20; ++copy) {
      const CharacterRows some = some_words();
      for (std::int64_t i = 0; i < some.count(); ++i) {
        const auto at = static_cast<std::size_t>(i);
        words.ids.insert(words.ids.end(), some.ids.begin() + some.begin[at],
                         some.ids.begin() + some.begin[at + 1]);
        words.end_word();
      }
    }
    const auto size = static_cast<std::size_t>(words.count() * shape.projection);
    std::vector<float> expected(size), y(size);
    CharacterEncoder::Tape tape(with_table, words.count()), other(without, words.count());
    with_table.forward(words, 0, words.count(), tape, expected.data());
    without.forward(words, 0, words.count(), other, y.data());
    for (std::size_t i = 0; i < size; ++i) EXPECT_NEAR(y[i], expected[i], 1e-5) << i;
  }
}

}  // namespace
}  // namespace elmo
