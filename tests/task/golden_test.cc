// Whole classifiers and taggers against PyTorch in float64. tests/golden/make_tasks.py describes
// the golden file.
#include "tests/support/golden.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "task/network.h"
#include "tests/nn/nn_support.h"

namespace elmo::task {
namespace {

Batch read_batch(const std::string& name) {
  Batch batch;
  batch.texts = ragged(read_golden_as<std::int64_t>("lengths"));
  batch.layers = read_golden_as<float>("layers");
  batch.words = read_golden_as<std::int32_t>("words");
  batch.ends = read_golden_as<std::int32_t>("ends");
  batch.targets = read_golden_as<std::int32_t>(name + "/targets");
  return batch;
}

void expect_golden(const std::string& name, Settings s,
                   const std::vector<float>& class_weights = {}) {
  s.elmo_layers = {0, 2};
  s.model_layers = 3;
  s.elmo_dimension = 2;
  s.embedding_size = 2;
  s.end_size = 1;
  s.hidden = 6;
  s.layers = 2;
  Network network(s, LabelSet({"O", "B-X", "I-X"}), {NameTable({"a", "b"}), NameTable({"x"})});
  for (Parameter* parameter : network.parameters()) {
    if (parameter->value.size() > 0) read_golden_parameter(name + "/weights", *parameter);
  }
  network.prepare(true);
  const Batch batch = read_batch(name);
  Workers workers(2);
  const double scale = 0.25;
  const std::vector<double> loss = {
      network.loss(batch, class_weights, true, static_cast<float>(scale), nullptr, workers)};
  EXPECT_LT(relative_error(std::span<const double>(loss), read_golden(name + "/loss")), 2e-6);
  for (Parameter* parameter : network.learned()) {
    if (parameter->value.size() == 0) continue;
    std::vector<double> gradient = read_golden(name + "/gradients/" + parameter->name);
    for (double& value : gradient) value *= scale;
    EXPECT_LT(relative_error(std::span<const float>(parameter->gradient.span()), gradient), 1e-5)
        << parameter->name;
  }
  const auto labels = read_golden_as<std::int32_t>(name + "/labels");
  const std::vector<Prediction> predictions = network.predict(batch, workers);
  ASSERT_EQ(predictions.size(), labels.size());
  std::vector<float> probabilities;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    EXPECT_EQ(predictions[i].label, labels[i]) << i;
    probabilities.push_back(predictions[i].probability);
  }
  EXPECT_LT(
      relative_error(std::span<const float>(probabilities), read_golden(name + "/probabilities")),
      2e-6);
}

TEST(GoldenTask, Classifier) {
  Settings s;
  s.encoder = EncoderKind::kLstm;
  s.bidirectional = true;
  s.text_pooling = TextPooling::kLast;
  expect_golden("classifier", s, read_golden_as<float>("classifier/class_weights"));
}

TEST(GoldenTask, Tagger) {
  Settings s;
  s.task = Kind::kTag;
  s.encoder = EncoderKind::kGru;
  s.bidirectional = true;
  expect_golden("tagger", s);
}

TEST(GoldenTask, TaggerByCrf) {
  Settings s;
  s.task = Kind::kTag;
  s.encoder = EncoderKind::kRnn;
  s.output = OutputKind::kCrf;
  expect_golden("crf", s);
}

}  // namespace
}  // namespace elmo::task
