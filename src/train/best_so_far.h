// The best development measurement of a training, and how long ago it was.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

namespace elmo {

struct BestSoFar {
  enum class Better { kLower, kHigher };
  Better better = Better::kHigher;
  // Number of measurements without improvement after which training stops; 0: never.
  std::uint64_t patience = 0;

  std::optional<double> value;
  std::uint64_t at = 0;     // the step or epoch of the best measurement
  std::uint64_t since = 0;  // number of measurements since then

  // Is this measurement the best so far? An equal one is not.
  bool offer(double measured, std::uint64_t now) {
    const bool best = !value || (better == Better::kLower ? measured < *value : measured > *value);
    if (best) {
      value = measured;
      at = now;
    }
    since = best ? 0 : since + 1;
    return best;
  }
  bool out_of_patience() const { return patience != 0 && since >= patience; }
  // Forgets all measurements.
  void forget() {
    value.reset();
    at = since = 0;
  }

  nlohmann::json to_json() const {
    return {{"value", value ? nlohmann::json(*value) : nullptr}, {"at", at}, {"since", since}};
  }
  void read(const nlohmann::json& json) {
    forget();
    if (!json.at("value").is_null()) value = json.at("value").get<double>();
    json.at("at").get_to(at);
    json.at("since").get_to(since);
  }
};

}  // namespace elmo
