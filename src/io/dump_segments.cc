#include "io/dump_segments.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/json.h"
#include "elmo/error.h"
#include "io/dump_output.h"

namespace elmo {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kBufferBytes = 1 << 20;  // of AppendFile
constexpr std::size_t kReadBytes = 1 << 16;

[[noreturn]] void fail(const fs::path& path, std::string_view what, int error) {
  throw Error(fmt::format(
      "{}: {}: {}{}", path.string(), what, std::generic_category().message(error),
      error == ENOSPC || error == EDQUOT ? "; free some space and continue with --resume"
      : error == EFBIG ? "; raise the limit of a file's size (ulimit -f) and continue with --resume"
                       : ""));
}

std::uint64_t hash_of(const fs::path& path) {
  SequentialFile file(path);
  std::vector<char> piece(kReadBytes);
  while (file.left() > 0) file.read(piece.data(), std::min<std::size_t>(piece.size(), file.left()));
  return file.hash();
}

}  // namespace

AppendFile::AppendFile(fs::path path)
    : path_(std::move(path)),
      descriptor_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
  if (descriptor_ < 0) fail(path_, "can't be written", errno);
  buffer_.reserve(kBufferBytes);
}

AppendFile::~AppendFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void AppendFile::append(const void* data, std::size_t bytes) {
  const char* from = static_cast<const char*>(data);
  if (buffer_.size() + bytes > kBufferBytes) flush();
  if (bytes > kBufferBytes) {
    write_next(from, bytes);
  } else {
    buffer_.append(from, bytes);
  }
}

std::uint64_t AppendFile::extend(std::uint64_t bytes) {
  flush();
  const std::uint64_t begin = written_;
  written_ += bytes;
  in_order_ = false;
  return begin;
}

void AppendFile::write_at(std::uint64_t offset, const void* data, std::size_t bytes) {
  const char* from = static_cast<const char*>(data);
  // The bytes may be partly in the file and partly still in the buffer.
  const std::size_t in_file =
      offset < written_ ? std::min<std::size_t>(bytes, written_ - offset) : 0;
  write_all(offset, from, in_file);
  if (in_file > 0) in_order_ = false;
  if (in_file == bytes) return;
  buffer_.replace(offset + in_file - written_, bytes - in_file, from + in_file, bytes - in_file);
}

void AppendFile::cut(std::uint64_t bytes) {
  if (bytes >= written_) {
    buffer_.resize(bytes - written_);
    return;
  }
  buffer_.clear();
  if (::ftruncate(descriptor_, static_cast<off_t>(bytes)) != 0) {
    fail(path_, "can't be cut", errno);
  }
  written_ = bytes;
  in_order_ = false;
}

void AppendFile::close() {
  flush();
  if (::fsync(descriptor_) != 0) fail(path_, "can't be synced to disk", errno);
  if (::close(std::exchange(descriptor_, -1)) != 0) fail(path_, "can't be written", errno);
}

std::uint64_t AppendFile::hash() const { return in_order_ ? hash_.value() : hash_of(path_); }

void AppendFile::flush() {
  write_next(buffer_.data(), buffer_.size());
  buffer_.clear();
}

void AppendFile::write_next(const char* data, std::size_t bytes) {
  if (bytes == 0) return;
  write_all(written_, data, bytes);
  start_writing_out(descriptor_, written_, bytes);
  written_ += bytes;
  hash_.add(data, bytes);
}

void AppendFile::write_all(std::uint64_t offset, const char* data, std::size_t bytes) {
  while (bytes > 0) {
    const ssize_t count = ::pwrite(descriptor_, data, bytes, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(path_, fmt::format("can't write {} bytes", bytes), errno);
    offset += static_cast<std::uint64_t>(count);
    data += count;
    bytes -= static_cast<std::size_t>(count);
  }
}

SequentialFile::SequentialFile(fs::path path)
    : path_(std::move(path)),
      descriptor_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)),
      buffer_(kReadBytes) {
  struct stat status {};
  if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0) {
    const int error = errno;
    if (descriptor_ >= 0) ::close(descriptor_);
    fail(path_, "can't be read", error);
  }
  left_ = static_cast<std::uint64_t>(status.st_size);
}

SequentialFile::~SequentialFile() { ::close(descriptor_); }

