// From files and wishes to what a training takes.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "task/task_training.h"
#include "task/vector_source.h"

namespace elmo {

// What a task is to be trained from, as it is asked for.
struct TaskRequest {
  std::string train, dev;  // labelled data
  // What a word is to the network: one of them, or both.
  bool elmo = false, embedding = false;
  // For elmo: language models, or vectors of the data dumped before.
  std::optional<std::filesystem::path> model, vectors, dev_vectors;
  Precision precision = Precision::kF32;
  std::vector<int> elmo_layers;  // empty: all
  // How texts are cut where the language model does not say; nothing: at spaces.
  std::optional<Split> split;
  // For embedding: numbers of a word and of its end, or a file of vectors to start from, of which
  // the first `embedding_words` and all words of the data are kept.
  int embedding_size = 100;
  std::optional<int> given_embedding_size;  // asked for by name: a file of vectors has to agree
  int end_size = 25;
  std::string embeddings;
  int embedding_words = 100'000;
  bool crf = false;
  InvalidText invalid = InvalidText::kRefuse;
};

struct TaskPlan {
  TaskSettings settings;
  LabelSet labels;
  TaskVocabulary vocabulary;
  std::vector<float> word_vectors;  // to start from: of the vocabulary's first words
  DataSet train, dev;
  std::optional<VectorSource> source, dev_source;
};

// Reads the data and decides what depends on it: labels, vocabulary, output, sizes, the mixed
// layers. `settings` has the rest; `output` is where the task will lie. Warns of what is odd in
// the data and no error: classes seen once, empty texts, labels that only `dev` has. Throws Error
// and UsageError.
TaskPlan plan_task(const TaskRequest& request, const TaskSettings& settings,
                   const std::filesystem::path& output);

// Embeds the data where the plan has a source, and trains (task_training.h).
TaskTrainingReport train_task(TaskPlan plan, const TaskTrainingOptions& options, Workers& workers);

// Brings the tags of data into the form of a task with these labels: refuses tags that are not BIO
// where the labels are, and gives the first word of each entity B- where the task is learned with a
// CRF, which is shown no other tags. Throws Error with file and line.
void settle_tags(const TaskSettings& settings, const LabelSet& labels, DataSet& data);

// The data of the trained task in `file` as its network takes it: with vectors of the dump
// `vectors` if given, else of the language model in `model` if given, else of the one that the
// task names (vector_source.h).
TaskData make_task_data(const TaskNetwork& network, const std::filesystem::path& file, DataSet data,
                        const std::optional<std::filesystem::path>& model,
                        const std::optional<std::filesystem::path>& vectors, Precision precision,
                        Workers& workers);

}  // namespace elmo
