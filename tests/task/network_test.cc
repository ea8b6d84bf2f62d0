// The whole network against finite differences; its file; equal bits in any batch.
#include "task/network.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/file.h"
#include "elmo/error.h"
#include "nn/optimizer.h"
#include "tests/nn/nn_support.h"
#include "tests/support/files.h"

namespace elmo::task {
namespace {

Settings both_inputs(Kind task) {
  Settings s;
  s.task = task;
  s.elmo_layers = {0, 2};
  s.model_layers = 3;
  s.elmo_dimension = 4;
  s.embedding_size = 3;
  s.end_size = 2;
  s.hidden = 3;
  s.filters = 3;
  s.kernels = {2, 3};
  return s;
}

Network make(const Settings& s, const std::vector<std::string>& labels) {
  Network network(s, LabelSet(labels), {NameTable({"a", "b"}), NameTable({"x"})});
  network.initialise(1, 1.0f);
  network.prepare(true);
  return network;
}

Batch make_batch(const Network& network, const std::vector<std::int64_t>& lengths) {
  const Settings& s = network.settings();
  Batch batch;
  batch.texts = ragged(lengths);
  Numbers numbers(7);
  batch.layers = numbers.normals(batch.texts.rows() * 2 * s.elmo_dimension);
  const std::int64_t outputs = s.task == Kind::kTag ? batch.texts.rows() : batch.texts.texts();
  for (std::int64_t i = 0; i < batch.texts.rows(); ++i) {
    batch.words.push_back(static_cast<std::int32_t>(i % 3));
    batch.ends.push_back(static_cast<std::int32_t>(i % 2));
  }
  for (std::int64_t i = 0; i < outputs; ++i) {
    batch.targets.push_back(static_cast<std::int32_t>(i % network.labels().size()));
  }
  return batch;
}

void check_gradients(const Settings& s, const std::vector<std::string>& labels) {
  Workers workers(1);
  Network network = make(s, labels);
  const Batch batch = make_batch(network, {3, 1, 4});
  const Network::DropoutKey key{5, 6};
  network.loss(batch, {}, true, 0.5f, &key, workers);
  std::vector<std::vector<float>> gradients;
  for (const Parameter* parameter : network.learned()) {
    gradients.emplace_back(parameter->gradient.span().begin(), parameter->gradient.span().end());
  }
  const auto loss = [&] {
    network.pack();
    return 0.5 * network.loss(batch, {}, true, 0.5f, &key, workers);
  };
  const auto parameters = network.learned();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    expect_gradient(parameters[i]->value.span(), gradients[i], loss, parameters[i]->name, 4e-3);
  }
}

TEST(Network, TheMixLearnsByItsGradientAlone) {
  Settings elmo = both_inputs(Kind::kClassify);
  elmo.embedding_size = elmo.end_size = 0;
  check_gradients(elmo, {"n", "v"});
}

TEST(Network, ClassifierLearnsByItsGradient) {
  for (const EncoderKind encoder :
       {EncoderKind::kNone, EncoderKind::kRnn, EncoderKind::kLstm, EncoderKind::kGru}) {
    for (const TextPooling pooling : {TextPooling::kLast, TextPooling::kAttention}) {
      Settings s = both_inputs(Kind::kClassify);
      s.encoder = encoder;
      s.layers = 2;
      s.bidirectional = encoder != EncoderKind::kNone;
      s.text_pooling = pooling;
      SCOPED_TRACE(encoder_name(encoder));
      check_gradients(s, {"k", "l", "m"});
    }
  }
}

TEST(Network, SigmoidLearnsByItsGradient) {
  Settings s = both_inputs(Kind::kClassify);
  s.output = OutputKind::kSigmoid;
  check_gradients(s, {"no", "yes"});
}

TEST(Network, TaggerLearnsByItsGradient) {
  for (const OutputKind output : {OutputKind::kSoftmax, OutputKind::kCrf}) {
    Settings s = both_inputs(Kind::kTag);
    s.encoder = EncoderKind::kLstm;
    s.bidirectional = true;
    s.output = output;
    SCOPED_TRACE(output_name(output));
    check_gradients(s, {"k", "l", "m"});
  }
}

TEST(Network, GivesATextTheSameBitsInAnyBatch) {
  Workers one(1), two(2);
  for (const EncoderKind encoder : {EncoderKind::kNone, EncoderKind::kGru, EncoderKind::kCnn}) {
    Settings s = both_inputs(Kind::kClassify);
    s.encoder = encoder;
    Network network = make(s, {"k", "l", "m"});
    const auto together = network.predict(make_batch(network, {5, 0, 2, 7}), two);
    const auto alone = network.predict(make_batch(network, {5}), one);
    EXPECT_EQ(together[0].label, alone[0].label);
    EXPECT_EQ(together[0].probability, alone[0].probability) << encoder_name(encoder);
  }
}

TEST(Network, ComesBackFromItsFile) {
  Workers workers(1);
  Settings s = both_inputs(Kind::kTag);
  s.output = OutputKind::kCrf;
  Network network = make(s, {"O", "B-X", "I-X"});
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "task.h5";
  network.save(path, {{"note", 1}});
  const auto loaded = Network::load(path);
  EXPECT_EQ(loaded->settings().to_json(), s.to_json());
  EXPECT_EQ(loaded->results()["note"], 1);
  const Batch batch = make_batch(network, {3, 6});
  const auto before = network.predict(batch, workers), after = loaded->predict(batch, workers);
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(before[i].probability, after[i].probability);
  }
  // A file truncated anywhere gives an Error.
  const std::string bytes = read_file(path);
  for (std::size_t size = 0; size < bytes.size(); size += bytes.size() / 97 + 1) {
    write_file(path, std::string_view(bytes).substr(0, size));
    EXPECT_THROW(Network::load(path), Error) << size;
  }
}

