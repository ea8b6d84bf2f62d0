#include "plot/word_picture.h"

#include <fmt/core.h>

#include <algorithm>
#include <span>
#include <utility>

#include "base/numbers.h"
#include "elmo/error.h"

namespace elmo {
namespace {

// The number of principal components in which clusters are computed.
constexpr std::size_t kClusterComponents = 8;

std::size_t layer_of(const DumpReader& dump, int layer) {
  if (layer >= dump.layers()) {
    throw Error(fmt::format("{}: has {} layers, so there is no layer {}; choose 0 to {}",
                            dump.path().string(), dump.layers(), layer, dump.layers() - 1));
  }
  return static_cast<std::size_t>(layer < 0 ? dump.layers() - 1 : layer);
}

// "layer 2" if the dump says which of the model's layers it contains.
std::string layer_name(const DumpReader& dump, std::size_t layer) {
  const std::string which = dump.text_attribute("layers").value_or("all");
  if (which == "all") return fmt::format("layer {}", layer);
  const auto numbers = parse_numbers(which);
  if (numbers && layer < numbers->size()) return fmt::format("layer {}", (*numbers)[layer]);
  return which == "top" ? "top layer" : which;
}

std::string title_of(const WordPictureRequest& request) {
  if (request.occurrences.words.empty()) return "every word";
  std::string title;
  for (const std::string& word : request.occurrences.words) {
    title += fmt::format("{}{}", title.empty() ? "" : ", ", word);
  }
  return title;
}

std::vector<Colouring> colourings_of(const WordPictureRequest& request, const Occurrences& found,
                                     const PrincipalComponents& components) {
  std::vector<Colouring> result;
  if (request.labels) result.push_back(colour_by_labels(*request.labels, found));
  if (request.tags) result.push_back(colour_by_tags(*request.tags, found));
  result.push_back(colour_by_cluster(components, request.clusters, request.occurrences.seed));
  Colouring words = colour_by_word(found);
  if (words.groups.size() > 1) result.push_back(std::move(words));
  return result;
}

PrincipalComponents components_of(const Occurrences& found, std::size_t layer) {
  return principal_components(found.layers[layer], found.dimension, kClusterComponents);
}

std::vector<Point> plane_of(const PrincipalComponents& components, std::size_t points) {
  std::vector<Point> result;
  for (std::size_t i = 0; i < points; ++i) result.push_back(components.point(i));
  return result;
}

}  // namespace

PointChart word_chart(const DumpReader& dump, const WordPictureRequest& request) {
  const std::size_t layer = layer_of(dump, request.layer);
  const Occurrences found = find_occurrences(dump, request.occurrences);
  const PrincipalComponents components = components_of(found, layer);
  Colouring colouring = std::move(colourings_of(request, found, components).front());
  PointChart chart;
  const auto shown = static_cast<std::int64_t>(found.places.size());
  chart.title = shown == found.total ? fmt::format("{} in {} places", title_of(request), shown)
                                     : fmt::format("{} in a sample of {} of {} places",
                                                   title_of(request), shown, found.total);
  const auto axis = [&](const char* name, double share) {
    return fmt::format("{} principal component ({:.0f} % of the variance)", name, 100 * share);
  };
  chart.x_label = axis("first", components.shares[0]);
  chart.y_label = axis("second", components.shares[1]);
  for (std::size_t i = 0; i < found.places.size(); ++i) {
    const Point point = components.point(i);
    chart.points.push_back({point.x, point.y, found.places[i].context.marked(),
                            static_cast<std::size_t>(colouring.of[i])});
  }
  chart.groups = std::move(colouring.groups);
  return chart;
}

WordPicture make_word_picture(const DumpReader& dump, const WordPictureRequest& request,
                              std::size_t neighbours, Workers& workers) {
  WordPicture picture;
  picture.start = layer_of(dump, request.layer);
  picture.title = title_of(request);
  picture.occurrences = find_occurrences(dump, request.occurrences);
  const Occurrences& found = picture.occurrences;
  for (std::size_t layer = 0; layer < found.layers.size(); ++layer) {
    const PrincipalComponents components = components_of(found, layer);
    picture.layers.push_back(
        {.name = layer_name(dump, layer),
         .shares = {components.shares[0], components.shares[1]},
         .points = scaled(plane_of(components, found.places.size())),
         .nearest = nearest_rows(found.layers[layer], found.dimension, neighbours, workers)});
    if (layer == picture.start) picture.colourings = colourings_of(request, found, components);
  }
  const std::vector<Point> last = picture.layers.back().points;
  for (WordPicture::Layer& layer : picture.layers) {
    const PlaneRotation turn = procrustes(layer.points, last);
    std::ranges::transform(layer.points, layer.points.begin(), turn);
  }
  return picture;
}

}  // namespace elmo
