#include "text/corpus.h"

#include <fmt/core.h>
#include <xxhash.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/strings.h"
#include "compute/random.h"
#include "elmo/error.h"

namespace elmo {
namespace {

constexpr std::uint64_t kBlockBytes = 1u << 20;

std::uint64_t count_words(std::string_view line) {
  std::uint64_t count = 0;
  bool inside = false;
  for (const char byte : line) {
    const bool space = byte == ' ' || byte == '\t';
    count += !space && !inside;
    inside = !space;
  }
  return count;
}

// A stretch of lines of one file.
struct Block {
  std::uint32_t file = 0;
  std::uint64_t offset = 0;      // of its first byte; a .gz: unused
  std::uint64_t first_line = 1;  // 1-based
  std::uint64_t lines = 0;       // lines in the file's sense, blank ones included
  std::uint64_t bytes = 0;
  std::uint64_t hash = 0;  // of the lines that are not blank
};

}  // namespace

struct Corpus::Impl {
  CorpusOptions options;
  bool standard_input = false;
  std::vector<Block> blocks;
  std::vector<std::uint64_t> sizes;
  std::uint64_t sentences = 0, bytes = 0, words = 0, invalid_lines = 0;
  std::string fingerprint;

  // Where the next sentence comes from. A window is a run of blocks of the epoch's order.
  std::uint64_t epoch = 0, given_epoch = 0;
  std::size_t window_begin = 0, window_end = 0;  // in the epoch's order of blocks
  std::uint64_t window = 0;                      // its number within the epoch
  std::size_t at = 0;                            // next line of the window's permutation
  std::vector<std::uint32_t> order;              // of the blocks, in this epoch
  bool loaded = false;

  // The window's text.
  std::string text;
  std::vector<std::pair<std::size_t, std::size_t>> lines;
  std::vector<std::uint32_t> permutation;
  // Of each file whether it can be read from the middle (a .gz can't), and its reader from its
  // first block on, which rests between blocks: there may be more files than descriptors.
  std::vector<bool> seekable;
  std::vector<std::unique_ptr<LineReader>> readers;

