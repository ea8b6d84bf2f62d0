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
  // The one that the picture shows, a page first; from 0 in the order of the dump, -1 the last.
  // Clusters are those of this layer.
  int layer = -1;
  int clusters = 0;  // 0: chosen (clusters.h)
  // Files for colour_by_labels and colour_by_tags.
  std::optional<std::filesystem::path> labels, tags;
};

struct WordPicture {
  struct Layer {
    std::string name;  // "layer 2", "average"
    double shares[2];  // of the variance, along the first and second principal component
    std::vector<Point> points;
    std::vector<std::vector<Near>> nearest;  // of each place, by cosine in all dimensions
  };
  std::string title;
  Occurrences occurrences;
  std::size_t start = 0;  // the layer asked for
  std::vector<Layer> layers;
  // What the points may be coloured by, the most telling first.
  std::vector<Colouring> colourings;
};

// One layer, the one asked for, on its first two principal components, without neighbours. Throws
// Error: no such layer, or what find_occurrences and the colourings throw.
PointChart word_chart(const DumpReader& dump, const WordPictureRequest& request);

// Every layer with the `neighbours` nearest of each place. Each layer's plane is brought to the
// same size and turned onto the last one's, so that points move little from layer to layer. Same
// errors.
WordPicture make_word_picture(const DumpReader& dump, const WordPictureRequest& request,
                              std::size_t neighbours, Workers& workers);

}  // namespace elmo
