// Planes to show vectors on: principal components, and the rotation of one plane onto another.
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

// Coordinates of the rows along the directions in which they vary most.
struct PrincipalComponents {
  std::size_t count = 0;       // of components; those beyond the rank of the rows are zero
  std::vector<double> places;  // row-major (rows, count), centred
  std::vector<double> shares;  // count; of the whole variance, falling

  Point point(std::size_t row) const { return {places[row * count], places[row * count + 1]}; }
};

// Of `rows`, row-major (rows, dimension); `count` is 2 to 8. Rows that differ by no more than the
// rounding of their float32 values do not vary. Each direction's largest number is positive, so
// the same rows give the same picture. By block power iteration with Rayleigh-Ritz projections
// (Halko, Martinsson and Tropp 2011, section 4.5): memory is a few vectors beside the result.
PrincipalComponents principal_components(std::span<const float> rows, std::size_t dimension,
                                         std::size_t count);

// The points divided by the root of their mean squared distance from the origin; points that all
// lie there stay.
std::vector<Point> scaled(std::vector<Point> points);

// A rotation of the plane, or a reflection: (x, y) goes to (x q[0] + y q[2], x q[1] + y q[3]).
struct PlaneRotation {
  std::array<double, 4> q = {1, 0, 0, 1};

  Point operator()(Point p) const { return {p.x * q[0] + p.y * q[2], p.x * q[1] + p.y * q[3]}; }
};

// The one that brings `from` nearest to `to`, both centred and of one size: the orthogonal
// Procrustes problem (Schoenemann 1966), which has a closed form in the plane. Where there is
// nothing to choose by, the identity.
PlaneRotation procrustes(std::span<const Point> from, std::span<const Point> to);

}  // namespace elmo
