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

  // If several processes share the training, each is given the window of the whole batch and works
  // on the streams of its groups; all call train(), state() and restore() together.
  //
  // Training: total negative log-likelihood (nats) of the window; the parameters' gradients
  // become those of (mean negative log-likelihood x steps), which is bilm-tf's objective; with
  // several processes, in the slices that this process owns. Dropout masks are keyed by (seed,
  // direction, step). The state is carried to the next call.
  virtual double train(const Window& window, std::uint64_t step) = 0;
  // Evaluation: no dropout; losses (steps * streams, 0 where there is no target) and their sum.
  // The state is carried.
  virtual double evaluate(const Window& window, std::vector<double>& losses) = 0;

  // h' and c of all streams before the next window, layer by layer (streams x P, streams x H). In
  // the first process they are complete; the others have those of their own streams.
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
  std::int64_t samples = 0;     // of a sampled softmax in train(); 0: the full one
  bool frozen_encoder = false;  // train() does not compute the token encoder's gradient
  // In this many first steps train() computes the gradients of the softmax only.
  std::uint64_t softmax_steps = 0;
  Slices* slices = nullptr;     // of what is trained, where several processes share it
  PhaseClock* clock = nullptr;  // told what train() does; may be null
};

// The model must be prepared (for training, if train() is called) in `precision`.
std::unique_ptr<Engine> make_engine(LanguageModel& model, Precision precision,
                                    const EngineOptions& options, Workers& workers);

}  // namespace elmo
