#include "io/dump_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/hdf5.h"
#include "tests/io/dump_support.h"
#include "tests/support/files.h"

namespace elmo {
namespace {

using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;

DumpOptions base_options() {
  DumpOptions options;
  options.layers = 3;
  options.dimension = 6;
  options.attributes = {{"model_hash", "00ff"}, {"layers", "all"}, {"cells", 128}, {"gamma", 0.5}};
  return options;
}

// All combinations of options that change the file.
std::vector<DumpOptions> all_options() {
  std::vector<DumpOptions> result;
  for (const DumpLayout layout : {DumpLayout::kSentences, DumpLayout::kMatrix}) {
    for (const DumpType type : {DumpType::kF32, DumpType::kF16}) {
      for (const bool layered : {true, false}) {
        for (const bool places : {false, true}) {
          for (const DumpKeys keys : {DumpKeys::kLine, DumpKeys::kSentence}) {
            if (layout == DumpLayout::kMatrix && keys == DumpKeys::kSentence) continue;
            DumpOptions options = base_options();
            options.layout = layout;
            options.type = type;
            options.keys = keys;
            options.layered = layered;
            options.layers = layered ? 3 : 1;
            options.places = places;
            result.push_back(options);
          }
        }
      }
    }
  }
  return result;
}

class DumpFileTest : public testing::Test {
 protected:
  // Checks that the dump has all samples.
  void expect_samples(const std::filesystem::path& path, const DumpOptions& options,
                      std::int64_t count) {
    const DumpReader reader(path);
    EXPECT_EQ(reader.layout(), options.layout);
    ASSERT_EQ(reader.sentences(), count);
    EXPECT_EQ(reader.layered(), options.layered);
    EXPECT_EQ(reader.layers(), options.layers);
    EXPECT_EQ(reader.dimension(), options.dimension);
    EXPECT_EQ(reader.attributes(), options.attributes);
    std::int64_t rows = 0;
    for (std::int64_t i = 0; i < count; ++i) {
      SampleSentence expected = sample_sentence(i, options);
      if (options.keys == DumpKeys::kSentence) {
        // The reader finds sentences by name, and the name ends with the line's number and last
        // word.
        const std::string text = reader.words(i).at(0);
        const std::size_t begin = text.find_first_of("0123456789");
        expected = sample_sentence(std::stoll(text.substr(begin)), options);
        EXPECT_EQ(text, expected.text);
      }
      EXPECT_EQ(reader.vectors(i), expected.vectors) << i;
      EXPECT_EQ(reader.word_count(i), static_cast<std::int64_t>(expected.words.size())) << i;
      if (options.layout == DumpLayout::kMatrix) {
        EXPECT_EQ(reader.words(i), expected.words) << i;
      }
      rows += static_cast<std::int64_t>(expected.words.size());
    }
    if (options.places) expect_places(path, options, count, rows);
  }

  void expect_places(const std::filesystem::path& path, const DumpOptions& options,
                     std::int64_t count, std::int64_t rows) {
    const h5::File file = h5::File::open(path);
    const h5::Dataset dataset = file.open_dataset("places");
    ASSERT_EQ(dataset.extents(), (h5::Extents{rows, 2}));
    std::vector<std::int64_t> places(static_cast<std::size_t>(rows) * 2), expected;
    dataset.read(h5::Type::kInt64, places.data());
    for (std::int64_t i = 0; i < count; ++i) {
      for (const DumpPlace place : sample_sentence(i, options).places) {
        expected.push_back(place.line);
        expected.push_back(place.word);
      }
    }
    EXPECT_EQ(places, expected);
  }

