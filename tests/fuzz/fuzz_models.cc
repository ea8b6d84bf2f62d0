// Models, checkpoints and task files whose settings, labels and arrays do not fit together. The
// input is text in parts separated by lines of three dashes: the settings that differ from those of
// an intact file, as JSON; "task" or "model"; the labels. A file that can be loaded must work.
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/json.h"
#include "io/tensor_file.h"
#include "lm/language_model.h"
#include "task/network.h"
#include "tests/fuzz/fuzz_support.h"
#include "tests/support/small_task.h"

namespace {

using namespace elmo;

constexpr std::string_view kBreak = "\n---\n";

std::filesystem::path sound_task() {
  const auto path = folder() / "task.h5";
  write_small_task(path);
  return path;
}

std::filesystem::path sound_model() {
  const auto path = folder() / "forward.h5";
  ModelSettings settings;
  settings.encoder = Encoder::kCharacters;
  settings.layers = 1;
  settings.hidden = 3;
  settings.projection = 2;
  settings.characters = {.rows = 262,
                         .dimension = 2,
                         .filters = {{1, 2}},
                         .highways = 1,
                         .projection = 2,
                         .positions = 10,
                         .padding = 260};
  LanguageModel model(settings,
                      std::make_shared<const WordVocabulary>("<S>\n</S>\n<UNK>\na\n", "words"));
  model.initialise(1);
  model.save(path);
  return path;
}

// A copy of the file with other settings and labels.
std::filesystem::path changed(const std::filesystem::path& sound, const char* format,
                              std::int64_t version, const nlohmann::json& change,
                              std::string_view labels) {
  const TensorFileReader reader(sound, format, version);
  nlohmann::json settings = reader.settings();
  settings.update(change);
  const auto path = folder() / "changed.h5";
  write_changed(reader, path, format, version, settings, labels);
  return path;
}

std::string_view part(std::string_view& text) {
  const std::size_t end = std::min(text.find(kBreak), text.size());
  const std::string_view result = text.substr(0, end);
  text.remove_prefix(std::min(text.size(), end + kBreak.size()));
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto task = sound_task(), model = sound_model();
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const nlohmann::json change = parse_json(part(text));
  const bool is_task = part(text) == "task";
  if (!change.is_object()) return 0;
  if (is_task) {
    succeeds([&] {
      const auto network = task::Network::load(
          changed(task, task::Network::kFormat, task::Network::kVersion, change, text));
      if (network->settings().uses_elmo()) return;
      task::Batch batch;
      batch.words = batch.ends = {0, 1, 0, 1};
      batch.texts.add(3);
      batch.texts.add(1);
      Workers workers(1);
      for (const task::Prediction& one : network->predict(batch, workers)) {
        require(one.label >= 0 && one.label < network->labels().size());
      }
    });
  } else {
    succeeds([&] {
      const auto loaded = LanguageModel::load(
          changed(model, LanguageModel::kFormat, LanguageModel::kVersion, change, text));
      Workers workers(1);
      loaded->prepare(Precision::kF32, false);
      loaded->pack(workers);
    });
  }
  return 0;
}
