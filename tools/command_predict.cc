// elmo predict: prints labels and their probabilities.

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <string>

#include "base/interrupt.h"
#include "base/usable_cores.h"
#include "elmo/error.h"
#include "elmo/installed_models.h"
#include "task/plan.h"
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/shared_options.h"

namespace elmo {

int run_predict(Arguments arguments) {
  std::filesystem::path file;
  std::string input, precision = "f32";
  std::optional<std::filesystem::path> model, vectors_file;
  task::TextForm form = task::TextForm::kText;
  InvalidText invalid = InvalidText::kRefuse;
  int threads = 0;
  Options options(arguments,
                  "elmo predict --task build/quickstart/en.embedding.task.h5 --input "
                  "build/quickstart/en.names.dev.list");
  options.group("Data");
  options.add("input", &input, "FILE", "text to label; - is standard input").required();
  options.choice(
      "form", &form, {{"text", task::TextForm::kText}, {"tokens", task::TextForm::kTokens}},
      "text: one text or sentence a line; tokens: one token a line, a blank line between "
      "sentences");
  add_invalid(options, &invalid, "; skip works with --form text only");
  options.group("Model");
  options.add("task", &file, "TASK.h5", "file that `elmo train` wrote").required();
  options
      .add("model", &model, "DIR",
           "folder of the language model, if it has been moved since the training")
      .resolved_by(find_model);
  options.add("vectors", &vectors_file, "FILE.h5",
              "use this dump of --input instead of the language model");
  add_speed(options, &threads, &precision);
  options.exclusive({"model", "vectors"});
  options.note(
      "A classifier prints label, probability and the words of each text, separated by tabs; a "
      "tagger prints token, tag and probability of each word, and a blank line after each "
      "sentence.");
  if (!options.parse()) return 0;

  const InterruptGuard guard;
  Workers workers(thread_count(threads));
  const auto network = task::Network::load(file);
  const task::Settings& s = network->settings();
  const task::Data task_data = task::make_data(
      *network, file, read_unlabelled(input, s.task, form, s.split, network->labels(), invalid),
      model, vectors_file, parse_precision(precision), workers);
  const auto predictions = task::predict(*network, task_data, workers);
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    const task::Example& example = task_data.data().examples[i];
    if (s.task == task::Kind::kClassify) {
      const task::Prediction& prediction = predictions[i].front();
      print(fmt::format("{}\t{:.4f}\t{}\n", network->labels().name(prediction.label),
                        prediction.probability, fmt::join(example.words, " ")));
      continue;
    }
    for (std::size_t k = 0; k < predictions[i].size(); ++k) {
      const task::Prediction& prediction = predictions[i][k];
      print(fmt::format("{}\t{}\t{:.4f}\n", example.words[k],
                        network->labels().name(prediction.label), prediction.probability));
    }
    print("\n");
  }
  return 0;
}

}  // namespace elmo