  std::string map_of(const std::filesystem::path& path) {
    const h5::File file = h5::File::open(path);
    return file.open_dataset("sentence_to_index").read_strings(0, 1).at(0);
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "dump.h5";
  std::filesystem::path partial_ = folder_ / "dump.h5.partial";
};

TEST_F(DumpFileTest, EveryKindGivesBackWhatItWasGiven) {
  int kind = 0;
  for (DumpOptions options : all_options()) {
    SCOPED_TRACE(++kind);
    for (const std::uint64_t segment_sentences : {1000u, 7u}) {
      options.segment_sentences = segment_sentences;
      DumpWriter writer(path_, options, false);
      append_samples(writer, options, 0, 40);
      EXPECT_EQ(writer.sentences(), 40u);
      EXPECT_FALSE(std::filesystem::exists(path_));
      writer.finish();
      EXPECT_FALSE(std::filesystem::exists(partial_));
      expect_samples(path_, options, 40);
      std::filesystem::remove(path_);
    }
  }
  EXPECT_EQ(kind, 24);
}

// Several chunks of vectors, offsets, words and places.
TEST_F(DumpFileTest, MatrixOfManyChunks) {
  DumpOptions options = base_options();
  options.layout = DumpLayout::kMatrix;
  options.places = true;
  options.dimension = 40;
  options.segment_bytes = 1 << 20;
  DumpWriter writer(path_, options, false);
  append_samples(writer, options, 0, 5000);
  writer.finish();
  expect_samples(path_, options, 5000);
}

TEST_F(DumpFileTest, TheMapIsOneJsonObjectAsPythonWritesIt) {
  DumpOptions options = base_options();
  options.layered = false;
  options.layers = options.dimension = 1;
  options.segment_sentences = 2;
  const std::vector<std::string> lines = {"a b", "배 \"q\"\\ \x7f😀", "", "a b", " \t", "c"};
  {
    DumpWriter writer(path_, options, false);
    for (const std::string& line : lines) writer.append(line, {}, {});
    writer.finish();
  }
  EXPECT_EQ(map_of(path_), R"({"a b": "3", "\ubc30 \"q\"\\ \u007f\ud83d\ude00": "1", "c": "5"})");
  const DumpReader reader(path_);
  EXPECT_THAT(reader.words(0), ElementsAre()) << "the last of duplicates wins";
  EXPECT_THAT(reader.words(3), ElementsAre("a b"));
  EXPECT_THAT(reader.words(1), ElementsAre(lines[1]));
  EXPECT_THAT(reader.words(2), ElementsAre());
  options.map = false;
  {
    DumpWriter writer(path_, options, false);
    writer.append("a", {}, {});
    writer.finish();
  }
  EXPECT_FALSE(h5::File::open(path_).has_dataset("sentence_to_index"));
  EXPECT_THAT(DumpReader(path_).words(0), ElementsAre());
}

TEST_F(DumpFileTest, LongSentencesInPartsOfAnyOrder) {
  for (DumpOptions options : all_options()) {
    if (options.keys == DumpKeys::kSentence) continue;
    const std::filesystem::path whole = folder_ / "whole.h5";
    constexpr std::int64_t kWords = 500;
    SampleSentence sentence;
    for (std::int64_t word = 0; word < kWords; ++word) {
      sentence.words.push_back("w" + std::to_string(word));
      if (options.places) sentence.places.push_back({3, word});
      for (int layer = 0; layer < options.layers; ++layer) {
        for (int column = 0; column < options.dimension; ++column) {
          sentence.vectors.push_back(sample_value(3, word, layer, column));
        }
      }
    }
    sentence.text = "long";
    {
      DumpWriter writer(whole, options, false);
      append_samples(writer, options, 0, 3);
      writer.append(sentence.text, sentence.views(), sentence.vectors, sentence.places);
      append_samples(writer, options, 4, 6);
      writer.finish();
    }
    DumpWriter writer(path_, options, false);
    append_samples(writer, options, 0, 3);
    writer.begin_long(sentence.text, sentence.views(), sentence.places);
    // Forward halves from the left and backward ones from the right, as a model computes them.
    const int half = options.dimension / 2;
    const std::int64_t stride = std::int64_t{options.layers} * options.dimension;
    for (std::int64_t step = 0; step < kWords; step += 64) {
      for (int layer = 0; layer < options.layers; ++layer) {
        const std::int64_t rows = std::min<std::int64_t>(64, kWords - step);
        const float* base = sentence.vectors.data() + layer * options.dimension;
        writer.write_part(layer, step, rows, 0, half, base + step * stride, stride);
        const std::int64_t right = kWords - step - rows;
        writer.write_part(layer, right, rows, half, options.dimension - half,
                          base + right * stride + half, stride);
      }
    }
    writer.end_long();
    append_samples(writer, options, 4, 6);
    writer.finish();
    EXPECT_EQ(content_of(path_), content_of(whole));
    EXPECT_EQ(DumpReader(path_).vectors(3), sentence.vectors);
  }
}

TEST_F(DumpFileTest, ALongSentenceMustBeCovered) {
  const DumpOptions options = base_options();
  const std::vector<std::string_view> words(10, "w");
  std::vector<float> rows(60);
  DumpWriter writer(path_, options, false);
  EXPECT_THAT(error_of([&] { writer.write_part(0, 0, 1, 0, 6, rows.data(), 6); }),
              HasSubstr("no long sentence"));
  writer.begin_long("long", words);
  writer.write_part(0, 0, 10, 0, 6, rows.data(), 6);
  EXPECT_THAT(error_of([&] { writer.write_part(0, 5, 6, 0, 6, rows.data(), 6); }),
              HasSubstr("lies outside line 1"));
  EXPECT_THAT(error_of([&] { writer.write_part(3, 0, 1, 0, 6, rows.data(), 6); }),
              HasSubstr("lies outside"));
  EXPECT_THAT(error_of([&] { writer.write_part(0, 0, 1, 1, 6, rows.data(), 6); }),
              HasSubstr("lies outside"));
  EXPECT_THAT(error_of([&] { writer.end_long(); }), HasSubstr("don't cover it"));
  EXPECT_THAT(error_of([&] { writer.finish(); }), HasSubstr("was not ended"));
}

TEST_F(DumpFileTest, SentencesAsKeys) {
  DumpOptions options = base_options();
  options.keys = DumpKeys::kSentence;
  options.places = true;
  options.layered = false;
  options.layers = options.dimension = 1;
  options.segment_sentences = 2;
  const std::vector<std::string_view> word = {"w"};
  const std::vector<float> value = {1};
  const std::vector<DumpPlace> place = {{0, 0}};
  const auto add = [&](DumpWriter& writer, std::string_view text) {
    return error_of([&] { writer.append(text, word, value, place); });
  };
  const std::string very_long(100000, 'x');
  {
    DumpWriter writer(path_, options, false);
    EXPECT_EQ(add(writer, "배 한 척"), "no error");
    EXPECT_EQ(add(writer, "0"), "no error");
    EXPECT_EQ(add(writer, very_long), "no error");
  }
  DumpWriter writer(path_, options, true);
  EXPECT_EQ(writer.resumed_sentences(), 2u);
  EXPECT_THAT(add(writer, "0"),
              HasSubstr("line 3 can't be the name of its vectors: line 2 is the"));
  EXPECT_THAT(add(writer, "a/b"), HasSubstr("holds a '/'"));
  EXPECT_THAT(add(writer, " "), HasSubstr("it is blank"));
  EXPECT_THAT(add(writer, "."), HasSubstr("takes '.' for the file"));
  EXPECT_THAT(add(writer, "places"), HasSubstr("name of the table"));
  EXPECT_THAT(add(writer, std::string_view("a\0b", 3)), HasSubstr("NUL"));
  EXPECT_EQ(add(writer, very_long), "no error");
  EXPECT_EQ(add(writer, ". ."), "no error");
  writer.finish();
  const DumpReader reader(path_);
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < reader.sentences(); ++i) names.push_back(reader.words(i).at(0));
  EXPECT_THAT(names, testing::UnorderedElementsAre("배 한 척", "0", very_long, ". ."));
}

TEST_F(DumpFileTest, RefusesWrongSizesAndGoesOn) {
  DumpOptions options = base_options();
  DumpWriter writer(path_, options, false);
  const std::vector<std::string_view> words = {"a", "b"};
  const std::vector<DumpPlace> places = {{0, 0}, {0, 1}};
  EXPECT_THAT(error_of([&] { writer.append("a b", words, std::vector<float>(35)); }),
              HasSubstr("2 words and 35 numbers"));
  EXPECT_THAT(error_of([&] { writer.append("a b", words, std::vector<float>(36), places); }),
              HasSubstr("2 words and 2 places"));
  writer.append("a b", words, std::vector<float>(36));
  writer.finish();
  EXPECT_EQ(DumpReader(path_).sentences(), 1);
  options.dimension = 0;
  EXPECT_THAT(error_of([&] { DumpWriter(folder_ / "x.h5", options, false); }),
              HasSubstr("can't have 3 layers of 0 dimensions"));
}

TEST_F(DumpFileTest, ReplacesAnOlderDumpOnlyWhenComplete) {
  const DumpOptions options = base_options();
  put(path_, "old");
  {
    DumpWriter writer(path_, options, false);
    append_samples(writer, options, 0, 3);
    EXPECT_EQ(content_of(path_), "old");
  }
  EXPECT_EQ(content_of(path_), "old");
  EXPECT_FALSE(std::filesystem::exists(partial_)) << "nothing was closed";
  DumpWriter writer(path_, options, true);
  EXPECT_EQ(writer.resumed_sentences(), 0u);
  append_samples(writer, options, 0, 3);
  writer.finish();
  expect_samples(path_, options, 3);
}

TEST_F(DumpFileTest, RefusesAnOutputThatCannotBe) {
  const DumpOptions options = base_options();
  EXPECT_THAT(error_of([&] { DumpWriter(folder_ / "none" / "x.h5", options, false); }),
              HasSubstr("none does not exist"));
  EXPECT_THAT(error_of([&] { DumpWriter(folder_.path(), options, false); }),
              HasSubstr("it is a folder"));
  DumpWriter first(path_, options, false);
  EXPECT_THAT(error_of([&] { DumpWriter(path_, options, false); }),
              HasSubstr("another process is writing"));
  append_samples(first, options, 0, 3);
  first.finish();
  expect_samples(path_, options, 3);
}

TEST_F(DumpFileTest, AForeignFileInThePartialFolderStays) {
  std::filesystem::create_directory(partial_);
  put(partial_ / "mine.txt", "mine");
  put(partial_ / "segment-000009.vectors", "old");
  const DumpOptions options = base_options();
  DumpWriter writer(path_, options, false);
  append_samples(writer, options, 0, 3);
  writer.finish();
  EXPECT_EQ(content_of(partial_ / "mine.txt"), "mine");
  EXPECT_FALSE(std::filesystem::exists(partial_ / "segment-000009.vectors"));
}

TEST_F(DumpFileTest, ReadsAllenNlpsOwnFiles) {
  // Line numbers in another order than HDF5's, float64, no attributes, two dimensions.
  {
    h5::File file = h5::File::create(path_, path_, {});
    for (int line = 11; line >= 0; --line) {
      const std::vector<double> values(static_cast<std::size_t>(line) * 2, line);
      file.create_dataset(std::to_string(line), h5::Type::kFloat64, {line, 2}).write(values.data());
    }
    file.close();
  }
  const DumpReader reader(path_);
  EXPECT_EQ(reader.layout(), DumpLayout::kSentences);
  EXPECT_EQ(reader.sentences(), 12);
  EXPECT_FALSE(reader.layered());
  EXPECT_EQ(reader.vectors(10), std::vector<float>(20, 10.0f));
  EXPECT_EQ(reader.vectors(0), std::vector<float>());
  EXPECT_EQ(reader.words(10), std::vector<std::string>());
  EXPECT_TRUE(reader.attributes().empty());
  EXPECT_THAT(error_of([&] { reader.vectors(12); }), HasSubstr("has 12 sentences"));
  EXPECT_THAT(error_of([&] { reader.vectors(-1); }), HasSubstr("has 12 sentences"));
}

TEST_F(DumpFileTest, RefusesForeignFiles) {
  put(path_, "text");
  EXPECT_THAT(error_of([&] { DumpReader reader(path_); }), HasSubstr("looks like text"));
  const auto error = [&](auto&& fill) {
    {
      h5::File file = h5::File::create(path_, path_, {});
      fill(file);
      file.close();
    }
    return error_of([&] { DumpReader reader(path_); });
  };
  EXPECT_THAT(error([](h5::File&) {}), HasSubstr("holds no vectors of sentences"));
  EXPECT_THAT(error([](h5::File& file) {
                file.set_attribute("format", std::string("elmo language model"));
                file.create_dataset("lstm/weights", h5::Type::kFloat32, {2, 2});
              }),
              HasSubstr("it is an elmo language model"));
  EXPECT_THAT(error([](h5::File& file) {
                file.create_dataset("char_embed", h5::Type::kFloat32, {2, 2});
                file.create_dataset("CNN/W_cnn_0", h5::Type::kFloat32, {1, 1, 2, 2});
              }),
              HasSubstr("holds no vectors of sentences"));
  EXPECT_THAT(error([](h5::File& file) {
                file.create_dataset("vectors", h5::Type::kFloat32, {2, 2});
                const std::int64_t offsets[] = {0, 3};
                file.create_dataset("offsets", h5::Type::kInt64, {2}).write(offsets);
              }),
              HasSubstr("/offsets don't fit"));
  EXPECT_THAT(error([](h5::File& file) {
                file.create_dataset("0", h5::Type::kFloat32, {2, 2});
                file.create_dataset("1", h5::Type::kInt64, {2, 2});
              }),
              "no error");
  EXPECT_THAT(error_of([&] { DumpReader(path_).vectors(1); }), HasSubstr("another shape"));
}

TEST_F(DumpFileTest, AMapThatIsDamagedIsAnErrorEachTime) {
  for (const char* map : {"[1,2]", "{\"a\": \"7\"}", "{", "{\"a\": 0}"}) {
    const auto path = folder_ / "damaged.h5";
    {
      h5::File file = h5::File::create(path, path, {});
      const std::vector<float> values(24);
      file.create_dataset("0", h5::Type::kFloat32, {2, 3, 4}).write(values.data());
      h5::Dataset strings = file.create_growing("sentence_to_index", h5::Type::kString, {}, 1);
      strings.resize(1);
      strings.write_strings(0, std::vector<const char*>{map});
    }
    const DumpReader reader(path);
    for (int access = 0; access < 3; ++access) {
      EXPECT_THAT(error_of([&] { reader.words(0); }), HasSubstr("sentence_to_index")) << map;
    }
  }
}

TEST_F(DumpFileTest, EveryTruncationIsAnError) {
  for (const DumpLayout layout : {DumpLayout::kSentences, DumpLayout::kMatrix}) {
    DumpOptions options = base_options();
    options.layout = layout;
    DumpWriter writer(path_, options, false);
    append_samples(writer, options, 0, 12);
    writer.finish();
    const std::string whole = content_of(path_);
    for (std::size_t size = 0; size < whole.size(); size += size < 400 ? 7 : 211) {
      put(folder_ / "cut.h5", std::string_view(whole).substr(0, size));
      ASSERT_THAT(
          error_of([&] {
            const DumpReader reader(folder_ / "cut.h5");
            for (std::int64_t i = 0; i < 12; ++i) reader.vectors(i);
          }),
          AnyOf(HasSubstr("is empty"), HasSubstr("cut short"), HasSubstr("not an HDF5 file")))
          << size;
    }
  }
}

}  // namespace
}  // namespace elmo
