// Charts as SVG files, drawn by gnuplot as a child process. Texts may contain any UTF-8.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace elmo {

struct ChartPoint {
  double x, y;
};

// Lines over a common x axis.
struct LineChart {
  struct Series {
    std::string name;
    std::vector<ChartPoint> points;
    // Its y values refer to the right-hand axis.
    bool right = false;
  };
  std::string title, x_label, y_label, right_label;
  bool log_x = false, log_y = false;
  // The axis is labelled at the x of every point (for a few known values) instead of at round
  // numbers.
  bool mark_x = false;
  std::vector<Series> series;
};

// Points with a label each. The points are numbered from left to right, and their labels are listed
// beside the chart. A point's colour and shape are those of its group; if there are several groups,
// a key names them.
struct PointChart {
  struct Point {
    double x, y;
    std::string label;
    std::size_t group;
  };
  std::string title, x_label, y_label;
  std::vector<std::string> groups;
  std::vector<Point> points;
};

// Write an SVG file, whole or not at all. Throw Error if gnuplot is missing (the message names the
// package) or fails, if the file can't be written, or if there is nothing to draw.
void draw(const LineChart& chart, const std::filesystem::path& path);
void draw(const PointChart& chart, const std::filesystem::path& path);

}  // namespace elmo
