// Projections of vectors onto a plane: principal components, and the rotation of one plane onto
// another.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace elmo {

struct Point {
  double x, y;
};

// The coordinates of rows along the directions in which they vary most.
struct PrincipalComponents {
  std::size_t count = 0;       // number of components; those beyond the rows' rank are zero
  std::vector<double> places;  // row-major (rows, count), centred
  std::vector<double> shares;  // (count): share of the total variance, decreasing

  Point point(std::size_t row) const { return {places[row * count], places[row * count + 1]}; }
};

// The principal components of `rows` (row-major: rows, dimension); `count` is 2 to 8. If the rows
// differ only by the rounding of their float32 values, all components are zero. Each direction's
// largest element is positive, so the same rows give the same picture. Computed by block power
// iteration with Rayleigh-Ritz projections (Halko, Martinsson and Tropp 2011, section 4.5), which
// takes memory for a few vectors besides the result.
PrincipalComponents principal_components(std::span<const float> rows, std::size_t dimension,
                                         std::size_t count);

// The points divided by the root mean square of their distances from the origin; unchanged if all
// are at the origin.
std::vector<Point> scaled(std::vector<Point> points);

// A rotation of the plane, or a reflection: (x, y) goes to (x q[0] + y q[2], x q[1] + y q[3]).
struct PlaneRotation {
  std::array<double, 4> q = {1, 0, 0, 1};

  Point operator()(Point p) const { return {p.x * q[0] + p.y * q[2], p.x * q[1] + p.y * q[3]}; }
};

// The rotation or reflection that brings `from` closest to `to`; both must be centred and of equal
// size. This is the orthogonal Procrustes problem (Schoenemann 1966), which has a closed form in
// the plane. Returns the identity if no solution is better than another.
PlaneRotation procrustes(std::span<const Point> from, std::span<const Point> to);

}  // namespace elmo
