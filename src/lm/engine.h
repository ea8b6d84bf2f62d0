// Forward and backward passes of a language model over windows of T steps of B streams.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/phases.h"
#include "compute/workers.h"
#include "lm/language_model.h"
#include "nn/slices.h"
#include "text/streams.h"

namespace elmo {

class Engine {
 public:
  virtual ~Engine() = default;

  // Trains on one window and returns its total negative log-likelihood in nats. The gradients
  // become those of (mean negative log-likelihood x steps), bilm-tf's objective. Dropout masks are
  // keyed by (seed, direction, step). The state is carried to the next call.
  //
  // If several processes share the training, all call train(), state() and restore() together, with
  // the window of the whole batch. Each works on the streams of its groups and gets the gradients
  // of the slices that it owns.
  virtual double train(const Window& window, std::uint64_t step) = 0;
  // Evaluates a window without dropout. Sets `losses` (steps * streams, 0 where there is no target)
  // and returns their sum. The state is carried to the next call.
  virtual double evaluate(const Window& window, std::vector<double>& losses) = 0;

  // h' and c of all streams before the next window, layer by layer (streams x P, streams x H). They
  // are complete in the first process; the others have those of their own streams.
  struct LayerState {
    std::vector<float> h, c;
  };
  virtual std::vector<LayerState> state() const = 0;
  virtual void restore(const std::vector<LayerState>& state) = 0;

  // The output of layer j (0: the token encoder) in the last window, steps * streams x P.
  virtual std::span<const float> layer_output(int j) const = 0;
};

struct EngineOptions {
  int steps = 20;     // T, unroll
  int streams = 128;  // B, batch size
  float dropout = 0.0f;
  std::uint64_t seed = 1;
  std::int64_t samples = 0;     // of the sampled softmax in train(); 0: full softmax
  bool frozen_encoder = false;  // train() does not compute the token encoder's gradient
  // In the first `softmax_steps` steps train() computes only the gradients of the softmax.
  std::uint64_t softmax_steps = 0;
  Slices* slices = nullptr;     // of the trained parameters, if several processes share them
  PhaseClock* clock = nullptr;  // records the phases of train(); may be null
};

// The model must be prepared (for training, if train() is called) in `precision`.
std::unique_ptr<Engine> make_engine(LanguageModel& model, Precision precision,
                                    const EngineOptions& options, Workers& workers);

}  // namespace elmo
