#include "text/streams.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "elmo/error.h"

namespace elmo {
namespace {

// The format of a state; all numbers are little-endian and unsigned:
//   8 bytes  kMagic (the last digit is the version)
//   u32      streams, and for each of them
//     u8     1 if it ever held a sentence
//     u64    position: units of the sentence that are used up
//     u64    units n; 0 when the sentence is used up or there is none
//     n u32  inputs, then n u32 targets
//     u64    input words: 0 or n, and for each of them u64 bytes and the text
//     u64    words, u64 characters
constexpr std::string_view kMagic = "elmo-st1";

template <typename Unsigned>
void put(std::string& bytes, Unsigned value) {
  for (std::size_t i = 0; i < sizeof value; ++i) {
    bytes += static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
  }
}

void put_ids(std::string& bytes, const std::vector<std::int32_t>& ids) {
  for (const std::int32_t id : ids) put(bytes, static_cast<std::uint32_t>(id));
}

class StateReader {
 public:
  explicit StateReader(std::string_view bytes) : bytes_(bytes) {}

  template <typename Unsigned>
  Unsigned get() {
    const std::string_view part = text(sizeof(Unsigned));
    Unsigned value = 0;
    for (std::size_t i = 0; i < part.size(); ++i) {
      value |= static_cast<Unsigned>(static_cast<Unsigned>(static_cast<unsigned char>(part[i]))
                                     << (8 * i));
    }
    return value;
  }

  std::string_view text(std::uint64_t size) {
    if (size > bytes_.size()) fail();
    const std::string_view part = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return part;
  }

  // Reads a count of items that take at least `size_of_each` bytes each, and checks it before
  // memory is allocated for them.
  std::size_t count(std::size_t size_of_each) {
    const auto value = get<std::uint64_t>();
    if (value > bytes_.size() / size_of_each) fail();
    return value;
  }

  std::vector<std::int32_t> ids(std::size_t count) {
    std::vector<std::int32_t> result(count);
    for (std::int32_t& id : result) id = static_cast<std::int32_t>(get<std::uint32_t>());
    return result;
  }

  bool at_end() const { return bytes_.empty(); }

  [[noreturn]] static void fail() {
    throw Error(
        "the checkpoint's training streams are damaged or of another version; "
        "resume from a whole checkpoint or start anew with --overwrite");
  }

 private:
  std::string_view bytes_;
};

}  // namespace

StreamBatcher::StreamBatcher(Source source, int streams, int steps, bool carry_state)
    : source_(std::move(source)), streams_(streams), steps_(steps), carry_state_(carry_state) {
  if (streams < 1 || steps < 1) {
    throw UsageError(fmt::format(
        "a training window of {} streams and {} steps is impossible; both must be at least 1",
        streams, steps));
  }
  streams_state_.resize(static_cast<std::size_t>(streams));
}

bool StreamBatcher::next(Window& window) {
  const auto streams = static_cast<std::size_t>(streams_);
  const std::size_t size = static_cast<std::size_t>(steps_) * streams;
  window.steps = steps_;
  window.streams = streams_;
  window.inputs.assign(size, 0);
  window.targets.assign(size, -1);
  window.resets.assign(size, 0);
  window.input_words.clear();
  window.predictions = 0;

  // Step by step, and in each step stream by stream, so that the assignment of sentences to streams
  // does not depend on T.
  for (std::size_t i = 0; i < size; ++i) {
    if (i == streams && window.predictions == 0) return false;
    Stream& stream = streams_state_[i % streams];
    Sequence& sequence = stream.sequence;
    while (stream.position == sequence.inputs.size() && !source_ended_) {
      sequence = {};
      stream.position = 0;
      source_ended_ = !source_(sequence);
      if (source_ended_) sequence = {};
    }
    if (stream.position == sequence.inputs.size()) continue;
    window.inputs[i] = sequence.inputs[stream.position];
    window.targets[i] = sequence.targets[stream.position];
    if (!sequence.input_words.empty()) {
      window.input_words.resize(size);
      window.input_words[i] = sequence.input_words[stream.position];
    }
    window.resets[i] = stream.position == 0 && !(carry_state_ && stream.started);
    stream.started = true;
    ++stream.position;
    ++window.predictions;
  }
  return window.predictions > 0;
}

std::string StreamBatcher::state() const {
  std::string bytes(kMagic);
  put(bytes, static_cast<std::uint32_t>(streams_));
  for (const Stream& stream : streams_state_) {
    static const Sequence kUsedUp;
    const bool used_up = stream.position == stream.sequence.inputs.size();
    const Sequence& sequence = used_up ? kUsedUp : stream.sequence;
    put(bytes, static_cast<std::uint8_t>(stream.started));
    put(bytes, static_cast<std::uint64_t>(used_up ? 0 : stream.position));
    put(bytes, static_cast<std::uint64_t>(sequence.inputs.size()));
    put_ids(bytes, sequence.inputs);
    put_ids(bytes, sequence.targets);
    put(bytes, static_cast<std::uint64_t>(sequence.input_words.size()));
    for (const std::string& word : sequence.input_words) {
      put(bytes, static_cast<std::uint64_t>(word.size()));
      bytes += word;
    }
    put(bytes, sequence.words);
    put(bytes, sequence.characters);
  }
  return bytes;
}

void StreamBatcher::restore(const std::string& state, std::int32_t known_units, bool with_words) {
  StateReader reader(state);
  if (reader.text(kMagic.size()) != kMagic) StateReader::fail();
  const auto streams = reader.get<std::uint32_t>();
  if (streams != streams_state_.size()) {
    throw Error(
        fmt::format("the checkpoint holds {} training streams, not {}; resume with --batch-size {}",
                    streams, streams_, streams));
  }
  std::vector<Stream> restored(streams);
  for (Stream& stream : restored) {
    Sequence& sequence = stream.sequence;
    const auto started = reader.get<std::uint8_t>();
    if (started > 1) StateReader::fail();
    stream.started = started == 1;
    stream.position = reader.get<std::uint64_t>();
    const std::size_t units = reader.count(2 * sizeof(std::uint32_t));
    if (units == 0 ? stream.position != 0 : stream.position >= units) StateReader::fail();
    sequence.inputs = reader.ids(units);
    sequence.targets = reader.ids(units);
    const auto known = [&](std::int32_t id) { return id >= 0 && id < known_units; };
    if (!std::ranges::all_of(sequence.inputs, known) ||
        !std::ranges::all_of(sequence.targets, known)) {
      StateReader::fail();
    }
    const std::size_t words = reader.count(sizeof(std::uint64_t));
    if (words != (with_words ? units : 0)) StateReader::fail();
    sequence.input_words.resize(words);
    for (std::string& word : sequence.input_words) word = reader.text(reader.count(1));
    sequence.words = reader.get<std::uint64_t>();
    sequence.characters = reader.get<std::uint64_t>();
  }
  if (!reader.at_end()) StateReader::fail();
  streams_state_ = std::move(restored);
  // The source is asked again in the next call: more epochs may be wanted by then.
  source_ended_ = false;
}

}  // namespace elmo
