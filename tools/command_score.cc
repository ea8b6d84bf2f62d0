// elmo score: the log-likelihood of every word of a text.

#include <fmt/core.h>

#include <string>

#include "elmo/installed_models.h"
#include "elmo/scorer.h"
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/shared_options.h"

namespace elmo {

int run_score(Arguments arguments) {
  std::string folder, input, precision = "f32";
  ScoreSettings settings{.threads = 0};
  Options options(arguments, "elmo score --model model --input text.txt > scores.tsv");
  options.add("model", &folder, "DIR", "the model's folder; one direction is enough")
      .required()
      .resolved_by(find_model);
  options.add("input", &input, "FILE", "text, one sentence a line; - is standard input").required();
  options.add("precision", &precision, "WORD", "of products").choices({"f32", "bf16", "auto"});
  add_invalid(options, &settings.invalid);
  options.add("threads", &settings.threads, "N", "0: as many as there are cores").between(0, 4096);
  options.note(
      "Columns: line, index of the word from 0, word, forward and backward natural logarithm of "
      "its probability (empty for a direction that the folder lacks); the last row of a line is "
      "</s>, the sentence's end (backward: its beginning). Blank lines have no rows.");
  if (!options.parse()) return 0;

  Scorer::load(folder, precision).score(input, settings, [](const Scores& scores) {
    std::string text;
    for (std::size_t k = 0; k <= scores.words.size(); ++k) {
      const auto shown = [&](const std::vector<double>& values) {
        return values.empty() ? std::string() : fmt::format("{:.6f}", values[k]);
      };
      text += fmt::format("{}\t{}\t{}\t{}\t{}\n", scores.line, k,
                          k < scores.words.size() ? scores.words[k] : "</s>", shown(scores.forward),
                          shown(scores.backward));
    }
    print(text);
  });
  return 0;
}

}  // namespace elmo
