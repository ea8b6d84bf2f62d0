// elmo plot: draws trainings, words and results.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/usable_cores.h"
#include "compute/workers.h"
#include "elmo/error.h"
#include "plot/chart.h"
#include "plot/colours.h"
#include "plot/learning_curves.h"
#include "plot/page.h"
#include "plot/word_picture.h"
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/shared_options.h"

namespace elmo {
namespace {

// Default and largest numbers of points. A picture lists the texts of its points beside them.
constexpr std::int64_t kPicturePoints = 40, kMostPicturePoints = 1'000;
constexpr std::int64_t kPagePoints = 5'000, kMostPagePoints = 20'000;
// Context shown on either side of a word, in words.
constexpr std::size_t kPictureReach = 4, kPageReach = 20;
constexpr std::size_t kNeighbours = 10;

// Is the output an HTML page? Throws UsageError if it is neither a page nor a picture.
bool is_page(const std::filesystem::path& output) {
  const std::string extension = output.extension().string();
  if (extension != ".svg" && extension != ".html") {
    throw UsageError("--output: '" + output.string() +
                     "' ends neither in .svg (a picture) nor in .html (an interactive page)");
  }
  return extension == ".html";
}

void plot_words(const std::filesystem::path& source, WordPictureRequest request,
                std::optional<std::int64_t> count, const std::filesystem::path& output) {
  OccurrenceRequest& wanted = request.occurrences;
  if (is_page(output)) {
    wanted.count = count.value_or(kPagePoints);
    wanted.reach = kPageReach;
    Workers workers(thread_count(0));
    write_page(make_word_picture(DumpReader(source), request, kNeighbours, workers),
               source.filename().string(), output);
    return;
  }
  wanted.count = count.value_or(kPicturePoints);
  wanted.reach = kPictureReach;
  if (wanted.count > kMostPicturePoints) {
    throw UsageError("--count: a picture has room for 1000 points, a page (.html) for 20000");
  }
  if (wanted.words.empty()) {
    throw UsageError(
        "plot words needs --word WORD for a picture (a page, .html, can show all words)");
  }
  draw(word_chart(DumpReader(source), request), output);
}

}  // namespace

int run_plot(Arguments arguments) {
  std::string kind;
  std::filesystem::path source, output;
  WordPictureRequest request;
  std::optional<std::int64_t> count;
  Options options(arguments,
                  "elmo plot words build/quickstart/en.vectors.h5 --word bank --output bank.html");
  options
      .positional(
          "KIND", &kind,
          "log: learning curves of a training; words: occurrences of words in a dump, in two "
          "dimensions (PCA); distance: accuracy by distance")
      .choices({"log", "words", "distance"});
  options.positional(
      "SOURCE", &source,
      "log: folder of a model, or a log.jsonl; words: a dump in either layout; distance: a table "
      "with lines of series<TAB>distance<TAB>accuracy");
  options.group("Data of `plot words`");
  options
      .add("word", &request.occurrences.words, "WORD...",
           "words whose occurrences are shown, such as 배를 배가 배는")
      .default_text("all, in a page");
  options
      .add("layer", &request.layer, "N", "layer of the dump that is drawn, from 0; a page has all")
      .at_least(-1)
      .default_text("the last");
  options
      .add("count", &count, "N",
           "largest number of occurrences; if there are more, a sample is drawn; at most 1000 in a "
           "picture")
      .between(1, static_cast<double>(kMostPagePoints))
      .default_text("40 in a picture, 5000 in a page");
  options.add("seed", &request.occurrences.seed, "N", "seed of the sample and of the clusters");
  options.group("Colours of `plot words`");
  options.add("labels", &request.labels, "FILE",
              "colour by a label for each line that was dumped: lines of LABEL or LABEL<TAB>TEXT");
  options.add(
      "tags", &request.tags, "FILE",
      "colour by a tag for each word: lines of TOKEN<TAB>TAG, a blank line between sentences");
  options.add("clusters", &request.clusters, "N", "colour by this many clusters (k-means)")
      .between(1, static_cast<double>(kMostGroups))
      .default_text("2 to 7, whichever separates best");
  options.group("Output");
  options
      .add("output", &output, "FILE",
           "FILE.svg: a picture; FILE.html: a page for any browser that shows sentences or values "
           "under the pointer and loads nothing from elsewhere")
      .required();
  options.note("A picture is drawn by gnuplot (Debian: gnuplot-nox); a page needs nothing.");
  if (!options.parse()) return 0;
  if (kind == "words") {
    plot_words(source, request, count, output);
    return 0;
  }
  for (const char* name : {"word", "layer", "count", "seed", "labels", "tags", "clusters"}) {
    if (options.given(name)) throw UsageError(std::string("--") + name + " belongs to plot words");
  }
  const bool page = is_page(output);
  const LineChart chart = kind == "log" ? learning_curves(source) : accuracy_by_distance(source);
  page ? write_page(chart, output) : draw(chart, output);
  return 0;
}

}  // namespace elmo
