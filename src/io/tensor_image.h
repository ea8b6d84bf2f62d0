// A tensor file in memory: made while training is paused, written in the background.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "io/tensor_file.h"

namespace elmo {

class TensorImage final : public TensorSink {
 public:
  TensorImage(std::filesystem::path path, std::string format, std::int64_t version,
              nlohmann::json settings);

  // Both copy the values.
  void add(const std::string& name, const Shape& shape, std::span<const float> values) override;
  void add_bytes(const std::string& name, std::string_view bytes) override;

  const std::filesystem::path& path() const { return path_; }
  // Size of the arrays in bytes.
  std::uint64_t bytes() const;
  // Writes the complete file under a temporary name; call commit() on the result. Throws Error as
  // TensorFileWriter does.
  TensorFileWriter write() const;

 private:
  struct Array {
    std::string name;
    Shape shape;
    std::variant<std::vector<float>, std::string> values;
  };

  std::filesystem::path path_;
  std::string format_;
  std::int64_t version_;
  nlohmann::json settings_;
  std::vector<Array> arrays_;
};

}  // namespace elmo
