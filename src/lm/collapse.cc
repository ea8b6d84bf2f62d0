#include "lm/collapse.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "elmo/error.h"
#include "lm/engine.h"
#include "lm/text_scorer.h"
#include "text/streams.h"

namespace elmo {
namespace {

constexpr int kStreams = 16, kSteps = 40;

// Pairs of rows that are half of all rows apart, and so mostly in different sentences.
double mean_cosine(std::span<const float> states, const std::vector<std::size_t>& rows,
                   std::size_t width) {
  double sum = 0;
  const std::size_t pairs = rows.size() / 2;
  for (std::size_t i = 0; i < pairs; ++i) {
    const float* a = states.data() + rows[i] * width;
    const float* b = states.data() + rows[i + pairs] * width;
    double ab = 0, aa = 0, bb = 0;
    for (std::size_t k = 0; k < width; ++k) {
      ab += static_cast<double>(a[k]) * b[k];
      aa += static_cast<double>(a[k]) * a[k];
      bb += static_cast<double>(b[k]) * b[k];
    }
    sum += aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
  }
  return pairs == 0 ? 0 : sum / static_cast<double>(pairs);
}

}  // namespace

StateMeasure measure_states(LanguageModel& model, Precision precision, const std::string& input,
                            InvalidText invalid, Workers& workers) {
  LineReader reader(input, invalid);
  std::vector<TextLine> lines;
  if (!read_lines(reader, lines)) throw Error(reader.path() + ": holds no line with a word in it");
  LineEncoder encoder(model);
  std::size_t next = 0;
  StreamBatcher batcher(
      [&](Sequence& sequence) {
        if (next == lines.size()) return false;
        encoder.read(lines[next++].text, sequence);
        return true;
      },
      kStreams, kSteps, false);
  Window window;
  batcher.next(window);
  const auto engine =
      make_engine(model, precision, {.steps = kSteps, .streams = kStreams}, workers);
  std::vector<double> losses;
  engine->evaluate(window, losses);

  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < window.targets.size(); ++row) {
    if (window.targets[row] >= 0) rows.push_back(row);
  }
  const ModelSettings& settings = model.settings;
  const auto width = static_cast<std::size_t>(settings.projection);
  StateMeasure result;
  result.cosine = mean_cosine(engine->layer_output(settings.layers), rows, width);
  for (int layer = 1; layer <= settings.layers && settings.projection_clip > 0; ++layer) {
    const std::span<const float> out = engine->layer_output(layer);
    const bool residual = settings.skip_connections && layer > 1;
    const std::span<const float> in = engine->layer_output(layer - 1);
    std::size_t clipped = 0;
    for (const std::size_t row : rows) {
      for (std::size_t i = row * width; i < (row + 1) * width; ++i) {
        clipped += std::abs(out[i] - (residual ? in[i] : 0)) > 0.999f * settings.projection_clip;
      }
    }
    const double share = static_cast<double>(clipped) / static_cast<double>(rows.size() * width);
    result.clipped = std::max(result.clipped, share);
  }
  return result;
}

std::string describe_collapse(const StateMeasure& states) {
  constexpr double kHighestCosine = 0.9, kMostClipped = 0.5;
  constexpr char kRemedy[] =
      "its vectors will not distinguish words; train again with a lower --learning-rate or a "
      "longer "
      "--warmup";
  if (states.clipped > kMostClipped) {
    return fmt::format("{:.0f} % of a layer's states are at the clipping bound, so {}",
                       100 * states.clipped, kRemedy);
  }
  if (states.cosine > kHighestCosine) {
    return fmt::format(
        "the top layer's states are nearly the same everywhere (mean cosine {:.2f}), "
        "so {}",
        states.cosine, kRemedy);
  }
  return {};
}

}  // namespace elmo
