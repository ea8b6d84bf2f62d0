// A small random model and short sentences.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "compute/random.h"
#include "elmo/model.h"
#include "lm/language_model.h"
#include "tests/support/files.h"
#include "text/vocabulary_training.h"
#include "text/words.h"

namespace elmo {

inline constexpr int kProjection = 24, kHidden = 40;
inline constexpr const char* kWords[] = {"배를",
                                         "타고",
                                         "강을",
                                         "bank",
                                         "river",
                                         "눈이",
                                         "온다",
                                         "불가사의",
                                         ".",
                                         "ㅋㅋ",
                                         "antiestablishment",
                                         "말"};

// Word i of an endless text.
inline std::string word(std::uint64_t i) {
  const Random random(7, RandomUse::kInitialise, 0);
  return kWords[static_cast<std::size_t>(random.uniform(i) * 12) % 12];
}

inline std::string sentence(std::uint64_t seed, int words) {
  std::string text;
  for (int i = 0; i < words; ++i) {
    text += (i == 0 ? "" : " ") + word(seed * 1000 + static_cast<std::uint64_t>(i));
  }
  return text;
}

// Writes a model of 2 layers, whose words have several pieces, to a folder.
inline void write_random_model(const std::filesystem::path& folder, Split split = Split::kSpaces) {
  const auto corpus = folder / "corpus.txt";
  std::ofstream out(corpus);
  for (int i = 0; i < 400; ++i) out << sentence(static_cast<std::uint64_t>(i), 3 + i % 9) << '\n';
  out.close();
  VocabularyOptions options;
  options.size = 310;  // 256 bytes and few others, so that words have several pieces
  auto vocabulary = std::make_shared<const PieceVocabulary>(
      train_vocabulary({corpus.string()}, options, nullptr), "vocabulary");
  for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
    ModelSettings settings;
    settings.direction = direction;
    settings.layers = 2;
    settings.split = split;
    settings.hidden = kHidden;
    settings.projection = kProjection;
    settings.cell_clip = 0.4f;
    settings.projection_clip = 0.3f;
    LanguageModel model(settings, vocabulary);
    model.initialise(3);
    // Larger than those of a new model, so that clipping has an effect.
    model.for_each_parameter([](Parameter& parameter) {
      for (float& value : parameter.value.span()) value *= 2;
    });
    model.save(LanguageModel::file(folder, direction));
  }
}

// Writes the model once, to a folder that all tests of the suite share.
class RandomModelTest : public testing::Test {
 public:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    write_random_model(folder_->path());
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }

 protected:
  inline static TemporaryFolder* folder_ = nullptr;
};

// The same, for tests of the public headers.
class PublicModelTest : public RandomModelTest {
 protected:
  using Sentences = std::vector<std::vector<std::string>>;
  static Model load() { return Model::load(folder_->path().string()); }
  // Some of the sentences have no words.
  static Sentences sentences(std::size_t count) {
    Sentences result(count);
    for (std::size_t i = 0; i < count; ++i) {
      for (std::uint64_t w = 0; w < i % 11; ++w) result[i].push_back(word(i * 100 + w));
    }
    return result;
  }
  static std::vector<std::vector<float>> values(const std::vector<WordVectors>& vectors) {
    std::vector<std::vector<float>> result;
    for (const WordVectors& one : vectors) result.push_back(one.values);
    return result;
  }
};

}  // namespace elmo
