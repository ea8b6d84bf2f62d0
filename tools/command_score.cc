// elmo score: prints the log-likelihood of every word of a text.

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
  Options options(arguments,
                  "elmo score --model build/quickstart/en --input build/quickstart/en.dev.txt > "
                  "scores.tsv");
  options.group("Data");
  add_text(options, &input);
  add_invalid(options, &settings.invalid);
  options.group("Model");
  options.add("model", &folder, "DIR", "folder of the model; one direction is enough")
      .required()
      .resolved_by(find_model);
  add_speed(options, &settings.threads, &precision);
  options.note(
      "Prints tab-separated columns: number of the line (from 1), index of the word (from 0), the "
      "word, and the natural logarithm of its probability given the words before it (forward) and "
      "given the words after it (backward). A column is empty if the model lacks that direction. "
      "The last row of a line, </s>, is the end of the sentence (backward: its beginning). Blank "
      "lines have no rows.");
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
