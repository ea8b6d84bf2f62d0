#include "plot/learning_curves.h"

#include <fmt/core.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "elmo/error.h"
#include "text/line_reader.h"

namespace elmo {
namespace {

// Series are ordered by their first point, points by x; a later point replaces an earlier one with
// the same x.
class Curves {
 public:
  void add(const std::string& name, bool right, double x, double y) {
    if (!std::isfinite(x) || !std::isfinite(y)) return;
    for (auto& [series, points] : curves_) {
      if (series.name == name) {
        points[x] = y;
        return;
      }
    }
    curves_.push_back({{.name = name, .points = {}, .right = right}, {{x, y}}});
  }
  std::vector<LineChart::Series> series() const {
    std::vector<LineChart::Series> result;
    for (const auto& [series, points] : curves_) {
      result.push_back(series);
      for (const auto& [x, y] : points) result.back().points.push_back({x, y});
    }
    return result;
  }

 private:
  std::vector<std::pair<LineChart::Series, std::map<double, double>>> curves_;
};

std::optional<double> number(const nlohmann::json& line, const std::string& key) {
  const auto found = line.find(key);
  if (found == line.end() || !found->is_number()) return std::nullopt;
  return found->get<double>();
}

[[noreturn]] void refuse(const LineReader& reader, const std::string& what) {
  throw Error(fmt::format("{}:{}: {}", reader.path(), reader.line_number(), what));
}

// The name of a log in a title: that of its model's folder, or of the file if that says more. Never
// the whole path, because pages are passed on to others.
std::string name_of(const std::filesystem::path& file) {
  if (file.filename() != "log.jsonl") return file.filename().string();
  return std::filesystem::absolute(file).lexically_normal().parent_path().filename().string();
}

}  // namespace

LineChart learning_curves(const std::filesystem::path& path) {
  const auto file = std::filesystem::is_directory(path) ? path / "log.jsonl" : path;
  LineReader reader(file.string());
  LineChart chart;
  chart.title = "Learning curves of " + name_of(file);
  Curves curves;
  bool language_model = false, steps = false;
  std::string_view text;
  while (reader.next(text)) {
    if (text.empty()) continue;
    const nlohmann::json line = parse_json(text);
    if (!line.is_object()) refuse(reader, "is not a JSON object; give the log.jsonl of a training");
    const std::optional<double> step = number(line, "step");
    const std::optional<double> x = step ? step : number(line, "epoch");
    if (!x) continue;
    steps = steps || step.has_value();
    std::string prefix;
    for (const char* key : {"direction", "seed"}) {
      const auto found = line.find(key);
      if (found == line.end()) continue;
      prefix += found->is_string() ? found->get<std::string>() : key + (" " + found->dump());
      prefix += ", ";
    }
    if (line.contains("direction")) {
      language_model = true;
      if (const auto y = number(line, "perplexity_unit")) {
        curves.add(prefix + "training", false, *x, *y);
      }
      if (const auto y = number(line, "dev_perplexity_unit")) {
        curves.add(prefix + "development", false, *x, *y);
      }
      continue;
    }
    for (const auto& [key, value] : line.items()) {
      if (!value.is_number()) continue;
      const bool loss = key == "loss" || key == "dev_loss";
      if (loss || key.starts_with("dev_")) curves.add(prefix + key, !loss, *x, value.get<double>());
    }
  }
  chart.series = curves.series();
  if (chart.series.empty()) throw Error(file.string() + ": contains no learning curve");
  chart.x_label = steps ? "step" : "epoch";
  chart.y_label = language_model ? "perplexity per unit" : "loss";
  chart.right_label = "development";
  chart.log_y = language_model;
  return chart;
}

LineChart accuracy_by_distance(const std::filesystem::path& path) {
  LineReader reader(path.string());
  LineChart chart;
  Curves curves;
  std::string_view text;
  while (reader.next(text)) {
    if (text.empty()) continue;
    const std::size_t first = text.find('\t'), second = text.find('\t', first + 1);
    const std::string expected =
        "expected series<TAB>distance<TAB>accuracy, with an accuracy from 0 to 1";
    if (first == std::string_view::npos || second == std::string_view::npos) {
      refuse(reader, expected);
    }
    const auto parse = [&](std::string_view part) {
      std::size_t used = 0;
      double value = NAN;
      try {
        value = std::stod(std::string(part), &used);
      } catch (const std::exception&) {
        used = 0;
      }
      if (used != part.size() || !std::isfinite(value)) refuse(reader, expected);
      return value;
    };
    const double distance = parse(text.substr(first + 1, second - first - 1));
    const double accuracy = parse(text.substr(second + 1));
    if (distance <= 0 || accuracy < 0 || accuracy > 1) refuse(reader, expected);
    curves.add(std::string(text.substr(0, first)), false, distance, accuracy);
  }
  chart.series = curves.series();
  if (chart.series.empty()) throw Error(path.string() + ": contains no accuracies");
  chart.title = "Accuracy by distance";
  chart.x_label = "words between the cue and the end";
  chart.y_label = "accuracy";
  chart.log_x = chart.mark_x = true;
  return chart;
}

}  // namespace elmo
