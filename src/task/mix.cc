// Implements the public ScalarMix::load.

#include <string>

#include "elmo/error.h"
#include "elmo/model.h"
#include "io/hdf5_turn.h"
#include "task/network.h"

namespace elmo {

ScalarMix ScalarMix::load(const std::string& task) {
  const Hdf5Turn turn;
  const auto network = task::Network::load(task);
  const task::Settings& s = network->settings();
  if (!s.uses_elmo()) throw Error(task + ": has no mix; it was trained without ELMo vectors");
  return {.weights = network->mix_weights(),
          .gamma = network->mix_gamma(),
          .layer_norm = s.layer_norm,
          .pooling = s.pooling,
          .model_hash = s.model_hash};
}

}  // namespace elmo
