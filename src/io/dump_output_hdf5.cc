#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_map>

#include "base/fingerprint.h"
#include "base/strings.h"
#include "elmo/error.h"
#include "io/dump_output.h"
#include "io/hdf5.h"

namespace elmo {
namespace {

constexpr std::size_t kBlockBytes = 1 << 20;
constexpr std::size_t kUnsyncedBytes = 8 << 20;
constexpr std::int64_t kTableRows = 4096;  // rows of a chunk of /offsets, /places and /words

// Fills a growing dataset in whole chunks.
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

  // Returns memory for the next `rows` <= `wanted` rows. Fill it, then call advance(rows).
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
  std::int64_t rows_ = 0;    // written to the file
  std::int64_t filled_ = 0;  // rows in the current chunk, in memory
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

// sentence_to_index as Python's json.dumps writes a dict: a sentence appears where it first came,
// with the number of the line where it last came.
class SentenceMap {
 public:
  void add(std::string_view sentence, std::int64_t line) {
    const std::string_view key = strip_whitespace(sentence);
    if (key.empty()) return;
    const auto [found, added] = lines_.insert_or_assign(std::string(key), line);
    if (added) order_.push_back(&*found);
  }

  std::string json() const {
    std::string result = "{";
    for (const auto* entry : order_) {
      if (result.size() > 1) result += ", ";
      // As json.dumps with ensure_ascii. The line reader has refused or replaced text that is not
      // UTF-8.
      result += nlohmann::json(entry->first)
                    .dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
      result += fmt::format(": \"{}\"", entry->second);
    }
    return result + "}";
  }

 private:
  std::unordered_map<std::string, std::int64_t> lines_;  // node-based: its keys don't move
  std::vector<const std::pair<const std::string, std::int64_t>*> order_;
};

void write_map(h5::File& file, const std::string& json) {
  // HDF5 stores the length of a string in 32 bits.
  if (json.size() >= 0xffffffff) {
    throw Error(
        fmt::format("{}: the map of its sentences takes {} bytes, more than an HDF5 string "
                    "can hold; continue with --no-map --resume",
                    file.path().string(), json.size()));
  }
  h5::Dataset dataset = file.create_dataset("sentence_to_index", h5::Type::kString, {1});
  const char* pointer = json.c_str();
  dataset.write_strings(0, {&pointer, 1});
}

h5::Type type_of(const DumpOptions& options) {
  return options.type == DumpType::kF16 ? h5::Type::kFloat16 : h5::Type::kFloat32;
}

// What both layouts share: the file, its attributes, /places.
class Hdf5Output : public DumpOutput {
 public:
  Hdf5Output(const std::filesystem::path& path, const DumpOptions& options)
      : options_(options),
        pending_(path),
        file_(h5::File::create(pending_.temporary_path(), path,
                               {.checksums = options.layout == DumpLayout::kMatrix,
                                .many_datasets = options.layout == DumpLayout::kSentences})) {
    for (const auto& [name, value] : options.attributes) file_.set_attribute(name, value);
    if (!options.places) return;
    places_.emplace(file_, "places", h5::Type::kInt64, h5::Extents{2}, kTableRows);
  }

  void map_sentence(std::string_view, std::int64_t) override {}

  void finish(const DumpAttributes& attributes) override {
    finish_layout();
    if (places_) places_->finish();
    places_.reset();
    for (const auto& [name, value] : attributes) file_.set_attribute(name, value);
    file_.close();
    pending_.commit();
  }

 protected:
  // Writes what is still in memory and closes the datasets of the layout.
  virtual void finish_layout() = 0;

  // What both layouts do when the vectors of a sentence have been appended.
  void end_sentence(const DumpRecord& record) {
    if (places_) places_->append(record.places.data(), record.word_count);
    unsynced_ += row_bytes(options_) * static_cast<std::size_t>(record.word_count);
    if (unsynced_ < kUnsyncedBytes) return;
    pending_.start_writing_out();
    unsynced_ = 0;
  }

  const DumpOptions options_;
  PendingFile pending_;
  h5::File file_;

 private:
  std::optional<ChunkWriter> places_;
  std::size_t unsynced_ = 0;  // bytes of vectors since start_writing_out()
};

class SentencesOutput : public Hdf5Output {
 public:
  SentencesOutput(const std::filesystem::path& path, const DumpOptions& options)
      : Hdf5Output(path, options), line_(options.first_line) {}

