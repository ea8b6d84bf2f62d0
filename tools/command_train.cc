// elmo train: trains a classifier or tagger on contextual vectors, learned embeddings, or both.

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/fingerprint.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/numbers.h"
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

// The plan, and options that become parts of it.
struct TrainConfig {
  task::Plan plan;
  task::TrainingOptions training;
  std::string inputs, kernels = "3,4,5", elmo_layers, mix_start = "even", precision = "f32";
  std::optional<std::string> pool;
  int threads = 0;
  bool json = false;
};

std::vector<int> parse_list(const std::string& text, const std::string& option) {
  auto numbers = parse_numbers(text);
  if (!numbers) {
    throw UsageError(fmt::format("{} '{}' is not a list of numbers such as 3,4,5", option, text));
  }
  return *std::move(numbers);
}

// Records how ELMo's vectors are computed, to check it on resuming. The choice that `auto` made
// when the training began is kept.
void settle_precision(TrainConfig& c) {
  task::TrainingOptions& t = c.training;
  if (c.plan.vectors) {
    t.vectors = file_fingerprint(*c.plan.vectors);
    t.dev_vectors = file_fingerprint(*c.plan.dev_vectors);
  }
  if (c.precision == "auto" && t.resume) {
    c.precision = task::trained_precision(t.output).value_or(c.precision);
  }
  c.plan.precision = parse_precision(c.precision);
  if (c.plan.elmo && c.plan.model) t.precision = precision_name(c.plan.precision);
}

bool has_elmo(const TrainConfig& c) {
  if (c.inputs.empty()) return c.plan.model || c.plan.vectors;
  return c.inputs.find("elmo") != std::string::npos;
}

bool has_embedding(const TrainConfig& c) {
  if (c.inputs.empty()) return !has_elmo(c);
  return c.inputs.find("embedding") != std::string::npos;
}

// Rules that refuse options without effect.
void add_rules(Options& options, const TrainConfig& c) {
  const task::Plan& r = c.plan;
  const task::Settings& s = c.plan.settings;
  const auto encoder_is = [&s](std::initializer_list<task::EncoderKind> kinds) {
    return [&s, kinds = std::vector<task::EncoderKind>(kinds)] {
      return std::find(kinds.begin(), kinds.end(), s.encoder) != kinds.end();
    };
  };
  options.only_when(
      {"hidden", "layers", "bidirectional"}, "with --encoder rnn, lstm or gru",
      encoder_is({task::EncoderKind::kRnn, task::EncoderKind::kLstm, task::EncoderKind::kGru}));
  options.only_when({"activation"}, "with --encoder rnn", encoder_is({task::EncoderKind::kRnn}));
  options.only_when({"kernels", "filters", "stride"}, "with --encoder cnn",
                    encoder_is({task::EncoderKind::kCnn}));
  options.only_when({"pool"}, "with --task classify, as a tagger has one output a word",
                    [&] { return s.task == task::Kind::kClassify; });
  options.only_when({"pool"}, "without --encoder cnn, which pools its filters by their maximum",
                    [&] { return s.encoder != task::EncoderKind::kCnn; });
  options.only_when({"crf"}, "with --task tag", [&] { return s.task == task::Kind::kTag; });
  options.only_when({"class-weights"}, "without --crf", [&] { return !r.crf; });
  options.only_when({"model", "vectors", "dev-vectors", "elmo-layers", "mix-start", "mix-l2",
                     "layer-norm", "no-layer-norm", "pooling", "precision"},
                    "with --inputs elmo or elmo,embedding", [&] { return has_elmo(c); });
  options.only_when({"dev-vectors"}, "with --vectors", [&] { return r.vectors.has_value(); });
  options.only_when({"pooling", "precision"}, "with --model, as a dump has its own",
                    [&] { return r.model.has_value(); });
  options.only_when({"embedding-size", "embeddings", "embedding-words", "freeze"},
                    "with --inputs embedding or elmo,embedding", [&] { return has_embedding(c); });
  options.only_when({"embedding-words", "freeze"}, "with --embeddings",
                    [&] { return !r.embeddings.empty(); });
  options.only_when({"ends-size"}, "without --freeze, which leaves the given vectors alone",
                    [&] { return !s.freeze; });
}

