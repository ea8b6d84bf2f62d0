#include "text/corpus.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/fingerprint.h"
#include "base/json.h"
#include "base/numbers.h"
#include "base/strings.h"
#include "compute/random.h"
#include "elmo/error.h"
#include "text/line_index.h"
#include "text/window_shuffle.h"

namespace elmo {
namespace {

// One file. Slots number the sentences of an epoch through all files.
struct Source {
  std::uint64_t sentences = 0, first_slot = 0, slots = 0;
  std::uint64_t bytes = 0, hash = 0;          // of all lines; of the sentences
  std::unique_ptr<WindowShuffle> in_order{};  // for files that can't be read from the middle
};

}  // namespace

void set_inputs(const std::vector<std::string>& patterns, CorpusOptions& options) {
  options.inputs.clear();
  options.shares.clear();
  for (const std::string& pattern : patterns) {
    std::string files = pattern;
    double share = 1;
    const std::size_t colon = pattern.rfind(':');
    const bool has_share = colon != std::string::npos && colon + 1 < pattern.size() &&
                           pattern.find_first_not_of("0123456789.", colon + 1) == std::string::npos;
    if (has_share && !std::filesystem::exists(pattern)) {
      files.resize(colon);
      if (files == "-") {
        throw UsageError("--input - (standard input) is read once, so it can't have a share");
      }
      share = parse_number<double>(std::string_view(pattern).substr(colon + 1)).value_or(0);
      if (!(share > 0 && share <= 1000)) {
        throw UsageError(fmt::format(
            "--input {}: the share after the colon must be above 0 and at most 1000", pattern));
      }
    }
    const std::vector<std::string> found = expand_inputs({files});
    options.inputs.insert(options.inputs.end(), found.begin(), found.end());
    options.shares.insert(options.shares.end(), found.size(), share);
  }
}

struct Corpus::Impl {
  explicit Impl(const CorpusOptions& given)
      : options(given), index(options.inputs, options.invalid, options.most_places) {}

  CorpusOptions options;
  LineIndex index;
  std::unique_ptr<WindowShuffle> standard_input;
  std::vector<Source> sources;
  std::uint64_t slots = 0, invalid_lines = 0, in_order = 0;
  std::string fingerprint;

  // The position of the next sentence.
  std::uint64_t epoch = 0, given_epoch = 0, at = 0;
  std::optional<IndexPermutation> order;
  std::uint64_t announced = 0;  // the first place in the order that is not yet announced

