#include <fmt/core.h>
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <unordered_map>

#include "base/strings.h"
#include "elmo/error.h"
#include "io/dump_file.h"
#include "io/dump_segments.h"
#include "io/half.h"

namespace elmo {
namespace {

// 128 bits, so that no two sentences share a hash in practice.
struct TextHash {
  std::uint64_t low, high;
  explicit TextHash(std::string_view text) {
    const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
    low = hash.low64;
    high = hash.high64;
  }
  bool operator==(const TextHash&) const = default;
};

struct TextHasher {
  std::size_t operator()(const TextHash& hash) const { return hash.low; }
};

}  // namespace

struct DumpWriter::Impl {
  struct OpenSegment {
    AppendFile vectors, records;
    std::int64_t sentences = 0, rows = 0;
    std::uint64_t vector_bytes = 0, record_bytes = 0;  // of the complete sentences
    OpenSegment(const DumpFolder& folder, std::size_t index)
        : vectors(folder.vectors_path(index)), records(folder.records_path(index)) {}
  };
  struct LongSentence {
    std::uint64_t begin;  // byte offset in the segment's vectors
    std::int64_t words;
    std::int64_t elements_left;
  };

  std::filesystem::path path;
  DumpOptions options;
  DumpFolder folder;
  std::optional<OpenSegment> segment;
  std::optional<LongSentence> long_sentence;
  bool failed = false;
  std::int64_t sentences = 0, rows = 0, resumed = 0;
  std::unordered_map<TextHash, std::int64_t, TextHasher> keys;  // name of a dataset -> its line
                                                                // in this file, from 1
  std::vector<float> transposed;
  std::vector<std::uint16_t> halves;

  Impl(const std::filesystem::path& final_path, const DumpOptions& dump_options, bool resume)
      : path(final_path), options(dump_options), folder(final_path, dump_options, resume) {
    for (const DumpSegment& closed : folder.segments()) {
      sentences += closed.sentences;
      rows += closed.rows;
    }
    resumed = sentences;
    if (keyed()) load_keys();
  }

  bool keyed() const {
    return options.layout == DumpLayout::kSentences && options.keys == DumpKeys::kSentence;
  }
  // The number, from 1, of the line that comes next, for messages.
  std::int64_t line() const { return options.first_line + sentences + 1; }
  std::int64_t row_elements() const { return std::int64_t{options.layers} * options.dimension; }

  void load_keys() {
    DumpRecord record;
    std::int64_t line = 0;
    for (std::size_t i = 0; i < folder.segments().size(); ++i) {
      SequentialFile records(folder.records_path(i));
      for (std::int64_t s = 0; s < folder.segments()[i].sentences; ++s) {
        read_record(records, folder.fields(), record);
        keys.emplace(TextHash(record.sentence), ++line);
      }
    }
  }

  void check_key(std::string_view sentence) {
    const auto refuse = [&](std::string_view why) {
      throw Error(fmt::format("{}: line {} can't be the name of its vectors: {}; use --keys line",
                              path.string(), line(), why));
    };
    if (is_blank(sentence)) refuse("it is blank");
    if (sentence.find('/') != std::string_view::npos) refuse("it holds a '/'");
    if (sentence.find('\0') != std::string_view::npos) refuse("it holds a NUL byte");
    if (sentence == ".") refuse("HDF5 takes '.' for the file itself");
    if (options.places && sentence == "places") refuse("'places' is the name of the table");
    const auto [found, added] = keys.emplace(TextHash(sentence), sentences + 1);
    if (!added) refuse(fmt::format("line {} is the same", options.first_line + found->second));
  }

  void check_usable() const {
    if (long_sentence) throw Error(path.string() + ": a long sentence was not ended");
    if (failed)
      throw Error(path.string() + ": an earlier write failed; run the command again with --resume");
  }

  // What append() and begin_long() have in common.
  void begin(std::string_view sentence, std::span<const std::string_view> words,
             std::span<const DumpPlace> places) {
    check_usable();
    if (places.size() != (options.places ? words.size() : 0)) {
      throw Error(fmt::format("{}: line {} has {} words and {} places", path.string(), line(),
                              words.size(), places.size()));
    }
    if (keyed()) {
      sentence = strip_whitespace(sentence);
      check_key(sentence);
    }
    failed = true;  // until the sentence is complete
    if (!segment) segment.emplace(folder, folder.segments().size());
    append_record(segment->records, folder.fields(), sentence, words, places);
  }

  void end(std::int64_t words) {
    failed = false;
    segment->sentences += 1;
    segment->rows += words;
    segment->vector_bytes = segment->vectors.size();
    segment->record_bytes = segment->records.size();
    sentences += 1;
    rows += words;
    if (segment->vectors.size() >= options.segment_bytes ||
        static_cast<std::uint64_t>(segment->sentences) >= options.segment_sentences) {
      close_segment();
    }
  }

  void close_segment() {
    if (!segment || segment->sentences == 0) return;
    if (failed) {
      long_sentence.reset();
      segment->vectors.cut(segment->vector_bytes);
      segment->records.cut(segment->record_bytes);
    }
    failed = true;
    DumpSegment closed{.sentences = segment->sentences,
                       .rows = segment->rows,
                       .vector_bytes = segment->vector_bytes,
                       .record_bytes = segment->record_bytes};
    segment->vectors.close();
    segment->records.close();
    closed.vector_hash = segment->vectors.hash();
    closed.record_hash = segment->records.hash();
    segment.reset();
    folder.add(closed);
    failed = false;
  }