// With given vectors a step changes only the rows of its own batch, not those of earlier ones.
TEST(Network, GivenVectorsOfWordsThatAreNotShownStay) {
  Workers workers(1);
  Settings s;
  s.embedding_size = 3;
  Network network(s, LabelSet({"no", "yes"}), {NameTable({"a", "b", "c", "d"}), NameTable()});
  network.initialise(1, 0);
  network.set_word_vectors(std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  network.prepare(true);
  Optimizer optimizer(OptimizerKind::kAdam, network.learned());
  optimizer.decay = 0.1;
  const auto words = [&] {
    for (Parameter* parameter : network.parameters()) {
      if (parameter->name == "words") {
        return std::vector<float>(parameter->value.span().begin(), parameter->value.span().end());
      }
    }
    return std::vector<float>();
  };
  const auto changed = [&](const std::vector<std::int32_t>& shown) {
    Batch batch;
    batch.texts = ragged({static_cast<std::int64_t>(shown.size())});
    batch.words = shown;
    batch.targets = {1};
    const std::vector<float> before = words();
    network.loss(batch, {}, true, 1.0f, nullptr, workers);
    optimizer.update(0.01, 0, workers);
    network.pack();
    const std::vector<float> after = words();
    std::vector<std::int32_t> rows;
    for (std::size_t row = 0; row < before.size() / 3; ++row) {
      if (!std::equal(before.begin() + static_cast<std::ptrdiff_t>(3 * row),
                      before.begin() + static_cast<std::ptrdiff_t>(3 * row + 3),
                      after.begin() + static_cast<std::ptrdiff_t>(3 * row))) {
        rows.push_back(static_cast<std::int32_t>(row));
      }
    }
    return rows;
  };
  ASSERT_EQ(words().size(), 15u);
  EXPECT_EQ(changed({3, 1, 3}), (std::vector<std::int32_t>{1, 3}));
  EXPECT_EQ(changed({2}), (std::vector<std::int32_t>{2}));
  EXPECT_EQ(changed({0, 2}), (std::vector<std::int32_t>{0, 2}));
}

}  // namespace
}  // namespace elmo::task
