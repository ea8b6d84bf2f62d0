#include "embed/bidirectional_model.h"

#include <fmt/core.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "elmo/error.h"
#include "lm/language_model.h"
#include "lm/official.h"
#include "lm/official_format.h"

namespace elmo {
namespace {

constexpr std::pair<std::string_view, Pooling> kPoolings[] = {{"boundary", Pooling::kBoundary},
                                                              {"first", Pooling::kFirst},
                                                              {"last", Pooling::kLast},
                                                              {"mean", Pooling::kMean}};

}  // namespace

Pooling parse_pooling(std::string_view name) {
  for (const auto& [known, pooling] : kPoolings) {
    if (known == name) return pooling;
  }
  throw UsageError(fmt::format("pooling '{}' is not one of boundary, first, last, mean", name));
}

std::string_view pooling_name(Pooling pooling) {
  for (const auto& [name, known] : kPoolings) {
    if (known == pooling) return name;
  }
  return "";
}

BidirectionalModel::BidirectionalModel(std::unique_ptr<LanguageModel> forward,
                                       std::unique_ptr<LanguageModel> backward, Precision precision)
    : precision_(precision),
      hash_(fmt::format("{:016x}{:016x}", forward->content_hash, backward->content_hash)),
      forward_(std::move(forward), precision),
      backward_(std::move(backward), precision) {}

std::unique_ptr<BidirectionalModel> BidirectionalModel::load(const std::filesystem::path& folder,
                                                             Precision precision) {
  if (is_efml(folder) && !std::filesystem::exists(LanguageModel::file(folder, Direction::kForward)))
    return load_efml(folder, {}, precision);
  check_model_folder(folder);
  const auto load_one = [&](Direction direction) {
    const auto path = LanguageModel::file(folder, direction);
    if (!std::filesystem::exists(path)) {
      throw Error(
          fmt::format("{}: missing; vectors need both directions; make it with `elmo "
                      "pretrain --direction {} --output {} ...`",
                      path.string(), direction_name(direction), folder.string()));
    }
    return load_direction(path, direction);
  };
  // Forward first: an error names the first that is missing.
  auto forward = load_one(Direction::kForward);
  auto backward = load_one(Direction::kBackward);
  return make(folder.string(), std::move(forward), std::move(backward), precision);
}

std::unique_ptr<BidirectionalModel> BidirectionalModel::load_official(
    const std::filesystem::path& options, const std::filesystem::path& weights,
    const std::string& vocabulary, Precision precision) {
  auto [forward, backward] = import_official(read_official(options, weights), vocabulary);
  return make(weights.string(), std::move(forward), std::move(backward), precision);
}

std::unique_ptr<BidirectionalModel> BidirectionalModel::load_efml(
    const std::filesystem::path& folder, const EfmlOptions& options, Precision precision) {
  EfmlModel model = read_efml(folder, options);
  return make(folder.string(), std::move(model.forward), std::move(model.backward), precision);
}

std::unique_ptr<BidirectionalModel> BidirectionalModel::make(
    const std::string& name, std::unique_ptr<LanguageModel> forward,
    std::unique_ptr<LanguageModel> backward, Precision precision) {
  check_directions_agree(name, forward->settings, backward->settings);
  // If both encoders are equal, one serves both directions.
  if ((forward->characters || forward->listed_words) && have_equal_encoders(*forward, *backward)) {
    backward->characters = nullptr;
    backward->listed_words = nullptr;
  }
  return std::unique_ptr<BidirectionalModel>(
      new BidirectionalModel(std::move(forward), std::move(backward), precision));
}

}  // namespace elmo
