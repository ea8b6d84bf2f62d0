// The public VectorFile over the reader of dumps.

#include "elmo/vectors.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "embed/word_vectors.h"
#include "io/dump_file.h"

namespace elmo {

struct VectorFile::Impl {
  DumpReader reader;
};

VectorFile::VectorFile(const std::string& path)
    : impl_(std::make_unique<Impl>(Impl{DumpReader(path)})) {}
VectorFile::VectorFile(VectorFile&&) noexcept = default;
VectorFile& VectorFile::operator=(VectorFile&&) noexcept = default;
VectorFile::~VectorFile() = default;

std::size_t VectorFile::sentences() const {
  return static_cast<std::size_t>(impl_->reader.sentences());
}
int VectorFile::layers() const { return impl_->reader.layers(); }
int VectorFile::dimension() const { return impl_->reader.dimension(); }

WordVectors VectorFile::vectors(std::size_t i) const {
  return layers_first(impl_->reader.vectors(static_cast<std::int64_t>(i)), layers(), dimension(),
                      impl_->reader.layered());
}

std::optional<std::vector<std::string>> VectorFile::words(std::size_t i) const {
  return dumped_words(impl_->reader, static_cast<std::int64_t>(i));
}

}  // namespace elmo
