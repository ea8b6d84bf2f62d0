// From sentences to the T x B windows that a language model is trained on.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace elmo {

enum class Direction { kForward, kBackward };
constexpr std::string_view direction_name(Direction direction) {
  return direction == Direction::kForward ? "forward" : "backward";
}

// One sentence as a direction's language model reads it: n + 1 inputs and n + 1 targets for n
// units.
// Forward: BOS u1..un -> u1..un EOS. Backward: EOS un..u1 -> un..u1 BOS.
struct Sequence {
  std::vector<std::int32_t> inputs;
  std::vector<std::int32_t> targets;
  // Models with a word encoder only: the word of each input, <S> and </S> for BOS and EOS. Empty
  // for pieces.
  std::vector<std::string> input_words;
  // Words and code points that the sequence stands for, to compute perplexity by word and bits per
  // character. Each word end and sentence end adds one code point.
  std::uint64_t words = 0, characters = 0;
};

// A window of T steps of B streams, time-major: element t * B + b.
struct Window {
  int steps = 0, streams = 0;
  std::vector<std::int32_t> inputs;      // an idle stream reads input 0
  std::vector<std::int32_t> targets;     // -1: no prediction here (an idle stream)
  std::vector<std::uint8_t> resets;      // 1: h and c are zero before this step (a sentence begins)
  std::vector<std::string> input_words;  // models with a word encoder only
  std::uint64_t predictions = 0;         // targets that are not -1
};

// Fills windows without padding: whenever the sentence of one of the B streams ends, the stream
// continues with the next sentence, and windows cut it every T steps. With carry_state only the
// first sentence of each stream has a reset. After the end of the source the streams become idle
// one by one; next() returns false if all are idle at the start of a window.
class StreamBatcher {
 public:
  // Gives the next sentence; false at the end of the source.
  using Source = std::function<bool(Sequence&)>;
  StreamBatcher(Source source, int streams, int steps, bool carry_state);

  bool next(Window& window);

  // The unread rest of each stream's sentence, as bytes. After restore() the same windows follow if
  // the source is restored too. restore() throws Error if the state is damaged, contains unit ids
  // of `units` or above, or has words although `with_words` is false (or the other way round).
  std::string state() const;
  void restore(const std::string& state, std::int32_t units, bool with_words);

 private:
  struct Stream {
    Sequence sequence;
    std::size_t position = 0;
    bool started = false;
  };
  Source source_;
  int streams_, steps_;
  bool carry_state_;
  bool source_ended_ = false;
  std::vector<Stream> streams_state_;
};

}  // namespace elmo
