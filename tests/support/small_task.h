// A small tagger, and copies of its file whose parts do not fit together.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/tensor_file.h"
#include "task/network.h"

namespace elmo {

// An LSTM with a conditional random field over the labels B-X, I-X and O.
inline task::Settings small_task_settings() {
  task::Settings settings;
  settings.task = task::Kind::kTag;
  settings.embedding_size = 3;
  settings.encoder = task::EncoderKind::kLstm;
  settings.hidden = 2;
  settings.output = task::OutputKind::kCrf;
  return settings;
}

inline void write_small_task(const std::filesystem::path& path) {
  task::Network network(small_task_settings(), task::LabelSet({"B-X", "I-X", "O"}),
                        {task::NameTable({"a"}), task::NameTable()});
  network.initialise(1, 1.0f);
  network.save(path, nullptr);
}

// Writes the arrays of `sound` with other settings and labels. If `first` is given, it replaces the
// first value of each array.
inline void write_changed(const TensorFileReader& sound, const std::filesystem::path& path,
                          const std::string& format, std::int64_t version,
                          const nlohmann::json& settings, std::string_view labels,
                          std::optional<float> first = {}) {
  TensorFileWriter writer(path, format, version, settings);
  for (const std::string& name : sound.names()) {
    if (sound.type_name(name) == "uint8") {
      writer.add_bytes(name, name == "/labels" ? std::string(labels) : sound.read_bytes(name));
      continue;
    }
    const Shape shape = sound.shape(name);
    std::vector<float> values(static_cast<std::size_t>(elements(shape)));
    sound.read(name, shape, values);
    if (first) values[0] = *first;
    writer.add(name, shape, std::span<const float>(values));
  }
  writer.commit();
}

}  // namespace elmo
