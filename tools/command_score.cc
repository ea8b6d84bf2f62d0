// elmo score: the log-likelihood of every word of a text.

#include <fmt/core.h>

#include <deque>
#include <string>
#include <vector>

#include "elmo/error.h"
#include "lm/perplexity.h"
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/shared_options.h"

namespace elmo {

int run_score(Arguments arguments) {
  std::string folder, input, precision = "f32";
  InvalidText invalid = InvalidText::kRefuse;
  int threads = 0;
  Options options(arguments, "elmo score --model model --input text.txt > scores.tsv");
  options.add("model", &folder, "DIR", "the model's folder; one direction is enough").required();
  options.add("input", &input, "FILE", "text, one sentence a line").required();
  options.add("precision", &precision, "WORD", "of products").choices({"f32", "bf16", "auto"});
  add_invalid(options, &invalid);
  options.add("threads", &threads, "N", "0: as many as there are cores").between(0, 4096);
  options.note(
      "Columns: line, index of the word from 0, word, forward and backward natural logarithm of "
      "its probability (empty for a direction that the folder lacks); the last row of a line is "
      "</s>, the sentence's end (backward: its beginning).");
  if (!options.parse()) return 0;

  auto models = load_directions(folder);
  if (input == "-" && models.size() > 1) {
    throw UsageError("--input - can be read once, and the model has two directions; use a file");
  }
  Workers workers(thread_count(threads));
  const Precision products = parse_precision(precision);
  // The first direction's scores wait in memory for the second's: 8 bytes a word.
  std::deque<std::vector<double>> first;
  for (std::size_t i = 0; i < models.size(); ++i) {
    LanguageModel& model = *models[i];
    model.prepare(products, false);
    model.pack(workers);
    const bool forward = model.settings.direction == Direction::kForward;
    score_text(model, products, input, invalid, workers, [&](const ScoredSentence& sentence) {
      if (i + 1 < models.size()) {
        first.push_back(sentence.log_likelihood);
        return;
      }
      std::vector<double> other;
      if (!first.empty()) {
        other = std::move(first.front());
        first.pop_front();
      }
      std::string text;
      for (std::size_t k = 0; k <= sentence.words.size(); ++k) {
        const std::string mine = fmt::format("{:.6f}", sentence.log_likelihood[k]);
        const std::string before = other.empty() ? "" : fmt::format("{:.6f}", other[k]);
        text += fmt::format("{}\t{}\t{}\t{}\t{}\n", sentence.line, k,
                            k < sentence.words.size() ? sentence.words[k] : "</s>",
                            forward ? mine : before, forward ? before : mine);
      }
      print(text);
    });
  }
  return 0;
}

}  // namespace elmo
