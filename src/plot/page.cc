#include "plot/page.h"

#include <fmt/core.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/file.h"
#include "elmo/error.h"
#include "plot/colours.h"
#include "plot/page_parts.h"

namespace elmo {
namespace {

using Json = nlohmann::ordered_json;

// Coordinates are stored as integers in units of extent / kSteps, cosines in units of 1 /
// kCosineSteps.
constexpr double kSteps = 10'000, kCosineSteps = 1'000;

std::string page(const std::string& title, const PageParts& parts, const Json& data) {
  return fmt::format(
      "<!DOCTYPE html>\n"
      "<html lang=\"en\">\n"
      "<head>\n"
      "<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<title>{}</title>\n"
      "<style>{}</style>\n"
      "</head>\n"
      "<body>\n"
      "{}"
      "<script type=\"application/json\" id=\"data\">{}</script>\n"
      "<script>{}</script>\n"
      "</body>\n"
      "</html>\n",
      parts.style_hash, parts.script_hash, escape_html(title), parts.style, parts.body,
      script_json(data), parts.script);
}

Json colours() {
  Json list = Json::array();
  for (const char* colour : kColours) list.push_back(colour);
  return list;
}

// The largest absolute coordinate of any point.
double extent_of(const WordPicture& picture) {
  double extent = 0;
  for (const WordPicture::Layer& layer : picture.layers) {
    for (const Point& point : layer.points) {
      extent = std::max({extent, std::abs(point.x), std::abs(point.y)});
    }
  }
  return extent > 0 ? extent : 1;
}

Json layer_json(const WordPicture::Layer& layer, double extent) {
  Json x = Json::array(), y = Json::array(), nearest = Json::array(), cosines = Json::array();
  for (const Point& point : layer.points) {
    x.push_back(std::lround(point.x / extent * kSteps));
    y.push_back(std::lround(point.y / extent * kSteps));
  }
  for (const std::vector<Near>& list : layer.nearest) {
    Json rows = Json::array(), values = Json::array();
    for (const Near& near : list) {
      rows.push_back(near.row);
      values.push_back(std::lround(near.cosine * kCosineSteps));
    }
    nearest.push_back(std::move(rows));
    cosines.push_back(std::move(values));
  }
  return {{"name", layer.name},
          {"share", layer.shares[0] + layer.shares[1]},
          {"x", std::move(x)},
          {"y", std::move(y)},
          {"nearest", std::move(nearest)},
          {"cosines", std::move(cosines)}};
}

}  // namespace

std::string script_json(const nlohmann::ordered_json& data) {
  const std::string plain = data.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string text;
  text.reserve(plain.size() + plain.size() / 16);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    // In JSON, these characters occur in strings only.
    switch (plain[i]) {
      case '<':
        text += "\\u003c";
        continue;
      case '>':
        text += "\\u003e";
        continue;
      case '&':
        text += "\\u0026";
        continue;
      default:
        break;
    }
    const std::string_view next = std::string_view(plain).substr(i, 3);
    if (next == "\u2028" || next == "\u2029") {
      text += next == "\u2028" ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      text += plain[i];
    }
  }
  return text;
}

std::string escape_html(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '&':
        result += "&amp;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

void write_page(const WordPicture& picture, const std::string& source,
                const std::filesystem::path& path) {
  const Occurrences& found = picture.occurrences;
  Json layers = Json::array(), points = Json::array(), colourings = Json::array();
  const double extent = extent_of(picture);
  for (const WordPicture::Layer& layer : picture.layers)
    layers.push_back(layer_json(layer, extent));
  for (const Occurrences::Place& place : found.places) {
    const Context& context = place.context;
    points.push_back({place.sentence + 1, context.before, context.word, context.after});
  }
  for (const Colouring& colouring : picture.colourings) {
    colourings.push_back(
        {{"name", colouring.name}, {"groups", colouring.groups}, {"of", colouring.of}});
  }
  const Json data = {{"title", picture.title},
                     {"source", source},
                     {"total", found.total},
                     {"sentences", found.sentences},
                     {"steps", kSteps},
                     {"cosine_steps", kCosineSteps},
                     {"start", picture.start},
                     {"colours", colours()},
                     {"layers", std::move(layers)},
                     {"points", std::move(points)},
                     {"colourings", std::move(colourings)}};
  write_file(path, page(picture.title, kWordsPage, data));
}

void write_page(const LineChart& chart, const std::filesystem::path& path) {
  Json series = Json::array();
  for (const LineChart::Series& one : chart.series) {
    if (one.points.empty()) continue;
    Json points = Json::array();
    for (const ChartPoint& point : one.points) points.push_back({point.x, point.y});
    series.push_back({{"name", one.name}, {"right", one.right}, {"points", std::move(points)}});
  }
  if (series.empty()) throw Error(path.string() + ": there is nothing to draw");
  const Json data = {{"title", chart.title},       {"x_label", chart.x_label},
                     {"y_label", chart.y_label},   {"right_label", chart.right_label},
                     {"log_x", chart.log_x},       {"log_y", chart.log_y},
                     {"mark_x", chart.mark_x},     {"colours", colours()},
                     {"series", std::move(series)}};
  write_file(path, page(chart.title, kLinesPage, data));
}

}  // namespace elmo
