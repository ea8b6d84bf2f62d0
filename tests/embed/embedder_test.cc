// The public Model and Embedder: equal bits in one call and in many, caches, carried states, words
// and their offsets, OpenMP's settings.

#include "elmo/embedder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <omp.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "elmo/error.h"
#include "elmo/model.h"
#include "elmo/threads.h"
#include "tests/embed/embed_support.h"

namespace elmo {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Sentences = std::vector<std::vector<std::string>>;

using EmbedderTest = PublicModelTest;

TEST_F(EmbedderTest, HasTheBitsOfOneCallHoweverSentencesAreDealt) {
  const Model model = load();
  const Sentences all = sentences(60);
  for (const int carry : {0, 3}) {
    EmbedSettings settings;
    settings.carry_state = carry;
    settings.batch_words = 40;
    const auto expected = values(model.embed_all(all, settings));
    for (const int threads : {1, 3}) {
      Embedder embedder(model, settings, threads);
      std::vector<std::vector<float>> got;
      for (std::size_t begin = 0, portion = 1; begin < all.size(); begin += portion, ++portion) {
        const auto end = std::min(all.size(), begin + portion);
        for (auto& one :
             embedder.embed_all(Sentences(all.begin() + static_cast<std::ptrdiff_t>(begin),
                                          all.begin() + static_cast<std::ptrdiff_t>(end)))) {
          got.push_back(std::move(one.values));
        }
      }
      EXPECT_EQ(got, expected) << carry << " " << threads;
      embedder.reset();
      got.clear();
      const std::list<std::vector<std::string>> listed(all.begin(), all.end());
      embedder.embed_each(listed, [&](WordVectors one) { got.push_back(std::move(one.values)); });
      EXPECT_EQ(got, expected) << carry << " " << threads;
      embedder.reset();
      got.clear();
      for (const auto& one : all) got.push_back(embedder.embed(one).values);
      EXPECT_EQ(got, expected) << carry << " " << threads;
    }
  }
}

TEST_F(EmbedderTest, RemembersWordsAndForgetsTheOldest) {
  const Model model = load();
  Embedder embedder(model, {}, 1, 5);
  const std::vector<std::string> five = {"배를", "타고", "강을", "bank", "river"};
  embedder.embed(five);
  EXPECT_EQ(embedder.counts().encoded, 5u);
  embedder.embed(five);
  EXPECT_EQ(embedder.counts().words, 10u);
  EXPECT_EQ(embedder.counts().encoded, 5u);
  embedder.embed({"눈이", "타고"});  // drops 배를 from the cache
  EXPECT_EQ(embedder.counts().encoded, 6u);
  embedder.embed({"타고", "강을", "river"});
  EXPECT_EQ(embedder.counts().encoded, 6u);
  const auto again = embedder.embed({"배를"});
  EXPECT_EQ(embedder.counts().encoded, 7u);
  EXPECT_EQ(again.values, model.embed({"배를"}).values);
}

TEST_F(EmbedderTest, AFailedCallLeavesStatesAsTheyWere) {
  const Model model = load();
  const Sentences all = sentences(40);
  EmbedSettings settings;
  settings.carry_state = 2;
  settings.batch_words = 8;
  const auto expected = values(model.embed_all(all, settings));
  int until = 1 << 30;
  settings.between_batches = [&] {
    if (--until == 0) throw std::runtime_error("stop");
  };
  Embedder embedder(model, settings);
  const Sentences first(all.begin(), all.begin() + 20), second(all.begin() + 20, all.end());
  auto got = values(embedder.embed_all(first));
  for (const int stop : {1, 3, 9}) {
    until = stop;
    EXPECT_THROW(embedder.embed_all(second), std::runtime_error);
  }
  until = 1 << 30;
  EXPECT_THROW(embedder.embed_all(Sentences{{"bank"}, {"\xFF"}}), UsageError);
  for (auto& one : embedder.embed_all(second)) got.push_back(one.values);
  EXPECT_EQ(got, expected);
}

TEST_F(EmbedderTest, ServesOneCallerAtATime) {
  const Model model = load();
  EmbedSettings settings;
  Embedder* self = nullptr;
  std::string message;
  settings.between_batches = [&] { message = error_of([&] { self->embed({"bank"}); }); };
  Embedder embedder(model, settings);
  self = &embedder;
  embedder.embed({"bank"});
  EXPECT_THAT(message, HasSubstr("serves another thread"));
}

TEST_F(EmbedderTest, TextIsCutAsTheModelCutsIt) {
  TemporaryFolder folder;
  write_random_model(folder.path(), Split::kPunctuation);
  const Model model = Model::load(folder.path().string());
  EXPECT_EQ(model.split(), "punctuation");
  EXPECT_EQ(load().split(), "spaces");
  const std::string text = "눈이 온다...\r\n bank(river)!\n";
  const auto words = model.words(text);
  std::vector<std::string> strings;
  for (const Word& one : words) {
    strings.emplace_back(one.text);
    EXPECT_EQ(text.substr(one.begin, one.end - one.begin), one.text);
  }
  EXPECT_THAT(strings, ElementsAre("눈이", "온다", "...", "bank", "(", "river", ")!"));
  EXPECT_EQ(words[1].begin_character, 3u);
  EXPECT_EQ(words[1].end_character, 5u);
  EXPECT_EQ(words[3].begin_character, 11u);
  EXPECT_EQ(words[3].begin, 19u);
  const auto expected = model.embed(strings).values;
  Embedder embedder(model);
  EXPECT_EQ(model.embed(text).values, expected);
  EXPECT_EQ(embedder.embed(std::string_view(text)).values, expected);
  const std::vector<std::string> texts = {text, ""};
  EXPECT_EQ(model.embed_all(texts)[0].values, expected);
  EXPECT_EQ(embedder.embed_all(texts)[0].values, expected);
  EXPECT_EQ(model.embed_all(texts)[1].words, 0u);
  std::vector<std::vector<float>> streamed;
  embedder.embed_each(texts, [&](WordVectors one) { streamed.push_back(one.values); });
  EXPECT_EQ(streamed[0], expected);
  EXPECT_EQ(streamed.size(), 2u);
  EXPECT_TRUE(model.words("").empty());
  EXPECT_THAT(error_of([&] { model.words("ab\xFF"); }), HasSubstr("not UTF-8 at byte 3"));
  EXPECT_THAT(error_of([&] {
                model.embed_all(std::vector<std::string>{"", "\xEA\xB0"});
              }),
              HasSubstr("text 1 is not UTF-8 at byte 1"));
}

TEST_F(EmbedderTest, PoolsWords) {
  const Model model = load();
  const Sentences all = sentences(15);
  const auto vectors = model.embed_all(all);
  for (const std::string pool : {"mean", "max", "first", "last"}) {
    EmbedSettings settings;
    settings.pool = pool;
    const auto pooled = model.embed_all(all, settings, 2);
    for (std::size_t i = 0; i < all.size(); ++i) {
      ASSERT_EQ(pooled[i].words, 1u);
      for (int layer = 0; layer < 3; ++layer) {
        for (std::size_t k = 0; k < 2 * kProjection; ++k) {
          double mean = 0;
          float most = -1e30f;
          for (std::size_t w = 0; w < all[i].size(); ++w) {
            mean += vectors[i].at(layer, w)[k] / static_cast<double>(all[i].size());
            most = std::max(most, vectors[i].at(layer, w)[k]);
          }
          const float got = pooled[i].at(layer, 0)[k];
          if (all[i].empty()) {
            EXPECT_EQ(got, 0.0f);
          } else if (pool == "mean") {
            EXPECT_NEAR(got, mean, 1e-6);
          } else {
            EXPECT_EQ(got, pool == "max"     ? most
                           : pool == "first" ? vectors[i].at(layer, 0)[k]
                                             : vectors[i].at(layer, all[i].size() - 1)[k]);
          }
        }
      }
    }
  }
  EmbedSettings settings;
  settings.pool = "median";
  EXPECT_THROW(model.embed({"bank"}, settings), UsageError);
}

TEST_F(EmbedderTest, BadWordsAndSettingsAreRefused) {
  const Model model = load();
  EXPECT_THAT(error_of([&] {
                model.embed_all(Sentences{{"a"}, {"b", ""}});
              }),
              HasSubstr("word 1 of sentence 1 is empty"));
  EXPECT_THAT(error_of([&] { model.embed({"caf\xE9"}); }),
              HasSubstr("word 0 of sentence 0 is not UTF-8 at byte 4"));
  EXPECT_THROW(model.embed_all(Sentences{}, {}, -1), UsageError);
  EXPECT_THROW(Embedder(model, {}, -1), UsageError);
  EmbedSettings settings;
  settings.layers = "7";
  EXPECT_THAT(error_of([&] { Embedder(model, settings); }), Not(HasSubstr("--")));
  Embedder embedder(model);
  const Sentences bad = {{"a"}, {""}};
  EXPECT_THAT(error_of([&] { embedder.embed_each(bad, [](const WordVectors&) {}); }),
              HasSubstr("word 0 of sentence 1 is empty"));
}

TEST_F(EmbedderTest, LeavesOpenMpAsItWas) {
  const int before = omp_get_max_threads();
  omp_set_num_threads(7);
  const Model model = load();
  EXPECT_EQ(omp_get_max_threads(), 7);
  Embedder embedder(model, {}, 2);
  model.embed({"bank"});
  embedder.embed({"bank"});
  EXPECT_EQ(omp_get_max_threads(), 7);
  EmbedSettings settings;
  settings.between_batches = [] { throw std::runtime_error("stop"); };
  EXPECT_THROW(model.embed({"bank"}, settings), std::runtime_error);
  EXPECT_EQ(omp_get_max_threads(), 7);
  EXPECT_EQ(omp_get_dynamic(), 0);
  omp_set_num_threads(before);
}

TEST_F(EmbedderTest, ManyThreadsMayLoadAtOnce) {
  const auto expected = load().embed({"bank", "river"}).values;
  std::vector<std::thread> threads;
  std::atomic<int> differing = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 3; ++i) differing += load().embed({"bank", "river"}).values != expected;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(differing, 0);
}

}  // namespace
}  // namespace elmo
