// elmo perplexity: measures how well a model predicts a text.

#include <fmt/core.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "elmo/installed_models.h"
#include "elmo/scorer.h"
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/shared_options.h"

namespace elmo {

int run_perplexity(Arguments arguments) {
  std::string folder, input, precision = "f32";
  ScoreSettings settings{.threads = 0};
  bool json = false;
  Options options(
      arguments, "elmo perplexity --model build/quickstart/en --input build/quickstart/en.dev.txt");
  options.group("Data");
  add_text(options, &input);
  add_invalid(options, &settings.invalid);
  options.group("Model");
  options.add("model", &folder, "DIR", "folder of the model; one direction is enough")
      .required()
      .resolved_by(find_model);
  add_speed(options, &settings.threads, &precision);
  add_json(options, &json);
  options.note(
      "The perplexity is that of a full softmax, for each unit (piece) and for each word, sentence "
      "ends counted. Compare models with different vocabularies by the perplexity a word or by the "
      "bits a character.");
  if (!options.parse()) return 0;

  const auto results = Scorer::load(folder, precision).perplexity(input, settings);
  nlohmann::ordered_json all;
  for (const char* name : {"forward", "backward"}) {
    const auto found = results.find(name);
    if (found == results.end()) continue;
    const Perplexity& result = found->second;
    all[name] = {{"perplexity_unit", result.unit},
                 {"perplexity_word", result.word},
                 {"bits_per_character", result.bits_per_character},
                 {"units", result.units},
                 {"words", result.words},
                 {"unknown_rate", result.unknown_rate}};
    if (json) continue;
    print(
        fmt::format("{:<9} perplexity {:.2f} a unit, {:.2f} a word, {:.4f} bits a character; {} "
                    "units, {} words, {:.2f} % unknown\n",
                    name, result.unit, result.word, result.bits_per_character, result.units,
                    result.words, 100 * result.unknown_rate));
  }
  if (json) print(all.dump(2) + "\n");
  return 0;
}

}  // namespace elmo
