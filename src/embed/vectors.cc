// Implements the public VectorFile with DumpReader.

#include "elmo/vectors.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "embed/word_vectors.h"
#include "io/dump_file.h"
#include "io/hdf5_turn.h"

namespace elmo {

struct VectorFile::Impl {
  explicit Impl(const std::string& path) {
    const Hdf5Turn turn;
    reader.emplace(path);
  }
  ~Impl() {
    const Hdf5Turn turn;
    reader.reset();
  }
  std::optional<DumpReader> reader;
};

VectorFile::VectorFile(const std::string& path) : impl_(std::make_unique<Impl>(path)) {}
VectorFile::VectorFile(VectorFile&&) noexcept = default;
VectorFile& VectorFile::operator=(VectorFile&&) noexcept = default;
VectorFile::~VectorFile() = default;

std::size_t VectorFile::sentences() const {
  return static_cast<std::size_t>(impl_->reader->sentences());
}
int VectorFile::layers() const { return impl_->reader->layers(); }
int VectorFile::dimension() const { return impl_->reader->dimension(); }
bool VectorFile::layered() const { return impl_->reader->layered(); }
const std::map<std::string, VectorFile::Attribute>& VectorFile::attributes() const {
  return impl_->reader->attributes();
}

WordVectors VectorFile::vectors(std::size_t i) const {
  const Hdf5Turn turn;
  return layers_first(impl_->reader->vectors(static_cast<std::int64_t>(i)), layers(), dimension(),
                      impl_->reader->layered());
}

std::optional<std::vector<std::string>> VectorFile::words(std::size_t i) const {
  const Hdf5Turn turn;
  return dumped_words(*impl_->reader, static_cast<std::int64_t>(i));
}

}  // namespace elmo
