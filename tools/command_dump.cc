// elmo dump: the vectors of a text in an HDF5 file.

#include <filesystem>
#include <memory>
#include <string>

#include "base/file.h"
#include "base/log.h"
#include "base/usable_cores.h"
#include "elmo/error.h"
#include "elmo/model.h"
#include "embed/dump.h"
#include "plot/projector.h"
#include "text/word_list.h"
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/shared_options.h"

namespace elmo {
namespace {

// The mix that a task has learned, with its pooling unless another is asked for.
LayerMix task_mix(const std::string& path, const BidirectionalModel& model, bool pooling_given,
                  DumpRequest& request) {
  const ScalarMix mix = ScalarMix::load(path);
  if (!mix.model_hash.empty() && mix.model_hash != model.hash()) {
    throw Error(path + ": learned its mix on another language model than the one in --model");
  }
  if (!pooling_given) request.embed.pooling = parse_pooling(mix.pooling);
  return LayerMix::scalar_mix(mix.weights, mix.gamma, mix.layer_norm, model.layers());
}

}  // namespace

int run_dump(Arguments arguments) {
  DumpRequest request;
  ModelSource source;
  std::string layers = "all", precision = "f32", words, mix, cache_words;
  std::filesystem::path projector;
  int threads = 0;
  Options options(arguments, "elmo dump --model model --input text.txt --output vectors.h5");
  source.add_to(options);
  options.add("input", &request.input, "FILE", "text, one sentence a line; - is standard input")
      .required();
  options.add("output", &request.output, "FILE.h5", "replaced only when the new one is complete")
      .required();
  options.add("layers", &layers, "WHICH",
              "all, top, average, mix, or a list such as 0,2; layer 0 is the token encoder");
  options.add("mix", &mix, "TASK.h5", "the task that learned the mix of --layers mix");
  options
      .add("projector", &projector, "DIR",
           "also vectors.tsv and metadata.tsv for TensorBoard's projector")
      .default_text("");
  options.choice("layout", &request.layout,
                 {{"sentences", DumpLayout::kSentences}, {"matrix", DumpLayout::kMatrix}},
                 "one dataset a sentence, as AllenNLP has it, or one matrix of all words");
  options.choice("dtype", &request.type, {{"f32", DumpType::kF32}, {"f16", DumpType::kF16}},
                 "how numbers are stored");
  options.choice("keys", &request.keys,
                 {{"line", DumpKeys::kLine}, {"sentence", DumpKeys::kSentence}},
                 "names of the datasets in the sentences layout");
  options.toggle("map", &request.map, "the dataset sentence_to_index in the sentences layout");
  options.choice("pooling", &request.embed.pooling,
                 {{"boundary", Pooling::kBoundary},
                  {"first", Pooling::kFirst},
                  {"last", Pooling::kLast},
                  {"mean", Pooling::kMean}},
                 "which states of a word's pieces become its vector in layers 1 and up");
  options.add("words", &words, "LIST.txt",
              "only the occurrences of these words, one a line, with their places");
  options
      .add("carry-state", &request.carry_state, "N",
           "line i goes on with the state of line i - N; 0: sentences are independent")
      .between(0, 1 << 20);
  options.add("cache-size", &request.embed.cached_words, "N",
              "character models: words whose token vectors are kept");
  options
      .add("cache-words", &cache_words, "FILE",
           "character models: words to encode beforehand, one a line, and to keep")
      .default_text("");
  options
      .add("batch-size", &request.embed.batch_words, "WORDS",
           "words that go through the layers together; vectors do not depend on it")
      .between(1, 1 << 20);
  add_invalid(options, &request.invalid);
  options.add("precision", &precision, "WORD", "of products").choices({"f32", "bf16", "auto"});
  options.add("threads", &threads, "N", "0: as many as there are cores").between(0, 4096);
  options.flag("resume", &request.resume, "go on with an interrupted dump");
  options.note("While it runs, FILE.h5.partial/ holds what is done. Open the result with h5py.");
  if (!options.parse()) return 0;
  if (request.resume && request.input == "-") {
    throw UsageError(
        "--resume needs the lines that are done again, which standard input has "
        "not; use a file");
  }

  if ((layers == "mix") != !mix.empty()) {
    throw UsageError("--layers mix and --mix TASK.h5 go together");
  }

  const std::shared_ptr<const BidirectionalModel> model = source.load(parse_precision(precision));
  request.embed.mix = layers == "mix" ? task_mix(mix, *model, options.given("pooling"), request)
                                      : LayerMix::parse(layers, model->layers());
  const Split split = model->split() == Split::kTabs ? Split::kTabs : Split::kSpaces;
  if (!words.empty()) request.words = normal_words(read_word_list(words, split));
  if (!cache_words.empty()) request.embed.pinned_words = read_word_list(cache_words, split);
  if (!projector.empty()) make_folder(projector);
  Workers workers(thread_count(threads));
  const DumpReport report = dump(model, request, workers);
  if (report.looked_up > 0) {
    log::info(
        "{:.1f} % of the words were in the cache, {} were encoded",
        100 - 100 * static_cast<double>(report.encoded) / static_cast<double>(report.looked_up),
        report.encoded);
  }
  report_coverage(report.coverage, *model);
  if (!projector.empty()) write_projector(DumpReader(request.output), projector);
  return 0;
}

}  // namespace elmo
