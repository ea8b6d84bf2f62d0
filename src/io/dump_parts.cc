#include "io/dump_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/fingerprint.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/numbers.h"
#include "base/progress.h"
#include "elmo/error.h"
#include "io/hdf5.h"

namespace elmo {
namespace fs = std::filesystem;
namespace {

constexpr int kVersion = 1;
constexpr std::size_t kPartBlockBytes = 1 << 20;
constexpr std::int64_t kStringsAtOnce = 4096;

// Attributes of parts only, not copied to the joined file.
constexpr const char* kOfParts[] = {"shard", "shards",  "first_line",  "lines", "rows",
                                    "input", "content", "map_content", "part"};

std::string how_to_make(const Shard& shard) {
  return fmt::format("--shard {}/{}", shard.index, shard.count);
}

nlohmann::json form_of(const DumpOptions& options) {
  return {{"matrix", options.layout == DumpLayout::kMatrix},
          {"half", options.type == DumpType::kF16},
          {"keyed", options.keys == DumpKeys::kSentence},
          {"map", options.map},
          {"layered", options.layered},
          {"layers", options.layers},
          {"dimension", options.dimension},
          {"places", options.places},
          {"pooled", options.pooled}};
}

DumpOptions options_of(const nlohmann::json& form) {
  DumpOptions options;
  options.layout = form.at("matrix").get<bool>() ? DumpLayout::kMatrix : DumpLayout::kSentences;
  options.type = form.at("half").get<bool>() ? DumpType::kF16 : DumpType::kF32;
  options.keys = form.at("keyed").get<bool>() ? DumpKeys::kSentence : DumpKeys::kLine;
  options.map = form.at("map");
  options.layered = form.at("layered");
  options.layers = form.at("layers");
  options.dimension = form.at("dimension");
  options.places = form.at("places");
  options.pooled = form.at("pooled");
  return options;
}

// What the attributes of a part's root say.
struct Part {
  fs::path path;
  Shard shard;
  std::int64_t first_line = 0, lines = 0, rows = 0;
  std::string content, map_content;
  nlohmann::json settings, form;
  DumpAttributes attributes;  // those for the joined file
};

[[noreturn]] void refuse_damaged(const Part& part) {
  throw Error(fmt::format("{}: is damaged; dump it again, without --resume: {}", part.path.string(),
                          how_to_make(part.shard)));
}

Part read_part(const fs::path& path) {
  const h5::File file = h5::File::open(path);
  const auto number = [&](const char* name) {
    const auto value = file.attribute(name);
    const auto* found = value ? std::get_if<std::int64_t>(&*value) : nullptr;
    if (found == nullptr || *found < 0) {
      throw Error(path.string() + ": is not a part of a dump; elmo dump --shard makes them");
    }
    return *found;
  };
  const auto text = [&](const char* name) -> std::string {
    const auto value = file.attribute(name);
    const auto* found = value ? std::get_if<std::string>(&*value) : nullptr;
    return found != nullptr ? *found : "";
  };
  Part part{.path = path,
            .shard = {number("shard"), number("shards")},
            .first_line = number("first_line"),
            .lines = number("lines"),
            .rows = number("rows"),
            .content = text("content"),
            .map_content = text("map_content"),
            .settings = {},
            .form = {},
            .attributes = {}};
  try {
    const auto json = parse_json(text("part"));
    if (json.at("version") != kVersion) {
      throw Error(path.string() +
                  ": is of another version of elmo; dump and join with the same version");
    }
    part.settings = json.at("settings");
    part.form = json.at("form");
    options_of(part.form);
    RunSettings::from_json(part.settings);
  } catch (const nlohmann::json::exception&) {
    refuse_damaged(part);
  }
  for (const std::string& name : file.attribute_names()) {
    if (std::ranges::find(kOfParts, name) == std::end(kOfParts)) {
      part.attributes.emplace(name, *file.attribute(name));
    }
  }
  return part;
}

// The numbers of a dataset, in the order in which they are stored. With `by_layer` the first axis
// is that of the layers, and a block never spans two layers.
class DatasetSource : public ByteSource {
 public:
  DatasetSource(h5::Dataset dataset, bool by_layer)
      : dataset_(std::move(dataset)), axis_(by_layer ? 1 : 0) {
    const h5::Extents& extents = dataset_.extents();
    row_bytes_ = h5::size_of(dataset_.type());
    for (std::size_t i = axis_ + 1; i < extents.size(); ++i) {
      row_bytes_ *= static_cast<std::size_t>(extents[i]);
    }
    layers_ = by_layer ? extents[0] : 1;
    block_rows_ = static_cast<std::int64_t>(
        std::max<std::size_t>(1, kPartBlockBytes / std::max<std::size_t>(row_bytes_, 1)));
  }

