// Converts Settings to and from JSON.

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <unordered_set>

#include "base/json.h"
#include "elmo/error.h"
#include "embed/bidirectional_model.h"
#include "task/network.h"
#include "text/utf8.h"

namespace elmo::task {
namespace {

// Larger sizes mean that the file is not a task.
constexpr int kMaxSize = 16384, kMaxLayers = 64;

template <typename E>
E parse_name(const std::string& text, std::initializer_list<E> values, std::string_view (*name)(E),
             const std::string& what) {
  for (const E value : values) {
    if (name(value) == text) return value;
  }
  throw UsageError(fmt::format("{} is '{}', which is unknown", what, text));
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

std::string Settings::inputs() const {
  if (!uses_elmo()) return "embedding";
  return uses_embedding() ? "elmo,embedding" : "elmo";
}

nlohmann::json Settings::to_json() const {
  return {{"task", task_name(task)},
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
}

Settings Settings::from_json(const nlohmann::json& json, const std::string& source) {
  const JsonFields fields(json, source + ": its settings");
  Settings s;
  s.model_hash = fields.text("model_hash");
  s.model_path = fields.text("model_path");
  s.pooling = fields.text("pooling");
  s.model_layers = fields.integer32("model_layers", 0, kMaxSize);
  s.elmo_layers = fields.integers("elmo_layers", 0, s.model_layers - 1, kMaxSize);
  s.elmo_dimension = fields.integer32("elmo_dimension", s.uses_elmo() ? 1 : 0, kMaxSize);
  s.layer_norm = fields.boolean("layer_norm");
  s.embedding_size = fields.integer32("embedding_size", 0, kMaxSize);
  s.end_size = fields.integer32("end_size", 0, kMaxSize);
  s.freeze = fields.boolean("freeze");
  s.layers = fields.integer32("layers", 1, kMaxLayers);
  s.hidden = fields.integer32("hidden", 1, kMaxSize);
  s.bidirectional = fields.boolean("bidirectional");
  s.kernels = fields.integers("kernels", 1, kMaxSize, kMaxLayers);
  s.filters = fields.integer32("filters", 1, kMaxSize);
  s.stride = fields.integer32("stride", 1, kMaxSize);
  s.dropout = static_cast<float>(fields.number("dropout", 0, 0.999999));
  try {
    s.task = parse_name(fields.text("task"), {Kind::kClassify, Kind::kTag}, task_name, "task");
    s.split = parse_split(fields.text("split"));
    s.encoder = parse_name(fields.text("encoder"),
                           {EncoderKind::kNone, EncoderKind::kRnn, EncoderKind::kLstm,
                            EncoderKind::kGru, EncoderKind::kCnn},
                           encoder_name, "encoder");
    s.activation = parse_activation(fields.text("activation"));
    s.text_pooling = parse_text_pooling(fields.text("text_pooling"));
    s.output = parse_name(fields.text("output"),
                          {OutputKind::kSoftmax, OutputKind::kSigmoid, OutputKind::kCrf},
                          output_name, "output");
    parse_pooling(s.pooling);
  } catch (const UsageError& error) {
    fields.fail(error.what());
  }
  if (s.kernels.empty()) fields.fail("kernels are none");
  if (std::ranges::adjacent_find(s.elmo_layers, std::greater_equal()) != s.elmo_layers.end()) {
    fields.fail("elmo_layers are not ascending numbers");
  }
  if (!s.uses_elmo() && !s.uses_embedding()) fields.fail("there is no input");
  if (s.task == Kind::kTag && s.encoder == EncoderKind::kCnn) fields.fail("a cnn can't tag");
  if (s.task == Kind::kClassify && s.output == OutputKind::kCrf) {
    fields.fail("a crf, which goes from word to word, can't classify");
  }
  return s;
}

void Settings::check_labels(const std::vector<std::string>& labels,
                            const std::string& source) const {
  const auto fail = [&](const std::string& problem) {
    throw Error(source + ": its labels: " + problem + "; the file is damaged, make it again");
  };
  if (labels.size() < 2) fail(fmt::format("there are {}, not two or more", labels.size()));
  if (output == OutputKind::kSigmoid && labels.size() != 2) {
    fail(fmt::format("there are {}, a sigmoid has exactly two", labels.size()));
  }
  const std::unordered_set<std::string_view> all(labels.begin(), labels.end());
  if (all.size() != labels.size()) fail("one is repeated");
  for (const std::string& label : labels) {
    if (label.empty() || find_invalid_utf8(label) != std::string_view::npos ||
        label.find_first_of("\t\r") != std::string::npos) {
      fail("one is empty, not UTF-8 or holds a tab");
    }
    // A CRF that has no tag which may precede I-X could never predict it.
    if (output == OutputKind::kCrf && label.starts_with("I-") &&
        !all.contains("B-" + label.substr(2))) {
      fail(fmt::format("{} is there without B-{}", label, label.substr(2)));
    }
  }
}

}  // namespace elmo::task