  // The bytes of `count` floats converted to the file's type; valid until the next call.
  const void* in_file_type(const float* values, std::size_t count) {
    if (options.type == DumpType::kF32) return values;
    halves.resize(count);
    float_to_half(values, halves.data(), count);
    return halves.data();
  }
};

DumpWriter::DumpWriter(const std::filesystem::path& path, const DumpOptions& options, bool resume) {
  if (options.dimension <= 0 || options.layers <= 0 || (!options.layered && options.layers != 1)) {
    throw Error(fmt::format("{}: a dump can't have {} layers of {} dimensions{}", path.string(),
                            options.layers, options.dimension,
                            options.layered ? "" : " and one vector a word"));
  }
  impl_ = std::make_unique<Impl>(path, options, resume);
}

DumpWriter::~DumpWriter() = default;

std::uint64_t DumpWriter::resumed_sentences() const {
  return static_cast<std::uint64_t>(impl_->resumed);
}

void DumpWriter::start_at(std::uint64_t first_line) {
  impl_->options.first_line = static_cast<std::int64_t>(first_line);
}

void DumpWriter::append(std::string_view sentence, std::span<const std::string_view> words,
                        std::span<const float> vectors, std::span<const DumpPlace> places) {
  Impl& d = *impl_;
  const auto count = static_cast<std::int64_t>(words.size());
  if (static_cast<std::int64_t>(vectors.size()) != count * d.row_elements()) {
    throw Error(fmt::format("{}: line {} has {} words and {} numbers", d.path.string(), d.line(),
                            count, vectors.size()));
  }
  d.begin(sentence, words, places);
  const float* from = vectors.data();
  if (d.options.layout == DumpLayout::kSentences && d.options.layers > 1) {
    const auto layers = static_cast<std::size_t>(d.options.layers);
    const auto dimension = static_cast<std::size_t>(d.options.dimension);
    d.transposed.resize(vectors.size());
    float* to = d.transposed.data();
    for (std::size_t layer = 0; layer < layers; ++layer) {
      for (std::size_t word = 0; word < words.size(); ++word, to += dimension) {
        std::memcpy(to, from + (word * layers + layer) * dimension, dimension * sizeof(float));
      }
    }
    from = d.transposed.data();
  }
  d.segment->vectors.append(d.in_file_type(from, vectors.size()),
                            vectors.size() * element_bytes(d.options.type));
  d.end(count);
}

void DumpWriter::begin_long(std::string_view sentence, std::span<const std::string_view> words,
                            std::span<const DumpPlace> places) {
  Impl& d = *impl_;
  d.begin(sentence, words, places);
  const auto count = static_cast<std::int64_t>(words.size());
  const std::int64_t elements = count * d.row_elements();
  d.long_sentence =
      Impl::LongSentence{.begin = d.segment->vectors.extend(static_cast<std::uint64_t>(elements) *
                                                            element_bytes(d.options.type)),
                         .words = count,
                         .elements_left = elements};
}

void DumpWriter::write_part(int layer, std::int64_t first_word, std::int64_t count,
                            int first_column, int columns, const float* rows,
                            std::int64_t row_stride) {
  Impl& d = *impl_;
  if (!d.long_sentence) throw Error(d.path.string() + ": no long sentence was begun");
  const std::int64_t words = d.long_sentence->words;
  if (layer < 0 || layer >= d.options.layers || first_word < 0 || count < 0 ||
      first_word + count > words || first_column < 0 || columns < 0 ||
      first_column + columns > d.options.dimension) {
    throw Error(fmt::format("{}: a part lies outside line {}", d.path.string(), d.line()));
  }
  const std::int64_t dimension = d.options.dimension, layers = d.options.layers;
  const std::uint64_t bytes = element_bytes(d.options.type);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t word = first_word + i;
    const std::int64_t row =
        d.options.layout == DumpLayout::kSentences ? layer * words + word : word * layers + layer;
    d.segment->vectors.write_at(
        d.long_sentence->begin + static_cast<std::uint64_t>(row * dimension + first_column) * bytes,
        d.in_file_type(rows + i * row_stride, static_cast<std::size_t>(columns)),
        static_cast<std::size_t>(columns) * bytes);
  }
  d.long_sentence->elements_left -= count * columns;
}

void DumpWriter::end_long() {
  Impl& d = *impl_;
  if (!d.long_sentence || d.long_sentence->elements_left != 0) {
    throw Error(fmt::format("{}: the parts of line {} don't cover it", d.path.string(), d.line()));
  }
  const std::int64_t words = d.long_sentence->words;
  d.long_sentence.reset();
  d.end(words);
}

void DumpWriter::close_segment() { impl_->close_segment(); }

void DumpWriter::finish() {
  Impl& d = *impl_;
  d.check_usable();
  d.close_segment();
  join_dump(d.path, d.options, d.folder);
  d.folder.remove();
}

std::uint64_t DumpWriter::sentences() const { return static_cast<std::uint64_t>(impl_->sentences); }
std::uint64_t DumpWriter::words() const { return static_cast<std::uint64_t>(impl_->rows); }
std::uint64_t DumpWriter::kept_sentences() const {
  std::int64_t sum = 0;
  for (const DumpSegment& segment : impl_->folder.segments()) sum += segment.sentences;
  return static_cast<std::uint64_t>(sum);
}

}  // namespace elmo
