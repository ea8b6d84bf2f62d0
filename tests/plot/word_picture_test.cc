// Occurrences of words: found in either layout, sampled, coloured and projected to their plane; and
// how text is escaped in a page.
#include "plot/word_picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "elmo/error.h"
#include "io/dump_file.h"
#include "plot/page.h"
#include "plot/projector.h"
#include "tests/support/files.h"

namespace elmo {
namespace {

// Four points in a plane of five-dimensional space; other words are elsewhere. Layer 0 is zero.
const std::vector<std::vector<float>> kPlaces = {{3, 1}, {-3, 1}, {3, -1}, {-3, -1}};

std::filesystem::path write_dump(const std::filesystem::path& folder, DumpLayout layout,
                                 float factor = 1) {
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
    place[0] = place[1] = factor * kPlaces[i][0] / std::sqrt(2.0f);
    place[4] = 7 + kPlaces[i][1];
    writer.append(sentence, words, vectors);
    writer.append("", {}, {});
  }
  writer.finish();
  return path;
}

WordPictureRequest request_of(std::vector<std::string> words, int layer = -1) {
  WordPictureRequest request;
  request.occurrences.words = std::move(words);
  request.layer = layer;
  return request;
}

class WordPictures : public testing::TestWithParam<DumpLayout> {};

TEST_P(WordPictures, KeepThePlaneOfTheOccurrences) {
  const TemporaryFolder folder;
  const DumpReader dump(write_dump(folder.path(), GetParam()));
  const PointChart chart = word_chart(dump, request_of({"bank"}));
  EXPECT_EQ(chart.title, "bank in 4 places");
  EXPECT_THAT(chart.x_label, testing::HasSubstr("(90 % of the variance)"));
  EXPECT_THAT(chart.y_label, testing::HasSubstr("(10 % of the variance)"));
  ASSERT_EQ(chart.points.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(chart.points[i].x, kPlaces[i][0], 1e-5);
    EXPECT_NEAR(chart.points[i].y, kPlaces[i][1], 1e-5);
    EXPECT_EQ(chart.points[i].label, "w" + std::to_string(i) + " [bank] x");
  }
  Workers workers(1);
  const WordPicture picture = make_word_picture(dump, request_of({"bank"}), 2, workers);
  ASSERT_EQ(picture.layers.size(), 2u);
  EXPECT_NEAR(picture.layers[1].shares[0], 0.9, 1e-6);
  EXPECT_NEAR(picture.layers[1].points[1].x / picture.layers[1].points[1].y, -3, 1e-5);
  EXPECT_THAT(picture.layers[1].nearest, testing::Each(testing::SizeIs(2)));
  // Layer 0 has no variance.
  EXPECT_EQ(picture.layers[0].shares[0], 0);
  EXPECT_EQ(picture.layers[0].points[3].x, 0);
}

TEST_P(WordPictures, RefuseWhatCanNotBeDrawn) {
  const TemporaryFolder folder;
  const DumpReader dump(write_dump(folder.path(), GetParam()));
  EXPECT_EQ(error_of([&] {
              word_chart(dump, request_of({"river", "배"}));
            }),
            dump.path().string() + ": 'river', '배' does not occur in the dump");
  EXPECT_EQ(error_of([&] { word_chart(dump, request_of({"bank"}, 2)); }),
            dump.path().string() + ": has 2 layers, so there is no layer 2; choose 0 to 1");
  EXPECT_EQ(word_chart(dump, request_of({"w1"})).points.size(), 1u);
  const TemporaryFolder other;
  const DumpReader diverged(
      write_dump(other.path(), GetParam(), std::numeric_limits<float>::infinity()));
  EXPECT_THAT(error_of([&] { word_chart(diverged, request_of({"bank"})); }),
              testing::HasSubstr(": the vector of word 2 in line 1 is not finite"));
}

TEST_P(WordPictures, ShowASampleThatDependsOnTheSeedAlone) {
  const TemporaryFolder folder;
  const DumpReader dump(write_dump(folder.path(), GetParam()));
  const auto sample = [&](std::int64_t count, std::uint64_t seed) {
    const Occurrences found =
        find_occurrences(dump, {.words = {}, .count = count, .seed = seed, .reach = 4});
    EXPECT_EQ(found.total, 12);
    EXPECT_EQ(found.sentences, 8);
    std::vector<std::int64_t> places;
    for (const auto& place : found.places) {
      places.push_back(10 * place.sentence + static_cast<std::int64_t>(place.word));
    }
    EXPECT_EQ(found.layers[1].size(), places.size() * 5);
    EXPECT_TRUE(std::ranges::is_sorted(places));
    return places;
  };
  EXPECT_EQ(sample(12, 1), sample(20'000, 9));
  std::vector<int> drawn(71, 0);
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const auto five = sample(5, seed), six = sample(6, seed);
    ASSERT_EQ(five.size(), 5u);
    EXPECT_EQ(five, sample(5, seed));
    // A larger sample contains the smaller one.
    EXPECT_TRUE(std::ranges::includes(six, five));
    for (const std::int64_t place : five) ++drawn[static_cast<std::size_t>(place)];
  }
  // Each of the 12 occurrences is drawn in 125 samples on average; standard deviation 8.5.
  for (const int place : {0, 1, 2, 20, 21, 22, 40, 41, 42, 60, 61, 62}) {
    EXPECT_NEAR(drawn[static_cast<std::size_t>(place)], 125, 45) << place;
  }
}

TEST_P(WordPictures, AreColouredByLabelsTagsWordsAndClusters) {
  const TemporaryFolder folder;
  const DumpReader dump(write_dump(folder.path(), GetParam()));
  put(folder / "labels.txt", "river\n\nmoney\tw1 bank x\n\nriver\n\nriver\n\n");
  std::string tags;
  for (int i = 0; i < 4; ++i) tags += "w" + std::to_string(i) + "\tNOUN\nbank\tNOUN\nx\tX\n\n";
  put(folder / "tags.conll", tags);
  WordPictureRequest request = request_of({"bank", "w1"});
  request.labels = folder / "labels.txt";
  Workers workers(1);
  const WordPicture picture = make_word_picture(dump, request, 1, workers);
  ASSERT_EQ(picture.colourings.size(), 3u);
  EXPECT_EQ(picture.colourings[0].name, "label");
  EXPECT_THAT(picture.colourings[0].groups, testing::ElementsAre("river", "money"));
  EXPECT_THAT(picture.colourings[0].of, testing::ElementsAre(0, 1, 1, 0, 0));
  EXPECT_EQ(picture.colourings[1].name, "cluster");
  EXPECT_THAT(picture.colourings[2].groups, testing::ElementsAre("bank", "w1"));
  EXPECT_THAT(word_chart(dump, request).groups, testing::ElementsAre("river", "money"));

  put(folder / "labels.txt", "river\nmoney\n");
  EXPECT_THAT(error_of([&] { word_chart(dump, request); }),
              testing::HasSubstr("labels.txt: has 2 lines, but the dump has 8 sentences"));
  request.labels.reset();
  request.tags = folder / "tags.conll";
  // Blank lines of the dump count as sentences.
  EXPECT_THAT(error_of([&] { word_chart(dump, request); }),
              testing::HasSubstr("tags.conll: has 4 sentences, but the dump has 8"));
}

TEST_P(WordPictures, BecomeTablesForTheProjector) {
  const TemporaryFolder folder;
  write_projector(DumpReader(write_dump(folder.path(), GetParam())), folder.path() / "tables");
  const std::string metadata = content_of(folder.path() / "tables" / "metadata.tsv");
  const std::string vectors = content_of(folder.path() / "tables" / "vectors.tsv");
  EXPECT_TRUE(metadata.starts_with("word\tsentence\tindex\nw0\t[w0] bank x\t0\nbank\t"));
  EXPECT_EQ(std::ranges::count(metadata, '\n'), 13);
  EXPECT_EQ(std::ranges::count(vectors, '\n'), 12);
  EXPECT_EQ(std::ranges::count(vectors, '\t'), 12 * 9);
}

INSTANTIATE_TEST_SUITE_P(Layouts, WordPictures,
                         testing::Values(DumpLayout::kSentences, DumpLayout::kMatrix));

TEST(Colourings, ByTagsWantTheWordsOfTheDump) {
  const TemporaryFolder folder;
  Occurrences found;
  found.sentences = 2;
  found.places = {{0, 1, {}, "bank"}, {1, 0, {}, "배"}};
  // The same text in jamo.
  put(folder / "tags.conll", "the\tDET\nbank\tNOUN\n\n\u1107\u1162\tNOUN\n");
  EXPECT_THAT(colour_by_tags(folder / "tags.conll", found).groups, testing::ElementsAre("NOUN"));
  put(folder / "tags.conll", "the\tDET\nbank\tNOUN\n\n눈\tNOUN\n");
  EXPECT_THAT(error_of([&] { colour_by_tags(folder / "tags.conll", found); }),
              testing::HasSubstr("tags.conll:4: word 1 of the sentence is '눈'"));
}

TEST(Colourings, OfManyGroupsKeepTheMostFrequent) {
  Occurrences found;
  for (int i = 0; i < 60; ++i) {
    for (int times = 0; times <= i; ++times) {
      found.places.push_back(
          {0, 0, {.before = "", .word = "w" + std::to_string(i), .after = ""}, ""});
    }
  }
  const Colouring colouring = colour_by_word(found);
  ASSERT_EQ(colouring.groups.size(), kMostGroups);
  EXPECT_EQ(colouring.groups.front(), "w59");
  EXPECT_EQ(colouring.groups.back(), "others");
  EXPECT_EQ(colouring.of.front(), static_cast<int>(kMostGroups) - 1);
  EXPECT_EQ(colouring.of.back(), 0);
}

TEST(Contexts, AreAWindowOfTheSentence) {
  const std::vector<std::string> words = {"a", "b", "c", "d", "e"};
  EXPECT_EQ(context_of(words, 2, 1).marked(), "... b [c] d ...");
  EXPECT_EQ(context_of(words, 0, 2).marked(), "[a] b c ...");
  EXPECT_EQ(context_of(words, 4, 9).marked(), "a b c d [e]");
  EXPECT_EQ(context_of({std::string(1'000'000, 'x')}, 0, 9).word, std::string(100, 'x') + "...");
  EXPECT_EQ(context_of({"a\xff"}, 0, 9).word, "a\uFFFD");
}

TEST(Pages, HoldTextThatHtmlCanNotTakeForMarkup) {
  const std::string text =
      "</script><b> <!-- & \" ' \\ \u2028 \u2029 \u202a \u2020 배 \x01 ]]> &lt;" +
      std::string(1, '\0');
  const std::string json = script_json({{text, text}});
  for (const std::string_view part : {"<", ">", "&", "\u2028", "\u2029"}) {
    EXPECT_EQ(json.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(nlohmann::json::parse(json), nlohmann::json({{text, text}}));
  EXPECT_EQ(script_json("a\xff"), "\"a\uFFFD\"");
  EXPECT_EQ(escape_html("<a href='x' id=\"y\">&"),
            "&lt;a href=&#39;x&#39; id=&quot;y&quot;&gt;&amp;");
}

}  // namespace
}  // namespace elmo
