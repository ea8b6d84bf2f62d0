#include "io/tensor_image.h"

namespace elmo {

TensorImage::TensorImage(std::filesystem::path path, std::string format, std::int64_t version,
                         nlohmann::json settings)
    : path_(std::move(path)),
      format_(std::move(format)),
      version_(version),
      settings_(std::move(settings)) {}

void TensorImage::add(const std::string& name, const Shape& shape, std::span<const float> values) {
  arrays_.push_back({name, shape, std::vector<float>(values.begin(), values.end())});
}

void TensorImage::add_bytes(const std::string& name, std::string_view bytes) {
  arrays_.push_back({name, {static_cast<std::int64_t>(bytes.size())}, std::string(bytes)});
}

std::uint64_t TensorImage::bytes() const {
  std::uint64_t sum = 0;
  for (const Array& array : arrays_) {
    const auto* floats = std::get_if<std::vector<float>>(&array.values);
    sum += floats ? floats->size() * sizeof(float) : std::get<std::string>(array.values).size();
  }
  return sum;
}

TensorFileWriter TensorImage::write() const {
  TensorFileWriter writer(path_, format_, version_, settings_);
  for (const Array& array : arrays_) {
    if (const auto* floats = std::get_if<std::vector<float>>(&array.values)) {
      writer.add(array.name, array.shape, std::span<const float>(*floats));
    } else {
      writer.add_bytes(array.name, std::get<std::string>(array.values));
    }
  }
  return writer;
}

}  // namespace elmo
