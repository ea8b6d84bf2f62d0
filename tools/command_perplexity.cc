// elmo perplexity: how well a model predicts a text.

#include <fmt/core.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "elmo/error.h"
#include "lm/perplexity.h"
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/shared_options.h"

namespace elmo {

int run_perplexity(Arguments arguments) {
  std::string folder, input, precision = "f32";
  InvalidText invalid = InvalidText::kRefuse;
  int threads = 0;
  bool json = false;
  Options options(arguments, "elmo perplexity --model model --input dev.txt");
  options.add("model", &folder, "DIR", "the model's folder; one direction is enough").required();
  options.add("input", &input, "FILE", "text, one sentence a line; - is standard input").required();
  options.add("precision", &precision, "WORD", "of products").choices({"f32", "bf16", "auto"});
  add_invalid(options, &invalid);
  options.add("threads", &threads, "N", "0: as many as there are cores").between(0, 4096);
  options.flag("json", &json, "print one JSON object");
  if (!options.parse()) return 0;

  Workers workers(thread_count(threads));
  nlohmann::ordered_json all;
  auto models = load_directions(folder);
  if (input == "-" && models.size() > 1) {
    throw UsageError("--input - can be read once, and the model has two directions; use a file");
  }
  for (const auto& model : models) {
    const Precision products = parse_precision(precision);
    model->prepare(products, false);
    model->pack(workers);
    const auto result = measure_perplexity(*model, products, input, invalid, workers);
    const std::string name(direction_name(model->settings.direction));
    all[name] = {{"perplexity_unit", result.perplexity_unit()},
                 {"perplexity_word", result.perplexity_word()},
                 {"bits_per_character", result.bits_per_character()},
                 {"units", result.units},
                 {"words", result.words},
                 {"unknown_rate", result.unknown_rate()}};
    if (json) continue;
    print(fmt::format(
        "{:<9} perplexity {:.2f} a unit, {:.2f} a word, {:.4f} bits a character; {} "
        "units, {} words, {:.2f} % unknown\n",
        name, result.perplexity_unit(), result.perplexity_word(), result.bits_per_character(),
        result.units, result.words, 100 * result.unknown_rate()));
  }
  if (json) print(all.dump(2) + "\n");
  return 0;
}

}  // namespace elmo
