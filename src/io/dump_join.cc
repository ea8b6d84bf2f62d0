#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_map>

#include "base/strings.h"
#include "elmo/error.h"
#include "io/dump_segments.h"
#include "io/hdf5.h"

namespace elmo {
namespace {

constexpr std::size_t kBlockBytes = 1 << 20;
constexpr std::int64_t kTableRows = 4096;  // a chunk of /offsets, /places and /words

// Fills a growing dataset by whole chunks.
class ChunkWriter {
 public:
  ChunkWriter(h5::File& file, const std::string& name, h5::Type type,
              const h5::Extents& row_extents, std::int64_t rows_per_chunk)
      : dataset_(file.create_growing(name, type, row_extents, rows_per_chunk)),
        row_bytes_(h5::size_of(type)),
        rows_per_chunk_(rows_per_chunk) {
    for (const std::int64_t extent : row_extents) row_bytes_ *= static_cast<std::size_t>(extent);
    chunk_.resize(row_bytes_ * static_cast<std::size_t>(rows_per_chunk));
  }

  // Memory for the next rows, at most `wanted` of them; fill it, then advance(rows).
  char* free_rows(std::int64_t wanted, std::int64_t& rows) {
    rows = std::min(wanted, rows_per_chunk_ - filled_);
    return chunk_.data() + static_cast<std::size_t>(filled_) * row_bytes_;
  }
  void advance(std::int64_t rows) {
    filled_ += rows;
    if (filled_ == rows_per_chunk_) write_chunk();
  }
  void append(const void* values, std::int64_t count) {
    const char* from = static_cast<const char*>(values);
    while (count > 0) {
      std::int64_t rows;
      char* to = free_rows(count, rows);
      const std::size_t bytes = static_cast<std::size_t>(rows) * row_bytes_;
      std::memcpy(to, from, bytes);
      from += bytes;
      count -= rows;
      advance(rows);
    }
  }
  void finish() {
    if (filled_ > 0) write_chunk();
  }
  std::size_t row_bytes() const { return row_bytes_; }

 private:
  void write_chunk() {
    std::fill(chunk_.begin() +
                  static_cast<std::ptrdiff_t>(static_cast<std::size_t>(filled_) * row_bytes_),
              chunk_.end(), '\0');
    dataset_.resize(rows_ + filled_);
    dataset_.write_chunk(rows_, chunk_.data(), chunk_.size());
    rows_ += filled_;
    filled_ = 0;
  }

  h5::Dataset dataset_;
  std::size_t row_bytes_;
  std::int64_t rows_per_chunk_;
  std::int64_t rows_ = 0;    // written
  std::int64_t filled_ = 0;  // of the chunk in memory
  std::vector<char> chunk_;
};

class StringsWriter {
 public:
  StringsWriter(h5::File& file, const std::string& name, std::int64_t rows_per_chunk)
      : dataset_(file.create_growing(name, h5::Type::kString, {}, rows_per_chunk)),
        rows_per_chunk_(rows_per_chunk) {}

  void append(const std::string& string) {
    text_ += string;
    text_ += '\0';
    if (++pending_ == rows_per_chunk_) write();
  }
  void finish() {
    if (pending_ > 0) write();
  }

 private:
  void write() {
    pointers_.clear();
    const char* next = text_.data();
    for (std::int64_t i = 0; i < pending_; ++i) {
      pointers_.push_back(next);
      next += std::strlen(next) + 1;
    }
    dataset_.resize(rows_ + pending_);
    dataset_.write_strings(rows_, pointers_);
    rows_ += pending_;
    pending_ = 0;
    text_.clear();
  }

  h5::Dataset dataset_;
  std::int64_t rows_per_chunk_;
  std::int64_t rows_ = 0, pending_ = 0;
  std::string text_;
  std::vector<const char*> pointers_;
};

// sentence_to_index, as Python's json.dumps writes a dict: each sentence where it came first,
// with the line where it came last.
class SentenceMap {
 public:
  void add(const std::string& sentence, std::int64_t line) {
    const std::string_view key = strip_whitespace(sentence);
    if (key.empty()) return;
    const auto [found, added] = lines_.insert_or_assign(std::string(key), line);
    if (added) order_.push_back(&*found);
  }

  std::string json() const {
    std::string result = "{";
    for (const auto* entry : order_) {
      if (result.size() > 1) result += ", ";
      // ensure_ascii; text that is not UTF-8 was refused or replaced by the reader of the lines.
      result += nlohmann::json(entry->first)
                    .dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
      result += fmt::format(": \"{}\"", entry->second);
    }
    return result + "}";
  }

