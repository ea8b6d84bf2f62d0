// Charts as SVG files, drawn by gnuplot, which runs as a child process. Texts may hold any UTF-8.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace elmo {

struct ChartPoint {
  double x, y;
};

// Lines over a common x.
struct LineChart {
  struct Series {
    std::string name;
    std::vector<ChartPoint> points;
    // Measured on the right-hand axis.
    bool right = false;
  };
  std::string title, x_label, y_label, right_label;
  bool log_x = false, log_y = false;
  // The x of every point is marked on the axis (a few known values) instead of round numbers.
  bool mark_x = false;
  std::vector<Series> series;
};

// Points with a text each; they are numbered from left to right, and the texts listed beside. The
// colour and the shape of a point are those of its group, which a key names where there are
// several.
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

// Write an SVG file, whole or not at all. Throw Error: gnuplot is missing (names the package) or
// fails, the file can't be written, nothing to draw.
void draw(const LineChart& chart, const std::filesystem::path& path);
void draw(const PointChart& chart, const std::filesystem::path& path);

}  // namespace elmo
