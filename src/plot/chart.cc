#include "plot/chart.h"

#include <fmt/core.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/strings.h"
#include "elmo/error.h"
#include "plot/colours.h"

namespace elmo {
namespace {

// Between single quotes, gnuplot has no escapes, commands or macros.
std::string literal(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'') result += '\'';
    result += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return result + "'";
}

std::string header(const std::string& title, const std::string& x_label, const std::string& y_label,
                   int width, std::size_t height) {
  return fmt::format(
      "set encoding utf8\n"
      "set terminal svg size {},{} noenhanced font 'sans-serif,13' background rgb 'white'\n"
      "set title {}\nset xlabel {}\nset ylabel {}\nset border back lc rgb '#808080'\n"
      "set grid lc rgb '#d8d8d8'\n",
      width, height, literal(title), literal(x_label), literal(y_label));
}

// Runs gnuplot on the script; its output becomes the file.
void run(const std::string& script, const std::filesystem::path& path) {
  PendingFile file(path);
  // -d ignores the user's own settings.
  const std::string command = "command -v gnuplot >/dev/null || exit 127; exec gnuplot -d >" +
                              shell_word(file.temporary_path().string());
  std::FILE* pipe = popen(command.c_str(), "w");
  if (pipe == nullptr) {
    throw Error(fmt::format("{}: can't start gnuplot to draw it: {}", path.string(),
                            std::generic_category().message(errno)));
  }
  const bool written = std::fwrite(script.data(), 1, script.size(), pipe) == script.size();
  const int status = pclose(pipe);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
    throw Error("drawing needs gnuplot, which is not installed: apt-get install gnuplot-nox");
  }
  if (!written || status != 0 ||
      read_file(file.temporary_path()).find("</svg>") == std::string::npos) {
    throw Error(path.string() + ": gnuplot could not draw the picture; see its message above");
  }
  file.commit();
}

}  // namespace

void draw(const LineChart& chart, const std::filesystem::path& path) {
  std::string script = header(chart.title, chart.x_label, chart.y_label, 960, 640), plots;
  std::set<double> marks;
  bool right = false;
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const LineChart::Series& series = chart.series[i];
    if (series.points.empty()) continue;
    script += fmt::format("$series{} << END\n", i);
    for (const ChartPoint& point : series.points) {
      script += fmt::format("{} {}\n", point.x, point.y);
      marks.insert(point.x);
    }
    script += "END\n";
    // Series differ in colour first, then in dashes; points alternate between two shapes.
    plots += fmt::format(
        "{} $series{} using 1:2 axes x1y{} with linespoints lc rgb '{}' lw 2 dt {} pt {} ps 0.6 "
        "title {}",
        plots.empty() ? "plot" : ",", i, series.right ? 2 : 1, kColours[i % kColours.size()],
        i / kColours.size() + 1, i % 2 == 0 ? 7 : 5, literal(series.name));
    right = right || series.right;
  }
  if (plots.empty()) throw Error(path.string() + ": there is nothing to draw");
  script += "set key outside right top\n";
  if (chart.log_x) script += "set logscale x\n";
  if (chart.log_y) script += "set logscale y\n";
  if (right) {
    script +=
        fmt::format("set ytics nomirror\nset y2tics\nset y2label {}\n", literal(chart.right_label));
  }
  if (chart.mark_x) {
    std::string tics;
    for (const double mark : marks) tics += fmt::format("{}{}", tics.empty() ? "" : ",", mark);
    script += fmt::format("set xtics ({})\n", tics);
  }
  run(script + plots + "\n", path);
}

void draw(const PointChart& chart, const std::filesystem::path& path) {
  if (chart.points.empty()) throw Error(path.string() + ": there is nothing to draw");
  // Beside their points, the labels would cover one another, so they are listed in a column and
  // numbered.
  constexpr std::size_t kLine = 15, kMargin = 60;
  std::vector<PointChart::Point> points = chart.points;
  std::ranges::stable_sort(points, {}, &PointChart::Point::x);
  const std::size_t height = std::max<std::size_t>(640, kLine * points.size() + 2 * kMargin);
  std::string script = header(chart.title, chart.x_label, chart.y_label, 1280, height);
  script +=
      "set rmargin at screen 0.6\nset offsets graph 0.05, graph 0.05, graph 0.05, graph 0.05\n";
  // If all points have the same coordinate on an axis, gnuplot finds no range for it.
  for (const auto& [axis, place] :
       {std::pair("x", &PointChart::Point::x), std::pair("y", &PointChart::Point::y)}) {
    const auto [low, high] = std::ranges::minmax(points, {}, place);
    if (low.*place == high.*place) {
      script += fmt::format("set {}range [{}:{}]\n", axis, low.*place - 1, low.*place + 1);
    }
  }
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double from_top = static_cast<double>(kMargin + kLine * i) / static_cast<double>(height);
    script += fmt::format(
        "set label '{}' at {}, {} left offset 0.6,0.3 font ',10' tc rgb '#606060'\n"
        "set label '{}' at screen 0.63, screen {} right font ',10' tc rgb '#606060'\n"
        "set label {} at screen 0.64, screen {} left font ',11'\n",
        i + 1, points[i].x, points[i].y, i + 1, 1 - from_top, literal(points[i].label),
        1 - from_top);
  }
  std::string plots;
  for (std::size_t group = 0; group < chart.groups.size(); ++group) {
    script += fmt::format("$group{} << END\n", group);
    for (const PointChart::Point& point : points) {
      if (point.group == group) script += fmt::format("{} {}\n", point.x, point.y);
    }
    script += "END\n";
    // gnuplot's point types for filled circles, squares, triangles and diamonds.
    constexpr int kShapes[] = {7, 5, 9, 13};
    plots += fmt::format(
        "{} $group{} using 1:2 with points pt {} ps 0.6 lc rgb '{}' {}",
        plots.empty() ? "plot" : ",", group, kShapes[group / kColours.size() % std::size(kShapes)],
        kColours[group % kColours.size()],
        chart.groups.size() > 1 ? "title " + literal(chart.groups[group]) : "notitle");
  }
  run(script + "set key top left reverse Left opaque\n" + plots + "\n", path);
}

}  // namespace elmo
