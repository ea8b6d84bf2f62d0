#include "tools/task_report.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "nn/scalar_mix.h"
#include "text/utf8.h"

namespace elmo {
namespace {

std::string_view selection_name(const task::Network& network) {
  const bool entities = network.settings().task == task::Kind::kTag && network.labels().bio();
  return entities ? "entity F1" : "accuracy";
}

nlohmann::ordered_json score_json(const task::Score& score) {
  return {{"precision", score.precision()},
          {"recall", score.recall()},
          {"f1", score.f1()},
          {"support", score.actual}};
}

std::string score_row(const std::string& name, std::size_t width, const task::Score& score) {
  return fmt::format("{}{:>10.4f}{:>10.4f}{:>10.4f}{:>10}\n", padded(name, width),
                     score.precision(), score.recall(), score.f1(), score.actual);
}

std::string score_head(const std::string& name, std::size_t width) {
  return fmt::format("{}{:>10}{:>10}{:>10}{:>10}\n", padded(name, width), "precision", "recall",
                     "F1", "support");
}

}  // namespace

std::string layer_table(const std::vector<task::Network::LayerRow>& rows) {
  std::size_t width = 5;
  std::int64_t total = 0;
  for (const auto& row : rows) width = std::max(width, row.name.size());
  std::string text =
      fmt::format("{:<{}}  {:>12}  {:>12}\n", "layer", width, "output", "parameters");
  for (const auto& row : rows) {
    text += fmt::format("{:<{}}  {:>12}  {:>12}\n", row.name, width, row.output, row.parameters);
    total += row.parameters;
  }
  return text + fmt::format("{:<{}}  {:>12}  {:>12}\n", "in all", width, "", total);
}

std::string training_text(task::Network& network, const task::TrainingReport& report) {
  std::string text;
  for (const task::SeedResult& result : report.seeds) {
    text += fmt::format("seed {}: development {} {:.4f} (epoch {})\n", result.seed,
                        selection_name(network), result.best, result.epoch);
  }
  if (report.seeds.size() > 1) {
    text += fmt::format("{} seeds: mean {:.4f}, standard deviation {:.4f}\n", report.seeds.size(),
                        report.mean, report.spread);
  }
  if (!network.settings().uses_elmo()) return text;
  const auto shares = mix_shares(network.mix_weights());
  for (std::size_t j = 0; j < shares.size(); ++j) {
    const auto length = static_cast<std::size_t>(std::lround(40 * shares[j]));
    text += fmt::format("layer {:<2} {:6.1f} % {}\n", j, 100 * shares[j], std::string(length, '#'));
  }
  return text + fmt::format("gamma    {:6.3f}\n", network.mix_gamma());
}

nlohmann::ordered_json training_json(task::Network& network, const task::TrainingReport& report) {
  auto seeds = nlohmann::ordered_json::array();
  for (const task::SeedResult& result : report.seeds) {
    seeds.push_back({{"seed", result.seed}, {"best", result.best}, {"epoch", result.epoch}});
  }
  auto layers = nlohmann::ordered_json::array();
  for (const auto& row : network.table()) {
    layers.push_back({{"layer", row.name}, {"output", row.output}, {"parameters", row.parameters}});
  }
  nlohmann::ordered_json json = {{"metric", selection_name(network)},
                                 {"mean", report.mean},
                                 {"standard_deviation", report.spread},
                                 {"seeds", seeds},
                                 {"layers", layers}};
  if (network.settings().uses_elmo()) {
    json["mix"] = {{"shares", mix_shares(network.mix_weights())}, {"gamma", network.mix_gamma()}};
  }
  return json;
}

std::string evaluation_text(const task::Evaluation& evaluation, task::Kind task) {
  const task::Confusion& confusion = evaluation.confusion;
  const task::Interval interval = task::wilson_interval(confusion.correct(), confusion.total());
  std::string text = fmt::format(
      "accuracy  {:.4f}   95 % interval {:.4f} to {:.4f}, {} {}\nmacro F1  {:.4f}\n"
      "micro F1  {:.4f}\n",
      confusion.accuracy(), interval.low, interval.high, confusion.total(),
      task == task::Kind::kTag ? "words" : "texts", confusion.macro_f1(), confusion.micro_f1());
  if (evaluation.unknown_labels > 0) {
    text += fmt::format("{} labels are not of the task and count as errors\n",
                        evaluation.unknown_labels);
  }
  std::size_t width = 10;
  for (const std::string& name : confusion.labels()) {
    width = std::max(width, display_width(name) + 2);
  }
  if (evaluation.entities) {
    text += "\n" + score_head("entity", width);
    for (const auto& [type, score] : evaluation.entities->types()) {
      text += score_row(type, width, score);
    }
    text += score_row("all", width, evaluation.entities->total());
  }
  text += "\n" + score_head("class", width);
  for (std::size_t i = 0; i < confusion.labels().size(); ++i) {
    text += score_row(confusion.labels()[i], width, confusion.score(static_cast<std::int32_t>(i)));
  }
  return text + "\n" + confusion.text();
}

nlohmann::ordered_json evaluation_json(const task::Evaluation& evaluation, task::Kind task) {
  const task::Confusion& confusion = evaluation.confusion;
  const task::Interval interval = task::wilson_interval(confusion.correct(), confusion.total());
  nlohmann::ordered_json json = {{"accuracy", confusion.accuracy()},
                                 {"interval", {interval.low, interval.high}},
                                 {"macro_f1", confusion.macro_f1()},
                                 {"micro_f1", confusion.micro_f1()}};
  if (evaluation.entities) {
    json["entity_f1"] = evaluation.entities->total().f1();
    nlohmann::ordered_json types = nlohmann::ordered_json::object();
    for (const auto& [type, score] : evaluation.entities->types()) types[type] = score_json(score);
    json["entities"] = types;
  }
  json["examples"] = evaluation.examples;
  if (task == task::Kind::kTag) json["words"] = confusion.total();
  json["unknown_labels"] = evaluation.unknown_labels;
  nlohmann::ordered_json classes = nlohmann::ordered_json::object();
  for (std::size_t i = 0; i < confusion.labels().size(); ++i) {
    classes[confusion.labels()[i]] = score_json(confusion.score(static_cast<std::int32_t>(i)));
  }
  json["classes"] = classes;
  json["confusion"] = confusion.json();
  return json;
}

}  // namespace elmo
