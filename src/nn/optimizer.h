// Adagrad, Adam and plain gradient descent over a set of parameters, with clipping by the global
// norm.
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

// The factor that scales gradients of this global norm to a norm of at most `clip`; clip = 0: no
// clipping, 1 is returned.
inline float clip_scale(double norm, double clip) {
  return clip > 0 && norm > clip ? static_cast<float>(clip / norm) : 1.0f;
}

class Optimizer {
 public:
  // Adagrad's accumulators start at `initial_accumulator` (TensorFlow's and so bilm-tf's 1.0
  // keeps the first steps from being huge); epsilon is 1e-10 for Adagrad and 1e-8 for Adam, Adam's
  // decays 0.9 and 0.999.
  Optimizer(OptimizerKind kind, std::vector<Parameter*> parameters,
            float initial_accumulator = 1.0f);
  // The parameters of a training that several processes share; the slices outlive the optimiser.
  // Each process keeps the state of the blocks it owns and updates those, and every update ends
  // with the values of all. All processes call the functions below together.
  Optimizer(OptimizerKind kind, Slices& slices, float initial_accumulator = 1.0f);

  // One update, with the gradients clipped to a global norm of `clip` (0: no clipping). Of a sparse
  // parameter only the touched rows are updated, with their state. Returns the global norm before
  // clipping; if that is not finite, nothing is changed.
  double update(double rate, double clip, Workers& workers);
  // The same in two halves, where the norm is of more than these parameters: the sum of squares of
  // their gradients, and an update with the gradients times `scale`.
  double squares(Workers& workers) const;
  // Of the first `count` parameters alone.
  double squares(std::size_t count, Workers& workers) const;
  void apply(double rate, float scale, Workers& workers);

  // In the first `updates` updates these parameters stay as they are, bit for bit, and their
  // gradients do not count; Adam's corrections count their own updates from there on.
  void hold(std::span<Parameter* const> parameters, std::uint64_t updates);

  // For checkpoints: named state arrays, and the number of updates (Adam's corrections).
  struct State {
    std::string name;
    std::span<float> values;
  };
  std::vector<State> states();
  // With slices: the state of all blocks, one array after another, at the first process alone; and
  // back, where every process reads all and keeps what is its own.
  void save_states(Workers& workers, const std::function<void(const State&)>& save);
  void restore_states(const std::function<void(const State&)>& read);
  std::uint64_t updates = 0;
  // Weight decay of matrices, apart from the gradient (Loshchilov and Hutter 2019, AdamW): each
  // update takes rate * decay of a weight away.
  double decay = 0;

 private:
  void make_states(float initial_accumulator);
  // What an update goes through now.
  std::vector<Slices::Block> blocks() const;

  OptimizerKind kind_;
  std::unique_ptr<Slices> own_slices_;  // of a single process that was not given any
  Slices& slices_;
  std::vector<std::uint64_t> held_;  // of each parameter: the first update that changes it
  std::vector<AlignedArray<float>> first_, second_;
};

}  // namespace elmo
