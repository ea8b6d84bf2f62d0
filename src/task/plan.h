// From files and options to what a training takes.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "task/training.h"
#include "task/vector_source.h"

namespace elmo::task {

// A training: what is asked for, and what prepare() decides from it and from the data.
struct Plan {
  // What is asked for.
  std::string train_file, dev_file;  // labelled data
  // What a word is to the network: one of them, or both.
  bool elmo = false, embedding = false;
  // For elmo: language models, or vectors of the data dumped before.
  std::optional<std::filesystem::path> model, vectors, dev_vectors;
  Precision precision = Precision::kF32;
  std::vector<int> elmo_layers;  // empty: all
  // How texts are cut where the language model does not say; nothing: at spaces.
  std::optional<Split> split;
  // For embedding: dimensions of a word's vector and of its end's, or a file of vectors to start
  // from, of which the first `embedding_words` and all words of the data are kept.
  int embedding_size = 100;
  std::optional<int> given_embedding_size;  // asked for by name: a file of vectors has to agree
  int end_size = 25;
  std::string embeddings;
  int embedding_words = 100'000;
  bool crf = false;
  InvalidText invalid = InvalidText::kRefuse;
  // The network as far as it is asked for; prepare() sets what the data decide.
  Settings settings;

  // What is decided.
  LabelSet labels;
  Vocabulary vocabulary;
  std::vector<float> word_vectors;  // to start from: of the vocabulary's first words
  DataSet train, dev;
  std::optional<VectorSource> source, dev_source;
};

// Reads the data and decides what depends on it: labels, vocabulary, output, sizes, the mixed
// layers. `output` is where the task will lie. Warns of what is odd in the data and no error:
// classes seen once, empty texts, labels that only `dev` has. Throws Error and UsageError.
void prepare(Plan& plan, const std::filesystem::path& output);

// Embeds the data where the plan has a source, and trains (task_training.h).
TrainingReport train(Plan plan, const TrainingOptions& options, Workers& workers);

// Brings the tags of data into the form of a task with these labels: refuses tags that are not BIO
// where the labels are, and gives the first word of each entity B- where the task is learned with a
// CRF, which is shown no other tags. Throws Error with file and line.
void settle_tags(const Settings& settings, const LabelSet& labels, DataSet& data);

// The data of the trained task in `file` as its network takes it: with vectors of the dump
// `vectors` if given, else of the language model in `model` if given, else of the one that the
// task names (vector_source.h).
Data make_data(const Network& network, const std::filesystem::path& file, DataSet data,
               const std::optional<std::filesystem::path>& model,
               const std::optional<std::filesystem::path>& vectors, Precision precision,
               Workers& workers);

}  // namespace elmo::task
