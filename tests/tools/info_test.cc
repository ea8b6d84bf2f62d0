// `elmo info` on files that only the library writes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "elmo/error.h"
#include "io/dump_file.h"
#include "io/tensor_file.h"
#include "lm/language_model.h"
#include "tests/support/files.h"
#include "tools/commands.h"

namespace elmo {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class InfoTest : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& format, float first = 0) {
    ModelSettings model;
    if (name.starts_with("backward")) model.direction = Direction::kBackward;
    nlohmann::json settings = model.to_json();
    settings["lstm"] = {{"cells", 3}};
    TensorFileWriter writer(folder_ / name, format, 1, settings);
    std::vector<float> values(6);
    values[0] = first;
    writer.add("/lstm_0/weights", {2, 3}, values);
    writer.add("/softmax/bias", {6}, values);
    writer.add_bytes("/vocabulary", "abc");
    writer.commit();
  }

  std::string info(const fs::path& path, bool json) {
    std::vector<std::string> words = {path.string()};
    if (json) words.push_back("--json");
    testing::internal::CaptureStdout();
    int status = -1;
    try {
      status = run_info({"info", "Show.", words});
    } catch (...) {
      testing::internal::GetCapturedStdout();
      throw;
    }
    EXPECT_EQ(status, 0);
    return testing::internal::GetCapturedStdout();
  }

  const TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

TEST_F(InfoTest, ShowsSettingsShapesAndParametersOfAModel) {
  write("forward.h5", "elmo language model");
  const auto result = nlohmann::json::parse(info(folder_ / "forward.h5", true));
  EXPECT_EQ(result["kind"], "elmo language model");
  EXPECT_EQ(result["format_version"], 1);
  EXPECT_EQ(result["settings"]["lstm"]["cells"], 3);
  EXPECT_EQ(result["parameters"], 12);
  ASSERT_EQ(result["datasets"].size(), 3u);
  EXPECT_EQ(result["datasets"][0],
            (nlohmann::json{{"name", "/lstm_0/weights"}, {"type", "float32"}, {"shape", {2, 3}}}));
  const std::string table = info(folder_ / "forward.h5", false);
  EXPECT_THAT(table, testing::ContainsRegex("lstm.cells +3\n"));
  EXPECT_THAT(table, testing::ContainsRegex("/lstm_0/weights +float32 +\\(2, 3\\) +6\n"));
  EXPECT_THAT(table, testing::ContainsRegex("parameters +12\n"));
}

TEST_F(InfoTest, TheHashTellsModelsApart) {
  write("a.h5", "elmo language model", 1);
  write("b.h5", "elmo language model", 1);
  write("c.h5", "elmo language model", 2);
  const auto hash = [&](const char* name) {
    return nlohmann::json::parse(info(folder_ / name, true))["hash"];
  };
  EXPECT_EQ(hash("a.h5"), hash("b.h5"));
  EXPECT_NE(hash("a.h5"), hash("c.h5"));
}

TEST_F(InfoTest, ShowsWhatAFolderHoldsAndLacks) {
  EXPECT_THROW(info(folder_, false), Error);
  write("forward.h5", "elmo language model");
  write("forward.checkpoint.h5", "elmo checkpoint");
  auto result = nlohmann::json::parse(info(folder_, true));
  EXPECT_EQ(result["missing"], "backward.h5");
  ASSERT_EQ(result["files"].size(), 2u);
  EXPECT_EQ(result["files"][1]["values"], 12);
  EXPECT_THAT(info(folder_, false), HasSubstr("backward.h5 is missing"));
  write("backward.h5", "elmo language model");
  result = nlohmann::json::parse(info(folder_, true));
  EXPECT_FALSE(result.contains("missing"));
  EXPECT_EQ(result["files"].size(), 3u);
}

TEST_F(InfoTest, RefusesATruncatedModel) {
  write("forward.h5", "elmo language model");
  for (std::uintmax_t size = fs::file_size(folder_ / "forward.h5"); size > 100; size -= 97) {
    fs::resize_file(folder_ / "forward.h5", size - 97);
    EXPECT_THROW(info(folder_ / "forward.h5", true), Error) << size - 97 << " bytes";
  }
}

TEST_F(InfoTest, ShowsDumpsOfEveryLayout) {
  for (const auto layout : {DumpLayout::kMatrix, DumpLayout::kSentences}) {
    for (const auto keys : {DumpKeys::kLine, DumpKeys::kSentence}) {
      DumpOptions options;
      options.layout = layout;
      options.keys = keys;
      options.type = DumpType::kF16;
      options.layers = 2;
      options.dimension = 4;
      options.attributes = {{"pooling", "boundary"}};
      const std::vector<std::string_view> words = {"a", "b"};
      {
        DumpWriter writer(folder_ / "dump.h5", options, false);
        writer.append("a b", words, std::vector<float>(16));
        writer.finish();
      }
      const auto result = nlohmann::json::parse(info(folder_ / "dump.h5", true));
      const bool matrix = layout == DumpLayout::kMatrix;
      EXPECT_EQ(result["layout"], matrix ? "matrix" : "sentences");
      EXPECT_EQ(result["sentences"], 1);
      EXPECT_EQ(result["layers"], 2);
      EXPECT_EQ(result["dimension"], 4);
      EXPECT_EQ(result["made_by"]["pooling"], "boundary");
      EXPECT_EQ(result.value("words", 0), matrix ? 2 : 0);
      EXPECT_THAT(info(folder_ / "dump.h5", false), testing::ContainsRegex("pooling +boundary\n"));
    }
  }
}

}  // namespace
}  // namespace elmo