  void read(void* data, std::size_t bytes) override {
    char* to = static_cast<char*>(data);
    while (bytes > 0) {
      if (at_ == block_.size()) refill();
      const std::size_t part = std::min(bytes, block_.size() - at_);
      std::memcpy(to, block_.data() + at_, part);
      to += part;
      at_ += part;
      bytes -= part;
    }
  }

 private:
  void refill() {
    const h5::Extents& extents = dataset_.extents();
    if (layer_ == layers_ || extents[axis_] == 0) {
      throw Error("a dataset ends before its vectors do");  // an error of the caller
    }
    h5::Extents start(extents.size(), 0), count = extents;
    start[axis_] = row_;
    count[axis_] = std::min(block_rows_, extents[axis_] - row_);
    if (axis_ == 1) {
      start[0] = layer_;
      count[0] = 1;
    }
    block_.resize(static_cast<std::size_t>(count[axis_]) * row_bytes_);
    at_ = 0;
    dataset_.read_block(start, count, dataset_.type(), block_.data());
    row_ += count[axis_];
    if (row_ < extents[axis_]) return;
    row_ = 0;
    ++layer_;
  }

  h5::Dataset dataset_;
  std::size_t axis_;  // the axis of the words
  std::size_t row_bytes_;
  std::int64_t layers_, block_rows_, layer_ = 0, row_ = 0;
  std::vector<char> block_;
  std::size_t at_ = 0;
};

// The sentences of a part, one after the other. Its datasets are checked against its attributes.
class PartReader {
 public:
  PartReader(const Part& part, const h5::File& file, const DumpOptions& options)
      : part_(part), file_(file), options_(options) {
    if (options.places) places_.emplace(open("places", h5::Type::kInt64, {part.rows, 2}), false);
  }
  virtual ~PartReader() = default;
  // Fills in the fields that the attributes don't give. Call it part.lines times.
  virtual ByteSource& next(DumpRecord& record) = 0;

 protected:
  h5::Dataset open(const std::string& name, h5::Type type, const h5::Extents& extents) const {
    h5::Dataset dataset = file_.open_dataset(name);
    if (dataset.type() != type || dataset.extents() != extents) refuse_damaged(part_);
    return dataset;
  }
  h5::Type type() const {
    return options_.type == DumpType::kF16 ? h5::Type::kFloat16 : h5::Type::kFloat32;
  }
  void count_rows(std::int64_t words) {
    rows_ += words;
    if (words < 0 || rows_ > part_.rows) refuse_damaged(part_);
  }
  void read_places(DumpRecord& record) {
    record.places.resize(places_ ? static_cast<std::size_t>(record.word_count) : 0);
    if (places_) places_->read(record.places.data(), record.places.size() * sizeof(DumpPlace));
  }

  const Part& part_;
  const h5::File& file_;
  const DumpOptions& options_;

