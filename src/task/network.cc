#include "task/network.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "elmo/error.h"
#include "io/tensor_file.h"
#include "nn/dropout.h"
#include "nn/heads.h"
#include "text/utf8.h"

namespace elmo::task {
namespace {

// The tensor of a step that a dropout mask is for; part of the mask's key.
enum DropoutTensor : std::uint32_t { kInput = 0, kEncoded = 1, kBetweenLayers = 2 };

Random dropout_numbers(const Network::DropoutKey& key, DropoutTensor tensor) {
  return {key.seed, RandomUse::kDropout, key.step, tensor};
}

std::int64_t input_width(const Settings& s) {
  return (s.uses_elmo() ? s.elmo_dimension : 0) + s.embedding_size + s.end_size;
}

std::int64_t encoded_width(const Settings& s) {
  switch (s.encoder) {
    case EncoderKind::kNone:
      return input_width(s);
    case EncoderKind::kCnn:
      return static_cast<std::int64_t>(s.kernels.size()) * s.filters;
    default:
      return static_cast<std::int64_t>(s.hidden) * (s.bidirectional ? 2 : 1);
  }
}

// The least number of values in the matrices of such a network, without biases.
double least_size(const Settings& s, const LabelSet& labels, const Vocabulary& vocabulary) {
  const auto outputs = static_cast<double>(labels.size());
  const auto input = static_cast<double>(input_width(s));
  const auto encoded = static_cast<double>(encoded_width(s));
  double size = static_cast<double>(vocabulary.words.rows()) * s.embedding_size +
                static_cast<double>(vocabulary.ends.rows()) * s.end_size +
                encoded * (s.output == OutputKind::kSigmoid ? 1 : outputs);
  if (s.output == OutputKind::kCrf) size += outputs * outputs;
  if (s.encoder == EncoderKind::kCnn) {
    for (const int kernel : s.kernels) size += input * kernel * s.filters;
  } else if (s.encoder != EncoderKind::kNone) {
    const int gates = s.encoder == EncoderKind::kRnn ? 1 : s.encoder == EncoderKind::kGru ? 3 : 4;
    size += gates * encoded * (input + s.hidden + (s.layers - 1) * (encoded + s.hidden));
  }
  return size;
}

RecurrentShape recurrent_shape(const Settings& s) {
  RecurrentShape shape;
  shape.kind = parse_recurrent(encoder_name(s.encoder));
  shape.activation = s.activation;
  shape.input = static_cast<int>(input_width(s));
  shape.hidden = s.hidden;
  shape.layers = s.layers;
  shape.bidirectional = s.bidirectional;
  shape.dropout = s.dropout;
  return shape;
}

void resize(std::vector<float>& values, std::int64_t rows, std::int64_t columns) {
  values.resize(static_cast<std::size_t>(rows * columns));
}

// Copies between a dense (rows, columns) matrix and columns [first, first + columns) of `wide`.
void put_columns(const float* dense, std::int64_t rows, std::int64_t columns, float* wide,
                 std::int64_t width, std::int64_t first) {
  for (std::int64_t i = 0; i < rows; ++i) {
    std::copy_n(dense + i * columns, columns, wide + i * width + first);
  }
}

void take_columns(const float* wide, std::int64_t width, std::int64_t first, std::int64_t rows,
                  std::int64_t columns, float* dense) {
  for (std::int64_t i = 0; i < rows; ++i) {
    std::copy_n(wide + i * width + first, columns, dense + i * columns);
  }
}

}  // namespace

Network::Network(const Settings& settings, LabelSet labels, Vocabulary vocabulary)
    : settings_(settings),
      labels_(std::move(labels)),
      vocabulary_(std::move(vocabulary)),
      head_("head", encoded_width(settings),
            settings.output == OutputKind::kSigmoid ? 1 : labels_.size()),
      input_width_(input_width(settings)),
      encoded_width_(encoded_width(settings)) {
  const Settings& s = settings_;
  if (s.uses_elmo()) mix_.emplace("mix", static_cast<std::int64_t>(s.elmo_layers.size()));
  if (s.uses_embedding()) words_.emplace("words", vocabulary_.words.rows(), s.embedding_size);
  if (s.end_size > 0) ends_.emplace("ends", vocabulary_.ends.rows(), s.end_size);
  std::int64_t forward_width = encoded_width_;
  if (s.encoder == EncoderKind::kCnn) {
    convolution_.emplace("encoder", ConvolutionShape{static_cast<int>(input_width_), s.kernels,
                                                     s.filters, s.stride});
  } else if (s.encoder != EncoderKind::kNone) {
    recurrent_.emplace("encoder", recurrent_shape(s));
    if (s.bidirectional) forward_width /= 2;
  }
  if (s.task == Kind::kClassify && !convolution_) {
    pool_.emplace("pooling", s.text_pooling, encoded_width_, forward_width);
  }
  if (s.output == OutputKind::kCrf) {
    crf_.emplace(
        "crf", labels_.bio() ? CrfRules::bio(labels_.names()) : CrfRules::anything(labels_.size()));
  }
}

template <typename F>
void Network::for_each_parameter(F&& f) {
  if (mix_) mix_->for_each_parameter(f);
  if (words_) words_->for_each_parameter(f);
  if (ends_) ends_->for_each_parameter(f);
  if (recurrent_) recurrent_->for_each_parameter(f);
  if (convolution_) convolution_->for_each_parameter(f);
  if (pool_) pool_->for_each_parameter(f);
  head_.for_each_parameter(f);
  if (crf_) crf_->for_each_parameter(f);
}

std::vector<Parameter*> Network::parameters() {
  std::vector<Parameter*> all;
  for_each_parameter([&](Parameter& parameter) { all.push_back(&parameter); });
  return all;
}

std::vector<Parameter*> Network::learned() {
  std::vector<Parameter*> all = parameters();
  if (settings_.freeze && words_) std::erase(all, &words_->table);
  return all;
}

void Network::initialise(std::uint64_t seed, float mix_deviation) {
  Initialiser initialiser(seed);
  if (mix_) mix_->initialise(initialiser, mix_deviation);
  if (words_) initialiser.normal(words_->table, 0.1f);
  if (ends_) initialiser.normal(ends_->table, 0.1f);
  if (recurrent_) recurrent_->initialise(initialiser);
  if (convolution_) convolution_->initialise(initialiser);
  if (pool_) pool_->initialise();
  head_.initialise(initialiser);
  if (crf_) crf_->initialise();
}

void Network::set_word_vectors(std::span<const float> values) {
  std::copy(values.begin(), values.end(), words_->table.value.data() + words_->width());
  // With frozen vectors a word without one gets zeros, whatever the seed.
  if (settings_.freeze) std::fill_n(words_->table.value.data(), words_->width(), 0.0f);
  words_->table.sparse = !settings_.freeze;
}

void Network::prepare(bool training) {
  if (training) {
    for (Parameter* parameter : learned()) parameter->allocate_gradient();
  }
  if (recurrent_) recurrent_->prepare(training);
  if (convolution_) convolution_->prepare(training);
  head_.prepare(training);
  pack();
}

void Network::pack() {
  if (recurrent_) recurrent_->pack();
  if (convolution_) convolution_->pack();
  head_.pack();
}

void Network::forward(const Batch& batch, const DropoutKey* key, bool training, Workers& workers) {
  const std::int64_t rows = batch.texts.rows();
  resize(x_, rows, input_width_);
  std::int64_t column = 0;
  // fill(to) writes one part of the input as a dense matrix.
  const auto put = [&](std::int64_t columns, const auto& fill) {
    if (columns == input_width_) {
      fill(x_.data());
      return;
    }
    resize(part_, rows, columns);
    fill(part_.data());
    put_columns(part_.data(), rows, columns, x_.data(), input_width_, column);
    column += columns;
  };
  if (mix_) {
    const std::int64_t width = settings_.elmo_dimension;
    put(width, [&](float* to) { mix_->forward(batch.layers.data(), rows, width, to, workers); });
  }
  if (words_) {
    put(words_->width(), [&](float* to) { words_->forward(batch.words.data(), rows, to); });
  }
  if (ends_) {
    put(ends_->width(), [&](float* to) { ends_->forward(batch.ends.data(), rows, to); });
  }
  if (key != nullptr) {
    apply_dropout(x_.data(), 0, rows * input_width_, settings_.dropout,
                  dropout_numbers(*key, kInput));
  }
  sequence_ = x_.data();
  if (recurrent_) {
    const Random numbers = dropout_numbers(key != nullptr ? *key : DropoutKey{}, kBetweenLayers);
    sequence_ = recurrent_->forward(batch.texts, x_.data(), recurrent_tape_,
                                    key != nullptr ? &numbers : nullptr, workers, training);
  }
  const std::int64_t outputs = output_rows(batch);
  resize(y_, outputs, encoded_width_);
  if (convolution_) {
    convolution_->forward(batch.texts, x_.data(), convolution_tape_, y_.data(), workers);
  } else if (pool_) {
    pool_->forward(batch.texts, sequence_, pooling_tape_, y_.data());
  } else {
    std::copy_n(sequence_, rows * encoded_width_, y_.data());
  }
  if (key != nullptr && drops_encoded()) {
    apply_dropout(y_.data(), 0, outputs * encoded_width_, settings_.dropout,
                  dropout_numbers(*key, kEncoded));
  }
  resize(logits_, outputs, logits_width());
  head_.forward(y_.data(), outputs, logits_.data(), workers);
}

void Network::backward(const Batch& batch, const DropoutKey* key, Workers& workers) {
  const std::int64_t rows = batch.texts.rows();
  const std::int64_t outputs = output_rows(batch);
  resize(d_y_, outputs, encoded_width_);
  head_.backward(y_.data(), d_logits_.data(), outputs, d_y_.data(), workers);
  if (key != nullptr && drops_encoded()) {
    apply_dropout(d_y_.data(), 0, outputs * encoded_width_, settings_.dropout,
                  dropout_numbers(*key, kEncoded));
  }
  resize(d_x_, rows, input_width_);
  if (convolution_) {
    convolution_->backward(batch.texts, x_.data(), convolution_tape_, d_y_.data(), d_x_.data(),
                           workers);
  } else {
    const float* d_sequence = d_y_.data();
    if (pool_) {
      std::vector<float>& target = recurrent_ ? d_sequence_ : d_x_;
      resize(target, rows, encoded_width_);
      pool_->backward(batch.texts, sequence_, pooling_tape_, d_y_.data(), target.data());
      d_sequence = target.data();
    }
    if (recurrent_) {
      recurrent_->backward(batch.texts, recurrent_tape_, d_sequence, d_x_.data(), workers);
    } else if (!pool_) {
      std::copy(d_y_.begin(), d_y_.end(), d_x_.begin());
    }
  }
  if (key != nullptr) {
    apply_dropout(d_x_.data(), 0, rows * input_width_, settings_.dropout,
                  dropout_numbers(*key, kInput));
  }
  std::int64_t column = 0;
  const auto take = [&](std::int64_t columns) {
    resize(part_, rows, columns);
    take_columns(d_x_.data(), input_width_, column, rows, columns, part_.data());
    column += columns;
  };
  if (mix_) {
    const std::int64_t width = settings_.elmo_dimension;
    take(width);
    mix_->backward(batch.layers.data(), rows, width, part_.data(), workers);
  }
  if (words_) {
    take(words_->width());
    if (!settings_.freeze) {
      words_->backward(batch.words.data(), rows, part_.data(), 0, words_->width());
    }
  }
  if (ends_) {
    take(ends_->width());
    ends_->backward(batch.ends.data(), rows, part_.data(), 0, ends_->width());
  }
}

void Network::clear_gradients(const Batch& batch) {
  for (Parameter* parameter : learned()) {
    if (!parameter->sparse) {
      parameter->gradient.zero();
      continue;
    }
    // Only the word table is sparse: clear the rows of the previous batch, then mark those of this
    // one.
    const std::int64_t width = words_->width();
    for (const std::int32_t row : parameter->touched) {
      std::fill_n(parameter->gradient.data() + row * width, width, 0.0f);
    }
    parameter->touched = batch.words;
    std::sort(parameter->touched.begin(), parameter->touched.end());
    parameter->touched.erase(std::unique(parameter->touched.begin(), parameter->touched.end()),
                             parameter->touched.end());
  }
}

double Network::loss(const Batch& batch, std::span<const float> class_weights, bool training,
                     float scale, const DropoutKey* key, Workers& workers) {
  forward(batch, training ? key : nullptr, training, workers);
  const std::int64_t outputs = output_rows(batch), width = logits_width();
  resize(d_logits_, outputs, width);
  if (training) {
    clear_gradients(batch);
  }
  float* d_logits = training ? d_logits_.data() : nullptr;
  double total = 0;
  if (crf_) {
    std::vector<double> losses(static_cast<std::size_t>(batch.texts.texts()));
    crf_->losses(batch.texts, logits_.data(), batch.targets.data(), scale, losses.data(), d_logits,
                 workers);
    for (const double loss : losses) total += loss;
  } else if (settings_.output == OutputKind::kSigmoid) {
    total = sigmoid_cross_entropy(logits_.data(), outputs, batch.targets.data(), class_weights,
                                  scale, d_logits);
  } else {
    total = softmax_cross_entropy(logits_.data(), outputs, width, batch.targets.data(),
                                  class_weights, scale, d_logits);
  }
  if (training) backward(batch, key, workers);
  return total;
}

std::vector<Prediction> Network::predict(const Batch& batch, Workers& workers) {
  forward(batch, nullptr, false, workers);
  const std::int64_t outputs = output_rows(batch), width = logits_width();
  std::vector<Prediction> predictions(static_cast<std::size_t>(outputs));
  if (settings_.output == OutputKind::kSigmoid) {
    for (std::int64_t i = 0; i < outputs; ++i) {
      const float p = sigmoid(logits_[static_cast<std::size_t>(i)]);
      predictions[static_cast<std::size_t>(i)] =
          p >= 0.5f ? Prediction{1, p} : Prediction{0, 1 - p};
    }
    return predictions;
  }
  std::vector<std::int32_t> best;
  resize(d_logits_, outputs, width);
  if (crf_) {
    best.resize(static_cast<std::size_t>(outputs));
    crf_->decode(batch.texts, logits_.data(), best.data(), workers);
    crf_->marginals(batch.texts, logits_.data(), d_logits_.data(), workers);
  } else {
    softmax(logits_.data(), outputs, width, d_logits_.data());
  }
  for (std::int64_t i = 0; i < outputs; ++i) {
    const float* row = d_logits_.data() + i * width;
    const std::int64_t label =
        crf_ ? best[static_cast<std::size_t>(i)] : std::max_element(row, row + width) - row;
    predictions[static_cast<std::size_t>(i)] = {static_cast<std::int32_t>(label), row[label]};
  }
  return predictions;
}

std::vector<Network::LayerRow> Network::table() {
  const Settings& s = settings_;
  std::vector<LayerRow> rows;
  const auto count = [](auto& layer) {
    std::int64_t sum = 0;
    layer.for_each_parameter([&](const Parameter& parameter) {
      sum += static_cast<std::int64_t>(parameter.value.size());
    });
    return sum;
  };
  const auto sequence = [](std::int64_t width) { return fmt::format("(T, {})", width); };
  const auto vector = [](std::int64_t width) { return fmt::format("({})", width); };
  if (mix_) {
    rows.push_back(
        {fmt::format("mix of {} {}ELMo layer{}", s.elmo_layers.size(),
                     s.layer_norm ? "normalised " : "", s.elmo_layers.size() == 1 ? "" : "s"),
         sequence(s.elmo_dimension), count(*mix_)});
  }
  if (words_) {
    rows.push_back({fmt::format("embedding of {} words{}", vocabulary_.words.rows(),
                                s.freeze ? ", frozen" : ""),
                    sequence(s.embedding_size), count(*words_)});
  }
  if (ends_) {
    rows.push_back({fmt::format("embedding of {} word ends", vocabulary_.ends.rows()),
                    sequence(s.end_size), count(*ends_)});
  }
  if (s.dropout > 0)
    rows.push_back({fmt::format("dropout {}", s.dropout), sequence(input_width_), 0});
  if (recurrent_) {
    rows.push_back({fmt::format("{}{}, {} layer{}", s.bidirectional ? "bidirectional " : "",
                                encoder_name(s.encoder), s.layers, s.layers == 1 ? "" : "s"),
                    sequence(encoded_width_), count(*recurrent_)});
  }
  if (convolution_) {
    rows.push_back({fmt::format("cnn of kernels {}, relu, global max", fmt::join(s.kernels, ",")),
                    vector(encoded_width_), count(*convolution_)});
  }
  if (pool_) {
    rows.push_back({fmt::format("pooling: {}", text_pooling_name(s.text_pooling)),
                    vector(encoded_width_), count(*pool_)});
  }
  const auto shape = s.task == Kind::kTag ? sequence(logits_width()) : vector(logits_width());
  rows.push_back({fmt::format("linear{}", crf_ ? "" : fmt::format(", {}", output_name(s.output))),
                  shape, count(head_)});
  if (crf_) rows.push_back({"crf", shape, count(*crf_)});
  return rows;
}

std::vector<float> Network::mix_weights() const {
  std::vector<float> w(static_cast<std::size_t>(settings_.model_layers),
                       -std::numeric_limits<float>::infinity());
  for (std::size_t i = 0; i < settings_.elmo_layers.size(); ++i) {
    w[static_cast<std::size_t>(settings_.elmo_layers[i])] = mix_->weights.value[i];
  }
  return w;
}

void Network::save(const std::filesystem::path& path, const nlohmann::json& results) {
  nlohmann::json settings = settings_.to_json();
  settings["results"] = results;
  TensorFileWriter writer(path, kFormat, kVersion, settings);
  writer.add_bytes("/labels", NameTable(labels_.names()).bytes());
  writer.add_bytes("/vocabulary/words", vocabulary_.words.bytes());
  writer.add_bytes("/vocabulary/ends", vocabulary_.ends.bytes());
  for (const Parameter* parameter : parameters()) {
    writer.add("/" + parameter->name, parameter->shape, parameter->value.span());
  }
  writer.commit();
  results_ = results;
}

std::unique_ptr<Network> Network::load(const std::filesystem::path& path) {
  const TensorFileReader reader(path, kFormat, kVersion);
  const Settings settings = Settings::from_json(reader.settings(), path.string());
  const auto read_names = [&](const char* name) {
    const std::string bytes = reader.read_bytes(name);
    if (find_invalid_utf8(bytes) != std::string_view::npos) {
      throw Error(fmt::format("{}: {} is not UTF-8; the file is damaged, make it again",
                              path.string(), name));
    }
    return NameTable::from_bytes(bytes);
  };
  LabelSet labels(read_names("/labels").names());
  settings.check_labels(labels.names(), path.string());
  Vocabulary vocabulary{read_names("/vocabulary/words"), read_names("/vocabulary/ends")};
  reader.check_size(least_size(settings, labels, vocabulary));
  auto network = std::make_unique<Network>(settings, std::move(labels), std::move(vocabulary));
  for (Parameter* parameter : network->parameters()) {
    reader.read_finite("/" + parameter->name, parameter->shape, parameter->value.span());
  }
  if (reader.settings().contains("results")) network->results_ = reader.settings()["results"];
  network->prepare(false);
  return network;
}

}  // namespace elmo::task
