#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "io/dump_output.h"
#include "io/zip_writer.h"

namespace elmo {
namespace {

constexpr std::size_t kCopyBytes = 1 << 20;

// The header of an array (numpy.lib.format, version 1.0): little-endian, row-major.
std::string npy_header(std::string_view type, const h5::Extents& extents) {
  constexpr std::size_t kBefore = 10;     // magic, version, length
  constexpr std::size_t kAlignment = 64;  // of the numbers that follow
  std::string text = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}",
                                 type, fmt::join(extents, ", "), extents.size() == 1 ? "," : "");
  text.append(kAlignment - 1 - (kBefore + text.size()) % kAlignment, ' ');
  text += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += static_cast<char>(text.size() & 0xff);
  header += static_cast<char>(text.size() >> 8);
  return header + text;
}

std::string_view float_type(const DumpOptions& options) {
  return options.type == DumpType::kF16 ? "<f2" : "<f4";
}
constexpr std::string_view kInt64 = "<i8";

// Copies block by block.
template <typename Sink>
void copy_bytes(ByteSource& from, std::uint64_t bytes, std::vector<char>& block, Sink&& sink) {
  block.resize(kCopyBytes);
  while (bytes > 0) {
    const std::size_t part = std::min<std::uint64_t>(block.size(), bytes);
    from.read(block.data(), part);
    sink(block.data(), part);
    bytes -= part;
  }
}

std::uint64_t bytes_of(const DumpOptions& options, std::int64_t words) {
  return row_bytes(options) * static_cast<std::uint64_t>(words);
}

// A file that is appended to under a temporary name.
struct GrowingFile {
  explicit GrowingFile(const std::filesystem::path& path)
      : pending(path), file(pending.temporary_path()) {}
  void append(std::string_view text) { file.append(text.data(), text.size()); }
  PendingFile pending;
  AppendFile file;
};

class NpyOutput : public DumpOutput {
 public:
  NpyOutput(const std::filesystem::path& path, const DumpOptions& options, DumpTotals totals)
      : options_(options), paths_(dump_files(path, DumpFormat::kNpy)) {
    // The indices are those of dump_files().
    words_.emplace(paths_[0]);
    offsets_.emplace(paths_[1]);
    offsets_->append(npy_header(kInt64, {totals.sentences + 1}));
    append_offset();
    if (options.places) {
      places_.emplace(paths_[2]);
      places_->append(npy_header(kInt64, {totals.rows, 2}));
    }
    vectors_.emplace(path);
    h5::Extents extents{totals.rows, options.dimension};
    if (options.layered) extents.insert(extents.begin() + 1, options.layers);
    vectors_->append(npy_header(float_type(options), extents));
  }

  void append(const DumpRecord& record, ByteSource& vectors) override {
    copy_bytes(vectors, bytes_of(options_, record.word_count), block_,
               [&](const char* data, std::size_t bytes) { vectors_->file.append(data, bytes); });
    offset_ += record.word_count;
    append_offset();
    for (const std::string& word : record.words) words_->append(word + "\n");
    if (places_) {
      places_->file.append(record.places.data(), record.places.size() * sizeof(DumpPlace));
    }
  }

  void map_sentence(std::string_view, std::int64_t) override {}

  void finish(const DumpAttributes&) override {
    for (auto* one : {&words_, &offsets_, &places_, &vectors_}) {
      if (*one) (*one)->file.close();
    }
    for (auto* one : {&words_, &offsets_, &places_, &vectors_}) {
      if (*one) (*one)->pending.commit();
    }
  }

 private:
  void append_offset() { offsets_->file.append(&offset_, sizeof offset_); }

  const DumpOptions options_;
  const std::vector<std::filesystem::path> paths_;
  std::optional<GrowingFile> words_, offsets_, places_, vectors_;
  std::int64_t offset_ = 0;
  std::vector<char> block_;
};

std::filesystem::path with_suffix(std::filesystem::path path, const char* suffix) {
  path += suffix;
  return path;
}

class NpzOutput : public DumpOutput {
 public:
  NpzOutput(const std::filesystem::path& path, const DumpOptions& options)
      : options_(options),
        pending_(path),
        list_(with_suffix(path, ".list")),
        zip_(pending_.temporary_path(), list_.temporary_path()) {
    if (options.places) places_.emplace(with_suffix(path, ".places"));
  }

  void append(const DumpRecord& record, ByteSource& vectors) override {
    add(std::to_string(line_++), float_type(options_),
        sentence_extents(options_, record.word_count), bytes_of(options_, record.word_count),
        vectors);
    if (!places_) return;
    places_->file.append(record.places.data(), record.places.size() * sizeof(DumpPlace));
    rows_ += record.word_count;
  }

  void map_sentence(std::string_view, std::int64_t) override {}

  void finish(const DumpAttributes&) override {
    if (places_) {
      places_->file.close();
      SequentialFile places(places_->pending.temporary_path());
      add("places", kInt64, {rows_, 2}, places.left(), places);
    }
    zip_.finish();
    pending_.commit();
  }

 private:
  void add(const std::string& name, std::string_view type, const h5::Extents& extents,
           std::uint64_t bytes, ByteSource& numbers) {
    const std::string header = npy_header(type, extents);
    zip_.begin(name + ".npy", header.size() + bytes);
    zip_.write(header.data(), header.size());
    copy_bytes(numbers, bytes, block_,
               [&](const char* data, std::size_t part) { zip_.write(data, part); });
    zip_.end();
  }

  const DumpOptions options_;
  PendingFile pending_;
  PendingFile list_;  // a temporary working file, never committed
  ZipWriter zip_;
  std::optional<GrowingFile> places_;  // another temporary working file
  std::int64_t line_ = 0, rows_ = 0;
  std::vector<char> block_;
};

}  // namespace

std::vector<std::filesystem::path> dump_files(const std::filesystem::path& path,
                                              DumpFormat format) {
  if (format != DumpFormat::kNpy) return {path};
  std::vector<std::filesystem::path> files;
  for (const char* extension : {".words.txt", ".offsets.npy", ".places.npy"}) {
    files.push_back(path);
    files.back().replace_extension(extension);
  }
  files.push_back(path);
  return files;
}

std::unique_ptr<DumpOutput> make_npy_output(const std::filesystem::path& path,
                                            const DumpOptions& options, DumpTotals totals) {
  return std::make_unique<NpyOutput>(path, options, totals);
}

std::unique_ptr<DumpOutput> make_npz_output(const std::filesystem::path& path,
                                            const DumpOptions& options, DumpTotals) {
  return std::make_unique<NpzOutput>(path, options);
}

}  // namespace elmo