 private:
  std::optional<DatasetSource> places_;
  std::int64_t rows_ = 0;  // read so far
};

class SentencesPart : public PartReader {
 public:
  SentencesPart(const Part& part, const h5::File& file, const DumpOptions& options)
      : PartReader(part, file, options) {
    if (options.keys == DumpKeys::kLine) return;
    names_ = file.dataset_names();
    if (options.places) std::erase(names_, "places");
    if (static_cast<std::int64_t>(names_.size()) != part.lines) refuse_damaged(part);
  }

  ByteSource& next(DumpRecord& record) override {
    std::string name = std::to_string(part_.first_line + static_cast<std::int64_t>(index_));
    if (options_.keys == DumpKeys::kSentence) name = record.sentence = names_[index_];
    ++index_;
    h5::Dataset dataset = file_.open_dataset(name);
    const h5::Extents& extents = dataset.extents();
    record.word_count = options_.pooled ? 1 : extents.size() < 2 ? -1 : extents[extents.size() - 2];
    count_rows(record.word_count);
    if (dataset.type() != type() || extents != sentence_extents(options_, record.word_count)) {
      refuse_damaged(part_);
    }
    read_places(record);
    return vectors_.emplace(std::move(dataset), options_.layered && !options_.pooled);
  }

 private:
  std::vector<std::string> names_;  // if keys = kSentence
  std::size_t index_ = 0;
  std::optional<DatasetSource> vectors_;
};

class MatrixPart : public PartReader {
 public:
  MatrixPart(const Part& part, const h5::File& file, const DumpOptions& options)
      : PartReader(part, file, options),
        offsets_(open("offsets", h5::Type::kInt64, {part.lines + 1}), false),
        words_(open("words", h5::Type::kString, {part.rows})),
        vectors_(open("vectors", type(), extents(part, options)), false) {
    offsets_.read(&offset_, sizeof offset_);
    if (offset_ != 0) refuse_damaged(part);
  }

  ByteSource& next(DumpRecord& record) override {
    std::int64_t end;
    offsets_.read(&end, sizeof end);
    record.word_count = end - std::exchange(offset_, end);
    count_rows(record.word_count);
    record.words.clear();
    for (std::int64_t i = 0; i < record.word_count; ++i) {
      if (word_ == block_.size()) {
        block_ =
            words_.read_strings(words_read_, std::min(kStringsAtOnce, part_.rows - words_read_));
        words_read_ += static_cast<std::int64_t>(block_.size());
        word_ = 0;
      }
      record.words.push_back(std::move(block_[word_++]));
    }
    read_places(record);
    return vectors_;
  }

 private:
  static h5::Extents extents(const Part& part, const DumpOptions& options) {
    if (options.layered) return {part.rows, options.layers, options.dimension};
    return {part.rows, options.dimension};
  }

  DatasetSource offsets_;
  h5::Dataset words_;
  DatasetSource vectors_;
  std::int64_t offset_ = 0, words_read_ = 0;
  std::vector<std::string> block_;  // words read ahead
  std::size_t word_ = 0;            // the next one in block_
};

std::unique_ptr<PartReader> open_part(const Part& part, const h5::File& file,
                                      const DumpOptions& options) {
  if (options.layout == DumpLayout::kMatrix) {
    return std::make_unique<MatrixPart>(part, file, options);
  }
  return std::make_unique<SentencesPart>(part, file, options);
}

// Streams the members of the map's JSON object in order, without building a tree in memory.
class MapMembers : public nlohmann::json::json_sax_t {
 public:
  explicit MapMembers(DumpOutput& output) : output_(output) {}

