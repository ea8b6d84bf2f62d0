// The occurrences of words on a plane, as a chart and as a page.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "compute/workers.h"
#include "io/dump_file.h"
#include "plot/chart.h"
#include "plot/colouring.h"
#include "plot/nearest.h"
#include "plot/occurrences.h"
#include "plot/plane.h"

namespace elmo {

struct WordPictureRequest {
  OccurrenceRequest occurrences;
  // The layer that the picture shows (a page: shows first), counted from 0 in the order of the
  // dump; -1 is the last. Clusters are computed in this layer.
  int layer = -1;
  int clusters = 0;  // their number; 0: chosen (clusters.h)
  // Files for colour_by_labels and colour_by_tags.
  std::optional<std::filesystem::path> labels, tags;
};

struct WordPicture {
  struct Layer {
    std::string name;  // "layer 2", "average"
    double shares[2];  // of the variance, along the first and second principal component
    std::vector<Point> points;
    std::vector<std::vector<Near>> nearest;  // of each place, by the cosine of the whole vectors
  };
  std::string title;
  Occurrences occurrences;
  std::size_t start = 0;  // index of the requested layer
  std::vector<Layer> layers;
  // The ways to colour the points, the most informative first.
  std::vector<Colouring> colourings;
};

// The requested layer on its first two principal components, without neighbours. Throws Error if
// there is no such layer, and whatever find_occurrences() and the colourings throw.
PointChart word_chart(const DumpReader& dump, const WordPictureRequest& request);

// All layers, with the `neighbours` nearest places of each place. Each layer's plane is scaled to
// the same size and rotated onto the last one's, so that points move little from layer to layer.
// Throws like word_chart().
WordPicture make_word_picture(const DumpReader& dump, const WordPictureRequest& request,
                              std::size_t neighbours, Workers& workers);

}  // namespace elmo