// Checks and combines options into the plan.
void settle(const Options& options, TrainConfig& c) {
  task::Settings& s = c.plan.settings;
  task::Plan& r = c.plan;
  for (const auto& file :
       {task::checkpoint_path(c.training.output), task::log_path(c.training.output)}) {
    refuse_overwriting(file, options.inputs());
  }
  r.elmo = has_elmo(c);
  r.embedding = has_embedding(c);
  if (r.elmo && !r.model && !r.vectors) {
    throw UsageError(
        "--inputs elmo needs --model DIR or --vectors FILE.h5 (--inputs embedding "
        "needs neither)");
  }
  if (r.vectors && !r.dev_vectors) throw UsageError("--vectors needs --dev-vectors for --dev");
  if (s.task == task::Kind::kTag && s.encoder == task::EncoderKind::kCnn) {
    throw UsageError("--encoder cnn gives one vector a text and can't tag; use rnn, lstm or gru");
  }
  s.kernels = parse_list(c.kernels, "--kernels");
  for (const int kernel : s.kernels) {
    if (kernel < 1 || kernel > 1000) throw UsageError("--kernels takes numbers from 1 to 1000");
  }
  if (c.pool) {
    s.text_pooling = parse_text_pooling(*c.pool);
  } else {
    s.text_pooling =
        s.encoder == task::EncoderKind::kNone ? TextPooling::kMean : TextPooling::kLast;
  }
  if (c.mix_start == "random") c.training.mix_deviation = 1.0f;
  if (!c.elmo_layers.empty()) r.elmo_layers = parse_list(c.elmo_layers, "--elmo-layers");
  if (options.given("embedding-size")) r.given_embedding_size = r.embedding_size;
  settle_precision(c);
}

void add_data(Options& options, TrainConfig& c) {
  task::Plan& r = c.plan;
  options.group("Data");
  options
      .choice("task", &c.plan.settings.task,
              {{"classify", task::Kind::kClassify}, {"tag", task::Kind::kTag}},
              "classify: one label for each text; tag: one tag for each word")
      .required();
  options
      .add("train", &r.train_file, "FILE",
           "training data: lines of label<TAB>text, or for tag of token<TAB>tag with a blank line "
           "between sentences")
      .required();
  options
      .add("dev", &r.dev_file, "FILE",
           "development data in the same format; decides when to stop and which epoch is kept")
      .required();
  add_split(options, &r.split, "how texts are cut into words")
      .default_text("as the language model does, without one at spaces");
  add_invalid(options, &r.invalid, "; skip works for classification data only");
}

// The options for the vectors of a word.
void add_word_vectors(Options& options, TrainConfig& c) {
  task::Plan& r = c.plan;
  task::Settings& s = c.plan.settings;
  options.group("Word vectors");
  options
      .add("inputs", &c.inputs, "LIST",
           "input vector of a word: elmo, from the language model; embedding, learned with the "
           "task; or both, concatenated")
      .choices({"elmo", "embedding", "elmo,embedding"})
      .default_text("elmo, or embedding without --model and --vectors");
  options
      .add("model", &r.model, "DIR",
           "folder of the language model, which is not fine-tuned: its layers are computed once")
      .resolved_by(find_model);
  options.add("vectors", &r.vectors, "FILE.h5", "use this dump of --train instead of a model");
  options.add("dev-vectors", &r.dev_vectors, "FILE.h5", "dump of --dev, with --vectors");
  options
      .add("elmo-layers", &c.elmo_layers, "LIST",
           "layers of the language model to mix, such as 0,2; layer 0 knows no context")
      .default_text("all");
  options.add("mix-start", &c.mix_start, "WORD", "initial weights of the layers in the mix")
      .choices({"even", "random"});
  options
      .add("mix-l2", &c.training.mix_l2, "X",
           "strength of the L2 penalty on the mix's weights before the softmax; a large one keeps "
           "the layers at equal weights")
      .at_least(0);
  options.toggle("layer-norm", &s.layer_norm,
                 "normalise each layer of a sentence to mean 0 and variance 1 before mixing");
  options
      .add("pooling", &s.pooling, "WORD",
           "how the states of a word's pieces become its vector in layers 1 and up")
      .choices({"boundary", "first", "last", "mean"});
  options
      .add("embedding-size", &r.embedding_size, "N",
           "dimension of the learned word embeddings; words seen once share the one of unknown "
           "words")
      .between(1, 4096);
  options
      .add("ends-size", &r.end_size, "N",
           "dimension of a learned embedding of the word's last 1 to 3 characters, concatenated to "
           "its vector: endings and particles of words never seen; 0: none")
      .between(0, 4096);
  options.add("embeddings", &r.embeddings, "FILE.vec",
              "initialise the word embeddings with these vectors, in the text format of word2vec, "
              "fastText or GloVe");
  options
      .add(
          "embedding-words", &r.embedding_words, "N",
          "number of vectors kept from the beginning of --embeddings, beside those of words in the "
          "data; more help texts with new words and take memory")
      .at_least(0);
  options.flag("freeze", &s.freeze, "keep the pretrained word vectors of --embeddings fixed");
}