  bool key(string_t& text) override {
    sentence_ = std::move(text);
    return true;
  }
  bool string(string_t& text) override {
    const auto line = parse_number<std::int64_t>(text);
    if (!line) return false;
    output_.map_sentence(sentence_, *line);
    return true;
  }
  bool start_object(std::size_t) override { return depth_++ == 0; }
  bool end_object() override { return true; }
  bool null() override { return false; }
  bool boolean(bool) override { return false; }
  bool number_integer(number_integer_t) override { return false; }
  bool number_unsigned(number_unsigned_t) override { return false; }
  bool number_float(number_float_t, const string_t&) override { return false; }
  bool binary(binary_t&) override { return false; }
  bool start_array(std::size_t) override { return false; }
  bool end_array() override { return false; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override {
    return false;
  }

 private:
  DumpOutput& output_;
  std::string sentence_;
  int depth_ = 0;
};

void add_map(const Part& part, const h5::File& file, DumpOutput& output) {
  const h5::Dataset dataset = file.open_dataset("sentence_to_index");
  if (dataset.type() != h5::Type::kString || dataset.extents() != h5::Extents{1}) {
    refuse_damaged(part);
  }
  const std::string json = dataset.read_strings(0, 1).front();
  MapMembers members(output);
  if (fingerprint(json) != part.map_content || !nlohmann::json::sax_parse(json, &members)) {
    refuse_damaged(part);
  }
}

void copy_part(const Part& part, const DumpOptions& options, DumpOutput& output) {
  const h5::File file = h5::File::open(part.path);
  if (has_map(options)) add_map(part, file, output);
  const auto reader = open_part(part, file, options);
  ContentHash content(options);
  DumpRecord record;
  for (std::int64_t i = 0; i < part.lines; ++i) {
    if (interrupted()) throw Interrupted("interrupted; the parts are unchanged");
    ByteSource& vectors = reader->next(record);
    output.append(record, content.begin(record, part.first_line + i, vectors));
    content.end(record);
  }
  if (content.text() != part.content) refuse_damaged(part);
}

std::string part_name(Shard shard) {
  const auto width = std::max<std::size_t>(4, std::to_string(shard.count).size());
  return fmt::format("{:0{}}-of-{:0{}}.h5", shard.index, width, shard.count, width);
}

// The number of parts, taken from the names of those that exist.
std::int64_t count_parts(const fs::path& folder) {
  std::set<std::int64_t> counts;
  std::string one, other;
  if (fs::is_directory(folder)) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      const std::string name = entry.path().filename().string();
      long long index = 0, count = 0;
      int end = 0;
      if (std::sscanf(name.c_str(), "%lld-of-%lld.h5%n", &index, &count, &end) != 2 ||
          static_cast<std::size_t>(end) != name.size() || part_name({index, count}) != name) {
        continue;
      }
      if (counts.insert(count).second) (counts.size() == 1 ? one : other) = name;
    }
  }
  if (counts.empty()) {
    throw Error(fmt::format("{}: holds no parts of a dump; elmo dump --shard i/n makes them",
                            folder.string()));
  }
  if (counts.size() > 1) {
    throw Error(
        fmt::format("{}: holds parts of different dumps, such as {} and {}; remove those "
                    "that are left over",
                    folder.string(), one, other));
  }
  return *counts.begin();
}

void refuse_missing(const fs::path& file, std::int64_t count) {
  constexpr std::size_t kNamed = 10;
  std::vector<std::string> missing;
  std::int64_t total = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const Shard shard{i, count};
    const fs::path path = part_path(file, shard);
    if (fs::exists(path)) continue;
    if (++total > static_cast<std::int64_t>(kNamed)) continue;
    missing.push_back(
        fmt::format("{} ({}{})", path.filename().string(), how_to_make(shard),
                    fs::exists(partial_folder(path)) ? " --resume, as it was begun" : ""));
  }
  if (total == 0) return;
  const auto more = total - static_cast<std::int64_t>(missing.size());
  throw Error(fmt::format("{}: {} of {} parts {} missing: {}{}", parts_folder(file).string(), total,
                          count, total == 1 ? "is" : "are", fmt::join(missing, ", "),
                          more > 0 ? fmt::format(" and {} more", more) : ""));
}