  void scan();
  void start_epoch();
  void choose_window();
  void load_window();
  bool load_from_standard_input();
  void read_block(const Block& block);
  [[noreturn]] void changed(const Block& block) const {
    throw Error(options.inputs[block.file] +
                ": has changed since the training began to read it; start again with the files "
                "left alone");
  }
  [[noreturn]] static void other_windows() {
    throw Error(
        "the checkpoint's place in the text is damaged or of a version that shuffles otherwise; "
        "start anew with --overwrite, or with --init from its model");
  }
};

void Corpus::Impl::scan() {
  XXH3_state_t* state = XXH3_createState();
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> owner(state, &XXH3_freeState);
  nlohmann::json files = nlohmann::json::array();
  for (std::uint32_t file = 0; file < options.inputs.size(); ++file) {
    const std::string& path = options.inputs[file];
    LineReader reader(path, options.invalid);
    seekable.push_back(reader.is_seekable());
    Block block{.file = file};
    XXH3_64bits_reset(state);
    std::uint64_t file_hash = 0, previous_line = 0, read = 0;
    const auto close = [&] {
      block.hash = XXH3_64bits_digest(state);
      file_hash = XXH3_64bits_withSeed(&block.hash, sizeof block.hash, file_hash);
      if (block.lines != 0) blocks.push_back(block);
      XXH3_64bits_reset(state);
      block = {.file = file, .offset = reader.byte_offset(), .first_line = previous_line + 1};
    };
    std::string_view line;
    while (reader.next(line)) {
      block.lines += reader.line_number() - previous_line;
      previous_line = reader.line_number();
      if (!is_blank(line)) {
        XXH3_64bits_update(state, line.data(), line.size());
        XXH3_64bits_update(state, "\n", 1);
        block.bytes += line.size() + 1;
        ++sentences;
        words += count_words(line);
        bytes += line.size() + 1;
      }
      read += line.size() + 1;
      if (block.bytes >= kBlockBytes) close();
    }
    close();
    invalid_lines += reader.invalid_lines();
    sizes.push_back(read);
    files.push_back({std::filesystem::path(path).filename().string(), read, file_hash});
  }
  if (sentences == 0) {
    throw Error(options.inputs.front() + ": the text holds no line with a word in it");
  }
  fingerprint = files.dump();
}

void Corpus::Impl::start_epoch() {
  // A .gz can't be read from the middle: its blocks keep their order among the others', which
  // are permuted around them.
  order = Random(options.seed, RandomUse::kBlockOrder, epoch)
              .permutation(static_cast<std::uint32_t>(blocks.size()));
  std::vector<std::vector<std::uint32_t>> own(options.inputs.size());
  for (const std::uint32_t block : order) {
    if (!seekable[blocks[block].file]) own[blocks[block].file].push_back(block);
  }
  for (auto& of_file : own) std::ranges::sort(of_file);
  std::vector<std::size_t> next(options.inputs.size(), 0);
  for (std::uint32_t& block : order) {
    const std::uint32_t file = blocks[block].file;
    if (!seekable[file]) block = own[file][next[file]++];
  }
  window_begin = 0;
  window = 0;
  at = 0;
  choose_window();
}

void Corpus::Impl::choose_window() {
  std::uint64_t size = 0;
  window_end = window_begin;
  while (window_end < order.size() && (size == 0 || size < options.window_bytes)) {
    size += blocks[order[window_end++]].bytes;
  }
  loaded = false;
}

void Corpus::Impl::read_block(const Block& block) {
  auto& reader = readers[block.file];
  if (!reader) reader = std::make_unique<LineReader>(options.inputs[block.file], options.invalid);
  if (reader->is_seekable() != seekable[block.file]) changed(block);
  if (reader->is_seekable()) {
    reader->seek(block.offset, block.first_line);
  } else if (reader->line_number() + 1 != block.first_line) {
    if (reader->line_number() + 1 > block.first_line) {
      reader = std::make_unique<LineReader>(options.inputs[block.file], options.invalid);
    }
    std::string_view skipped;
    while (reader->line_number() + 1 < block.first_line && reader->next(skipped)) {
    }
  }
  XXH3_state_t* state = XXH3_createState();
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> owner(state, &XXH3_freeState);
  XXH3_64bits_reset(state);
  const std::uint64_t last = block.first_line + block.lines - 1;
  std::string_view line;
  while (reader->line_number() < last) {
    if (!reader->next(line)) changed(block);
    if (is_blank(line)) continue;
    XXH3_64bits_update(state, line.data(), line.size());
    XXH3_64bits_update(state, "\n", 1);
    lines.emplace_back(text.size(), line.size());
    text += line;
  }
  if (XXH3_64bits_digest(state) != block.hash) changed(block);
  reader->rest();
}

void Corpus::Impl::load_window() {
  text.clear();
  lines.clear();
  if (!standard_input) {
    std::uint64_t size = 0, count = 0;
    for (std::size_t i = window_begin; i < window_end; ++i) {
      size += blocks[order[i]].bytes;
      count += blocks[order[i]].lines;
    }
    // Growing would take up to three times as much.
    text.reserve(size);
    lines.reserve(count);
    for (std::size_t i = window_begin; i < window_end; ++i) read_block(blocks[order[i]]);
  }
  permutation =
      Random(options.seed, RandomUse::kLineOrder, epoch, static_cast<std::uint32_t>(window))
          .permutation(static_cast<std::uint32_t>(lines.size()));
  loaded = true;
  if (at > lines.size()) other_windows();
}

bool Corpus::Impl::load_from_standard_input() {
  text.clear();
  lines.clear();
  std::string_view line;
  while (text.size() < options.window_bytes && readers[0]->next(line)) {
    if (is_blank(line)) continue;
    lines.emplace_back(text.size(), line.size());
    text += line;
  }
  invalid_lines = readers[0]->invalid_lines();
  permutation = Random(options.seed, RandomUse::kLineOrder, 0, static_cast<std::uint32_t>(window++))
                    .permutation(static_cast<std::uint32_t>(lines.size()));
  at = 0;
  return !lines.empty();
}

Corpus::Corpus(const CorpusOptions& options) : impl_(std::make_unique<Impl>()) {
  Impl& self = *impl_;
  self.options = options;
  self.readers.resize(options.inputs.size());
  self.standard_input = options.inputs.size() == 1 && options.inputs[0] == "-";
  if (self.standard_input) {
    self.readers[0] = std::make_unique<LineReader>("-", options.invalid);
    return;
  }
  for (const std::string& input : options.inputs) {
    refuse_read_once(input, "a corpus is read once to check it and again in every epoch");
  }
  self.scan();
  self.start_epoch();
}

Corpus::~Corpus() = default;

std::uint64_t Corpus::sentences() const { return impl_->sentences; }
std::uint64_t Corpus::bytes() const { return impl_->bytes; }
std::uint64_t Corpus::words() const { return impl_->words; }
std::uint64_t Corpus::invalid_lines() const { return impl_->invalid_lines; }
std::string Corpus::fingerprint() const { return impl_->fingerprint; }
std::uint64_t Corpus::epoch() const { return impl_->given_epoch; }

bool Corpus::next(std::string& line) {
  Impl& self = *impl_;
  if (self.standard_input) {
    if (self.at == self.lines.size() && !self.load_from_standard_input()) return false;
  } else {
    if (!self.loaded) self.load_window();
    while (self.at == self.lines.size()) {
      self.window_begin = self.window_end;
      ++self.window;
      self.at = 0;
      if (self.window_begin == self.order.size()) {
        ++self.epoch;
        self.start_epoch();
      } else {
        self.choose_window();
      }
      self.load_window();
    }
  }
  const auto [begin, size] = self.lines[self.permutation[self.at++]];
  line.assign(self.text, begin, size);
  self.given_epoch = self.epoch;
  return true;
}

std::string Corpus::position() const {
  const Impl& self = *impl_;
  if (self.standard_input) throw UsageError("standard input has no position to resume from");
  return nlohmann::json{{"epoch", self.epoch},
                        {"given_epoch", self.given_epoch},
                        {"window", self.window},
                        {"window_bytes", self.options.window_bytes},
                        {"line", self.at}}
      .dump();
}

void Corpus::seek(const std::string& position) {
  Impl& self = *impl_;
  if (self.standard_input) throw UsageError("standard input can't be resumed");
  const auto json = parse_json(position);
  if (!json.is_object()) Impl::other_windows();
  const JsonFields place(json, "the checkpoint's place in the text");
  if (place.natural("window_bytes") != self.options.window_bytes) Impl::other_windows();
  self.epoch = place.natural("epoch");
  self.start_epoch();
  const std::uint64_t window = place.natural("window");
  while (self.window < window && self.window_end < self.order.size()) {
    self.window_begin = self.window_end;
    ++self.window;
    self.choose_window();
  }
  self.at = place.natural("line");
  self.given_epoch = place.natural("given_epoch");
}

}  // namespace elmo
