// A dump that is killed at any moment and resumed equals an uninterrupted one.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "io/dump_file.h"
#include "io/hdf5.h"
#include "tests/io/dump_support.h"
#include "tests/support/files.h"

namespace elmo {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kSentences = 800;

DumpOptions base_options(DumpLayout layout) {
  DumpOptions options;
  options.layout = layout;
  options.layers = 2;
  options.dimension = 16;
  options.places = true;
  options.segment_sentences = 100;
  options.attributes = {{"model_hash", "00ff"}, {"pooling", "boundary"}};
  return options;
}

// Appends the sentences from where the dump is; some of them as long sentences.
void go_on(DumpWriter& writer, const DumpOptions& options, std::int64_t end) {
  for (auto line = static_cast<std::int64_t>(writer.sentences()); line < end; ++line) {
    const SampleSentence sentence = sample_sentence(line, options);
    if (line % 40 != 7) {
      writer.append(sentence.text, sentence.views(), sentence.vectors, sentence.places);
      continue;
    }
    writer.begin_long(sentence.text, sentence.views(), sentence.places);
    const std::int64_t stride = std::int64_t{options.layers} * options.dimension;
    for (int layer = options.layers - 1; layer >= 0; --layer) {
      writer.write_part(layer, 0, static_cast<std::int64_t>(sentence.words.size()), 0,
                        options.dimension, sentence.vectors.data() + layer * options.dimension,
                        stride);
    }
    writer.end_long();
  }
}

// The datasets of a file: name, type, shape and bytes.
std::vector<std::string> datasets_of(const std::filesystem::path& path) {
  std::vector<std::string> result;
  const h5::File file = h5::File::open(path);
  for (const std::string& name : file.dataset_names()) {
    const h5::Dataset dataset = file.open_dataset(name);
    std::string line = fmt::format("{} {}", name, h5::to_string(dataset.type()));
    for (const std::int64_t extent : dataset.extents()) line += fmt::format(" {}", extent);
    line += ":";
    if (dataset.type() == h5::Type::kString) {
      for (const std::string& text : dataset.read_strings(0, dataset.elements())) {
        line += text + "\n";
      }
    } else {
      std::string bytes(static_cast<std::size_t>(dataset.elements()) * h5::size_of(dataset.type()),
                        '\0');
      dataset.read(dataset.type(), bytes.data());
      line += bytes;
    }
    result.push_back(std::move(line));
  }
  for (const std::string& name : file.attribute_names()) result.push_back("attribute " + name);
  return result;
}

class DumpResumeTest : public testing::TestWithParam<DumpLayout> {
 protected:
  // Runs or resumes a dump in a separate process and kills it after `delay`. Returns true if it had
  // finished.
  bool run_and_kill(const DumpOptions& options, std::chrono::microseconds delay) {
    const pid_t child = fork();
    if (child == 0) {
      try {
        DumpWriter writer(path_, options, true);
        go_on(writer, options, kSentences);
        writer.finish();
      } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        _exit(1);
      }
      _exit(0);
    }
    std::this_thread::sleep_for(delay);
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    if (!WIFEXITED(status)) return false;
    EXPECT_EQ(WEXITSTATUS(status), 0);
    return true;
  }

  void write_whole(const std::filesystem::path& path, const DumpOptions& options) {
    DumpWriter writer(path, options, false);
    go_on(writer, options, kSentences);
    writer.finish();
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "dump.h5";
  std::filesystem::path partial_ = folder_ / "dump.h5.partial";
};

TEST_P(DumpResumeTest, KilledAtAnyMomentAndResumedEqualsUninterrupted) {
  const DumpOptions options = base_options(GetParam());
  const std::filesystem::path whole = folder_ / "whole.h5";
  const auto start = std::chrono::steady_clock::now();
  write_whole(whole, options);
  const auto duration = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - start);
  const std::vector<std::string> expected = datasets_of(whole);
  int kills = 0;
  std::uint64_t pseudo_random = 12345;
  for (int round = 0; round < 3; ++round) {
    bool done = false;
    // Each attempt is allowed more time, so that every round ends.
    for (int attempt = 0; !done; ++attempt) {
      ASSERT_LT(attempt, 200);
      pseudo_random = pseudo_random * 6364136223846793005ull + 1442695040888963407ull;
      const auto share = static_cast<double>(pseudo_random >> 40) / (1 << 24);
      done = run_and_kill(
          options, std::chrono::microseconds(static_cast<std::int64_t>(
                       static_cast<double>(duration.count()) * (share * 0.5 + 0.05 * attempt))));
      if (!done) {
        ++kills;
        // A file under the final name is complete, whatever happened.
        if (std::filesystem::exists(path_)) {
          ASSERT_EQ(datasets_of(path_), expected);
        }
      }
    }
    ASSERT_EQ(datasets_of(path_), expected);
    EXPECT_FALSE(std::filesystem::exists(partial_));
    std::filesystem::remove(path_);
  }
  EXPECT_GE(kills, 3);
}

TEST_P(DumpResumeTest, GoesOnAfterTheLastClosedSegment) {
  const DumpOptions options = base_options(GetParam());
  {
    DumpWriter writer(path_, options, false);
    EXPECT_EQ(writer.resumed_sentences(), 0u);
    go_on(writer, options, 250);
  }
  {
    DumpWriter writer(path_, options, true);
    EXPECT_EQ(writer.resumed_sentences(), 200u);
    go_on(writer, options, 250);
    writer.close_segment();
  }
  {
    DumpWriter writer(path_, options, true);
    EXPECT_EQ(writer.resumed_sentences(), 250u) << "an orderly interruption loses nothing";
    writer.close_segment();
    go_on(writer, options, kSentences);
    writer.finish();
  }
  write_whole(folder_ / "whole.h5", options);
  EXPECT_EQ(datasets_of(path_), datasets_of(folder_ / "whole.h5"));
}