std::string shown(const nlohmann::json& options, const std::string& name) {
  const auto found = options.find(name);
  if (found == options.end() || found->is_null()) return "none";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

// Checks that `part` is of the same dump as `first` and that it follows `before`.
void check_part(const Part& part, const Part& first, const Part* before) {
  const auto refuse = [&](const std::string& what) {
    throw Error(fmt::format(
        "{}: is not of the same dump as {}: {}; dump one of them again, without "
        "--resume: {}",
        part.path.string(), first.path.filename().string(), what, how_to_make(part.shard)));
  };
  if (part_name(part.shard) != part.path.filename()) {
    throw Error(fmt::format("{}: was renamed; its content says {}", part.path.string(),
                            part_name(part.shard)));
  }
  if (part.settings != first.settings) {
    const auto& here = part.settings.at("options");
    const auto& there = first.settings.at("options");
    nlohmann::json names = here;
    names.update(there);
    for (const auto& [name, unused] : names.items()) {
      if (shown(here, name) == shown(there, name)) continue;
      refuse(fmt::format("its --{} is {}, not {}", name, shown(here, name), shown(there, name)));
    }
  }
  if (part.form != first.form) refuse("its datasets have another shape or type");
  const std::int64_t expected = before != nullptr ? before->first_line + before->lines : 0;
  if (part.first_line != expected) {
    refuse(fmt::format("it begins with line {}, but line {} is the next", part.first_line + 1,
                       expected + 1));
  }
}

}  // namespace

fs::path parts_folder(const fs::path& file) {
  fs::path folder = file;
  folder += ".parts";
  return folder;
}

fs::path part_path(const fs::path& file, Shard shard) {
  return parts_folder(file) / part_name(shard);
}

DumpAttributes part_attributes(const DumpOptions& options, DumpTotals totals,
                               const std::string& content) {
  const auto input = options.sources.find("input");
  return {{"shard", options.shard->index},
          {"shards", options.shard->count},
          {"first_line", options.first_line},
          {"lines", totals.sentences},
          {"rows", totals.rows},
          {"input", input == options.sources.end() ? std::string() : input->second},
          {"content", content},
          {"part", nlohmann::json{{"version", kVersion},
                                  {"settings", dump_settings(options).to_json()},
                                  {"form", form_of(options)}}
                       .dump()}};
}

bool is_complete_part(const fs::path& path, const DumpOptions& options) {
  // An unfinished part is about to replace the finished one.
  if (!fs::exists(path) || fs::exists(partial_folder(path))) return false;
  const Part part = read_part(path);
  check_resumable(RunSettings::from_json(part.settings), dump_settings(options), path.string(),
                  "leave out --resume to start anew");
  return true;
}

JoinReport join_parts(const fs::path& file) {
  const InterruptGuard guard;
  const std::int64_t count = count_parts(parts_folder(file));
  refuse_missing(file, count);
  std::vector<Part> parts;
  DumpTotals totals;
  for (std::int64_t i = 0; i < count; ++i) {
    Part part = read_part(part_path(file, {i, count}));
    check_part(part, parts.empty() ? part : parts.front(), parts.empty() ? nullptr : &parts.back());
    totals.sentences += part.lines;
    totals.rows += part.rows;
    if (!parts.empty()) {
      // All parts have the same as the first one (check_part()), which is kept.
      part.settings = nullptr;
      part.form = nullptr;
      part.attributes.clear();
    }
    parts.push_back(std::move(part));
  }
  DumpOptions options = options_of(parts.front().form);
  options.attributes = parts.front().attributes;
  const auto output = make_dump_output(file, options, totals);
  Progress progress("join", static_cast<std::uint64_t>(totals.rows));
  std::uint64_t rows = 0;
  for (const Part& part : parts) {
    copy_part(part, options, *output);
    rows += static_cast<std::uint64_t>(part.rows);
    progress.update(rows);
  }
  output->finish({});
  progress.finish(
      fmt::format("{} parts, {} lines, {} vectors", count, totals.sentences, totals.rows));
  return {.parts = count, .sentences = totals.sentences, .rows = totals.rows};
}

}  // namespace elmo
