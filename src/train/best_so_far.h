// The best development measurement of a training, and how long ago it was.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

namespace elmo {

struct BestSoFar {
  enum class Better { kLower, kHigher };
  Better better = Better::kHigher;
  // Measurements without a better one after which patience is at its end; 0: never.
  std::uint64_t patience = 0;

  std::optional<double> value;
  std::uint64_t at = 0;     // the step or epoch that gave it
  std::uint64_t since = 0;  // measurements after it

  // Is this the best so far? Equal ones are not better.
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
  // As if nothing had been measured.
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