void SequentialFile::read(void* data, std::size_t bytes) {
  if (bytes > left_) damaged();
  char* to = static_cast<char*>(data);
  std::size_t wanted = bytes;
  while (wanted > 0) {
    if (position_ == filled_) {
      const ssize_t count = ::read(descriptor_, buffer_.data(), buffer_.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail(path_, "can't be read", errno);
      if (count == 0) damaged();
      position_ = 0;
      filled_ = static_cast<std::size_t>(count);
    }
    const std::size_t part = std::min(wanted, filled_ - position_);
    std::memcpy(to, buffer_.data() + position_, part);
    position_ += part;
    to += part;
    wanted -= part;
  }
  hash_.add(data, bytes);
  left_ -= bytes;
}

std::uint64_t SequentialFile::hash() const { return hash_.value(); }

void SequentialFile::check(std::uint64_t hash) const {
  if (left_ != 0 || this->hash() != hash) damaged();
}

void SequentialFile::damaged() const {
  throw Error(
      fmt::format("{}: is damaged; start the dump again, without --resume", path_.string()));
}

namespace {

void append_text(AppendFile& file, std::string_view text) {
  const std::uint64_t bytes = text.size();
  file.append(&bytes, sizeof bytes);
  file.append(text.data(), text.size());
}

void read_text(SequentialFile& file, std::string& text) {
  std::uint64_t bytes = 0;
  file.read(&bytes, sizeof bytes);
  if (bytes > file.left()) file.damaged();
  text.resize(bytes);
  file.read(text.data(), text.size());
}

}  // namespace

void append_record(AppendFile& file, RecordFields fields, std::string_view sentence,
                   std::span<const std::string_view> words, std::span<const DumpPlace> places) {
  const std::uint64_t count = words.size();
  file.append(&count, sizeof count);
  if (fields.sentence) append_text(file, sentence);
  if (fields.words) {
    for (const std::string_view word : words) append_text(file, word);
  }
  if (fields.places) file.append(places.data(), places.size_bytes());
}

void read_record(SequentialFile& file, RecordFields fields, DumpRecord& record) {
  std::uint64_t count = 0;
  file.read(&count, sizeof count);
  // Each word takes at least 8 bytes for its length, each place 16. Without either, the count can't
  // be checked against the size of the file.
  const std::uint64_t word_bytes = (fields.words ? 8 : 0) + (fields.places ? sizeof(DumpPlace) : 0);
  if (word_bytes > 0 ? count > file.left() / word_bytes : count > INT64_MAX) file.damaged();
  record.word_count = static_cast<std::int64_t>(count);
  if (fields.sentence) read_text(file, record.sentence);
  if (fields.words) {
    record.words.resize(count);
    for (std::string& word : record.words) read_text(file, word);
  }
  if (fields.places) {
    record.places.resize(count);
    file.read(record.places.data(), count * sizeof(DumpPlace));
  }
}

std::size_t element_bytes(DumpType type) { return type == DumpType::kF16 ? 2 : 4; }

namespace {

constexpr const char* kStateName = "state.json";
constexpr const char* kLockName = "lock";
constexpr int kStateVersion = 3;

constexpr const char* format_name(DumpFormat format) {
  switch (format) {
    case DumpFormat::kNpy:
      return "npy";
    case DumpFormat::kNpz:
      return "npz";
    case DumpFormat::kHdf5:
      break;
  }
  return "hdf5";
}

// The shape of a word's vectors, decided by the model and the layers.
nlohmann::json shape_of(const DumpOptions& options) {
  return {options.layered, options.layers, options.dimension};
}

}  // namespace

RunSettings dump_settings(const DumpOptions& options) {
  RunSettings result;
  result.options = {{"format", format_name(options.format)},
                    {"layout", options.layout == DumpLayout::kMatrix ? "matrix" : "sentences"},
                    {"dtype", options.type == DumpType::kF16 ? "f16" : "f32"},
                    {"keys", options.keys == DumpKeys::kSentence ? "sentence" : "line"},
                    {"words", options.places ? "a list" : "none"}};
  for (const auto& [attribute, value] : options.attributes) {
    if (attribute == "version") continue;
    std::string name = attribute;
    std::replace(name.begin(), name.end(), '_', '-');
    std::visit([&](const auto& one) { result.options[name] = one; }, value);
  }
  for (const auto& [name, value] : options.sources) result.options[name] = value;
  return result;
}

DumpFolder::DumpFolder(const fs::path& final_path, const DumpOptions& options, bool resume)
    : final_path_(final_path), folder_(partial_folder(final_path)) {
  // Fail now, not hours later, if the output can't be written.
  { const PendingFile probe(final_path); }
  make_folder(folder_);
  lock_ = std::make_unique<FileLock>(folder_ / kLockName, final_path.string());
  fields_ = record_fields(options);
  if (resume && fs::exists(folder_ / kStateName)) {
    load(options);
    return;
  }
  try {
    remove_segments();
  } catch (const std::exception&) {
    lock_.reset();
    std::error_code error;
    fs::remove(folder_, error);  // if it was made here
    throw;
  }
  state_ = {{"version", kStateVersion},
            {"settings", dump_settings(options).to_json()},
            {"shape", shape_of(options)},
            {"map", has_map(options)},
            {"segments", nlohmann::json::array()}};
}

DumpFolder::~DumpFolder() {
  try {
    if (segments_.empty()) remove();
  } catch (const std::exception&) {
    // Removal is only tidying up. The next dump of this name empties the folder.
  }
}

void DumpFolder::load(const DumpOptions& options) {
  const fs::path path = folder_ / kStateName;
  state_ = parse_json(read_file(path));
  try {
    if (state_.is_discarded() || state_.at("version") != kStateVersion) {
      throw Error(
          fmt::format("{}: is damaged or of another version of elmo; start the dump again, "
                      "without --resume",
                      path.string()));
    }
    check_resumable(RunSettings::from_json(state_.at("settings")), dump_settings(options),
                    final_path_.string(), "leave out --resume to start anew");
    if (state_.at("shape") != shape_of(options)) {
      throw UsageError(fmt::format(
          "{}: was begun with vectors of another shape (layered, layers, dimension): {}, not {}; "
          "leave out --resume to start anew",
          final_path_.string(), state_.at("shape").dump(), shape_of(options).dump()));
    }
    const bool had_map = state_.at("map").get<bool>();
    // Continuing without a map is harmless: the records are read, and the map is not written.
    if (has_map(options) && !had_map) {
      throw Error(
          fmt::format("{}: can't be resumed with a map: it was begun with --no-map; "
                      "keep that, or leave out --resume to start anew",
                      final_path_.string()));
    }
    fields_.sentence = fields_.sentence || had_map;
    for (const auto& entry : state_.at("segments")) {
      const JsonFields fields(entry, path.string() + ": its segments");
      const DumpSegment segment{
          .sentences = fields.integer("sentences", 0, INT64_MAX),
          .rows = fields.integer("rows", 0, INT64_MAX),
          .vector_bytes = entry.at("vector_bytes"),
          .record_bytes = entry.at("record_bytes"),
          .vector_hash = entry.at("vector_xxh3"),
          .record_hash = entry.at("record_xxh3"),
      };
      const std::size_t index = segments_.size();
      const auto check = [](const fs::path& part, std::uint64_t bytes, const auto& is_sound) {
        std::error_code error;
        if (fs::file_size(part, error) == bytes && !error && is_sound()) return;
        throw Error(part.string() +
                    ": is missing or damaged; start the dump again, without --resume");
      };
      // The large vector files are checked when they are joined, the small record files now.
      check(vectors_path(index), segment.vector_bytes, [] { return true; });
      check(records_path(index), segment.record_bytes,
            [&] { return hash_of(records_path(index)) == segment.record_hash; });
      segments_.push_back(segment);
    }
  } catch (const nlohmann::json::exception&) {
    throw Error(
        fmt::format("{}: is damaged; start the dump again, without --resume", path.string()));
  }
}

fs::path DumpFolder::vectors_path(std::size_t segment) const {
  return folder_ / fmt::format("segment-{:06}.vectors", segment);
}

fs::path DumpFolder::records_path(std::size_t segment) const {
  return folder_ / fmt::format("segment-{:06}.records", segment);
}

void DumpFolder::add(const DumpSegment& segment) {
  sync_path(folder_);
  state_["segments"].push_back({{"sentences", segment.sentences},
                                {"rows", segment.rows},
                                {"vector_bytes", segment.vector_bytes},
                                {"record_bytes", segment.record_bytes},
                                {"vector_xxh3", segment.vector_hash},
                                {"record_xxh3", segment.record_hash}});
  write_file(folder_ / kStateName, state_.dump(1) + "\n");
  segments_.push_back(segment);
}

// Also removes a temporary state file of a killed process.
void DumpFolder::remove_segments() {
  for (const auto& entry : fs::directory_iterator(folder_)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("segment-") || name.starts_with(kStateName)) fs::remove(entry.path());
  }
}

void DumpFolder::remove() {
  // The state goes first, so that no state ever names missing segments if this is killed.
  fs::remove(folder_ / kStateName);
  remove_segments();
  fs::remove(folder_ / kLockName);
  std::error_code error;
  fs::remove(folder_, error);  // fails, harmlessly, if the folder holds other files
}

}  // namespace elmo
