#include "text/window_shuffle.h"

#include <algorithm>

#include "base/fingerprint.h"
#include "base/strings.h"
#include "compute/random.h"
#include "text/line_index.h"

namespace elmo {

WindowShuffle::WindowShuffle(std::string path, const Options& options)
    : path_(std::move(path)), options_(options) {}

bool WindowShuffle::next(std::string& sentence) {
  if (!loaded_) load();
  while (place_.given == lines_.size()) {
    const bool pass_ended = lines_.empty();
    if (pass_ended && options_.sentences == 0) return false;
    if (pass_ended) {
      go_to({.pass = place_.pass + 1});
    } else {
      ++place_.window;
      place_.begin += lines_.size();
      place_.given = 0;
    }
    load();
  }
  const auto [begin, size] = lines_[permutation_[place_.given++]];
  sentence.assign(text_, begin, size);
  return true;
}

void WindowShuffle::go_to(const Place& place) {
  place_ = place;
  loaded_ = false;
  reader_.reset();
}

bool WindowShuffle::read(std::string_view& sentence) {
  do {
    if (!reader_->next(sentence)) {
      const bool other = read_ != options_.sentences || hash_ != options_.hash;
      if (options_.sentences != 0 && other) throw_changed(path_);
      return false;
    }
  } while (is_blank(sentence));
  ++read_;
  hash_ = chained_hash(sentence, hash_);
  return true;
}

void WindowShuffle::load() {
  if (!reader_) {
    reader_ = std::make_unique<LineReader>(path_, options_.invalid);
    read_ = hash_ = 0;
  }
  text_.clear();
  lines_.clear();
  std::string_view sentence;
  while (read_ < place_.begin) {
    if (!read(sentence)) throw_changed(path_);
  }
  while (text_.size() < options_.window_bytes && read(sentence)) {
    lines_.emplace_back(text_.size(), sentence.size());
    text_ += sentence;
  }
  // A corpus may have more files than a process may have open.
  if (options_.sentences != 0) reader_->rest();
  permutation_ = Random(options_.seed, RandomUse::kLineOrder,
                        place_.pass << 32 | static_cast<std::uint32_t>(place_.window),
                        options_.source + 1)  // random stream 0 is the order of a corpus
                     .permutation(static_cast<std::uint32_t>(lines_.size()));
  if (place_.given > lines_.size()) throw_changed(path_);
  loaded_ = true;
}

}  // namespace elmo
