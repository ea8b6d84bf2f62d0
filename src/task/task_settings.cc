// TaskSettings to and from JSON.

#include <fmt/core.h>

#include <algorithm>

#include "elmo/error.h"
#include "task/task_network.h"

namespace elmo {
namespace {

// Sizes beyond this are no network but a wrong file.
constexpr int kMaxSize = 16384;

template <typename E>
E parse_name(const std::string& text, std::initializer_list<E> values, std::string_view (*name)(E),
             const std::string& what) {
  for (const E value : values) {
    if (name(value) == text) return value;
  }
  throw Error(fmt::format("{} '{}' is unknown", what, text));
}

void check_range(std::int64_t value, std::int64_t lowest, const char* key) {
  if (value < lowest || value > kMaxSize) {
    throw Error(fmt::format("{} is {}, not {} to {}", key, value, lowest, kMaxSize));
  }
}

}  // namespace

std::string_view encoder_name(EncoderKind kind) {
  switch (kind) {
    case EncoderKind::kNone:
      return "none";
    case EncoderKind::kRnn:
      return "rnn";
    case EncoderKind::kLstm:
      return "lstm";
    case EncoderKind::kGru:
      return "gru";
    case EncoderKind::kCnn:
      return "cnn";
  }
  return {};
}

std::string_view output_name(OutputKind kind) {
  return kind == OutputKind::kSoftmax   ? "softmax"
         : kind == OutputKind::kSigmoid ? "sigmoid"
                                        : "crf";
}

std::string TaskSettings::inputs() const {
  if (!uses_elmo()) return "embedding";
  return uses_embedding() ? "elmo,embedding" : "elmo";
}

nlohmann::json TaskSettings::to_json() const {
  nlohmann::json result = {{"task", task_name(task)},
                           {"split", split_name(split)},
                           {"elmo_layers", elmo_layers},
                           {"model_layers", model_layers},
                           {"elmo_dimension", elmo_dimension},
                           {"model_hash", model_hash},
                           {"model_path", model_path},
                           {"pooling", pooling},
                           {"layer_norm", layer_norm},
                           {"embedding_size", embedding_size},
                           {"end_size", end_size},
                           {"freeze", freeze},
                           {"encoder", encoder_name(encoder)},
                           {"layers", layers},
                           {"hidden", hidden},
                           {"bidirectional", bidirectional},
                           {"activation", activation_name(activation)},
                           {"text_pooling", text_pooling_name(text_pooling)},
                           {"kernels", kernels},
                           {"filters", filters},
                           {"stride", stride},
                           {"dropout", dropout},
                           {"output", output_name(output)}};
  // Older files have neither.
  if (elmo_dropout > 0) result["elmo_dropout"] = elmo_dropout;
  if (elmo_projection > 0) result["elmo_projection"] = elmo_projection;
  return result;
}

TaskSettings TaskSettings::from_json(const nlohmann::json& json, const std::string& source) {
  TaskSettings s;
  try {
    const auto text = [&](const char* key) { return json.at(key).get<std::string>(); };
    s.task = parse_name(text("task"), {TaskKind::kClassify, TaskKind::kTag}, task_name, "task");
    s.split = parse_split(text("split"));
    s.elmo_layers = json.at("elmo_layers").get<std::vector<int>>();
    s.model_layers = json.at("model_layers");
    s.elmo_dimension = json.at("elmo_dimension");
    s.model_hash = text("model_hash");
    s.model_path = text("model_path");
    s.pooling = text("pooling");
    s.layer_norm = json.at("layer_norm");
    s.elmo_dropout = json.value("elmo_dropout", 0.0f);
    s.elmo_projection = json.value("elmo_projection", 0);
    s.embedding_size = json.at("embedding_size");
    s.end_size = json.at("end_size");
    s.freeze = json.at("freeze");
    s.encoder = parse_name(text("encoder"),
                           {EncoderKind::kNone, EncoderKind::kRnn, EncoderKind::kLstm,
                            EncoderKind::kGru, EncoderKind::kCnn},
                           encoder_name, "encoder");
    s.layers = json.at("layers");
    s.hidden = json.at("hidden");
    s.bidirectional = json.at("bidirectional");
    s.activation = parse_activation(text("activation"));
    s.text_pooling = parse_text_pooling(text("text_pooling"));
    s.kernels = json.at("kernels").get<std::vector<int>>();
    s.filters = json.at("filters");
    s.stride = json.at("stride");
    s.dropout = json.at("dropout");
    s.output =
        parse_name(text("output"), {OutputKind::kSoftmax, OutputKind::kSigmoid, OutputKind::kCrf},
                   output_name, "output");
    check_range(s.model_layers, 0, "model_layers");
    check_range(s.elmo_dimension, 0, "elmo_dimension");
    check_range(s.elmo_projection, 0, "elmo_projection");
    check_range(s.embedding_size, 0, "embedding_size");
    check_range(s.end_size, 0, "end_size");
    check_range(s.layers, 1, "layers");
    check_range(s.hidden, 1, "hidden");
    check_range(s.filters, 1, "filters");
    check_range(s.stride, 1, "stride");
    for (const int kernel : s.kernels) check_range(kernel, 1, "kernels");
    if (s.kernels.empty() || s.kernels.size() > 64) throw Error("kernels are none or too many");
    for (std::size_t i = 0; i < s.elmo_layers.size(); ++i) {
      const int lowest = i == 0 ? 0 : s.elmo_layers[i - 1] + 1;
      if (s.elmo_layers[i] < lowest || s.elmo_layers[i] >= s.model_layers) {
        throw Error("elmo_layers are not rising numbers below model_layers");
      }
    }
    if (!(s.dropout >= 0 && s.dropout < 1)) throw Error("dropout is not in [0, 1)");
    if (!s.uses_elmo() && !s.uses_embedding()) throw Error("there is no input");
    if (s.task == TaskKind::kTag && s.encoder == EncoderKind::kCnn) {
      throw Error("a cnn can't tag");
    }
  } catch (const nlohmann::json::exception& error) {
    throw Error(source + ": its settings are not those of a task: " + error.what());
  } catch (const Error& error) {
    throw Error(source + ": its settings are not those of a task: " + error.what());
  }
  return s;
}

}  // namespace elmo
