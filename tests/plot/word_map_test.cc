// Occurrences of a word: found in either layout, projected on the plane that they lie in.
#include "plot/word_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "elmo/error.h"
#include "io/dump_file.h"
#include "tests/io/io_support.h"

namespace elmo {
namespace {

// Four places on a plane of five dimensions, and words elsewhere. Layer 0 is zero.
const std::vector<std::vector<float>> kPlaces = {{3, 1}, {-3, 1}, {3, -1}, {-3, -1}};

std::filesystem::path write_dump(const std::filesystem::path& folder, DumpLayout layout) {
  const auto path = folder / "vectors.h5";
  DumpOptions options;
  options.layout = layout;
  options.layers = 2;
  options.dimension = 5;
  options.attributes = {{"split", "spaces"}};
  DumpWriter writer(path, options, false);
  for (std::size_t i = 0; i < kPlaces.size(); ++i) {
    const std::string before = "w" + std::to_string(i);
    const std::vector<std::string_view> words = {before, "bank", "x"};
    const std::string sentence = before + " bank x";
    std::vector<float> vectors(3 * 2 * 5, 0.0f);
    float* place = vectors.data() + 3 * 5;  // word 1, layer 1
    place[0] = place[1] = kPlaces[i][0] / std::sqrt(2.0f);
    place[4] = 7 + kPlaces[i][1];
    writer.append(sentence, words, vectors);
    writer.append("", {}, {});
  }
  writer.finish();
  return path;
}

class WordMaps : public testing::TestWithParam<DumpLayout> {};

TEST_P(WordMaps, KeepThePlaneOfTheOccurrences) {
  const TemporaryFolder folder;
  const WordMap map = map_word(DumpReader(write_dump(folder.path(), GetParam())), "bank", -1, 40);
  ASSERT_EQ(map.occurrences.size(), 4u);
  EXPECT_NEAR(map.shares[0], 0.9, 1e-6);
  EXPECT_NEAR(map.shares[1], 0.1, 1e-6);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(map.occurrences[i].x, kPlaces[i][0], 1e-5);
    EXPECT_NEAR(map.occurrences[i].y, kPlaces[i][1], 1e-5);
    EXPECT_EQ(map.occurrences[i].context, "w" + std::to_string(i) + " [bank] x");
  }
}

TEST_P(WordMaps, RefuseWhatCanNotBeDrawn) {
  const TemporaryFolder folder;
  const DumpReader dump(write_dump(folder.path(), GetParam()));
  EXPECT_THROW(map_word(dump, "w1", -1, 40), Error);
  EXPECT_THROW(map_word(dump, "bank", 2, 40), Error);
  // Layer 0 does not vary at all.
  EXPECT_EQ(map_word(dump, "bank", 0, 40).shares[0], 0);
}

TEST_P(WordMaps, BecomeTablesForTheProjector) {
  const TemporaryFolder folder;
  write_projector(DumpReader(write_dump(folder.path(), GetParam())), folder.path() / "tables");
  const std::string metadata = content_of(folder.path() / "tables" / "metadata.tsv");
  const std::string vectors = content_of(folder.path() / "tables" / "vectors.tsv");
  EXPECT_TRUE(metadata.starts_with("word\tsentence\tindex\nw0\t[w0] bank x\t0\nbank\t"));
  EXPECT_EQ(std::ranges::count(metadata, '\n'), 13);
  EXPECT_EQ(std::ranges::count(vectors, '\n'), 12);
  EXPECT_EQ(std::ranges::count(vectors, '\t'), 12 * 9);
}

INSTANTIATE_TEST_SUITE_P(Layouts, WordMaps,
                         testing::Values(DumpLayout::kSentences, DumpLayout::kMatrix));

}  // namespace
}  // namespace elmo
