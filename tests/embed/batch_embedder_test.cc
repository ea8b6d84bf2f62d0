// Vectors of a small random model: compared with the training engine's states, and tests that bits
// are equal.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "compute/precision.h"
#include "compute/workers.h"
#include "elmo/error.h"
#include "elmo/model.h"
#include "embed/bidirectional_model.h"
#include "embed/neighbors.h"
#include "lm/engine.h"
#include "lm/language_model.h"
#include "tests/embed/embed_support.h"
#include "tests/support/precisions.h"
#include "text/words.h"

namespace elmo {
namespace {

using testing::HasSubstr;

class BatchEmbedderTest : public RandomModelTest {
 protected:
  static std::shared_ptr<const BidirectionalModel> load(Precision precision = Precision::kF32) {
    return BidirectionalModel::load(folder_->path(), precision);
  }
  static SentenceVectors request(const std::string& text) {
    SentenceVectors result;
    split_words(text, Split::kSpaces, result.words);
    return result;
  }
  static EmbedOptions options(const std::string& layers = "all") {
    EmbedOptions result;
    result.mix = LayerMix::parse(layers, 3);
    return result;
  }
  static std::vector<float> embed(const std::string& text, const EmbedOptions& settings = options(),
                                  Precision precision = Precision::kF32) {
    Workers workers(1);
    std::vector<SentenceVectors> sentences = {request(text)};
    BatchEmbedder(load(precision), settings, workers).embed(sentences);
    return sentences[0].vectors;
  }
};

// One half of a word's vector in one layer, for vectors with all layers.
std::span<const float> part(const std::vector<float>& vectors, std::size_t word, std::size_t layer,
                            std::size_t half) {
  return {vectors.data() + ((word * 3 + layer) * 2 + half) * kProjection, kProjection};
}
bool same(std::span<const float> a, std::span<const float> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

TEST_F(BatchEmbedderTest, StatesAreThoseOfTheTrainingEngine) {
  const std::string text = sentence(5, 9);
  const std::vector<float> vectors = embed(text);
  for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
    const bool forward = direction == Direction::kForward;
    auto model = LanguageModel::load(LanguageModel::file(folder_->path(), direction));
    Workers workers(1);
    model->prepare(Precision::kF32, false);
    model->pack(workers);
    Sequence sequence;
    LineEncoder encoder(*model);
    const std::vector<std::string_view> words = encoder.read(text, sequence);
    PieceCache cache(*model->vocabulary);
    const int steps = static_cast<int>(sequence.inputs.size());
    auto engine = make_engine(*model, Precision::kF32, {.steps = steps, .streams = 1}, workers);
    Window window;
    window.steps = steps;
    window.streams = 1;
    window.inputs = sequence.inputs;
    window.targets = sequence.targets;
    window.resets.assign(sequence.inputs.size(), 0);
    window.resets[0] = 1;
    window.predictions = sequence.inputs.size();
    std::vector<double> losses;
    engine->evaluate(window, losses);
    std::vector<std::int32_t> ids;
    std::size_t unit = 0;
    for (std::size_t w = 0; w < words.size(); ++w) {
      ids.clear();
      cache.encode(words[w], ids);
      const std::size_t last = forward ? unit + ids.size() - 1 : sequence.inputs.size() - 2 - unit;
      for (int layer = 1; layer <= 2; ++layer) {
        const auto output = engine->layer_output(layer);
        const auto mine = part(vectors, w, static_cast<std::size_t>(layer), forward ? 0 : 1);
        for (std::size_t k = 0; k < kProjection; ++k) {
          EXPECT_NEAR(mine[k], output[(last + 1) * kProjection + k], 1e-6) << w << ' ' << layer;
        }
      }
      for (std::size_t k = 0; k < kProjection; ++k) {
        double mean = 0;
        for (const std::int32_t id : ids) mean += model->embedding.row(id)[k];
        EXPECT_NEAR(part(vectors, w, 0, forward ? 0 : 1)[k], mean / static_cast<double>(ids.size()),
                    1e-6);
      }
      unit += ids.size();
    }
  }
}

TEST_F(BatchEmbedderTest, NothingLeaks) {
  const std::string left = sentence(1, 4), right = sentence(2, 4);
  const std::vector<float> a = embed(left + " river " + right);
  const std::vector<float> b = embed(left + " 불가사의 " + right);
  for (std::size_t layer = 1; layer < 3; ++layer) {
    for (std::size_t w = 0; w < 9; ++w) {
      EXPECT_EQ(same(part(a, w, layer, 0), part(b, w, layer, 0)), w < 4) << w << ' ' << layer;
      EXPECT_EQ(same(part(a, w, layer, 1), part(b, w, layer, 1)), w > 4) << w << ' ' << layer;
    }
  }
  for (std::size_t w = 0; w < 9; ++w) {
    EXPECT_EQ(same(part(a, w, 0, 0), part(b, w, 0, 0)), w != 4);
  }
}

// Forward states of pieces before a change within the word must not change.
TEST_F(BatchEmbedderTest, NothingLeaksWithinAWord) {
  const auto span = [&](const std::string& text, std::size_t begin, std::size_t end) {
    Workers workers(1);
    std::vector<SentenceVectors> one = {request(text)};
    one[0].kept.emplace();
    one[0].span = WordSpan{1, begin, 1, end};
    BatchEmbedder(load(), options(), workers).embed(one);
    return one[0].vectors;
  };
  // Words that the vocabulary lacks are encoded as single characters or bytes.
  const std::vector<float> a = span("the qzqzq bank", 0, 2), b = span("the qzqzx bank", 0, 2);
  const std::vector<float> c = span("the qzqzq bank", 3, 5), d = span("the xzqzq bank", 3, 5);
  for (std::size_t layer = 1; layer < 3; ++layer) {
    EXPECT_TRUE(same(part(a, 0, layer, 0), part(b, 0, layer, 0)));
    EXPECT_FALSE(same(part(a, 0, layer, 1), part(b, 0, layer, 1)));
    EXPECT_TRUE(same(part(c, 0, layer, 1), part(d, 0, layer, 1)));
    EXPECT_FALSE(same(part(c, 0, layer, 0), part(d, 0, layer, 0)));
  }
}

TEST_F(BatchEmbedderTest, BitsDoNotDependOnBatchOrderOrThreads) {
  std::vector<std::string> texts;
  for (int i = 0; i < 60; ++i) texts.push_back(sentence(static_cast<std::uint64_t>(i), i * 7 % 31));
  for (const Precision precision : kPrecisions) {
    const auto model = load(precision);
    std::map<std::string, std::vector<float>> alone;
    Workers one(1);
    for (const std::string& text : texts) {
      std::vector<SentenceVectors> single = {request(text)};
      BatchEmbedder(model, options(), one).embed(single);
      alone[text] = single[0].vectors;
    }
    for (const auto& [batch, threads] : {std::tuple{1, 1}, {7, 2}, {100, 3}, {5000, 2}}) {
      Workers workers(threads);
      EmbedOptions settings = options();
      settings.batch_words = batch;
      BatchEmbedder embedder(model, settings, workers);
      std::rotate(texts.begin(), texts.begin() + batch % 60, texts.end());
      std::vector<SentenceVectors> all;
      for (const std::string& text : texts) all.push_back(request(text));
      embedder.embed(all);
      for (std::size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i].vectors, alone[texts[i]]) << i;
    }
  }
}

TEST_F(BatchEmbedderTest, LongSentencesHaveTheSameBitsInParts) {
  const std::string text = sentence(3, 9500);
  for (const Pooling pooling : {Pooling::kBoundary, Pooling::kMean}) {
    EmbedOptions settings = options("0,2");
    settings.pooling = pooling;
    const std::vector<float> expected = embed(text, settings);
    Workers workers(2);
    SentenceVectors sentence = request(text);
    std::vector<float> parts(expected.size(), NAN);
    BatchEmbedder embedder(load(), settings, workers);
    embedder.embed_long(sentence, [&](const VectorPart& one) {
      for (std::int64_t i = 0; i < one.count; ++i) {
        for (int k = 0; k < one.columns; ++k) {
          float& to = parts[static_cast<std::size_t>(
              ((one.first + i) * 2 + one.row) * 2 * kProjection + one.column + k)];
          EXPECT_TRUE(std::isnan(to));
          to = one.vectors[i * one.stride + k];
        }
      }
    });
    EXPECT_EQ(parts, expected);
  }
}

TEST_F(BatchEmbedderTest, ACarriedStateGoesOnFromLineToLine) {
  std::vector<std::string> texts;
  for (int i = 0; i < 23; ++i) {
    texts.push_back(sentence(static_cast<std::uint64_t>(i), i == 6 ? 0 : 2 + i * 5 % 13));
  }
  const auto run = [&](int streams, int threads, std::size_t window) {
    Workers workers(threads);
    BatchEmbedder embedder(load(), options(), workers);
    std::vector<std::vector<float>> vectors;
    for (std::size_t at = 0; at < texts.size(); at += window) {
      std::vector<SentenceVectors> some;
      for (std::size_t i = at; i < std::min(at + window, texts.size()); ++i) {
        some.push_back(request(texts[i]));
      }
      embedder.embed_carried(some, at, streams);
      for (const SentenceVectors& one : some) vectors.push_back(one.vectors);
    }
    return vectors;
  };
  const auto three = run(3, 1, 100);
  EXPECT_EQ(run(3, 2, 100), three);
  EXPECT_EQ(run(3, 4, 7), three);
  // Streams are independent: stream 1 alone gives the same as among three.
  std::vector<std::string> stream;
  for (std::size_t i = 1; i < texts.size(); i += 3) stream.push_back(texts[i]);
  const auto all = texts;
  texts = stream;
  const auto one = run(1, 1, 100);
  for (std::size_t i = 0; i < one.size(); ++i) EXPECT_EQ(one[i], three[1 + 3 * i]);
  // The first line started from zeros, later ones did not.
  EXPECT_EQ(one[0], embed(stream[0]));
  EXPECT_NE(one[1], embed(stream[1]));
}

TEST_F(BatchEmbedderTest, MixesAreSumsOfLayers) {
  const std::string text = sentence(9, 6);
  const std::vector<float> all = embed(text);
  const std::vector<float> top = embed(text, options("top"));
  const std::vector<float> average = embed(text, options("average"));
  EmbedOptions settings;
  settings.mix = LayerMix::scalar_mix({0.5f, -1.0f, 2.0f}, 1.5f, false, 3);
  const std::vector<float> mixed = embed(text, settings);
  settings.mix = LayerMix::scalar_mix({0.5f, -1.0f, 2.0f}, 1.5f, true, 3);
  const std::vector<float> normed = embed(text, settings);
  const double e[] = {std::exp(0.5), std::exp(-1.0), std::exp(2.0)};
  const double sum = e[0] + e[1] + e[2];
  const std::size_t d = 2 * kProjection;
  const auto layer = [&](std::size_t w, std::size_t j, std::size_t k) {
    return static_cast<double>(all[(w * 3 + j) * d + k]);
  };
  double mean[3] = {}, variance[3] = {};
  for (std::size_t j = 0; j < 3; ++j) {
    for (std::size_t i = 0; i < 6 * d; ++i) mean[j] += layer(i / d, j, i % d) / (6.0 * d);
    for (std::size_t i = 0; i < 6 * d; ++i) {
      variance[j] += std::pow(layer(i / d, j, i % d) - mean[j], 2) / (6.0 * d);
    }
  }
  for (std::size_t w = 0; w < 6; ++w) {
    for (std::size_t k = 0; k < d; ++k) {
      double plain = 0, with_norm = 0, sum_of_layers = 0;
      for (std::size_t j = 0; j < 3; ++j) {
        sum_of_layers += layer(w, j, k);
        plain += 1.5 * e[j] / sum * layer(w, j, k);
        with_norm += 1.5 * e[j] / sum * (layer(w, j, k) - mean[j]) / std::sqrt(variance[j]);
      }
      EXPECT_EQ(top[w * d + k], static_cast<float>(layer(w, 2, k)));
      EXPECT_NEAR(average[w * d + k], sum_of_layers / 3, 1e-6);
      EXPECT_NEAR(mixed[w * d + k], plain, 1e-6);
      EXPECT_NEAR(normed[w * d + k], with_norm, 1e-5);
    }
  }
}

TEST_F(BatchEmbedderTest, KeptWordsAreThoseOfTheWholeSentence) {
  const std::string text = sentence(4, 8);
  const std::vector<float> all = embed(text);
  Workers workers(1);
  std::vector<SentenceVectors> some = {request(text)};
  some[0].kept = {1, 6};
  BatchEmbedder(load(), options(), workers).embed(some);
  ASSERT_EQ(some[0].vectors.size(), 2u * 3 * 2 * kProjection);
  for (std::size_t layer = 0; layer < 3; ++layer) {
    for (std::size_t half = 0; half < 2; ++half) {
      EXPECT_TRUE(same(part(some[0].vectors, 0, layer, half), part(all, 1, layer, half)));
      EXPECT_TRUE(same(part(some[0].vectors, 1, layer, half), part(all, 6, layer, half)));
    }
  }
}

TEST_F(BatchEmbedderTest, PublicModelIsSharedByThreads) {
  const Model model = Model::load(folder_->path().string());
  EXPECT_EQ(model.layers(), 3);
  EXPECT_EQ(model.dimension(), 2 * kProjection);
  std::vector<std::vector<std::string>> sentences;
  for (std::uint64_t i = 0; i < 40; ++i) {
    auto& words = sentences.emplace_back();
    for (std::uint64_t w = 0; w < i % 11; ++w) words.push_back(word(i * 100 + w));
  }
  const auto expected = model.embed_all(sentences);
  std::vector<std::thread> threads;
  std::vector<int> differing(4, 0);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < sentences.size(); ++i) {
        differing[static_cast<std::size_t>(t)] +=
            model.embed(sentences[i]).values != expected[i].values;
      }
      const auto all = model.embed_all(sentences, {}, 2);
      for (std::size_t i = 0; i < all.size(); ++i) {
        differing[static_cast<std::size_t>(t)] += all[i].values != expected[i].values;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(differing, std::vector<int>(4, 0));
  EXPECT_EQ(expected[5].words, 5u);
  EXPECT_EQ(expected[5].at(2, 4).size(), 2u * kProjection);
}

TEST_F(BatchEmbedderTest, NeighborsFindTheSameWordInTheSameSentenceFirst) {
  const auto text = *folder_ / "text.txt";
  put(text, "river bank 말\n온다 눈이 .\nriver bank 말 .\n\nㅋㅋ\n");
  Workers workers(2);
  const auto nearest = find_neighbors(load(), options("top"), parse_query("river [bank] 말"),
                                      text.string(), InvalidText::kRefuse, 3, workers);
  ASSERT_EQ(nearest.size(), 3u);
  EXPECT_EQ(nearest[0].line, 3u);
  EXPECT_EQ(nearest[0].marked(), "river [bank] 말 .");
  EXPECT_GE(nearest[0].cosine, nearest[1].cosine);
  for (const Neighbor& one : nearest) EXPECT_NE(one.marked(), "river [bank] 말");
  for (const char* bad : {"no brackets", "[two] [pairs]", "an empty [] pair", "]before["}) {
    EXPECT_THROW(parse_query(bad), UsageError) << bad;
  }
}

TEST_F(BatchEmbedderTest, BadLayersAndFoldersAreRefused) {
  EXPECT_THAT(error_of([] { LayerMix::parse("0,3", 3); }), HasSubstr("the model has 0 to 2"));
  EXPECT_THAT(error_of([] { LayerMix::parse("1,1", 3); }), HasSubstr("twice"));
  for (const char* bad : {"", "mix", "0,", ",", "-1", "1.5", "topp"}) {
    EXPECT_THROW(LayerMix::parse(bad, 3), UsageError) << bad;
  }
  EXPECT_THAT(error_of([] { LayerMix::scalar_mix({1}, 1, false, 3); }), HasSubstr("3"));
  TemporaryFolder empty;
  EXPECT_THAT(error_of([&] { BidirectionalModel::load(empty.path(), Precision::kF32); }),
              HasSubstr("forward.h5: missing"));
  std::filesystem::copy(*folder_ / "forward.h5", empty / "forward.h5");
  EXPECT_THAT(error_of([&] { BidirectionalModel::load(empty.path(), Precision::kF32); }),
              HasSubstr("pretrain --direction backward"));
  std::filesystem::copy(*folder_ / "forward.h5", empty / "backward.h5");
  EXPECT_THAT(error_of([&] { BidirectionalModel::load(empty.path(), Precision::kF32); }),
              HasSubstr("was it renamed?"));
}

}  // namespace
}  // namespace elmo
