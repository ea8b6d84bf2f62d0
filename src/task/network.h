// The network of a classifier or tagger: inputs, encoder, pooling, outputs.
//
//   words       [ mix of the language model's layers ; learned word vector ; vector of its end ]
//               the mix may have a dropout and then a linear layer of its own
//   dropout     on it
//   encoder     none | rnn, lstm, gru (layers, one way or both) | cnn with global max pooling
//   pooling     kClassify: one vector a text; the cnn has its own
//   dropout     on it
//   outputs     a linear layer; softmax, or sigmoid for two classes, or a CRF over the tags
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "compute/workers.h"
#include "nn/convolution.h"
#include "nn/crf.h"
#include "nn/embedding.h"
#include "nn/linear.h"
#include "nn/pooling.h"
#include "nn/recurrent.h"
#include "nn/scalar_mix.h"
#include "task/data_set.h"
#include "task/vocabulary.h"

namespace elmo::task {

enum class EncoderKind { kNone, kRnn, kLstm, kGru, kCnn };
std::string_view encoder_name(EncoderKind kind);
enum class OutputKind { kSoftmax, kSigmoid, kCrf };
std::string_view output_name(OutputKind kind);

// The architecture of a task's network; stored in its file.
struct Settings {
  Kind task = Kind::kClassify;
  Split split = Split::kSpaces;
  // The layers of the language model that are mixed, ascending, and how many it has; empty: none.
  std::vector<int> elmo_layers;
  int model_layers = 0;
  int elmo_dimension = 0;
  std::string model_hash;  // BidirectionalModel::hash(), or that of the dump's attributes
  std::string model_path;  // relative to the task file; empty when trained from --vectors
  std::string pooling = "boundary";
  bool layer_norm = true;  // nn/scalar_mix.h; false without ELMo
  // Dimensions of the learned embeddings of words and of word ends; 0: none.
  int embedding_size = 0;
  int end_size = 0;
  bool freeze = false;
  EncoderKind encoder = EncoderKind::kNone;
  int layers = 1;
  int hidden = 128;
  bool bidirectional = false;
  Activation activation = Activation::kTanh;
  TextPooling text_pooling = TextPooling::kMean;
  std::vector<int> kernels = {3, 4, 5};
  int filters = 128;
  int stride = 1;
  float dropout = 0.3f;
  OutputKind output = OutputKind::kSoftmax;

  bool uses_elmo() const { return !elmo_layers.empty(); }
  bool uses_embedding() const { return embedding_size > 0; }
  std::string inputs() const;  // "elmo", "embedding" or "elmo,embedding"
  nlohmann::json to_json() const;
  // Throws Error (naming `source`) for a missing key, a wrong type or an unreasonable size.
  static Settings from_json(const nlohmann::json& json, const std::string& source);
  // Throws Error (naming `source`) if a network with these settings can't have these labels.
  void check_labels(const std::vector<std::string>& labels, const std::string& source) const;
};

// Texts that go through the network together.
struct Batch {
  Ragged texts;
  std::vector<float> layers;              // (rows, elmo_layers, elmo_dimension)
  std::vector<std::int32_t> words, ends;  // rows of the tables
  // One for each text (kClassify) or each row (kTag); -1: none.
  std::vector<std::int32_t> targets;
};

struct Prediction {
  std::int32_t label;
  float probability;
};

// Not thread-safe.
class Network {
 public:
  static constexpr char kFormat[] = "elmo task";
  static constexpr std::int64_t kVersion = 1;

  // All parameters are zero; call initialise() or load().
  Network(const Settings& settings, LabelSet labels, Vocabulary vocabulary);

  // Throws Error for a file that is not a task, is damaged, or has wrong shapes.
  static std::unique_ptr<Network> load(const std::filesystem::path& path);
  // `results` is stored with the settings, for `elmo info`.
  void save(const std::filesystem::path& path, const nlohmann::json& results);

  const Settings& settings() const { return settings_; }
  const LabelSet& labels() const { return labels_; }
  const Vocabulary& vocabulary() const { return vocabulary_; }
  // The `results` of save(); null if there were none.
  const nlohmann::json& results() const { return results_; }

  // `mix_deviation` is the standard deviation of the mix's initial weights; 0: equal weights.
  void initialise(std::uint64_t seed, float mix_deviation);
  // Sets the vectors of words 1, 2, ... (row-major). From then on an update changes only the rows
  // of its batch, so words that the data never show keep their vectors.
  void set_word_vectors(std::span<const float> values);
  // All parameters, including frozen ones.
  std::vector<Parameter*> parameters();
  std::vector<Parameter*> learned();
  // Packs the weights and, for training, allocates gradients. Call pack() after each update.
  void prepare(bool training);
  void pack();

  // The key of the random numbers of a step's dropout.
  struct DropoutKey {
    std::uint64_t seed, step;
  };
  // Sum over texts (kClassify) or words (kTag) of the loss in nats. With `training`, the
  // parameters' gradients become those of scale * (this sum), with dropout by `key` if there is
  // one; class_weights (labels, or empty) weigh each target. A CRF takes no class weights and no
  // target -1.
  double loss(const Batch& batch, std::span<const float> class_weights, bool training, float scale,
              const DropoutKey* key, Workers& workers);
  // Returns one prediction for each text (kClassify) or word (kTag).
  std::vector<Prediction> predict(const Batch& batch, Workers& workers);

  // A row of the table of layers: name, output shape for a text of T words, number of parameters.
  struct LayerRow {
    std::string name, output;
    std::int64_t parameters;
  };
  std::vector<LayerRow> table();

  // The softmax-normalised weights of all layers of the language model, 0 for layers that are not
  // mixed, as LayerMix::scalar_mix() takes them. Requires uses_elmo().
  std::vector<float> mix_weights() const;
  float mix_gamma() const { return mix_->gamma.value[0]; }
  // L2 on the raw weights of the mix: adds strength * its gradient.
  double add_mix_penalty(float strength) { return mix_ ? mix_->add_penalty(strength) : 0.0; }

 private:
  template <typename F>
  void for_each_parameter(F&& f);
  std::int64_t output_rows(const Batch& batch) const {
    return settings_.task == Kind::kClassify ? batch.texts.texts() : batch.texts.rows();
  }
  std::int64_t logits_width() const { return head_.output(); }
  // Without an encoder a tagger's encoded words are its inputs, which have had dropout already.
  bool drops_encoded() const { return settings_.task == Kind::kClassify || recurrent_; }
  void clear_gradients(const Batch& batch);
  // Fills x_, y_ and logits_, and only with `training` what backward() needs.
  void forward(const Batch& batch, const DropoutKey* key, bool training, Workers& workers);
  void backward(const Batch& batch, const DropoutKey* key, Workers& workers);

  Settings settings_;
  LabelSet labels_;
  Vocabulary vocabulary_;
  nlohmann::json results_;

  std::optional<ScalarMixLayer> mix_;
  std::optional<EmbeddingLayer> words_, ends_;
  std::optional<Recurrent> recurrent_;
  std::optional<ConvolutionLayer> convolution_;
  std::optional<PoolingLayer> pool_;
  LinearLayer head_;
  std::optional<CrfLayer> crf_;
  std::int64_t input_width_, encoded_width_;

  // Of the last batch; kept for the backward pass, and to reuse the memory.
  std::vector<float> part_, x_, y_, logits_, d_logits_, d_y_, d_sequence_, d_x_;
  const float* sequence_ = nullptr;
  RecurrentTape recurrent_tape_;
  ConvolutionTape convolution_tape_;
  PoolingTape pooling_tape_;
};

}  // namespace elmo::task
