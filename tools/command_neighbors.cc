// elmo neighbors: finds the words of a text nearest to a word of a query sentence.

#include <fmt/core.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/usable_cores.h"
#include "embed/neighbors.h"
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/shared_options.h"

namespace elmo {

int run_neighbors(Arguments arguments) {
  ModelSource source;
  std::string input, text, layers = "top", precision = "f32";
  EmbedOptions embed;
  InvalidText invalid = InvalidText::kRefuse;
  int count = 10, threads = 0;
  bool json = false;
  Options options(arguments,
                  "elmo neighbors --model build/quickstart/en --input corpora/en.txt --query \"He "
                  "sat on the [bank] of the river .\"");
  options.group("Data");
  add_text(options, &input);
  options
      .add("query", &text, "SENTENCE",
           "sentence with one word, a part of a word, or several words in square brackets")
      .required();
  add_invalid(options, &invalid);
  source.add_to(options);
  options.add("layers", &layers, "WHICH",
              "layers to compare: top, average, all (concatenated), or a list such as 0,2; layer 0 "
              "is the token encoder and knows no context");
  add_pooling(options, &embed.pooling);
  add_speed(options, &threads, &precision);
  options.group("Output");
  options.add("count", &count, "N", "number of neighbors to print").at_least(1);
  add_json(options, &json);
  options.note(
      "Prints tab-separated columns: cosine, number of the line, and the sentence with the word in "
      "brackets.");
  if (!options.parse()) return 0;

  const Query query = parse_query(text);
  const std::shared_ptr<const BidirectionalModel> model = source.load(parse_precision(precision));
  embed.mix = LayerMix::parse(layers, model->layers());
  Workers workers(thread_count(threads));
  std::optional<DictionaryCoverage> coverage;
  const auto nearest = find_neighbors(model, embed, query, input, invalid,
                                      static_cast<std::size_t>(count), workers, &coverage);
  report_coverage(coverage, *model);
  auto list = nlohmann::ordered_json::array();
  for (const Neighbor& neighbor : nearest) {
    if (json) {
      list.push_back(
          {{"cosine", neighbor.cosine},
           {"line", neighbor.line},
           {"word", neighbor.sentence.substr(neighbor.begin, neighbor.end - neighbor.begin)},
           {"sentence", neighbor.sentence}});
    } else {
      print(fmt::format("{:.3f}\t{}\t{}\n", neighbor.cosine, neighbor.line, neighbor.marked()));
    }
  }
  if (json) print(nlohmann::ordered_json{{"query", text}, {"neighbors", list}}.dump(2) + "\n");
  return 0;
}

}  // namespace elmo
