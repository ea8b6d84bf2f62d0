#include "embed/static_vectors.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"
#include "elmo/error.h"
#include "io/dump_segments.h"
#include "text/utf8.h"

namespace elmo {
namespace fs = std::filesystem;
namespace {

constexpr int kVersion = 1;
constexpr const char* kSumsName = "sums";
constexpr const char* kLockName = "lock";
constexpr std::size_t kLongestHead = 1 << 20;

}  // namespace

// The header of `sums`, and the file, positioned at the numbers.
struct StaticVectors::Saved {
  SequentialFile file;
  std::uint64_t sentences = 0, occurrences = 0, words = 0, hash = 0;
  explicit Saved(const fs::path& path) : file(path) {}
};

StaticVectors::StaticVectors(const fs::path& path, const DumpOptions& options, bool resume)
    : OrderedSink(path, options.layers, options.dimension),
      path_(path),
      folder_(partial_folder(path)),
      settings_(dump_settings(options).to_json().dump()),
      segment_bytes_(options.segment_bytes) {
  // Fail now, before any work, if the output can't be written.
  { const PendingFile probe(path); }
  make_folder(folder_);
  lock_ = std::make_unique<FileLock>(folder_ / kLockName, path.string());
  if (!fs::exists(sums_path())) return;
  if (resume) {
    saved_ = read_head(options);
  } else {
    fs::remove(sums_path());
  }
}

StaticVectors::~StaticVectors() {
  try {
    if (kept_ == 0 && !saved_ && fs::exists(folder_)) remove();
  } catch (const std::exception&) {
    // Removal is only tidying up.
  }
}

fs::path StaticVectors::sums_path() const { return folder_ / kSumsName; }

std::unique_ptr<StaticVectors::Saved> StaticVectors::read_head(const DumpOptions& options) const {
  auto saved = std::make_unique<Saved>(sums_path());
  std::string head;
  for (char byte = 0; byte != '\n';) {
    if (saved->file.left() == 0 || head.size() > kLongestHead) saved->file.damaged();
    saved->file.read(&byte, 1);
    head += byte;
  }
  const auto json = parse_json(head);
  try {
    if (json.is_discarded() || json.at("version") != kVersion) saved->file.damaged();
    check_resumable(RunSettings::from_json(json.at("settings")), dump_settings(options),
                    path_.string(), "leave out --resume to start anew");
    saved->sentences = json.at("sentences");
    saved->occurrences = json.at("occurrences");
    saved->words = json.at("words");
    saved->hash = json.at("xxh3");
  } catch (const nlohmann::json::exception&) {
    saved->file.damaged();
  }
  // For each word a count and its sums.
  if (saved->file.left() % (sizeof(std::uint64_t) + width() * sizeof(double)) != 0 ||
      saved->file.left() / (sizeof(std::uint64_t) + width() * sizeof(double)) != saved->words) {
    saved->file.damaged();
  }
  return saved;
}

void StaticVectors::start(std::vector<std::string> words) {
  words_ = std::move(words);
  for (std::size_t i = 0; i < words_.size(); ++i) places_.emplace(words_[i], i);
  counts_.assign(words_.size(), 0);
  sums_.assign(words_.size() * width(), 0.0);
  if (!saved_) return;
  if (saved_->words != words_.size()) saved_->file.damaged();
  saved_->file.read(counts_.data(), counts_.size() * sizeof counts_[0]);
  saved_->file.read(sums_.data(), sums_.size() * sizeof sums_[0]);
  if (hash() != saved_->hash) saved_->file.damaged();
  sentences_ = resumed_ = kept_ = saved_->sentences;
  occurrences_ = saved_->occurrences;
  saved_.reset();
}

void StaticVectors::take(std::string_view, std::span<const std::string_view> words,
                         std::span<const float> vectors) {
  for (std::size_t w = 0; w < words.size(); ++w) {
    const auto found = places_.find(to_nfc(words[w]));
    if (found == places_.end()) continue;
    const float* from = vectors.data() + w * width();
    double* sum = sums_.data() + found->second * width();
    for (std::size_t k = 0; k < width(); ++k) sum[k] += from[k];
    ++counts_[found->second];
    ++occurrences_;
  }
  ++sentences_;
  new_bytes_ += vectors.size_bytes();
  // Saving writes all sums, so it waits until much more than that has been added.
  if (new_bytes_ >= std::max<std::uint64_t>(segment_bytes_, 4 * sums_.size() * sizeof sums_[0])) {
    keep();
  }
}

std::uint64_t StaticVectors::hash() const {
  const std::uint64_t counts = XXH3_64bits(counts_.data(), counts_.size() * sizeof counts_[0]);
  return XXH3_64bits_withSeed(sums_.data(), sums_.size() * sizeof sums_[0], counts);
}

void StaticVectors::keep() {
  if (sentences_ == kept_) return;
  const nlohmann::json head = {
      {"version", kVersion},     {"settings", nlohmann::json::parse(settings_)},
      {"sentences", sentences_}, {"occurrences", occurrences_},
      {"words", words_.size()},  {"xxh3", hash()}};
  const std::string line = head.dump() + "\n";
  PendingFile pending(sums_path());
  AppendFile file(pending.temporary_path());
  file.append(line.data(), line.size());
  file.append(counts_.data(), counts_.size() * sizeof counts_[0]);
  file.append(sums_.data(), sums_.size() * sizeof sums_[0]);
  file.close();
  pending.commit();
  kept_ = sentences_;
  new_bytes_ = 0;
}

void StaticVectors::finish() {
  PendingFile pending(path_);
  AppendFile file(pending.temporary_path());
  const auto present =
      words_.size() - static_cast<std::size_t>(std::count(counts_.begin(), counts_.end(), 0u));
  fmt::memory_buffer line;
  const auto write = [&] {
    file.append(line.data(), line.size());
    line.clear();
  };
  fmt::format_to(std::back_inserter(line), "{} {}\n", present, width());
  write();
  for (std::size_t i = 0; i < words_.size(); ++i) {
    if (counts_[i] == 0) continue;
    fmt::format_to(std::back_inserter(line), "{}", words_[i]);
    for (std::size_t k = 0; k < width(); ++k) {
      // The shortest text that is read back as the same float.
      fmt::format_to(std::back_inserter(line), " {}",
                     static_cast<float>(sums_[i * width() + k] / static_cast<double>(counts_[i])));
    }
    line.push_back('\n');
    write();
  }
  file.close();
  pending.commit();
  remove();
}

void StaticVectors::remove() {
  for (const auto& entry : fs::directory_iterator(folder_)) {
    if (entry.path().filename().string().starts_with(kSumsName)) fs::remove(entry.path());
  }
  fs::remove(folder_ / kLockName);
  std::error_code error;
  fs::remove(folder_, error);  // fails, harmlessly, if the folder holds other files
}

}  // namespace elmo
