// elmo dump: writes the vectors of a text to a file.

#include <fmt/core.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/log.h"
#include "base/usable_cores.h"
#include "elmo/error.h"
#include "elmo/model.h"
#include "embed/dump.h"
#include "io/dump_parts.h"
#include "plot/projector.h"
#include "text/word_list.h"
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/shared_options.h"

namespace elmo {
namespace {

// The request, and options that become parts of it.
struct DumpConfig {
  DumpRequest request;
  ModelSource source;
  std::string layers = "all", precision = "f32", words, mix, cache_words, shard;
  std::filesystem::path projector;
  int threads = 0;
};

// The mix that a task has learned, with the task's pooling unless --pooling is given.
LayerMix task_mix(const std::string& path, const BidirectionalModel& model, bool pooling_given,
                  DumpRequest& request) {
  const ScalarMix mix = ScalarMix::load(path);
  if (!mix.model_hash.empty() && mix.model_hash != model.hash()) {
    throw Error(path + ": its mix was learned on another language model than that in --model");
  }
  if (!pooling_given) request.embed.pooling = parse_pooling(mix.pooling);
  return LayerMix::scalar_mix(mix.weights, mix.gamma, mix.layer_norm, model.layers());
}

// The options for what is dumped.
void add_content(Options& options, DumpConfig& c) {
  DumpRequest& r = c.request;
  options.group("Data");
  add_text(options, &r.input);
  options.add("words", &c.words, "LIST.txt",
              "dump only the occurrences of these words, one word a line; the dataset places says "
              "where each one stands");
  options
      .add("carry-state", &r.carry_state, "N",
           "carry the state of the language models from line i - N to line i, for running text or "
           "to reproduce a batch of N in the original program; 0: sentences are independent")
      .between(0, 1 << 20);
  add_invalid(options, &r.invalid);
  c.source.add_to(options);
  options
      .add("layers", &c.layers, "WHICH",
           "all, top, average, mix, or a list such as 0,2; layer 0 is the token encoder and knows "
           "no context")
      .default_text("all; average with --static");
  options.add("mix", &c.mix, "TASK.h5", "file of the task that learned the mix, for --layers mix");
  add_pooling(options, &r.embed.pooling);
  options.group("Output");
  options
      .add("output", &r.output, "FILE",
           "file to write; an existing one is replaced when the new one is complete")
      .required();
  options.choice("line-pool", &r.line_pool,
                 {{"mean", LinePooling::kMean},
                  {"max", LinePooling::kMax},
                  {"first", LinePooling::kFirst},
                  {"last", LinePooling::kLast}},
                 "write one vector a line, pooled from the vectors of its words, instead of one a "
                 "word; a line without words gets zeros");
  options
      .add("static", &r.static_words, "N",
           "write static word vectors instead: for each of the N most frequent words the mean over "
           "its occurrences, in the text format of word2vec (FILE.vec)")
      .at_least(1)
      .default_text("");
}

// The options for how it is stored.
void add_form(Options& options, DumpConfig& c) {
  DumpRequest& r = c.request;
  options.choice(
      "format", &r.format,
      {{"hdf5", DumpFormat::kHdf5}, {"npy", DumpFormat::kNpy}, {"npz", DumpFormat::kNpz}},
      "npy: a NumPy matrix of all words, X.npy, with X.offsets.npy and X.words.txt beside it; npz: "
      "a NumPy archive with one array a line");
  options.choice(
      "layout", &r.layout, {{"sentences", DumpLayout::kSentences}, {"matrix", DumpLayout::kMatrix}},
      "sentences: one dataset a sentence, as AllenNLP wrote it; matrix: one matrix of all "
      "words, smaller and faster to read");
  options.choice("dtype", &r.type, {{"f32", DumpType::kF32}, {"f16", DumpType::kF16}},
                 "type of the stored values; f16 halves the size");
  options.choice("keys", &r.keys, {{"line", DumpKeys::kLine}, {"sentence", DumpKeys::kSentence}},
                 "with --layout sentences: name the datasets by line number or by sentence");
  options.toggle(
      "map", &r.map,
      "with --layout sentences: write the dataset sentence_to_index, which grows with the "
      "text");
  options
      .add("projector", &c.projector, "DIR",
           "also write vectors.tsv and metadata.tsv for TensorBoard's projector")
      .default_text("");
}

// The options for how it is computed.
void add_work(Options& options, DumpConfig& c) {
  DumpRequest& r = c.request;
  options
      .add("shard", &c.shard, "I/N",
           "write only part I (from 0) of N, into FILE.parts/, to be joined by `elmo join`; auto: "
           "take I and N from Slurm or mpirun")
      .default_text("");
  options.flag("resume", &r.resume, "continue an interrupted dump");
  add_speed(options, &c.threads, &c.precision);
  options
      .add(
          "batch-size", &r.embed.batch_words, "WORDS",
          "number of words that go through the layers together; more take more memory; the vectors "
          "do not depend on it")
      .between(1, 1 << 20);
  options.add("cache-size", &r.embed.cached_words, "N",
              "for models of characters: number of words whose encoded vectors are kept");
  options
      .add("cache-words", &c.cache_words, "FILE",
           "for models of characters: words, one a line, to encode beforehand and to keep")
      .default_text("");
}

// Rules that refuse options without effect.
void add_rules(Options& options, const DumpConfig& c) {
  const DumpRequest& r = c.request;
  const auto is_hdf5 = [&r] { return r.format == DumpFormat::kHdf5; };
  const auto in_sentences = [&r] { return r.layout == DumpLayout::kSentences; };
  options.only_when(
      {"line-pool", "words", "format", "layout", "dtype", "keys", "map", "no-map", "projector"},
      "without --static, which writes the text of word vectors",
      [&r] { return r.static_words == 0; });
  options.only_when({"layout", "keys", "map", "no-map", "projector"}, "with --format hdf5",
                    is_hdf5);
  options.only_when({"keys", "map", "no-map"}, "with --layout sentences", in_sentences);
  options.only_when({"map", "no-map"}, "with --keys line, as other keys are the sentences",
                    [&r] { return r.keys == DumpKeys::kLine; });
  options.only_when({"words"}, "without --line-pool, which takes all words of a line",
                    [&r] { return !r.line_pool; });
  options.only_when(
      {"projector"},
      "where the dump tells its words: with --layout matrix, or "
      "without --no-map and --words",
      [&r, &c] { return r.layout == DumpLayout::kMatrix || (r.map && c.words.empty()); });
  options.only_when({"shard"}, "without --static, which is a mean over the whole text",
                    [&r] { return r.static_words == 0; });
  options.only_when({"shard"}, "with --format hdf5", is_hdf5);
  options.only_when({"projector"}, "without --shard", [&c] { return c.shard.empty(); });
  options.only_when({"carry-state"},
                    "without --shard, as the state at the beginning of a part is not known",
                    [&r, &c] { return c.shard.empty() || r.carry_state == 0; });
  options.only_when({"mix"}, "with --layers mix", [&c] { return c.layers == "mix"; });
  options.only_when({"pooling"}, "on layers 1 and up", [&c] { return c.layers != "0"; });
}

// Checks and combines options, as far as that is possible without the model.
void settle(const Options& options, DumpConfig& c) {
  DumpRequest& r = c.request;
  if (r.resume && r.input == "-") {
    throw UsageError(
        "--resume reads the finished lines again, which standard input can't; "
        "use a file");
  }
  if (c.layers == "mix" && c.mix.empty()) {
    throw UsageError("--layers mix needs --mix TASK.h5, the task that learned it");
  }
  const std::string extension = r.format == DumpFormat::kNpy   ? ".npy"
                                : r.format == DumpFormat::kNpz ? ".npz"
                                                               : "";
  if (!extension.empty() && r.output.extension() != extension) {
    throw UsageError(fmt::format("--output {} must end in {}, as NumPy's files do",
                                 r.output.string(), extension));
  }
  if (!c.shard.empty()) {
    refuse_read_once(r.input, "--shard reads what lies before its part to number the lines");
    if (c.shard == "auto") {
      const FoundShard found = find_shard([](const char* name) { return std::getenv(name); });
      log::info("part {} of {}, says {}", found.shard.index, found.shard.count, found.source);
      r.shard = found.shard;
    } else {
      r.shard = parse_shard(c.shard);
    }
  }
  if (r.static_words > 0) {
    refuse_read_once(r.input, "--static counts the words before it embeds them");
    if (!options.given("layers")) c.layers = "average";
  }
}

// Refuses options that this model can't use.
void check_model(const Options& options, const DumpConfig& c, const BidirectionalModel& model) {
  if (c.request.static_words > 0 && c.request.embed.mix.layered) {
    throw UsageError(fmt::format(
        "--static gives a word one vector: --layers average, top, mix or one number, not {}",
        c.layers));
  }
  const bool pieces = model.word_encoder(Direction::kForward) == nullptr;
  if (pieces) {
    for (const char* option : {"cache-size", "cache-words"}) {
      if (!options.given(option)) continue;
      throw UsageError(fmt::format(
          "--{} has an effect only with a model that encodes words by their characters; leave it "
          "out otherwise",
          option));
    }
  } else if (options.given("pooling")) {
    throw UsageError(
        "--pooling has an effect only with a model of pieces; a word is one unit to this one; "
        "leave it out");
  }
}

}  // namespace

int run_dump(Arguments arguments) {
  DumpConfig c;
  DumpRequest& request = c.request;
  Options options(arguments,
                  "elmo dump --model build/quickstart/en --input build/quickstart/en.dev.txt "
                  "--output vectors.h5");
  add_content(options, c);
  add_form(options, c);
  add_work(options, c);
  add_rules(options, c);
  options.note(
      "While the command runs, FILE.partial/ holds what is done. Open the HDF5 file with h5py or, "
      "in Python, elmo.open.");
  if (!options.parse()) return 0;

  settle(options, c);
  for (const auto& file : request.shard ? std::vector{part_path(request.output, *request.shard)}
                                        : dump_files(request.output, request.format)) {
    refuse_overwriting(file, options.inputs());
    const std::filesystem::path partial = partial_folder(file);
    if (!std::filesystem::is_directory(partial)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(partial)) {
      refuse_overwriting(entry.path(), options.inputs());
    }
  }
  const std::shared_ptr<const BidirectionalModel> model =
      c.source.load(parse_precision(c.precision));
  request.embed.mix = c.layers == "mix" ? task_mix(c.mix, *model, options.given("pooling"), request)
                                        : LayerMix::parse(c.layers, model->layers());
  check_model(options, c, *model);
  const Split split = model->split() == Split::kTabs ? Split::kTabs : Split::kSpaces;
  if (!c.words.empty()) request.words = normal_words(read_word_list(c.words, split));
  if (!c.cache_words.empty()) request.embed.pinned_words = read_word_list(c.cache_words, split);
  if (!c.projector.empty()) make_folder(c.projector);
  Workers workers(thread_count(c.threads));
  const DumpReport report = dump(model, request, workers);
  if (report.already_complete) {
    log::info("{} is complete already", part_path(request.output, *request.shard).string());
    return 0;
  }
  if (report.looked_up > 0) {
    log::info(
        "{:.1f} % of the words were in the cache, {} were encoded",
        100 - 100 * static_cast<double>(report.encoded) / static_cast<double>(report.looked_up),
        report.encoded);
  }
  report_coverage(report.coverage, *model);
  if (!c.projector.empty()) write_projector(DumpReader(request.output), c.projector);
  return 0;
}

}  // namespace elmo