  void append(const DumpRecord& record, ByteSource& vectors) override {
    const bool keyed = options_.keys == DumpKeys::kSentence;
    // DumpWriter refuses duplicates within a dump, but two parts may have the same sentence.
    if (keyed && file_.has_dataset(record.sentence)) {
      throw Error(
          fmt::format("{}: the sentence '{}' occurs twice, so it can't be the name of its "
                      "vectors; dump the parts with --keys line",
                      pending_.final_path().string(), record.sentence));
    }
    h5::Dataset dataset =
        file_.create_dataset(keyed ? record.sentence : std::to_string(line_++), type_of(options_),
                             sentence_extents(options_, record.word_count));
    copy_vectors(dataset, record.word_count, vectors);
    end_sentence(record);
  }

  void map_sentence(std::string_view sentence, std::int64_t line) override {
    map_.add(sentence, line);
  }

 private:
  void finish_layout() override {
    if (!has_map(options_)) return;
    const std::string json = map_.json();
    write_map(file_, json);
    if (options_.shard) file_.set_attribute("map_content", fingerprint(json));
  }

  // Copies block by block.
  void copy_vectors(h5::Dataset& dataset, std::int64_t words, ByteSource& vectors) {
    const std::size_t bytes = row_bytes(options_) * static_cast<std::size_t>(words);
    if (bytes <= kBlockBytes) {
      block_.resize(std::max(block_.size(), bytes));
      vectors.read(block_.data(), bytes);
      dataset.write(block_.data());
      return;
    }
    const std::size_t vector_bytes =
        row_bytes(options_) / static_cast<std::size_t>(options_.layers);
    const auto rows_per_block =
        static_cast<std::int64_t>(std::max<std::size_t>(1, kBlockBytes / vector_bytes));
    block_.resize(std::max(block_.size(), static_cast<std::size_t>(rows_per_block) * vector_bytes));
    for (std::int64_t layer = 0; layer < options_.layers; ++layer) {
      for (std::int64_t word = 0; word < words; word += rows_per_block) {
        const std::int64_t rows = std::min(rows_per_block, words - word);
        vectors.read(block_.data(), static_cast<std::size_t>(rows) * vector_bytes);
        h5::Extents start{word, 0}, count{rows, options_.dimension};
        if (options_.layered) {
          start.insert(start.begin(), layer);
          count.insert(count.begin(), 1);
        }
        dataset.write_block(start, count, block_.data());
      }
    }
  }

  SentenceMap map_;
  std::vector<char> block_;
  std::int64_t line_;
};

// A chunk is stored whole, so it is made no larger than the content.
std::int64_t chunk_rows(std::int64_t rows, std::int64_t most) {
  return std::clamp<std::int64_t>(rows, 1, most);
}

class MatrixOutput : public Hdf5Output {
 public:
  MatrixOutput(const std::filesystem::path& path, const DumpOptions& options, DumpTotals totals)
      : Hdf5Output(path, options) {
    h5::Extents row{options.dimension};
    if (options.layered) row.insert(row.begin(), options.layers);
    const auto most =
        static_cast<std::int64_t>(std::max<std::size_t>(1, kBlockBytes / row_bytes(options)));
    vectors_.emplace(file_, "vectors", type_of(options), row, chunk_rows(totals.rows, most));
    offsets_.emplace(file_, "offsets", h5::Type::kInt64, h5::Extents{},
                     chunk_rows(totals.sentences + 1, kTableRows));
    words_.emplace(file_, "words", chunk_rows(totals.rows, kTableRows));
    offsets_->append(&offset_, 1);
  }

  void append(const DumpRecord& record, ByteSource& vectors) override {
    for (std::int64_t left = record.word_count; left > 0;) {
      std::int64_t rows;
      char* to = vectors_->free_rows(left, rows);
      vectors.read(to, static_cast<std::size_t>(rows) * vectors_->row_bytes());
      vectors_->advance(rows);
      left -= rows;
    }
    offset_ += record.word_count;
    offsets_->append(&offset_, 1);
    for (const std::string& word : record.words) words_->append(word);
    end_sentence(record);
  }

 private:
  void finish_layout() override {
    vectors_->finish();
    offsets_->finish();
    words_->finish();
    vectors_.reset();
    offsets_.reset();
    words_.reset();
  }

  std::optional<ChunkWriter> vectors_, offsets_;
  std::optional<StringsWriter> words_;
  std::int64_t offset_ = 0;
};

}  // namespace

std::unique_ptr<DumpOutput> make_hdf5_output(const std::filesystem::path& path,
                                             const DumpOptions& options, DumpTotals totals) {
  if (options.layout == DumpLayout::kMatrix) {
    return std::make_unique<MatrixOutput>(path, options, totals);
  }
  return std::make_unique<SentencesOutput>(path, options);
}

}  // namespace elmo
