// Adagrad, Adam and plain gradient descent over a set of parameters, with clipping of the
// gradients' global norm.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compute/workers.h"
#include "nn/parameter.h"
#include "nn/slices.h"

namespace elmo {

enum class OptimizerKind { kAdagrad, kAdam, kSgd };
OptimizerKind parse_optimizer(std::string_view name);  // throws UsageError
std::string_view optimizer_name(OptimizerKind kind);

// The factor that scales gradients with this global norm to a norm of at most `clip`; 1 if clip is
// 0 (no clipping).
inline float clip_scale(double norm, double clip) {
  return clip > 0 && norm > clip ? static_cast<float>(clip / norm) : 1.0f;
}

class Optimizer {
 public:
  // Adagrad's accumulators begin with `initial_accumulator`; TensorFlow's (and bilm-tf's) 1.0
  // prevents huge first steps. Epsilon is 1e-10 for Adagrad and 1e-8 for Adam; Adam's decay rates
  // are 0.9 and 0.999.
  Optimizer(OptimizerKind kind, std::vector<Parameter*> parameters,
            float initial_accumulator = 1.0f);
  // For parameters that several processes train together; `slices` must outlive the optimiser. Each
  // process keeps the state of its own blocks and updates them; at the end of an update, all
  // processes have all values. update(), squares(), apply() and save_states() are then collective.
  Optimizer(OptimizerKind kind, Slices& slices, float initial_accumulator = 1.0f);

  // One update, with the gradients clipped to a global norm of `clip` (0: no clipping). In a sparse
  // parameter, only the touched rows and their state are updated. Returns the global norm before
  // clipping; if it is not finite, nothing is changed.
  double update(double rate, double clip, Workers& workers);
  // The same in two steps, for a norm over more than these parameters: the sum of squares of their
  // gradients, and an update with the gradients multiplied by `scale`.
  double squares(Workers& workers) const;
  // The same for the first `count` parameters only.
  double squares(std::size_t count, Workers& workers) const;
  void apply(double rate, float scale, Workers& workers);

  // Keeps these parameters unchanged, bit for bit, in the first `updates` updates, and leaves their
  // gradients out of the norm. Adam's corrections then count their own updates only.
  void hold(std::span<Parameter* const> parameters, std::uint64_t updates);

  // For checkpoints: the named state arrays; `updates` is saved too, for Adam's corrections.
  struct State {
    std::string name;
    std::span<float> values;
  };
  std::vector<State> states();
  // With slices: save_states() passes the complete arrays to `save`, one at a time, in the first
  // process only. restore_states() lets every process read every complete array and keeps its own
  // blocks.
  void save_states(Workers& workers, const std::function<void(const State&)>& save);
  void restore_states(const std::function<void(const State&)>& read);
  std::uint64_t updates = 0;
  // Decoupled weight decay (Loshchilov and Hutter 2019, AdamW): each update first multiplies the
  // weights of matrices by 1 - rate * decay.
  double decay = 0;

 private:
  void make_states(float initial_accumulator);
  // The blocks that the next update changes.
  std::vector<Slices::Block> blocks() const;

  OptimizerKind kind_;
  std::unique_ptr<Slices> own_slices_;  // made for a single process, when none are given
  Slices& slices_;
  std::vector<std::uint64_t> held_;  // for each parameter: the first update that changes it
  std::vector<AlignedArray<float>> first_, second_;
};

}  // namespace elmo
