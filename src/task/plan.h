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
  // The inputs of a word: ELMo's vector, a learned embedding, or both.
  bool elmo = false, embedding = false;
  // Where ELMo's vectors come from: the language models' folder, or dumps of --train and --dev.
  std::optional<std::filesystem::path> model, vectors, dev_vectors;
  Precision precision = Precision::kF32;
  std::vector<int> elmo_layers;  // empty: all
  // How texts are cut into words if the language model does not determine it; nullopt: at spaces.
  std::optional<Split> split;
  // Learned embeddings: the dimension of a word's vector and of its word end's, or a file of word
  // vectors to start from. Of the file the first `embedding_words` words are kept, and every word
  // of the data.
  int embedding_size = 100;
  std::optional<int> given_embedding_size;  // set by the user; a file of vectors has to agree
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
  std::vector<float> word_vectors;  // initial vectors of the vocabulary's first words, row-major
  DataSet train, dev;
  std::optional<VectorSource> source, dev_source;
};

// Reads the data and decides what depends on it: labels, vocabulary, output, sizes, the mixed
// layers. `output` is the path of the task file to be written. Warns of what is unusual in the data
// but no error: classes seen once, empty texts, labels that only `dev` has. Throws Error and
// UsageError.
void prepare(Plan& plan, const std::filesystem::path& output);

// Computes ELMo's vectors of the data if the plan has a source for them, and trains (training.h).
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
