// Damaged and manipulated model files and folders.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "elmo/error.h"
#include "embed/bidirectional_model.h"
#include "io/tensor_file.h"
#include "lm/language_model.h"
#include "tests/lm/lm_support.h"
#include "tests/support/files.h"

namespace elmo {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

ModelSettings settings_of(Direction direction) {
  ModelSettings settings;
  settings.direction = direction;
  settings.layers = 1;
  settings.hidden = 6;
  settings.projection = 4;
  return settings;
}

class ModelFileTest : public testing::Test {
 protected:
  void save(const ModelSettings& settings, float first = 0.25f) {
    LanguageModel model(settings, vocabulary_of(12));
    model.initialise(1);
    model.layers[0].bias.value[0] = first;
    model.save(LanguageModel::file(folder_.path(), settings.direction));
  }
  // The error of reading the forward model with changed settings.
  std::string read_with(const json& change) {
    save(settings_of(Direction::kForward));
    const auto path = folder_ / "forward.h5";
    const TensorFileReader reader(path, LanguageModel::kFormat, LanguageModel::kVersion);
    json settings = reader.settings();
    settings.update(change);
    TensorFileWriter writer(path, LanguageModel::kFormat, LanguageModel::kVersion, settings);
    LanguageModel model(settings_of(Direction::kForward), vocabulary_of(12));
    model.add_to(writer);
    writer.commit();
    return error_of([&] { LanguageModel::load(path); });
  }

  TemporaryFolder folder_;
};

TEST_F(ModelFileTest, SettingsThatNoFileBearsOutAreRefused) {
  EXPECT_EQ(read_with(json::object()), "no error");
  const std::vector<std::pair<json, std::string>> changes = {
      {{{"hidden", 4294967302}}, "hidden is 4294967302, not an integer from 1 to 65536"},
      {{{"hidden", 65536}, {"projection", 16384}, {"layers", 64}}, "its settings speak of"},
      {{{"layers", -1}}, "layers is -1"},
      {{{"layers", "1"}}, "layers is \"1\""},
      {{{"cell_clip", 1e300}}, "cell_clip is 1e+300"},
      {{{"cell_clip", nullptr}}, "cell_clip is null"},
      {{{"direction", "up"}}, "direction is \"up\""},
      {{{"split", "nowhere"}}, "nowhere"},
      {{{"encoder", "characters"}}, "characters is missing"},
      {{{"softmax", 1}}, "softmax is 1"}};
  for (const auto& [change, message] : changes) {
    EXPECT_THAT(read_with(change), AllOf(HasSubstr("forward.h5: "), HasSubstr(message),
                                         Not(HasSubstr("json.exception"))))
        << change;
  }
}

TEST_F(ModelFileTest, WeightsThatAreNoNumbersAreRefused) {
  save(settings_of(Direction::kForward), std::numeric_limits<float>::quiet_NaN());
  EXPECT_THAT(error_of([&] { LanguageModel::load(folder_ / "forward.h5"); }),
              AllOf(HasSubstr("forward.h5: dataset lstm_0/bias holds nan")));
}

TEST_F(ModelFileTest, DirectionsThatAreNoPairAreRefusedByAllWhoReadFolders) {
  save(settings_of(Direction::kForward));
  for (const char* what : {"nothing", "split", "layers", "projection"}) {
    ModelSettings settings = settings_of(Direction::kBackward);
    const std::string name = what;
    if (name == "split") settings.split = Split::kCharacters;
    if (name == "layers") settings.layers = 2;
    if (name == "projection") settings.projection = 3;
    save(settings);
    const std::string expected = name == "nothing" ? "no error" : name;
    EXPECT_THAT(error_of([&] { load_directions(folder_.path()); }), HasSubstr(expected));
    EXPECT_THAT(error_of([&] { BidirectionalModel::load(folder_.path(), Precision::kF32); }),
                HasSubstr(expected));
  }
  std::filesystem::copy_file(folder_ / "forward.h5", folder_ / "backward.h5",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(error_of([&] { load_directions(folder_.path()); }), HasSubstr("was it renamed?"));
}

}  // namespace
}  // namespace elmo
