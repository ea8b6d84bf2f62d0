// Prepares a training from files and options.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "task/training.h"
#include "task/vector_source.h"

namespace elmo::task {

// A training: what is asked for, and what prepare() decides from that and from the data.
struct Plan {
  // What is asked for.
  std::string train_file, dev_file;  // labelled data
  // The inputs of a word: ELMo's vector, a learned embedding, or both.
  bool elmo = false, embedding = false;
  // Where ELMo's vectors come from: the language models' folder, or dumps of --train and --dev.
  std::optional<std::filesystem::path> model, vectors, dev_vectors;
  Precision precision = Precision::kF32;
  std::vector<int> elmo_layers;  // empty: all
  // How texts are cut into words if the language model does not determine it; nullopt: spaces.
  std::optional<Split> split;
  // Learned embeddings: the dimensions of word vectors and word-end vectors, or a file of word
  // vectors to start from. Of the file, the first `embedding_words` words and every word of the
  // data are kept.
  int embedding_size = 100;
  std::optional<int> given_embedding_size;  // set by the user; must agree with a file of vectors
  int end_size = 25;
  std::string embeddings;
  int embedding_words = 100'000;
  bool crf = false;
  InvalidText invalid = InvalidText::kRefuse;
  // The settings that were asked for; prepare() sets those that depend on the data.
  Settings settings;

  // What is decided.
  LabelSet labels;
  Vocabulary vocabulary;
  std::vector<float> word_vectors;  // initial vectors of the vocabulary's first words, row-major
  DataSet train, dev;
  std::optional<VectorSource> source, dev_source;
};

// Reads the data and decides what depends on them: labels, vocabulary, output, sizes, the mixed
// layers. `output` is the path of the task file. Warns of data that are unusual but valid: classes
// seen once, empty texts, labels only in `dev`. Throws Error and UsageError.
void prepare(Plan& plan, const std::filesystem::path& output);

// Computes ELMo's vectors of the data if the plan has a source for them, and trains (training.h).
TrainingReport train(Plan plan, const TrainingOptions& options, Workers& workers);

// Converts the tags of data to the form that a task with these labels uses: refuses tags that are
// not BIO if the labels are, and, for a task with a CRF, which is only trained on such tags, makes
// the first word of each entity B-. Throws Error with file and line.
void settle_tags(const Settings& settings, const LabelSet& labels, DataSet& data);

// Prepares data for the network of the trained task in `file`. The vectors come from the dump
// `vectors` if given, else from the language model in `model` if given, else from the model that
// the task names (vector_source.h).
Data make_data(const Network& network, const std::filesystem::path& file, DataSet data,
               const std::optional<std::filesystem::path>& model,
               const std::optional<std::filesystem::path>& vectors, Precision precision,
               Workers& workers);

}  // namespace elmo::task
