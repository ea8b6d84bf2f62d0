// elmo train: a classifier or tagger on contextual vectors, learned ones, or both.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/interrupt.h"
#include "base/log.h"
#include "elmo/error.h"
#include "task/task_training.h"
#include "task/vector_source.h"
#include "task/vector_text.h"
#include "tools/commands.h"
#include "tools/language_models.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/task_report.h"

namespace elmo {
namespace {

// What --help shows and the fields that the settings do not have.
struct TrainConfig {
  TaskSettings settings;
  TaskTrainingOptions training;
  std::string train, dev, inputs, kernels = "3,4,5", elmo_layers, mix_start = "even", embeddings,
                                  precision = "f32";
  std::optional<std::filesystem::path> model, vectors, dev_vectors;
  std::optional<std::string> pool, split;
  int embedding_size = 100, end_size = 25, embedding_words = 100'000, threads = 0;
  bool crf = false, json = false;
};

std::vector<int> parse_list(const std::string& text, const std::string& option) {
  std::vector<int> numbers;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    int number = -1;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + comma, number);
    if (error != std::errc() || end != text.data() + comma || number < 0) {
      throw UsageError(fmt::format("{} '{}' is no list of numbers such as 3,4,5", option, text));
    }
    numbers.push_back(number);
    at = comma + 1;
  }
  return numbers;
}

void check_usage(const Options& options, TrainConfig& c) {
  TaskSettings& s = c.settings;
  const bool elmo_inputs = c.inputs.find("elmo") != std::string::npos;
  if (elmo_inputs && !c.model && !c.vectors) {
    throw UsageError(
        "--inputs elmo needs --model DIR or --vectors FILE.h5 (--inputs embedding "
        "needs neither)");
  }
  if (c.vectors && !c.dev_vectors) throw UsageError("--vectors needs --dev-vectors for --dev");
  if (s.task == TaskKind::kTag && s.encoder == EncoderKind::kCnn) {
    throw UsageError("--encoder cnn gives one vector a text and can't tag; use rnn, lstm or gru");
  }
  if (c.crf && s.task != TaskKind::kTag) throw UsageError("--crf is for --task tag");
  if (c.crf && c.training.class_weights) throw UsageError("--crf takes no --class-weights");
  if (s.task == TaskKind::kTag && c.pool) {
    throw UsageError("--pool is for --task classify; a tagger has one output a word");
  }
  if (s.freeze && c.embeddings.empty()) throw UsageError("--freeze needs --embeddings");
  s.kernels = parse_list(c.kernels, "--kernels");
  for (const int kernel : s.kernels) {
    if (kernel < 1 || kernel > 1000) throw UsageError("--kernels takes numbers from 1 to 1000");
  }
  if (c.pool) {
    s.text_pooling = parse_text_pooling(*c.pool);
  } else {
    s.text_pooling = s.encoder == EncoderKind::kNone ? TextPooling::kMean : TextPooling::kLast;
  }
  if (options.given("embeddings") && c.inputs == "elmo") {
    throw UsageError("--embeddings needs --inputs embedding or elmo,embedding");
  }
  if (c.mix_start == "random") c.training.mix_deviation = 1.0f;
}

// Tags as IOB2: an I-X that begins an entity becomes B-X, so that the rules of the CRF allow it.
std::int64_t repair_bio(DataSet& data) {
  std::int64_t repaired = 0;
  for (Example& example : data.examples) {
    std::string before = "O";
    for (std::string& tag : example.labels) {
      if (tag.starts_with("I-") && (before == "O" || std::string_view(before).substr(2) !=
                                                         std::string_view(tag).substr(2))) {
        tag[0] = 'B';
        ++repaired;
      }
      before = tag;
    }
  }
  return repaired;
}

void warn_about(const DataSet& data, const LabelSet& labels, const DataSet& dev) {
  std::map<std::string, std::int64_t> counts;
  for (const Example& example : data.examples) {
    for (const std::string& label : example.labels) ++counts[label];
  }
  std::vector<std::string> once;
  for (const auto& [label, count] : counts) {
    if (count == 1) once.push_back(label);
  }
  if (!once.empty()) {
    log::warn("{}: seen once only: {}", data.path, fmt::join(once, ", "));
  }
  for (const DataSet* set : {&data, &dev}) {
    if (set->empty_texts() > 0) log::warn("{}: {} texts are empty", set->path, set->empty_texts());
  }
  std::int64_t unknown = 0;
  for (const Example& example : dev.examples) {
    for (const std::string& label : example.labels) unknown += labels.id(label) < 0 ? 1 : 0;
  }
  if (unknown > 0) {
    log::warn("{}: {} labels are not in {}; they count as errors", dev.path, unknown, data.path);
  }
}

void set_source(const VectorSource& source, TrainConfig& c) {
  TaskSettings& s = c.settings;
  const std::vector<int> layers =
      c.elmo_layers.empty() ? std::vector<int>{} : parse_list(c.elmo_layers, "--elmo-layers");
  s.elmo_layers = choose_layers(layers, source.layers());
  s.model_layers = source.layers();
  s.elmo_dimension = source.dimension();
  s.model_hash = source.hash();
  if (c.model) {
    s.model_path = std::filesystem::relative(
                       *c.model, std::filesystem::absolute(c.training.output).parent_path())
                       .string();
  }
}

}  // namespace

