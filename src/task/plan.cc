#include "task/plan.h"

#include <fmt/format.h>

#include <map>
#include <unordered_set>
#include <utility>

#include "base/log.h"
#include "elmo/error.h"
#include "task/vector_text.h"
#include "text/utf8.h"

namespace elmo::task {
namespace {

std::filesystem::path folder_of(const std::filesystem::path& file) {
  return std::filesystem::absolute(file).parent_path();
}

void set_source(const std::filesystem::path& output, Plan& plan) {
  Settings& s = plan.settings;
  plan.source = plan.vectors ? VectorSource::dump(*plan.vectors)
                             : VectorSource::model(*plan.model, plan.precision);
  const VectorSource& source = *plan.source;
  s.elmo_layers = choose_layers(plan.elmo_layers, source.layers());
  s.model_layers = source.layers();
  s.elmo_dimension = source.dimension();
  s.model_hash = source.hash();
  s.pooling = source.pooling().value_or(s.pooling);
  if (plan.model) {
    s.model_path = std::filesystem::relative(*plan.model, folder_of(output)).string();
  }
  // The dump of the development data must come from the same model.
  plan.dev_source = plan.dev_vectors ? VectorSource::of_task(s, output, std::nullopt,
                                                             plan.dev_vectors, Precision::kF32)
                                     : source;
}

Split choose_split(const std::optional<Split>& asked, const std::optional<VectorSource>& source) {
  const std::optional<Split> of_model = source ? source->split() : std::nullopt;
  if (!of_model) return asked.value_or(Split::kSpaces);
  if (asked && *asked != *of_model) {
    throw UsageError(
        fmt::format("--split {} contradicts the language model, whose split is {}; leave it out",
                    split_name(*asked), split_name(*of_model)));
  }
  return *of_model;
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

void set_vocabulary(Plan& plan) {
  Settings& s = plan.settings;
  std::vector<std::string> given;
  s.embedding_size = plan.embedding_size;
  s.end_size = s.freeze ? 0 : plan.end_size;
  if (!plan.embeddings.empty()) {
    std::unordered_set<std::string> words;
    for (const DataSet* set : {&plan.train, &plan.dev}) {
      for (const Example& example : set->examples) {
        for (const std::string& word : example.words) words.insert(to_nfc(word));
      }
    }
    WordVectorTable table =
        read_word_vectors(plan.embeddings, static_cast<std::size_t>(plan.embedding_words),
                          [&](std::string_view word) { return words.contains(std::string(word)); });
    s.embedding_size = static_cast<int>(table.dimension);
    if (plan.given_embedding_size.value_or(s.embedding_size) != s.embedding_size) {
      throw UsageError(fmt::format(
          "--embedding-size {} contradicts {}, which has {} numbers a word; leave it out",
          *plan.given_embedding_size, plan.embeddings, s.embedding_size));
    }
    given = std::move(table.words);
    plan.word_vectors = std::move(table.values);
  }
  plan.vocabulary = Vocabulary::of(plan.train, given);
  // Frozen embeddings have only the given vectors.
  if (s.freeze) plan.vocabulary.words = NameTable(given);
}

}  // namespace

void prepare(Plan& plan, const std::filesystem::path& output) {
  Settings& s = plan.settings;
  if (plan.elmo) set_source(output, plan);
  s.layer_norm = s.layer_norm && plan.elmo;
  s.split = choose_split(plan.split, plan.source);
  plan.train = read_data_set(plan.train_file, s.task, s.split, plan.invalid);
  plan.dev = read_data_set(plan.dev_file, s.task, s.split, plan.invalid);
  if (plan.crf && LabelSet::of(plan.train).bio()) {
    const std::int64_t repaired = repair_bio(plan.train);
    if (repaired > 0) {
      log::warn("{}: {} entities began with I-, now B-", plan.train.path, repaired);
    }
  }
  plan.labels = LabelSet::of(plan.train);
  if (plan.labels.size() < 2) {
    throw Error(plan.train.path + ": has only one label; at least two are needed");
  }
  s.output = plan.crf                  ? OutputKind::kCrf
             : plan.labels.size() == 2 ? OutputKind::kSigmoid
                                       : OutputKind::kSoftmax;
  settle_tags(s, plan.labels, plan.dev);
  warn_about(plan.train, plan.labels, plan.dev);
  if (plan.embedding) {
    set_vocabulary(plan);
  } else if (plan.end_size > 0) {
    s.end_size = plan.end_size;
    plan.vocabulary.ends = Vocabulary::of(plan.train, {}).ends;
  }
}

TrainingReport train(Plan plan, const TrainingOptions& options, Workers& workers) {
  const std::filesystem::path folder = folder_of(options.output);
  std::shared_ptr<const FrozenVectors> vectors, dev_vectors;
  if (plan.source) {
    vectors = plan.source->vectors(plan.settings, plan.train, folder, workers);
    dev_vectors = plan.dev_source->vectors(plan.settings, plan.dev, folder, workers);
  }
  const Data train(std::move(plan.train), vectors, plan.labels, plan.vocabulary);
  const Data dev(std::move(plan.dev), dev_vectors, plan.labels, plan.vocabulary);
  return task::train(plan.settings, plan.labels, plan.vocabulary, plan.word_vectors, train, dev,
                     options, workers);
}

void settle_tags(const Settings& settings, const LabelSet& labels, DataSet& data) {
  if (settings.task != Kind::kTag || !labels.bio()) return;
  check_bio(data);
  if (settings.output == OutputKind::kCrf) repair_bio(data);
}

Data make_data(const Network& network, const std::filesystem::path& file, DataSet data,
               const std::optional<std::filesystem::path>& model,
               const std::optional<std::filesystem::path>& vectors, Precision precision,
               Workers& workers) {
  const Settings& s = network.settings();
  std::shared_ptr<const FrozenVectors> frozen;
  if (s.uses_elmo()) {
    frozen = VectorSource::of_task(s, file, model, vectors, precision)
                 .vectors(s, data, temporary_folder(), workers);
  }
  return {std::move(data), frozen, network.labels(), network.vocabulary()};
}

}  // namespace elmo::task
