// JSON of unknown origin: settings of elmo's files, options of official weights, training logs.
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "io/resume_guard.h"
#include "lm/language_model.h"
#include "lm/official_format.h"
#include "plot/learning_curves.h"
#include "task/network.h"
#include "tests/fuzz/fuzz_support.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace elmo;
  const InputFile file(data, size);
  const nlohmann::json json = parse_json({reinterpret_cast<const char*>(data), size});
  if (!json.is_discarded()) {
    succeeds([&] { ModelSettings::from_json(json, "m"); });
    succeeds([&] { task::Settings::from_json(json, "t").check_labels({"a", "b"}, "t"); });
    succeeds([&] {
      const auto run = read_json("m", [&] { return RunSettings::from_json(json); });
      check_resumable(run, run, "m", "start anew");
    });
    require(!shown(json).empty());
  }
  // The weights are read last, so any file will do.
  succeeds([&] { read_official(file.path(), file.path()); });
  succeeds([&] { learning_curves(file.path()); });
  return 0;
}
