// elmo evaluate: measures a classifier or tagger on labelled data.

#include <fmt/core.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/interrupt.h"
#include "base/usable_cores.h"
#include "elmo/error.h"
#include "elmo/installed_models.h"
#include "task/plan.h"
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/shared_options.h"
#include "tools/task_report.h"

namespace elmo {
namespace {

struct EvaluateConfig {
  std::filesystem::path task;
  std::string input, precision = "f32";
  std::optional<std::filesystem::path> model, vectors, compare;
  std::optional<std::string> places;
  InvalidText invalid = InvalidText::kRefuse;
  int threads = 0;
  bool json = false;
};

task::Evaluation evaluate_task(task::Network& network, const std::filesystem::path& file,
                               const EvaluateConfig& c, Workers& workers) {
  const task::Settings& s = network.settings();
  task::DataSet data = task::read_data_set(c.input, s.task, s.split, c.invalid);
  task::settle_tags(s, network.labels(), data);
  const task::Data task_data = task::make_data(network, file, std::move(data), c.model, c.vectors,
                                               parse_precision(c.precision), workers);
  return task::evaluate(network, task_data, workers);
}

}  // namespace

int run_evaluate(Arguments arguments) {
  EvaluateConfig c;
  Options options(arguments,
                  "elmo evaluate --task build/quickstart/en.embedding.task.h5 --input "
                  "build/quickstart/en.names.dev.tsv");
  options.group("Data");
  options
      .add("input", &c.input, "FILE",
           "labelled data in the format of the training data: lines of label<TAB>text, or of "
           "token<TAB>tag with a blank line between sentences")
      .required();
  options.add(
      "places", &c.places, "FILE",
      "also print accuracy by distance; line i of this file begins with the distance of text "
      "i and a tab");
  add_invalid(options, &c.invalid, "; skip works for classification data only");
  options.group("Model");
  options.add("task", &c.task, "TASK.h5", "file that `elmo train` wrote").required();
  options.add("compare", &c.compare, "OTHER.h5",
              "file of another task; tests whether the two differ by more than chance (McNemar)");
  options
      .add("model", &c.model, "DIR",
           "folder of the language model, if it has been moved since the training")
      .resolved_by(find_model);
  options.add("vectors", &c.vectors, "FILE.h5",
              "use this dump of --input instead of the language model");
  add_speed(options, &c.threads, &c.precision);
  add_json(options, &c.json);
  options.exclusive({"model", "vectors"});
  if (!options.parse()) return 0;

  if (c.compare) refuse_read_once(c.input, "--compare reads it for each task");
  const auto network = task::Network::load(c.task);
  const task::Kind task = network->settings().task;
  if (c.places && task != task::Kind::kClassify) throw UsageError("--places is for classifiers");
  const auto distances = c.places ? task::read_distances(*c.places) : std::vector<std::int64_t>();
  const auto other_network = c.compare ? task::Network::load(*c.compare) : nullptr;
  if (other_network && other_network->settings().task != task) {
    throw Error(c.compare->string() + ": is a task of another kind");
  }
  const InterruptGuard guard;
  Workers workers(thread_count(c.threads));
  const task::Evaluation evaluation = evaluate_task(*network, c.task, c, workers);
  nlohmann::ordered_json json = evaluation_json(evaluation, task);
  std::string text = evaluation_text(evaluation, task);
  if (c.places) {
    auto list = nlohmann::ordered_json::array();
    text += "\ndistance  accuracy     texts\n";
    for (const auto& [distance, score] :
         task::scores_by_distance(*c.places, distances, evaluation)) {
      list.push_back(
          {{"distance", distance}, {"accuracy", score.recall()}, {"examples", score.actual}});
      text += fmt::format("{:>8}{:>10.4f}{:>10}\n", distance, score.recall(), score.actual);
    }
    json["distances"] = list;
  }
  if (c.compare) {
    const task::Evaluation other = evaluate_task(*other_network, *c.compare, c, workers);
    const task::McNemar test = task::compare_systems(evaluation.right, other.right);
    json["compare"] = {{"accuracy", other.confusion.accuracy()},
                       {"only_first", test.only_first},
                       {"only_second", test.only_second},
                       {"p_value", test.p_value()}};
    text += fmt::format(
        "\n{}: accuracy {:.4f}; right in the first alone {}, in the second alone {}; p = {:.3g} "
        "(McNemar)\n",
        c.compare->string(), other.confusion.accuracy(), test.only_first, test.only_second,
        test.p_value());
  }
  print(c.json ? json.dump(2) + "\n" : text);
  return 0;
}

}  // namespace elmo
