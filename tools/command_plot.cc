// elmo plot: pictures of trainings, words and results.

#include <fmt/core.h>

#include <filesystem>
#include <string>

#include "elmo/error.h"
#include "plot/chart.h"
#include "plot/learning_curves.h"
#include "plot/word_map.h"
#include "tools/commands.h"
#include "tools/options.h"

namespace elmo {
namespace {

PointChart word_chart(const std::filesystem::path& path, const std::string& word, int layer,
                      int count) {
  const WordMap map = map_word(DumpReader(path), word, layer, static_cast<std::size_t>(count));
  PointChart chart;
  chart.title = fmt::format("{} in {} places", word, map.occurrences.size());
  const auto axis = [&](const char* name, double share) {
    return fmt::format("{} principal component ({:.0f} % of the variance)", name, 100 * share);
  };
  chart.x_label = axis("first", map.shares[0]);
  chart.y_label = axis("second", map.shares[1]);
  for (const auto& occurrence : map.occurrences) {
    chart.points.push_back({occurrence.x, occurrence.y, occurrence.context});
  }
  return chart;
}

}  // namespace

int run_plot(Arguments arguments) {
  std::string kind, word;
  std::filesystem::path source, output;
  int layer = -1, count = 40;
  Options options(arguments, "elmo plot words vectors.h5 --word bank --output bank.svg");
  options
      .positional("KIND", &kind,
                  "log: the learning curves of a training; words: the occurrences of a word in a "
                  "dump, on a plane (PCA); distance: accuracy by distance")
      .choices({"log", "words", "distance"});
  options.positional(
      "SOURCE", &source,
      "log: a model's folder, or a log.jsonl; words: a dump of either layout; distance: "
      "a table of series<TAB>distance<TAB>accuracy");
  options.add("output", &output, "FILE.svg", "the picture").required();
  options.add("word", &word, "WORD", "words: which").default_text("");
  options.add("layer", &layer, "N", "words: which layer of the dump, from 0")
      .at_least(-1)
      .default_text("the last");
  options.add("count", &count, "N", "words: occurrences, the first ones").between(3, 1000);
  options.note("gnuplot draws (Debian: gnuplot-nox).");
  if (!options.parse()) return 0;
  if ((kind == "words") != !word.empty()) {
    throw UsageError(kind == "words" ? "plot words wants to know which: --word WORD"
                                     : "--word belongs to plot words");
  }
  if (kind == "words") {
    draw(word_chart(source, word, layer, count), output);
  } else {
    draw(kind == "log" ? learning_curves(source) : accuracy_by_distance(source), output);
  }
  return 0;
}

}  // namespace elmo