 private:
  std::unordered_map<std::string, std::int64_t> lines_;  // its nodes stay where they are
  std::vector<const std::pair<const std::string, std::int64_t>*> order_;
};

void write_map(h5::File& file, const SentenceMap& map) {
  const std::string json = map.json();
  // HDF5 keeps a string's length in 32 bits.
  if (json.size() >= 0xffffffff) {
    throw Error(
        fmt::format("{}: the map of its sentences takes {} bytes, more than an HDF5 string "
                    "can hold; go on with --no-map --resume",
                    file.path().string(), json.size()));
  }
  h5::Dataset dataset = file.create_dataset("sentence_to_index", h5::Type::kString, {1});
  const char* pointer = json.c_str();
  dataset.write_strings(0, {&pointer, 1});
}

h5::Type type_of(const DumpOptions& options) {
  return options.type == DumpType::kF16 ? h5::Type::kFloat16 : h5::Type::kFloat32;
}

// One dataset of the layout `sentences`, its vectors from `vectors`, in blocks.
void copy_sentence(h5::Dataset& dataset, const DumpOptions& options, std::int64_t words,
                   SequentialFile& vectors, std::vector<char>& block) {
  const std::size_t vector_bytes =
      static_cast<std::size_t>(options.dimension) * element_bytes(options.type);
  const std::size_t bytes =
      vector_bytes * static_cast<std::size_t>(words) * static_cast<std::size_t>(options.layers);
  if (bytes <= kBlockBytes) {
    block.resize(std::max(block.size(), bytes));
    vectors.read(block.data(), bytes);
    dataset.write(block.data());
    return;
  }
  const auto rows_per_block =
      static_cast<std::int64_t>(std::max<std::size_t>(1, kBlockBytes / vector_bytes));
  block.resize(std::max(block.size(), static_cast<std::size_t>(rows_per_block) * vector_bytes));
  for (std::int64_t layer = 0; layer < options.layers; ++layer) {
    for (std::int64_t word = 0; word < words; word += rows_per_block) {
      const std::int64_t rows = std::min(rows_per_block, words - word);
      vectors.read(block.data(), static_cast<std::size_t>(rows) * vector_bytes);
      if (options.layered) {
        dataset.write_block({layer, word, 0}, {1, rows, options.dimension}, block.data());
      } else {
        dataset.write_block({word, 0}, {rows, options.dimension}, block.data());
      }
    }
  }
}

void join_sentences(h5::File& file, const DumpOptions& options, const DumpFolder& folder,
                    ChunkWriter* places) {
  const bool keyed = options.keys == DumpKeys::kSentence;
  const bool mapped = !keyed && options.map;
  SentenceMap map;
  DumpRecord record;
  std::vector<char> block;
  std::int64_t line = 0;
  for (std::size_t i = 0; i < folder.segments().size(); ++i) {
    SequentialFile records(folder.records_path(i)), vectors(folder.vectors_path(i));
    for (std::int64_t s = 0; s < folder.segments()[i].sentences; ++s, ++line) {
      read_record(records, folder.fields(), record);
      h5::Extents extents{record.word_count, options.dimension};
      if (options.layered) extents.insert(extents.begin(), options.layers);
      h5::Dataset dataset = file.create_dataset(keyed ? record.sentence : std::to_string(line),
                                                type_of(options), extents);
      copy_sentence(dataset, options, record.word_count, vectors, block);
      if (mapped) map.add(record.sentence, line);
      if (places != nullptr) places->append(record.places.data(), record.word_count);
    }
    records.check(folder.segments()[i].record_hash);
    vectors.check(folder.segments()[i].vector_hash);
  }
  if (mapped) write_map(file, map);
}

void join_matrix(h5::File& file, const DumpOptions& options, const DumpFolder& folder,
                 ChunkWriter* places) {
  std::int64_t total_rows = 0, total_sentences = 0;
  for (const DumpSegment& segment : folder.segments()) {
    total_rows += segment.rows;
    total_sentences += segment.sentences;
  }
  // Not larger than the content: a chunk is stored whole.
  const auto chunk_rows = [](std::int64_t rows, std::int64_t most) {
    return std::clamp<std::int64_t>(rows, 1, most);
  };
  h5::Extents row{options.dimension};
  if (options.layered) row.insert(row.begin(), options.layers);
  const std::size_t row_bytes = static_cast<std::size_t>(options.layers) *
                                static_cast<std::size_t>(options.dimension) *
                                element_bytes(options.type);
  const auto most = static_cast<std::int64_t>(std::max<std::size_t>(1, kBlockBytes / row_bytes));
  ChunkWriter vectors(file, "vectors", type_of(options), row, chunk_rows(total_rows, most));
  ChunkWriter offsets(file, "offsets", h5::Type::kInt64, {},
                      chunk_rows(total_sentences + 1, kTableRows));
  StringsWriter words(file, "words", chunk_rows(total_rows, kTableRows));
  DumpRecord record;
  std::int64_t offset = 0;
  offsets.append(&offset, 1);
  for (std::size_t i = 0; i < folder.segments().size(); ++i) {
    SequentialFile from(folder.vectors_path(i));
    for (std::int64_t left = folder.segments()[i].rows; left > 0;) {
      std::int64_t rows;
      char* to = vectors.free_rows(left, rows);
      from.read(to, static_cast<std::size_t>(rows) * vectors.row_bytes());
      vectors.advance(rows);
      left -= rows;
    }
    from.check(folder.segments()[i].vector_hash);
    SequentialFile records(folder.records_path(i));
    for (std::int64_t s = 0; s < folder.segments()[i].sentences; ++s) {
      read_record(records, folder.fields(), record);
      offset += record.word_count;
      offsets.append(&offset, 1);
      for (const std::string& word : record.words) words.append(word);
      if (places != nullptr) places->append(record.places.data(), record.word_count);
    }
    records.check(folder.segments()[i].record_hash);
  }
  vectors.finish();
  offsets.finish();
  words.finish();
}

}  // namespace

void join_dump(const std::filesystem::path& final_path, const DumpOptions& options,
               const DumpFolder& folder) {
  PendingFile pending(final_path);
  const bool matrix = options.layout == DumpLayout::kMatrix;
  h5::File file = h5::File::create(pending.temporary_path(), final_path,
                                   {.checksums = matrix, .many_datasets = !matrix});
  for (const auto& [name, value] : options.attributes) file.set_attribute(name, value);
  {
    std::optional<ChunkWriter> places;
    if (options.places)
      places.emplace(file, "places", h5::Type::kInt64, h5::Extents{2}, kTableRows);
    ChunkWriter* places_or_null = places ? &*places : nullptr;
    if (matrix) {
      join_matrix(file, options, folder, places_or_null);
    } else {
      join_sentences(file, options, folder, places_or_null);
    }
    if (places) places->finish();
  }
  file.close();
  pending.commit();
}

}  // namespace elmo
