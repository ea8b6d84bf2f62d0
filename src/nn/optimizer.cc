#include "nn/optimizer.h"

#include <algorithm>
#include <cmath>

#include "compute/kernels.h"
#include "elmo/error.h"

namespace elmo {
namespace {

constexpr float kBeta1 = 0.9f, kBeta2 = 0.999f;

}  // namespace

OptimizerKind parse_optimizer(std::string_view name) {
  if (name == "adagrad") return OptimizerKind::kAdagrad;
  if (name == "adam") return OptimizerKind::kAdam;
  if (name == "sgd") return OptimizerKind::kSgd;
  throw UsageError("optimizer '" + std::string(name) + "' is not one of adagrad, adam, sgd");
}

std::string_view optimizer_name(OptimizerKind kind) {
  return kind == OptimizerKind::kAdagrad ? "adagrad"
         : kind == OptimizerKind::kAdam  ? "adam"
                                         : "sgd";
}

Optimizer::Optimizer(OptimizerKind kind, std::vector<Parameter*> parameters,
                     float initial_accumulator)
    : kind_(kind),
      own_slices_(std::make_unique<Slices>(std::move(parameters), lone_process())),
      slices_(*own_slices_) {
  make_states(initial_accumulator);
}

Optimizer::Optimizer(OptimizerKind kind, Slices& slices, float initial_accumulator)
    : kind_(kind), slices_(slices) {
  make_states(initial_accumulator);
}

void Optimizer::make_states(float initial_accumulator) {
  held_.resize(slices_.parameters().size());
  if (kind_ == OptimizerKind::kSgd) return;
  for (const Parameter* parameter : slices_.parameters()) {
    first_.emplace_back(parameter->value.size());
    if (kind_ == OptimizerKind::kAdam) second_.emplace_back(parameter->value.size());
  }
  if (kind_ != OptimizerKind::kAdagrad) return;
  // Memory that is not written takes no space, so only this process's blocks are filled.
  for (const Slices::Block& block : slices_.all_blocks()) {
    if (!slices_.is_mine(block)) continue;
    std::fill_n(first_[block.parameter].data() + block.begin, block.size, initial_accumulator);
  }
}

void Optimizer::hold(std::span<Parameter* const> parameters, std::uint64_t count) {
  for (std::size_t i = 0; i < held_.size(); ++i) {
    const Parameter* const own = slices_.parameters()[i];
    if (std::ranges::find(parameters, own) != parameters.end()) held_[i] = count;
  }
}

std::vector<Slices::Block> Optimizer::blocks() const {
  std::vector<Slices::Block> blocks = slices_.blocks();
  std::erase_if(blocks,
                [&](const Slices::Block& block) { return updates < held_[block.parameter]; });
  return blocks;
}

double Optimizer::update(double rate, double clip, Workers& workers) {
  const double norm = std::sqrt(squares(workers));
  if (std::isfinite(norm)) apply(rate, clip_scale(norm, clip), workers);
  return norm;
}

double Optimizer::squares(Workers& workers) const {
  return squares(slices_.parameters().size(), workers);
}

double Optimizer::squares(std::size_t count, Workers& workers) const {
  std::vector<Slices::Block> blocks = this->blocks();
  std::erase_if(blocks, [&](const Slices::Block& block) { return block.parameter >= count; });
  std::vector<double> squares(blocks.size());
  workers.run([&](int index) {
    const Part part = part_of(static_cast<std::int64_t>(blocks.size()), index, workers.count());
    for (std::int64_t i = part.begin; i < part.end; ++i) {
      const Slices::Block& block = blocks[static_cast<std::size_t>(i)];
      if (!slices_.is_mine(block)) continue;
      squares[static_cast<std::size_t>(i)] = sum_of_squares(
          slices_.parameters()[block.parameter]->gradient.data() + block.begin, block.size);
    }
  });
  slices_.share(blocks, squares);
  double total = 0;
  for (const double square : squares) total += square;
  return total;
}

void Optimizer::apply(double rate, float scale, Workers& workers) {
  const std::vector<Slices::Block> blocks = this->blocks();
  ++updates;
  // Adam's corrections, for each parameter.
  std::vector<float> correction1, correction2;
  for (const std::uint64_t held : held_) {
    const auto steps = static_cast<double>(updates - std::min(held, updates));
    correction1.push_back(static_cast<float>(1 - std::pow(static_cast<double>(kBeta1), steps)));
    correction2.push_back(static_cast<float>(1 - std::pow(static_cast<double>(kBeta2), steps)));
  }
  std::vector<Slices::Block> mine = blocks;
  std::erase_if(mine, [&](const Slices::Block& block) { return !slices_.is_mine(block); });
  workers.run([&](int index) {
    const Part part = part_of(static_cast<std::int64_t>(mine.size()), index, workers.count());
    for (std::int64_t i = part.begin; i < part.end; ++i) {
      const Slices::Block& block = mine[static_cast<std::size_t>(i)];
      Parameter& parameter = *slices_.parameters()[block.parameter];
      float* weights = parameter.value.data() + block.begin;
      const float* gradient = parameter.gradient.data() + block.begin;
      if (decay > 0 && parameter.shape.size() > 1) {
        const auto keep = static_cast<float>(1 - rate * decay);
        for (std::int64_t k = 0; k < block.size; ++k) weights[k] *= keep;
      }
      if (kind_ == OptimizerKind::kSgd) {
        const float step = static_cast<float>(rate) * scale;
        for (std::int64_t k = 0; k < block.size; ++k) weights[k] -= step * gradient[k];
        continue;
      }
      float* first = first_[block.parameter].data() + block.begin;
      if (kind_ == OptimizerKind::kAdagrad) {
        adagrad_update(weights, gradient, first, block.size, scale, static_cast<float>(rate),
                       1e-10f);
      } else {
        adam_update(weights, gradient, first, second_[block.parameter].data() + block.begin,
                    block.size, scale, static_cast<float>(rate), kBeta1, kBeta2, 1e-8f,
                    correction1[block.parameter], correction2[block.parameter]);
      }
    }
  });
  // Adam's means and weight decay change weights without a gradient; the other updates do not.
  slices_.share_values(blocks, kind_ != OptimizerKind::kAdam && decay == 0, workers);
}

std::vector<Optimizer::State> Optimizer::states() {
  std::vector<State> result;
  if (kind_ == OptimizerKind::kSgd) return result;
  for (std::size_t i = 0; i < slices_.parameters().size(); ++i) {
    const std::string& name = slices_.parameters()[i]->name;
    if (kind_ == OptimizerKind::kAdagrad) {
      result.push_back({"accumulator/" + name, first_[i].span()});
    } else {
      result.push_back({"mean/" + name, first_[i].span()});
      result.push_back({"variance/" + name, second_[i].span()});
    }
  }
  return result;
}

void Optimizer::save_states(Workers& workers, const std::function<void(const State&)>& save) {
  const std::vector<State> all = states();
  const std::size_t arrays = all.size() / std::max<std::size_t>(1, slices_.parameters().size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    slices_.gather(i / arrays, all[i].values, workers, [&](std::span<float> whole) {
      save({all[i].name, whole});
    });
  }
}

void Optimizer::restore_states(const std::function<void(const State&)>& read) {
  const std::vector<State> all = states();
  const std::size_t arrays = all.size() / std::max<std::size_t>(1, slices_.parameters().size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    slices_.scatter(i / arrays, all[i].values, [&](std::span<float> whole) {
      read({all[i].name, whole});
    });
  }
}

}  // namespace elmo