TEST_P(DumpResumeTest, WithoutResumeItStartsAnew) {
  const DumpOptions options = base_options(GetParam());
  {
    DumpWriter writer(path_, options, false);
    go_on(writer, options, 250);
  }
  DumpWriter writer(path_, options, false);
  EXPECT_EQ(writer.resumed_sentences(), 0u);
  EXPECT_EQ(writer.words(), 0u);
}

TEST_P(DumpResumeTest, OtherSettingsAreRefusedByName) {
  const DumpOptions options = base_options(GetParam());
  {
    DumpWriter writer(path_, options, false);
    go_on(writer, options, 100);
  }
  const auto error = [&](auto&& change) {
    DumpOptions other = options;
    change(other);
    return error_of([&] { DumpWriter(path_, other, true); });
  };
  EXPECT_THAT(error([](DumpOptions& other) { other.attributes["pooling"] = "mean"; }),
              HasSubstr("another --pooling: boundary, not mean"));
  EXPECT_THAT(error([](DumpOptions& other) { other.attributes.erase("model_hash"); }),
              HasSubstr("another --model-hash: 00ff, not none"));
  EXPECT_THAT(error([](DumpOptions& other) { other.attributes["a"] = 1; }),
              HasSubstr("another --a: none, not 1"));
  EXPECT_THAT(error([](DumpOptions& other) { other.type = DumpType::kF16; }),
              HasSubstr("another --dtype: f32, not f16"));
  EXPECT_THAT(error([](DumpOptions& other) { other.dimension = 8; }),
              HasSubstr("dimension): [true,2,16], not [true,2,8]"));
  EXPECT_THAT(error([](DumpOptions& other) { other.places = false; }),
              HasSubstr("another --words: a list, not none"));
  EXPECT_THAT(error([](DumpOptions& other) { other.sources["input"] = "ab"; }),
              HasSubstr("another --input: none, not ab"));
  EXPECT_EQ(error([](DumpOptions&) {}), "no error");
  EXPECT_EQ(error([](DumpOptions& other) { other.attributes["version"] = "99"; }), "no error");
  EXPECT_EQ(error([](DumpOptions& other) { other.segment_sentences = 7; }), "no error");
  // None of the refused attempts damaged the existing segments.
  DumpWriter writer(path_, options, true);
  EXPECT_EQ(writer.resumed_sentences(), 100u);
}

TEST_P(DumpResumeTest, DamageToThePartialFolderIsFound) {
  const DumpOptions options = base_options(GetParam());
  {
    DumpWriter writer(path_, options, false);
    go_on(writer, options, 300);
  }
  const auto error = [&] { return error_of([&] { DumpWriter(path_, options, true); }); };
  const std::string state = content_of(partial_ / "state.json");
  for (std::size_t size = 0; size + 1 < state.size(); size += 13) {
    put(partial_ / "state.json", std::string_view(state).substr(0, size));
    ASSERT_THAT(error(), HasSubstr("is damaged")) << size;
  }
  put(partial_ / "state.json", state);
  EXPECT_EQ(error(), "no error");
  // Any changed byte of the records is noticed, and no length in them is trusted.
  const std::string records = content_of(partial_ / "segment-000000.records");
  for (std::size_t at = 0; at < records.size(); at += at < 64 ? 1 : 101) {
    std::string flipped = records;
    flipped[at] = static_cast<char>(flipped[at] ^ 0xFF);
    put(partial_ / "segment-000000.records", flipped);
    ASSERT_THAT(error(), HasSubstr("segment-000000")) << at;
  }
  put(partial_ / "segment-000000.records", records);
  const std::string vectors = content_of(partial_ / "segment-000001.vectors");
  std::string flipped = vectors;
  flipped[vectors.size() / 2] = static_cast<char>(flipped[vectors.size() / 2] ^ 1);
  put(partial_ / "segment-000001.vectors", flipped);
  EXPECT_THAT(error_of([&] {
                DumpWriter writer(path_, options, true);
                writer.finish();
              }),
              HasSubstr("segment-000001.vectors: is damaged"));
  EXPECT_FALSE(std::filesystem::exists(path_));
  put(partial_ / "segment-000001.vectors", vectors);
  std::filesystem::resize_file(partial_ / "segment-000001.vectors", 5);
  EXPECT_THAT(error(), HasSubstr("segment-000001.vectors: is missing or damaged"));
}

INSTANTIATE_TEST_SUITE_P(BothLayouts, DumpResumeTest,
                         testing::Values(DumpLayout::kSentences, DumpLayout::kMatrix),
                         [](const auto& info) {
                           return info.param == DumpLayout::kMatrix ? "Matrix" : "Sentences";
                         });

TEST(DumpMapResumeTest, AMapMayBeGivenUpButNotTakenUp) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "dump.h5";
  DumpOptions with = base_options(DumpLayout::kSentences), without = with;
  without.map = false;
  {
    DumpWriter writer(path, without, false);
    go_on(writer, without, 100);
  }
  EXPECT_THAT(error_of([&] { DumpWriter(path, with, true); }), HasSubstr("begun with --no-map"));
  {
    DumpWriter writer(path, with, false);
    go_on(writer, with, 100);
  }
  DumpWriter writer(path, without, true);
  go_on(writer, without, 150);
  writer.finish();
  const DumpReader reader(path);
  EXPECT_EQ(reader.sentences(), 150);
  EXPECT_FALSE(h5::File::open(path).has_dataset("sentence_to_index"));
  EXPECT_EQ(reader.vectors(149), sample_sentence(149, without).vectors);
}

}  // namespace
}  // namespace elmo
