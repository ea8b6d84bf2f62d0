#include "text/streams.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace elmo {

StreamBatcher::StreamBatcher(Source source, int streams, int steps, bool carry_state)
    : source_(std::move(source)),
      streams_(streams),
      steps_(steps),
      carry_state_(carry_state),
      streams_state_(static_cast<std::size_t>(streams)) {}

bool StreamBatcher::next(Window& window) {
  const auto size = static_cast<std::size_t>(streams_) * static_cast<std::size_t>(steps_);
  window.steps = steps_;
  window.streams = streams_;
  window.inputs.assign(size, 0);
  window.targets.assign(size, -1);
  window.resets.assign(size, 0);
  window.input_words.clear();
  window.predictions = 0;
  for (int t = 0; t < steps_; ++t) {
    for (int b = 0; b < streams_; ++b) {
      Stream& stream = streams_state_[static_cast<std::size_t>(b)];
      const std::size_t at = static_cast<std::size_t>(t) * static_cast<std::size_t>(streams_) +
                             static_cast<std::size_t>(b);
      if (stream.position == stream.sequence.targets.size()) {
        if (!source_ended_ && !source_(stream.sequence)) source_ended_ = true;
        if (source_ended_) {
          stream.sequence = {};
          stream.position = 0;
          window.resets[at] = 1;  // an idle stream stays at zero
          continue;
        }
        stream.position = 0;
        window.resets[at] = !carry_state_ || !stream.started;
        stream.started = true;
      }
      window.inputs[at] = stream.sequence.inputs[stream.position];
      window.targets[at] = stream.sequence.targets[stream.position];
      if (!stream.sequence.input_words.empty()) {
        window.input_words.resize(size);
        window.input_words[at] = stream.sequence.input_words[stream.position];
      }
      ++stream.position;
      ++window.predictions;
    }
  }
  return window.predictions != 0;
}

std::string StreamBatcher::state() const {
  nlohmann::json streams = nlohmann::json::array();
  for (const Stream& stream : streams_state_) {
    // What has been read already is not needed again.
    const auto tail = [&](const auto& values) {
      const auto from =
          values.begin() + static_cast<std::ptrdiff_t>(std::min(stream.position, values.size()));
      return std::vector(from, values.end());
    };
    streams.push_back({{"inputs", tail(stream.sequence.inputs)},
                       {"targets", tail(stream.sequence.targets)},
                       {"input_words", tail(stream.sequence.input_words)},
                       {"started", stream.started}});
  }
  return nlohmann::json{{"source_ended", source_ended_}, {"streams", streams}}.dump();
}

void StreamBatcher::restore(const std::string& state) {
  const auto json = nlohmann::json::parse(state);
  source_ended_ = json.at("source_ended");
  for (std::size_t b = 0; b < streams_state_.size(); ++b) {
    const auto& from = json.at("streams").at(b);
    Stream& stream = streams_state_[b];
    stream.position = 0;
    from.at("inputs").get_to(stream.sequence.inputs);
    from.at("targets").get_to(stream.sequence.targets);
    from.at("input_words").get_to(stream.sequence.input_words);
    from.at("started").get_to(stream.started);
  }
}

}  // namespace elmo