int run_train(Arguments arguments) {
  TrainConfig c;
  TaskSettings& s = c.settings;
  TaskTrainingOptions& t = c.training;
  Options options(arguments,
                  "elmo train --task classify --model model --train train.tsv --dev dev.tsv "
                  "--encoder lstm --bidirectional --output task.h5");
  options
      .choice("task", &s.task, {{"classify", TaskKind::kClassify}, {"tag", TaskKind::kTag}},
              "one label a text, or one tag a word")
      .required();
  options
      .add("train", &c.train, "FILE",
           "label<TAB>text a line; for tag token<TAB>tag, a blank line between sentences")
      .required();
  options.add("dev", &c.dev, "FILE", "the same; decides when to stop and what to keep").required();
  options.add("output", &t.output, "TASK.h5", "the best weights; a checkpoint and a log beside it")
      .required();
  options.add("model", &c.model, "DIR", "the language models, which do not learn");
  options.add("vectors", &c.vectors, "FILE.h5", "vectors of --train dumped before, instead");
  options.add("dev-vectors", &c.dev_vectors, "FILE.h5", "those of --dev");
  options.add("inputs", &c.inputs, "LIST", "what a word is to the network")
      .choices({"elmo", "embedding", "elmo,embedding"})
      .default_text("elmo, or embedding without --model and --vectors");
  options
      .add("elmo-layers", &c.elmo_layers, "LIST",
           "layers to mix, such as 0,2; 0 alone knows no context")
      .default_text("all");
  options.add("mix-start", &c.mix_start, "WORD", "the shares of the layers at first")
      .choices({"even", "random"});
  options.add("mix-l2", &t.mix_l2, "X", "L2 on the raw weights of the mix").at_least(0);
  options.flag("layer-norm", &s.layer_norm, "bring each layer of a sentence to mean 0, variance 1");
  options.add("pooling", &s.pooling, "WORD", "a word's pieces in layers 1 and up")
      .choices({"boundary", "first", "last", "mean"});
  options
      .add("embedding-size", &c.embedding_size, "N", "learned numbers of a word seen twice or more")
      .between(1, 4096);
  options
      .add("ends-size", &c.end_size, "N", "learned numbers of its end, 1 to 3 characters; 0: none")
      .between(0, 4096);
  options.add("embeddings", &c.embeddings, "FILE.vec",
              "start from these word vectors: text of word2vec, fastText or GloVe");
  options
      .add("embedding-words", &c.embedding_words, "N",
           "of its first lines to keep, beside the words of the data")
      .at_least(0);
  options.flag("freeze", &s.freeze, "do not train them on");
  options.choice("encoder", &s.encoder,
                 {{"none", EncoderKind::kNone},
                  {"rnn", EncoderKind::kRnn},
                  {"lstm", EncoderKind::kLstm},
                  {"gru", EncoderKind::kGru},
                  {"cnn", EncoderKind::kCnn}},
                 "cnn: for texts, one shorter than a kernel is filled up to it");
  options.flag("bidirectional", &s.bidirectional, "read from both ends");
  options.add("layers", &s.layers, "N", "recurrent layers").between(1, 64);
  options.add("hidden", &s.hidden, "N", "cells of each direction").between(1, 8192);
  options.choice("activation", &s.activation,
                 {{"tanh", Activation::kTanh}, {"relu", Activation::kRelu}}, "of the rnn");
  options.add("pool", &c.pool, "WORD", "one vector from a text's words")
      .choices({"last", "max", "mean", "attention"})
      .default_text("last state of each reader; mean without encoder");
  options.add("kernels", &c.kernels, "LIST", "words that the filters of the cnn see");
  options.add("filters", &s.filters, "N", "of each kernel").between(1, 8192);
  options.add("stride", &s.stride, "N", "of the kernels").between(1, 1000);
  options.flag("crf", &c.crf, "tag with a conditional random field; BIO moves are obeyed");
  options.add("dropout", &s.dropout, "X", "on the inputs, between layers, before the output")
      .at_least(0)
      .below(1);
  options.add("epochs", &t.epochs, "N", "at most").at_least(1);
  options.add("patience", &t.patience, "N", "epochs without a better result to stop at; 0: never")
      .at_least(0);
  options.add("batch-size", &t.batch_size, "N", "texts").between(1, 65536);
  options.choice("optimizer", &t.optimizer,
                 {{"adam", OptimizerKind::kAdam}, {"sgd", OptimizerKind::kSgd}},
                 "how weights are updated");
  options.add("learning-rate", &t.learning_rate, "X", "0: 0.001 for adam, 0.1 for sgd").at_least(0);
  options.add("decay", &t.decay, "X", "weight decay").at_least(0);
  options.add("clip", &t.clip, "X", "largest global norm of the gradients; 0: any").at_least(0);
  options.flag("class-weights", &t.class_weights, "rare classes weigh more");
  options.add("split", &c.split, "WORD", "how texts are cut into words")
      .choices({"spaces", "characters", "punctuation"})
      .default_text("the language model's, else spaces");
  options.add("seed", &t.seed, "N", "of weights, order and dropout");
  options
      .add("seeds", &t.seeds, "K",
           "train seed .. seed + K - 1, keep the best, show mean and spread")
      .between(1, 1000);
  options.add("precision", &c.precision, "WORD", "of the language model's products")
      .choices({"f32", "bf16", "auto"});
  options.add("threads", &c.threads, "N", "0: as many as there are cores").between(0, 4096);
  options.flag("resume", &t.resume, "go on from the checkpoint beside --output");
  options.flag("overwrite", &t.overwrite, "replace an existing --output");
  options.flag("json", &c.json, "print one JSON object");
  options.exclusive({"model", "vectors"});
  options.exclusive({"resume", "overwrite"});
  if (!options.parse()) return 0;

  if (c.inputs.empty()) c.inputs = c.model || c.vectors ? "elmo" : "embedding";
  check_usage(options, c);
  check_task_output(t);
  const InterruptGuard guard;
  Workers workers(thread_count(c.threads));
  const std::filesystem::path folder = t.output.parent_path();

  std::optional<VectorSource> source, dev_source;
  if (c.inputs != "embedding") {
    source = c.vectors ? VectorSource::dump(*c.vectors)
                       : VectorSource::model(*c.model, parse_precision(c.precision));
    set_source(*source, c);
    // The dump of the development data has to be of the same model.
    dev_source = c.dev_vectors ? VectorSource::of_task(s, t.output, std::nullopt, c.dev_vectors,
                                                       Precision::kF32)
                               : *source;
  }
  s.split = c.split ? parse_split(*c.split) : Split::kSpaces;
  if (source && source->split()) {
    if (c.split && s.split != *source->split()) {
      log::warn("--split {} contradicts the language model, which cuts by {}; its way is taken",
                *c.split, split_name(*source->split()));
    }
    s.split = *source->split();
  }
  DataSet train = read_data_set(c.train, s.task, s.split);
  DataSet dev = read_data_set(c.dev, s.task, s.split);
  if (c.crf && LabelSet::of(train).bio()) {
    const std::int64_t repaired = repair_bio(train);
    if (repaired > 0) log::warn("{}: {} entities began with I-, now B-", train.path, repaired);
  }
  const LabelSet labels = LabelSet::of(train);
  if (labels.size() < 2) {
    throw Error(train.path + ": has one label only; there is nothing to tell apart");
  }
  warn_about(train, labels, dev);

  s.output = c.crf                ? OutputKind::kCrf
             : labels.size() == 2 ? OutputKind::kSigmoid
                                  : OutputKind::kSoftmax;
  std::vector<float> word_vectors;
  TaskVocabulary vocabulary;
  if (c.inputs != "elmo") {
    std::vector<std::string> given;
    s.embedding_size = c.embedding_size;
    s.end_size = s.freeze ? 0 : c.end_size;
    if (!c.embeddings.empty()) {
      std::unordered_set<std::string> words;
      for (const DataSet* set : {&train, &dev}) {
        for (const Example& example : set->examples) {
          words.insert(example.words.begin(), example.words.end());
        }
      }
      WordVectorTable table = read_word_vectors(
          c.embeddings, static_cast<std::size_t>(c.embedding_words),
          [&](std::string_view word) { return words.contains(std::string(word)); });
      if (options.given("embedding-size") && table.dimension != c.embedding_size) {
        log::warn("{}: has {} numbers a word; --embedding-size {} is passed over", c.embeddings,
                  table.dimension, c.embedding_size);
      }
      s.embedding_size = static_cast<int>(table.dimension);
      given = std::move(table.words);
      word_vectors = std::move(table.values);
    }
    vocabulary = TaskVocabulary::of(train, given);
    // What is frozen has the given vectors only.
    if (s.freeze) vocabulary.words = NameTable(given);
  }

  {
    TaskNetwork network(s, labels, vocabulary);
    if (!c.json) print(layer_table(network.table()));
    flush_output();
  }
  std::shared_ptr<const FrozenVectors> vectors, dev_vectors;
  if (source) {
    vectors = source->vectors(s, train, folder, workers);
    dev_vectors = dev_source->vectors(s, dev, folder, workers);
  }
  const TaskData train_data(std::move(train), vectors, labels, vocabulary);
  const TaskData dev_data(std::move(dev), dev_vectors, labels, vocabulary);
  const TaskTrainingReport report =
      train_task(s, labels, vocabulary, word_vectors, train_data, dev_data, t, workers);
  const auto network = TaskNetwork::load(t.output);
  if (report.already_finished) log::info("finished already");
  print(c.json ? training_json(*network, report).dump(2) + "\n" : training_text(*network, report));
  return 0;
}

}  // namespace elmo
