// The files of DirectionTrainer: when they are written, and how a checkpoint is resumed.

#include <fmt/core.h>

#include <cmath>
#include <utility>

#include "base/json.h"
#include "base/log.h"
#include "compute/kernels.h"
#include "elmo/error.h"
#include "lm/direction_trainer.h"

namespace elmo {
namespace {

constexpr char kFormat[] = "elmo checkpoint";
constexpr std::int64_t kVersion = 2;

Shape shape_of(std::span<const float> values) { return {static_cast<std::int64_t>(values.size())}; }

nlohmann::json or_null(const std::optional<std::uint64_t>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

}  // namespace

std::filesystem::path checkpoint_file(const std::filesystem::path& folder, Direction direction) {
  return folder / fmt::format("{}.checkpoint.h5", direction_name(direction));
}

TensorFileReader open_checkpoint(const std::filesystem::path& path) {
  TensorFileReader reader(path, kFormat, kVersion);
  if (!reader.settings().contains("run")) {
    throw Error(path.string() +
                ": was written by an older version of elmo, which summed in another order; go on "
                "with that version, start anew with --overwrite, or from its model by --init into "
                "another --output");
  }
  return reader;
}

// The model is written first. If a kill comes in between, the older checkpoint is resumed and makes
// the same model again.
void DirectionTrainer::checkpoint() {
  clock_.enter("checkpoint");
  pending_checkpoint_.wait();  // before making the next copy
  const auto model = std::make_shared<std::optional<TensorImage>>(model_image());
  const auto state = std::make_shared<TensorImage>(checkpoint_image());
  if (speaks()) {
    pending_checkpoint_.submit(writer_, [model, state] {
      if (*model) (*model)->write().commit();
      state->write().commit();
    });
  }
  set_saved();
  clock_.enter("reports");
}

void DirectionTrainer::end() {
  if (!was_finished_) checkpoint();
}

void DirectionTrainer::settle() {
  clock_.enter("checkpoint");
  pending_model_.wait();
  pending_checkpoint_.wait();
  clock_.enter("reports");
}

TensorImage DirectionTrainer::weights_image() {
  TensorImage image(LanguageModel::file(options_.output, direction_), LanguageModel::kFormat,
                    model_->file_version(), model_->settings.to_json());
  model_->add_to(image);
  return image;
}

std::optional<TensorImage> DirectionTrainer::model_image() {
  // An overflow in the last update would otherwise show only in the loss of the next step.
  model_->for_each_parameter([&](const Parameter& parameter) {
    const auto size = static_cast<std::int64_t>(parameter.value.size());
    if (!std::isfinite(sum_of_squares(parameter.value.data(), size))) fail_without_number();
  });
  // Before the first step there is no model to write. With a development text the best model is
  // written when it is measured; until then the latest one is.
  if (!speaks() || step_ == 0 || (!dev_.files.empty() && best_.value)) return std::nullopt;
  return weights_image();
}

TensorImage DirectionTrainer::checkpoint_image() {
  const TrainingText::Place place = text_.place();
  const nlohmann::json state = {{"model", model_->settings.to_json()},
                                {"run", settings_.to_json()},
                                {"frozen_encoder", frozen_encoder_},
                                {"step", step_},
                                {"units", units_},
                                {"updates", optimizer_->updates},
                                {"position", place.corpus},
                                {"sentences", place.sentences},
                                {"text_ended", text_ended_},
                                {"meter", meter_.to_json()},
                                {"best", best_.to_json()},
                                {"measured_step", or_null(measured_step_)},
                                {"dev", dev_.fingerprint},
                                {"epochs", options_.epochs},
                                {"steps", options_.steps}};
  TensorImage image(checkpoint_file(options_.output, direction_), kFormat, kVersion, state);
  if (speaks()) model_->add_to(image);
  optimizer_->save_states(workers_, [&](const Optimizer::State& array) {
    image.add("optimizer/" + array.name, shape_of(array.values), array.values);
  });
  const auto layers = engine_->state();
  if (!speaks()) return image;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    image.add(fmt::format("state/h_{}", i), shape_of(layers[i].h), layers[i].h);
    image.add(fmt::format("state/c_{}", i), shape_of(layers[i].c), layers[i].c);
  }
  image.add_bytes("streams", place.streams);
  return image;
}

void DirectionTrainer::load_checkpoint(const TensorFileReader& reader) {
  model_->for_each_parameter([&](Parameter& parameter) {
    reader.read_finite(parameter.name, parameter.shape, parameter.value.span());
  });
  optimizer_->restore_states([&](const Optimizer::State& array) {
    reader.read_finite("optimizer/" + array.name, shape_of(array.values), array.values);
  });
  std::vector<Engine::LayerState> layers(model_->layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const LstmShape& shape = model_->layers[i].shape();
    layers[i].h.resize(area(options_.batch_size, shape.projection));
    layers[i].c.resize(area(options_.batch_size, shape.hidden));
    reader.read_finite(fmt::format("state/h_{}", i), shape_of(layers[i].h), layers[i].h);
    reader.read_finite(fmt::format("state/c_{}", i), shape_of(layers[i].c), layers[i].c);
  }
  engine_->restore(layers);
  const std::string path = reader.path().string();
  read_json(path, [&] {
    const nlohmann::json& state = reader.settings();
    const TrainingText::Place place{.corpus = state.at("position"),
                                    .streams = reader.read_bytes("streams"),
                                    .sentences = state.at("sentences")};
    try {
      text_.go_to(place);
    } catch (const UsageError&) {
      throw;
    } catch (const Error& error) {
      throw Error(path + ": " + error.what());
    }
    settle_state(state);
  });
}

// Restores everything but the arrays, and adapts it if --dev, --epochs or --steps has changed.
void DirectionTrainer::settle_state(const nlohmann::json& state) {
  state.at("step").get_to(step_);
  state.at("units").get_to(units_);
  state.at("updates").get_to(optimizer_->updates);
  meter_.read(state.at("meter"));
  best_.read(state.at("best"));
  saved_step_ = step_;
  if (!state.at("measured_step").is_null()) {
    measured_step_ = state.at("measured_step").get<std::uint64_t>();
  }
  // With more epochs, or with steps instead, the text continues where it had ended.
  text_ended_ = state.at("text_ended").get<bool>() && text_.is_dealt();
  if (state.at("dev") != dev_.fingerprint) {
    best_.forget();
    measured_step_.reset();
    if (speaks())
      log::info("{}: --dev is another text than before: {}", name(),
                dev_.files.empty() ? "there is none, so the latest weights are kept"
                                   : "the best so far starts anew");
  }
  const auto epochs = state.at("epochs").get<std::uint64_t>();
  const auto steps = state.at("steps").get<std::uint64_t>();
  const bool by_steps = options_.steps != 0 || steps != 0;
  if (steps == options_.steps && (by_steps || epochs == options_.epochs)) return;
  const auto length = [](std::uint64_t count, std::uint64_t passes) {
    return count != 0 ? fmt::format("--steps {}", count) : fmt::format("--epochs {}", passes);
  };
  if (!speaks()) return;
  log::info("{}: {} instead of {}{}", name(), length(options_.steps, options_.epochs),
            length(steps, epochs),
            options_.schedule == Schedule::kCosine ? ": the schedule is stretched to it" : "");
}

}  // namespace elmo
