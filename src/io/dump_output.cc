#include "io/dump_output.h"

#include <fmt/core.h>

namespace elmo {

ContentHash::ContentHash(const DumpOptions& options)
    : named_(options.layout == DumpLayout::kSentences),
      keyed_(options.keys == DumpKeys::kSentence) {}

void ContentHash::add(std::string_view text) {
  const std::uint64_t bytes = text.size();
  sentence_.add(&bytes, sizeof bytes);
  sentence_.add(text.data(), text.size());
}

ByteSource& ContentHash::begin(const DumpRecord& record, std::int64_t line, ByteSource& vectors) {
  sentence_.reset();
  sentence_.add(&record.word_count, sizeof record.word_count);
  if (named_) {
    add(keyed_ ? record.sentence : std::to_string(line));
  } else {
    sentence_.add(&line, sizeof line);
    for (const std::string& word : record.words) add(word);
  }
  vectors_ = &vectors;
  return *this;
}

void ContentHash::read(void* data, std::size_t bytes) {
  vectors_->read(data, bytes);
  sentence_.add(data, bytes);
}

void ContentHash::end(const DumpRecord& record) {
  sum_ += sentence_.value();
  places_.add(record.places.data(), record.places.size() * sizeof record.places[0]);
}

std::string ContentHash::text() const { return fmt::format("{:016x}", sum_ ^ places_.value()); }

std::unique_ptr<DumpOutput> make_dump_output(const std::filesystem::path& path,
                                             const DumpOptions& options, DumpTotals totals) {
  switch (options.format) {
    case DumpFormat::kNpy:
      return make_npy_output(path, options, totals);
    case DumpFormat::kNpz:
      return make_npz_output(path, options, totals);
    case DumpFormat::kHdf5:
      break;
  }
  return make_hdf5_output(path, options, totals);
}

bool has_map(const DumpOptions& options) {
  return options.format == DumpFormat::kHdf5 && options.layout == DumpLayout::kSentences &&
         options.keys == DumpKeys::kLine && options.map;
}

RecordFields record_fields(const DumpOptions& options) {
  return {.sentence = has_map(options) || options.keys == DumpKeys::kSentence,
          .words = options.layout == DumpLayout::kMatrix,
          .places = options.places};
}

h5::Extents sentence_extents(const DumpOptions& options, std::int64_t words) {
  h5::Extents extents;
  if (options.layered) extents.push_back(options.layers);
  if (!options.pooled) extents.push_back(words);
  extents.push_back(options.dimension);
  return extents;
}

std::size_t row_bytes(const DumpOptions& options) {
  return static_cast<std::size_t>(options.layers) * static_cast<std::size_t>(options.dimension) *
         element_bytes(options.type);
}

}  // namespace elmo
