// elmo neighbors: the words of a text nearest to a word of a query sentence.

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
                  "elmo neighbors --model model --input text.txt --query \"he sat on the [bank] of "
                  "the river\"");
  source.add_to(options);
  options.add("input", &input, "FILE", "text, one sentence a line; - is standard input").required();
  options.add("query", &text, "SENTENCE", "with one word, or a stretch of one or more, in brackets")
      .required();
  options.add("layers", &layers, "WHICH",
              "top, average, all (side by side), or a list such as 0; layer 0 knows no context");
  options.choice("pooling", &embed.pooling,
                 {{"boundary", Pooling::kBoundary},
                  {"first", Pooling::kFirst},
                  {"last", Pooling::kLast},
                  {"mean", Pooling::kMean}},
                 "which states of a word's pieces become its vector in layers 1 and up");
  options.add("count", &count, "N", "how many").at_least(1);
  add_invalid(options, &invalid);
  options.add("precision", &precision, "WORD", "of products").choices({"f32", "bf16", "auto"});
  options.add("threads", &threads, "N", "0: as many as there are cores").between(0, 4096);
  options.flag("json", &json, "print one JSON object");
  options.note("Columns: cosine, line, the sentence with the word in brackets.");
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