void add_network(Options& options, TrainConfig& c) {
  task::Settings& s = c.plan.settings;
  options.group("Model");
  options.choice(
      "encoder", &s.encoder,
      {{"none", task::EncoderKind::kNone},
       {"rnn", task::EncoderKind::kRnn},
       {"lstm", task::EncoderKind::kLstm},
       {"gru", task::EncoderKind::kGru},
       {"cnn", task::EncoderKind::kCnn}},
      "network over the word vectors; none: a linear layer alone; cnn: for classify only");
  options.flag("bidirectional", &s.bidirectional,
               "rnn, lstm, gru: read each text in both directions");
  options.add("layers", &s.layers, "N", "rnn, lstm, gru: number of layers").between(1, 64);
  options.add("hidden", &s.hidden, "N", "rnn, lstm, gru: cells in each direction").between(1, 8192);
  options.choice("activation", &s.activation,
                 {{"tanh", Activation::kTanh}, {"relu", Activation::kRelu}},
                 "rnn: activation function");
  options.add("kernels", &c.kernels, "LIST",
              "cnn: widths of the filters in words; shorter texts are padded");
  options.add("filters", &s.filters, "N", "cnn: number of filters of each width").between(1, 8192);
  options.add("stride", &s.stride, "N", "cnn: distance in words between positions of a filter")
      .between(1, 1000);
  options
      .add("pool", &c.pool, "WORD",
           "classify: how the words of a text become one vector; last: the final state of each "
           "direction")
      .choices({"last", "max", "mean", "attention"})
      .default_text("last; mean with --encoder none");
  options.flag("crf", &c.plan.crf,
               "tag: predict the tags of a sentence together, by a conditional random field that "
               "allows only valid BIO sequences");
  options
      .add("dropout", &s.dropout, "X",
           "dropout rate on the inputs, between layers and before the output; raise it if the "
           "training data are few")
      .at_least(0)
      .below(1);
}

void add_training(Options& options, TrainConfig& c) {
  task::TrainingOptions& t = c.training;
  options.group("Training");
  options.add("epochs", &t.epochs, "N", "largest number of passes over the training data")
      .at_least(1);
  options
      .add("patience", &t.patience, "N",
           "stop after this many epochs without a better result on --dev; 0: never")
      .at_least(0);
  options.add("batch-size", &t.batch_size, "N", "texts or sentences in each step")
      .between(1, 65536);
  options.choice("optimizer", &t.optimizer,
                 {{"adam", OptimizerKind::kAdam}, {"sgd", OptimizerKind::kSgd}},
                 "optimisation method");
  options
      .add("learning-rate", &t.learning_rate, "X", "learning rate; 0: 0.003 for adam, 0.1 for sgd")
      .at_least(0);
  options.add("decay", &t.decay, "X", "weight decay").at_least(0);
  options.add("clip", &t.clip, "X", "clip the gradients' global norm at X; 0: no clipping")
      .at_least(0);
  options.flag("class-weights", &t.class_weights,
               "weigh each class by the inverse of its frequency, for data with rare classes");
  options.add("seed", &t.seed, "N", "seed of the initial weights, the order and the dropout");
  options
      .add("seeds", &t.seeds, "K",
           "train K times, with seeds N to N + K - 1 (--seed N), keep the best and print mean and "
           "spread")
      .between(1, 1000);
  options.flag("resume", &t.resume, "continue from the checkpoint beside --output");
  add_speed(options, &c.threads, &c.precision);
  options.group("Output");
  options
      .add("output", &t.output, "TASK.h5",
           "file of the trained task: the best weights; a checkpoint and a log are written beside "
           "it")
      .required();
  options.flag("overwrite", &t.overwrite, "replace an existing --output");
  add_json(options, &c.json);
  options.exclusive({"model", "vectors"});
  options.exclusive({"resume", "overwrite"});
}

}  // namespace

int run_train(Arguments arguments) {
  TrainConfig c;
  task::Plan& r = c.plan;
  task::Settings& s = c.plan.settings;
  task::TrainingOptions& t = c.training;
  Options options(
      arguments,
      "elmo train --task classify --model build/quickstart/en --train "
      "corpora/sentiment.en.train.tsv --dev corpora/sentiment.en.dev.tsv --encoder lstm "
      "--bidirectional --output task.h5");
  add_data(options, c);
  add_word_vectors(options, c);
  add_network(options, c);
  add_training(options, c);
  add_rules(options, c);
  if (!options.parse()) return 0;

  settle(options, c);
  log::info("train: {}, inputs {}, encoder {}", task::task_name(s.task),
            r.elmo && r.embedding ? "elmo,embedding"
            : r.elmo              ? "elmo"
                                  : "embedding",
            s.encoder == task::EncoderKind::kNone ? "none (a linear layer on the inputs)"
                                                  : task::encoder_name(s.encoder));
  const FileLock lock = task::lock_output(t.output);
  task::check_output(t);
  const InterruptGuard guard;
  Workers workers(thread_count(c.threads));
  task::prepare(r, t.output);
  if (!c.json) {
    task::Network network(s, r.labels, r.vocabulary);
    print(layer_table(network.table()));
    flush_output();
  }
  const task::TrainingReport report = task::train(std::move(r), t, workers);
  const auto network = task::Network::load(t.output);
  if (report.already_finished) log::info("finished already");
  print(c.json ? training_json(*network, report).dump(2) + "\n" : training_text(*network, report));
  return 0;
}

}  // namespace elmo
