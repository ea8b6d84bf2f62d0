#include "lm/shared_trainer.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <memory>
#include <system_error>
#include <utility>

#include "base/json.h"
#include "compute/kernels.h"
#include "elmo/error.h"

namespace elmo {
namespace {

std::filesystem::path previous(std::filesystem::path checkpoint) {
  return checkpoint.replace_extension(".previous.h5");
}

// Makes a hard link or, if the file system has none, a copy.
void keep(const std::filesystem::path& path, const std::filesystem::path& name) {
  std::error_code failed;
  std::filesystem::create_hard_link(path, name, failed);
  if (failed) std::filesystem::copy_file(path, name);
}

// Both checkpoints must be of the same step. The forward one is renamed first; the one before it is
// kept beside it until the backward one has its name.
void commit(const TensorImage& forward, const TensorImage& backward) {
  TensorFileWriter first = forward.write(), second = backward.write();
  const std::filesystem::path& checkpoint = forward.path();
  std::filesystem::remove(previous(checkpoint));
  if (std::filesystem::exists(checkpoint)) keep(checkpoint, previous(checkpoint));
  first.commit();
  second.commit();
  std::filesystem::remove(previous(checkpoint));
}

}  // namespace

SharedTrainer::SharedTrainer(DirectionTrainer& forward, DirectionTrainer& backward, int threads,
                             BackgroundWriter& writer, Processes& processes)
    : both_{&forward, &backward},
      hosts_(std::min(2, threads)),
      writer_(writer),
      processes_(processes) {
  if (forward.steps() != backward.steps()) {
    throw Error(fmt::format(
        "the checkpoints are of steps {} and {}, but with a shared encoder both directions go in "
        "step; start anew with --overwrite",
        forward.steps(), backward.steps()));
  }
  if (forward.steps() > 0) return;
  copy_encoder(forward.model(), backward.model());
  backward.pack();
}

void SharedTrainer::settle_checkpoints(const std::filesystem::path& folder) {
  const auto forward = checkpoint_file(folder, Direction::kForward);
  const auto backward = checkpoint_file(folder, Direction::kBackward);
  if (!std::filesystem::exists(previous(forward)) || !std::filesystem::exists(backward)) return;
  const auto step = [](const std::filesystem::path& path) {
    const TensorFileReader reader = open_checkpoint(path);
    return read_json(path.string(),
                     [&] { return reader.settings().at("step").get<std::uint64_t>(); });
  };
  if (step(forward) != step(backward)) std::filesystem::rename(previous(forward), forward);
}

void SharedTrainer::each(const std::function<void(DirectionTrainer&, int)>& work) {
  hosts_.run([&](int index) {
    for (int i = index; i < 2; i += hosts_.count()) work(*both_[i], i);
  });
}

void SharedTrainer::step() {
  // Both directions read the same sentences, so they end together.
  bool more[2] = {false, false}, returned[2] = {false, false};
  try {
    each([&](DirectionTrainer& one, int i) {
      more[i] = one.read();
      returned[i] = true;
    });
  } catch (...) {
    for (int i = 0; i < 2; ++i) {
      if (returned[i]) both_[i]->back();
    }
    if (processes_.size() == 1) checkpoint();
    throw;
  }
  if (!more[0] || !more[1]) return;
  each([](DirectionTrainer& one, int) { one.compute(); });
  add_gradients();
  const double counted_twice = both_[0]->encoder_squares();
  double squares[2];
  each([&](DirectionTrainer& one, int i) { squares[i] = one.squares(); });
  const double norm = std::sqrt(squares[0] + squares[1] - counted_twice);
  each([&](DirectionTrainer& one, int) { one.update(norm); });
}

// Adds the gradients of the blocks that this process owns. The encoder's parameters come first in
// both directions, so the blocks are the same. A row has a gradient if either direction read it.
void SharedTrainer::add_gradients() {
  const auto ours = both_[0]->model().encoder_parameters();
  const auto theirs = both_[1]->model().encoder_parameters();
  const Slices& slices = both_[0]->slices();
  for (const Slices::Block& block : slices.blocks()) {
    if (block.parameter >= ours.size() || !slices.is_mine(block)) continue;
    float* sum = ours[block.parameter]->gradient.data() + block.begin;
    float* other = theirs[block.parameter]->gradient.data() + block.begin;
    add_values(other, block.size, sum);
    std::copy_n(sum, block.size, other);
  }
  for (std::size_t i = 0; i < ours.size(); ++i) {
    std::vector<std::int32_t> touched;
    std::ranges::set_union(ours[i]->touched, theirs[i]->touched, std::back_inserter(touched));
    ours[i]->touched = theirs[i]->touched = touched;
  }
}

void SharedTrainer::measure(const std::function<void()>& pause) {
  double perplexity[2];
  each([&](DirectionTrainer& one, int i) { perplexity[i] = one.perplexity(pause); });
  const double mean = std::sqrt(perplexity[0] * perplexity[1]);
  for (DirectionTrainer* one : both_) one->judge(mean);
}

void SharedTrainer::checkpoint() {
  pending_.wait();
  struct Images {
    std::optional<TensorImage> models[2];
    std::optional<TensorImage> states[2];
  };
  const auto images = std::make_shared<Images>();
  for (int i = 0; i < 2; ++i) {
    images->models[i] = both_[i]->model_image();
    images->states[i] = both_[i]->checkpoint_image();
    both_[i]->set_saved();
  }
  if (!processes_.is_first()) return;
  pending_.submit(writer_, [images] {
    for (const auto& model : images->models) {
      if (model) model->write().commit();
    }
    commit(*images->states[0], *images->states[1]);
  });
}

void SharedTrainer::settle() {
  for (DirectionTrainer* one : both_) one->settle();
  pending_.wait();
}

}  // namespace elmo
