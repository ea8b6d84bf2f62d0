#include "text/line_index.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/strings.h"
#include "elmo/error.h"

namespace elmo {
namespace {

// A corpus may have more files than a process may have open.
constexpr std::size_t kMostOpened = 16;

// A chunk's checksum is the sum of its sentences' checksums, so that chunks can be joined. The
// offset is hashed too, so that swapped lines are noticed.
std::uint32_t sum_of(std::string_view sentence, std::uint64_t end) {
  return static_cast<std::uint32_t>(XXH3_64bits_withSeed(sentence.data(), sentence.size(), end));
}

}  // namespace

LineIndex::LineIndex(const std::vector<std::string>& files, InvalidText invalid,
                     std::size_t most_chunks)
    : names_(files), rule_(invalid), most_chunks_(most_chunks), files_(files.size()) {
  // Growing these vectors by push_back() could take three times the memory.
  begins_.reserve(most_chunks + files.size());
  sums_.reserve(most_chunks + files.size());
}

LineIndex::~LineIndex() {
  for (const Opened& one : opened_) ::close(one.descriptor);
}

void LineIndex::add(std::size_t number, std::string_view sentence, std::uint64_t end) {
  File& file = files_[number];
  if (begins_.size() >= most_chunks_ + files_.size()) join_pairs();
  if (file.sentences == 0) file.first_chunk = begins_.size();
  if (file.sentences % step_ == 0) {
    begins_.push_back(file.end);
    sums_.push_back(0);
  }
  sums_.back() += sum_of(sentence, end);
  ++file.sentences;
  file.end = end;
}

void LineIndex::join_pairs() {
  std::size_t kept = 0;
  for (File& file : files_) {
    const std::uint64_t chunks = chunks_of(file), first = file.first_chunk;
    if (chunks == 0) continue;
    file.first_chunk = kept;
    for (std::uint64_t chunk = first; chunk < first + chunks; chunk += 2) {
      begins_[kept] = begins_[chunk];
      sums_[kept++] = sums_[chunk] + (chunk + 1 < first + chunks ? sums_[chunk + 1] : 0);
    }
  }
  begins_.resize(kept);
  sums_.resize(kept);
  step_ *= 2;
}

LineIndex::Range LineIndex::range(std::size_t number, std::uint64_t chunk) const {
  const File& file = files_[number];
  const bool last = chunk + 1 == chunks_of(file);
  const std::uint64_t at = file.first_chunk + chunk;
  return {.begin = begins_[at], .end = last ? file.end : begins_[at + 1]};
}

int LineIndex::descriptor(std::size_t file) {
  const auto found = std::ranges::find(opened_, file, &Opened::file);
  if (found != opened_.end()) {
    std::rotate(opened_.begin(), found, found + 1);
    return opened_.front().descriptor;
  }
  const int descriptor = ::open(names_[file].c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    throw Error(fmt::format("{}: can't be opened: {}", names_[file],
                            std::generic_category().message(errno)));
  }
  if (opened_.size() == kMostOpened) {
    ::close(opened_.back().descriptor);
    opened_.pop_back();
  }
  opened_.insert(opened_.begin(), {.file = file, .descriptor = descriptor});
  return descriptor;
}

void LineIndex::announce(std::size_t file, std::uint64_t number) {
  const Range bytes = range(file, number / step_);
  // This is only a hint. If it fails, read() waits for the disk.
  (void)::posix_fadvise(descriptor(file), static_cast<off_t>(bytes.begin),
                        static_cast<off_t>(bytes.end - bytes.begin), POSIX_FADV_WILLNEED);
}

void LineIndex::read(std::size_t file, std::uint64_t number, std::string& sentence) {
  const Range bytes = range(file, number / step_);
  buffer_.resize(bytes.end - bytes.begin);
  for (std::size_t done = 0; done < buffer_.size();) {
    const ssize_t got = ::pread(descriptor(file), buffer_.data() + done, buffer_.size() - done,
                                static_cast<off_t>(bytes.begin + done));
    if (got == 0) throw_changed(names_[file]);
    if (got < 0 && errno != EINTR) {
      throw Error(fmt::format("{}: can't be read: {}", names_[file],
                              std::generic_category().message(errno)));
    }
    done += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
  }
  std::uint32_t sum = 0;
  std::uint64_t place = number % step_;
  bool found = false;
  for (std::size_t begin = 0; begin < buffer_.size();) {
    const std::size_t newline = std::min(buffer_.find('\n', begin), buffer_.size());
    std::string_view line = std::string_view(buffer_).substr(begin, newline - begin);
    const LineRule::Verdict verdict = rule_.apply(line, bytes.begin + begin == 0);
    begin = std::min(newline + 1, buffer_.size());
    if (verdict == LineRule::Verdict::kRefused) throw_changed(names_[file]);
    if (verdict == LineRule::Verdict::kDropped || is_blank(line)) continue;
    sum += sum_of(line, bytes.begin + begin);
    if (place-- == 0) {
      sentence = line;
      found = true;
    }
  }
  if (!found || sum != sums_[files_[file].first_chunk + number / step_]) {
    throw_changed(names_[file]);
  }
}

void throw_changed(const std::string& file) {
  throw Error(file +
              ": has changed since the training began to read it; start again with the files left "
              "alone");
}

}  // namespace elmo
