// elmo plot: pictures of trainings, words and results.

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

// Points of a picture, which lists their texts beside them, and of a page.
constexpr std::int64_t kPicturePoints = 40, kMostPicturePoints = 1'000;
constexpr std::int64_t kPagePoints = 5'000, kMostPagePoints = 20'000;
// Words on either side of a word.
constexpr std::size_t kPictureReach = 4, kPageReach = 20;
constexpr std::size_t kNeighbours = 10;

// Is the output a page? Throws UsageError where it is neither a page nor a picture.
bool is_page(const std::filesystem::path& output) {
  const std::string extension = output.extension().string();
  if (extension != ".svg" && extension != ".html") {
    throw UsageError("--output: '" + output.string() +
                     "' ends neither in .svg (a picture) nor in .html (a page to look into)");
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
    throw UsageError("plot words wants to know which: --word WORD (a page, .html, shows all)");
  }
  draw(word_chart(DumpReader(source), request), output);
}

}  // namespace

int run_plot(Arguments arguments) {
  std::string kind;
  std::filesystem::path source, output;
  WordPictureRequest request;
  std::optional<std::int64_t> count;
  Options options(arguments, "elmo plot words vectors.h5 --word bank --output bank.html");
  options
      .positional("KIND", &kind,
                  "log: the learning curves of a training; words: the occurrences of words in a "
                  "dump, on a plane (PCA); distance: accuracy by distance")
      .choices({"log", "words", "distance"});
  options.positional(
      "SOURCE", &source,
      "log: a model's folder, or a log.jsonl; words: a dump of either layout; distance: "
      "a table of series<TAB>distance<TAB>accuracy");
  options
      .add("output", &output, "FILE",
           "FILE.svg: a picture; FILE.html: a page to look into with any browser, which shows "
           "sentences or numbers under the pointer and asks for nothing else")
      .required();
  options.add("word", &request.occurrences.words, "WORD...", "words: which, such as 배를 배가 배는")
      .default_text("all, in a page");
  options
      .add("layer", &request.layer, "N", "words: which layer of the dump, from 0; a page has all")
      .at_least(-1)
      .default_text("the last");
  options
      .add("count", &count, "N",
           "words: occurrences at most; where there are more, a sample; default 40 in a picture "
           "(1000 at most), 5000 in a page (20000)")
      .between(1, static_cast<double>(kMostPagePoints));
  options.add("seed", &request.occurrences.seed, "N", "words: of the sample and the clusters");
  options.add("labels", &request.labels, "FILE",
              "words: colours by a label for each line that was dumped, LABEL or LABEL<TAB>TEXT");
  options.add("tags", &request.tags, "FILE",
              "words: colours by tags, TOKEN<TAB>TAG, a blank line between sentences");
  options.add("clusters", &request.clusters, "N", "words: colours by so many clusters (k-means)")
      .between(1, static_cast<double>(kMostGroups))
      .default_text("2 to 7, as they lie apart best");
  options.note("gnuplot draws .svg (Debian: gnuplot-nox); .html needs nothing.");
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