  void scan();
  void share_out();
  void start_epoch(std::uint64_t number);
  // The file of the sentence at `place` in the order, and the sentence's number in that file.
  std::pair<std::size_t, std::uint64_t> sentence_at(std::uint64_t place) const;
  void announce();
  std::uint64_t window_bytes() const {
    return std::max<std::uint64_t>(1, options.window_bytes / std::max<std::uint64_t>(1, in_order));
  }
};

void Corpus::Impl::scan() {
  std::vector<std::size_t> windowed;  // files that can't be read from the middle
  for (std::size_t file = 0; file < options.inputs.size(); ++file) {
    LineReader reader(options.inputs[file], options.invalid);
    Source& source = sources.emplace_back();
    std::string_view line;
    while (reader.next(line)) {
      source.bytes += line.size() + 1;
      if (is_blank(line)) continue;
      ++source.sentences;
      source.hash = chained_hash(line, source.hash);
      if (reader.is_seekable()) index.add(file, line, reader.byte_offset());
    }
    invalid_lines += reader.invalid_lines();
    if (reader.is_seekable() || source.sentences == 0) continue;
    windowed.push_back(file);
  }
  in_order = windowed.size();
  // The files share the memory for windows equally.
  for (const std::size_t file : windowed) {
    Source& source = sources[file];
    source.in_order = std::make_unique<WindowShuffle>(
        options.inputs[file], WindowShuffle::Options{.invalid = options.invalid,
                                                     .seed = options.seed,
                                                     .source = static_cast<std::uint32_t>(file),
                                                     .window_bytes = window_bytes(),
                                                     .sentences = source.sentences,
                                                     .hash = source.hash});
  }
}

void Corpus::Impl::share_out() {
  nlohmann::json files = nlohmann::json::array();
  for (std::size_t file = 0; file < sources.size(); ++file) {
    Source& source = sources[file];
    const double share = options.shares.empty() ? 1 : options.shares[file];
    source.first_slot = slots;
    source.slots =
        static_cast<std::uint64_t>(std::llround(share * static_cast<double>(source.sentences)));
    slots += source.slots;
    files.push_back({std::filesystem::path(options.inputs[file]).filename().string(), source.bytes,
                     source.hash});
    if (share != 1) files.back().push_back(share);
  }
  fingerprint = files.dump();
}

void Corpus::Impl::start_epoch(std::uint64_t number) {
  epoch = number;
  at = announced = 0;
  order.emplace(Random(options.seed, RandomUse::kLineOrder, epoch), slots);
}

std::pair<std::size_t, std::uint64_t> Corpus::Impl::sentence_at(std::uint64_t place) const {
  const std::uint64_t slot = order->at(place);
  const auto after = std::ranges::upper_bound(sources, slot, {}, &Source::first_slot);
  const Source& source = *(after - 1);
  // With a fractional share, each epoch continues in the file where the last one stopped.
  return {static_cast<std::size_t>(after - 1 - sources.begin()),
          (epoch * source.slots + slot - source.first_slot) % source.sentences};
}

// Announces sentences in advance, so that the system can read many of them from disk at once.
void Corpus::Impl::announce() {
  constexpr std::uint64_t kAhead = 256;
  if (at + kAhead / 2 < announced) return;
  const std::uint64_t end = std::min(at + kAhead, slots);
  for (announced = std::max(announced, at); announced < end; ++announced) {
    const auto [file, number] = sentence_at(announced);
    if (!sources[file].in_order) index.announce(file, number);
  }
}

Corpus::Corpus(const CorpusOptions& options) : impl_(std::make_unique<Impl>(options)) {
  Impl& self = *impl_;
  if (options.inputs.size() == 1 && options.inputs[0] == "-") {
    self.standard_input = std::make_unique<WindowShuffle>(
        "-", WindowShuffle::Options{.invalid = options.invalid,
                                    .seed = options.seed,
                                    .window_bytes = options.window_bytes});
    return;
  }
  for (const std::string& input : options.inputs) {
    refuse_read_once(input, "a corpus is read once to check it and again in every epoch");
  }
  self.scan();
  self.share_out();
  if (self.slots == 0) {
    throw Error(options.inputs.front() + ": the text holds no line with a word in it");
  }
  self.start_epoch(0);
}

Corpus::~Corpus() = default;

std::uint64_t Corpus::sentences() const { return impl_->slots; }
std::uint64_t Corpus::invalid_lines() const {
  return impl_->standard_input ? impl_->standard_input->invalid_lines() : impl_->invalid_lines;
}
std::string Corpus::fingerprint() const { return impl_->fingerprint; }
std::uint64_t Corpus::epoch() const { return impl_->given_epoch; }

std::string Corpus::limits() const {
  const Impl& self = *impl_;
  const auto megabytes = [](std::uint64_t bytes) {
    return static_cast<double>(bytes) / (1u << 20);
  };
  if (self.standard_input) {
    return fmt::format(
        "standard input is shuffled in windows of {:.3g} MB; a file is shuffled as a "
        "whole",
        megabytes(self.options.window_bytes));
  }
  const auto larger = std::ranges::find_if(self.sources, [&](const Source& source) {
    return source.in_order && source.bytes > self.window_bytes();
  });
  if (larger == self.sources.end()) return {};
  return fmt::format(
      "{} is shuffled in windows of {:.3g} MB, as every .gz is; unpacked, it is "
      "shuffled as a whole",
      self.options.inputs[static_cast<std::size_t>(larger - self.sources.begin())],
      megabytes(self.window_bytes()));
}

bool Corpus::next(std::string& sentence) {
  Impl& self = *impl_;
  if (self.standard_input) return self.standard_input->next(sentence);
  if (self.at == self.slots) self.start_epoch(self.epoch + 1);
  self.announce();
  const auto [file, number] = self.sentence_at(self.at);
  if (self.sources[file].in_order) {
    self.sources[file].in_order->next(sentence);
  } else {
    self.index.read(file, number, sentence);
  }
  ++self.at;
  self.given_epoch = self.epoch;
  return true;
}

std::string Corpus::position() const {
  const Impl& self = *impl_;
  if (self.standard_input) throw UsageError("standard input has no position to resume from");
  nlohmann::json json = {{"epoch", self.epoch}, {"given_epoch", self.given_epoch}, {"at", self.at}};
  if (self.in_order == 0) return json.dump();
  json["window_bytes"] = self.window_bytes();
  for (const Source& source : self.sources) {
    if (!source.in_order) continue;
    const WindowShuffle::Place& place = source.in_order->place();
    json["places"].push_back({place.pass, place.window, place.begin, place.given});
  }
  return json.dump();
}

void Corpus::seek(const std::string& position) {
  Impl& self = *impl_;
  if (self.standard_input) throw UsageError("standard input can't be resumed");
  const auto json = parse_json(position);
  const auto damaged = [] {
    throw Error(
        "the checkpoint's place in the text is damaged or of a version that shuffles otherwise; "
        "start anew with --overwrite, or with --init from its model");
  };
  if (!json.is_object()) damaged();
  const auto places = json.value("places", nlohmann::json::array());
  const bool other_windows =
      self.in_order != 0 && json.value("window_bytes", std::uint64_t{0}) != self.window_bytes();
  if (!json.contains("at") || json.at("at") > self.slots || places.size() != self.in_order ||
      other_windows) {
    damaged();
  }
  self.start_epoch(json.at("epoch"));
  json.at("at").get_to(self.at);
  json.at("given_epoch").get_to(self.given_epoch);
  std::size_t next = 0;
  for (Source& source : self.sources) {
    if (!source.in_order) continue;
    const auto place = places[next++].get<std::vector<std::uint64_t>>();
    if (place.size() != 4) damaged();
    source.in_order->go_to(
        {.pass = place.at(0), .window = place.at(1), .begin = place.at(2), .given = place.at(3)});
  }
}

}  // namespace elmo
