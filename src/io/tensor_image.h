// A tensor file in memory, made while its arrays stand still and written when there is time.
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

  // Both copy.
  void add(const std::string& name, const Shape& shape, std::span<const float> values) override;
  void add_bytes(const std::string& name, std::string_view bytes) override;

  const std::filesystem::path& path() const { return path_; }
  // Of the arrays.
  std::uint64_t bytes() const;
  // The file whole, but under a temporary name until commit(). Errors as of TensorFileWriter.
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
