// Damaged and manipulated task files, whose parts are valid but do not fit together.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "elmo/error.h"
#include "io/tensor_file.h"
#include "task/network.h"
#include "tests/support/files.h"
#include "tests/support/small_task.h"

namespace elmo::task {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class TaskFileTest : public testing::Test {
 protected:
  TaskFileTest() { write_small_task(folder_ / "good.h5"); }

  // The error of reading the file with changed settings, labels and values.
  std::string read_with(const std::function<void(json&)>& change,
                        const std::string& labels = "B-X\nI-X\nO\n", float first = 0.5f) {
    const TensorFileReader reader(folder_ / "good.h5", Network::kFormat, Network::kVersion);
    json settings = reader.settings();
    change(settings);
    const auto path = folder_ / "bad.h5";
    write_changed(reader, path, Network::kFormat, Network::kVersion, settings, labels, first);
    return error_of([&] { Network::load(path); });
  }

  TemporaryFolder folder_;
};

TEST_F(TaskFileTest, TheWholeIsSound) {
  EXPECT_EQ(read_with([](json&) {}), "no error");
}

TEST_F(TaskFileTest, SettingsThatDontBelongTogetherAreRefused) {
  const std::vector<std::pair<json, std::string>> changes = {
      {{{"task", "classify"}}, "a crf, which goes from word to word, can't classify"},
      {{{"output", "sigmoid"}}, "a sigmoid has exactly two"},
      {{{"output", "argmax"}}, "output is 'argmax'"},
      {{{"hidden", 4294967298}}, "hidden is 4294967298, not an integer from 1"},
      {{{"hidden", 2.0}}, "hidden is 2.0, not an integer"},
      {{{"hidden", json::array()}}, "hidden is a list"},
      {{{"hidden", 16384}, {"layers", 64}}, "its settings speak of"},
      {{{"embedding_size", 16384}}, "its settings speak of"},
      {{{"hidden", 1}}, "shape"},
      {{{"elmo_layers", {1, 1}}, {"model_layers", 3}, {"elmo_dimension", 4}}, "not ascending"},
      {{{"elmo_layers", {0}}, {"model_layers", 3}, {"elmo_dimension", 0}}, "elmo_dimension is 0"},
      {{{"encoder", "cnn"}}, "a cnn can't tag"},
      {{{"dropout", 1e300}}, "dropout is 1e+300"},
      {{{"pooling", "nowhere"}}, "nowhere"},
      {{{"split", "\xED\x95\x9C"}}, "split"},
      {{{"freeze", 1}}, "freeze is 1, not true or false"},
      {{{"kernels", json::array()}}, "kernels"}};
  for (const auto& [change, message] : changes) {
    EXPECT_THAT(read_with([&](json& settings) { settings.update(change); }),
                AllOf(HasSubstr("bad.h5: "), HasSubstr(message), Not(HasSubstr("json.exception"))))
        << change;
  }
  EXPECT_THAT(read_with([](json& settings) { settings.erase("stride"); }),
              HasSubstr("stride is missing"));
  EXPECT_THAT(read_with([](json& settings) { settings = json::array(); }),
              HasSubstr("expected an object"));
}

TEST_F(TaskFileTest, LabelsThatTheNetworkCantHaveAreRefused) {
  for (const auto& [labels, message] :
       std::map<std::string, std::string>{{"", "there are 0"},
                                          {"O\n", "there are 1"},
                                          {"O\nO\nB-X\n", "repeated"},
                                          {"B-X\nI-Y\nO\n", "I-Y is there without B-Y"},
                                          {"B-X\nI-X\n\xFF\n", "not UTF-8"},
                                          {"B-X\nI-X\nO\nP\n", "head/"}}) {
    EXPECT_THAT(read_with([](json&) {}, labels), AllOf(HasSubstr("bad.h5: "), HasSubstr(message)))
        << labels;
  }
}

TEST_F(TaskFileTest, NumbersThatAreNoneAreRefused) {
  for (const float value :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    EXPECT_THAT(read_with([](json&) {}, "B-X\nI-X\nO\n", value), HasSubstr("can't be used"));
  }
}

TEST_F(TaskFileTest, SettingsNestedWithoutEndAreRefused) {
  json deep;
  for (int i = 0; i < 1000; ++i) deep = json::array({std::move(deep)});
  EXPECT_THAT(read_with([&](json& settings) { settings["note"] = deep; }), HasSubstr("nested"));
}

}  // namespace
}  // namespace elmo::task
