#include "nn/optimizer.h"

#include <algorithm>
#include <cmath>

#include "compute/kernels.h"
#include "elmo/error.h"

namespace elmo {
namespace {

// Elements that one thread handles at a time; also the blocks of the norm's sum.
constexpr std::int64_t kBlock = 65536;
constexpr float kBeta1 = 0.9f, kBeta2 = 0.999f;

}  // namespace

OptimizerKind parse_optimizer(std::string_view name) {
  if (name == "adagrad") return OptimizerKind::kAdagrad;
  if (name == "adam") return OptimizerKind::kAdam;
  if (name == "sgd") return OptimizerKind::kSgd;
  throw UsageError("optimizer '" + std::string(name) + "' is none of adagrad, adam, sgd");
}

std::string_view optimizer_name(OptimizerKind kind) {
  return kind == OptimizerKind::kAdagrad ? "adagrad"
         : kind == OptimizerKind::kAdam  ? "adam"
                                         : "sgd";
}

Optimizer::Optimizer(OptimizerKind kind, std::vector<Parameter*> parameters,
                     float initial_accumulator)
    : kind_(kind), parameters_(std::move(parameters)), held_(parameters_.size()) {
  if (kind_ == OptimizerKind::kSgd) return;
  for (const Parameter* parameter : parameters_) {
    first_.emplace_back(parameter->value.size());
    if (kind_ == OptimizerKind::kAdagrad) {
      std::ranges::fill(first_.back().span(), initial_accumulator);
    } else {
      second_.emplace_back(parameter->value.size());
    }
  }
}

std::vector<Optimizer::Block> Optimizer::blocks() const {
  std::vector<Block> result;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (updates < held_[i]) continue;
    const auto total = static_cast<std::int64_t>(parameters_[i]->value.size());
    if (parameters_[i]->sparse) {
      const std::int64_t row = total / parameters_[i]->shape[0];
      for (const std::int64_t touched : parameters_[i]->touched) {
        result.push_back({i, touched * row, row});
      }
      continue;
    }
    for (std::int64_t at = 0; at < total; at += kBlock) {
      result.push_back({i, at, std::min(kBlock, total - at)});
    }
  }
  return result;
}

void Optimizer::hold(std::span<Parameter* const> parameters, std::uint64_t count) {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (std::ranges::find(parameters, parameters_[i]) != parameters.end()) held_[i] = count;
  }
}

double Optimizer::update(double rate, double clip, Workers& workers) {
  const double norm = std::sqrt(squares(workers));
  if (std::isfinite(norm)) apply(rate, clip_scale(norm, clip), workers);
  return norm;
}

double Optimizer::squares(Workers& workers) const {
  const std::vector<Block> all = blocks();
  std::vector<double> squares(all.size());
  workers.run([&](int index) {
    const Part part = part_of(static_cast<std::int64_t>(all.size()), index, workers.count());
    for (std::int64_t i = part.begin; i < part.end; ++i) {
      const Block& block = all[static_cast<std::size_t>(i)];
      squares[static_cast<std::size_t>(i)] =
          sum_of_squares(parameters_[block.parameter]->gradient.data() + block.begin, block.size);
    }
  });
  double total = 0;
  for (const double square : squares) total += square;
  return total;
}

void Optimizer::apply(double rate, float scale, Workers& workers) {
  const std::vector<Block> all = blocks();
  ++updates;
  // Adam's, of each parameter.
  std::vector<float> correction1, correction2;
  for (const std::uint64_t held : held_) {
    const auto steps = static_cast<double>(updates - std::min(held, updates));
    correction1.push_back(static_cast<float>(1 - std::pow(static_cast<double>(kBeta1), steps)));
    correction2.push_back(static_cast<float>(1 - std::pow(static_cast<double>(kBeta2), steps)));
  }
  workers.run([&](int index) {
    const Part part = part_of(static_cast<std::int64_t>(all.size()), index, workers.count());
    for (std::int64_t i = part.begin; i < part.end; ++i) {
      const Block& block = all[static_cast<std::size_t>(i)];
      Parameter& parameter = *parameters_[block.parameter];
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
}

std::vector<Optimizer::State> Optimizer::states() {
  std::vector<State> result;
  if (kind_ == OptimizerKind::kSgd) return result;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const std::string& name = parameters_[i]->name;
    if (kind_ == OptimizerKind::kAdagrad) {
      result.push_back({"accumulator/" + name, first_[i].span()});
    } else {
      result.push_back({"mean/" + name, first_[i].span()});
      result.push_back({"variance/" + name, second_[i].span()});
    }
  }
  return result;
}

}  // namespace elmo
