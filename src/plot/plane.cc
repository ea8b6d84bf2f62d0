#include "plot/plane.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "compute/random.h"

namespace elmo {
namespace {

// The number of directions that are iterated together: those requested and a few more, which speed
// up convergence.
constexpr std::size_t kDirectionCount = 12;
constexpr int kMostSteps = 60;
// The variance that rounding to float32 alone can cause, as a share of the values' squares.
constexpr double kRounding = 1e-12;

using Directions =
    std::vector<std::array<double, kDirectionCount>>;  // (dimension, kDirectionCount)
using Square = std::array<std::array<double, kDirectionCount>, kDirectionCount>;

// Makes the columns orthogonal and of length 1, in two passes for accuracy; a column that depends
// on those before it becomes zero.
void orthonormalise(Directions& block) {
  for (int pass = 0; pass < 2; ++pass) {
    for (std::size_t j = 0; j < kDirectionCount; ++j) {
      double before = 0, after = 0;
      for (const auto& row : block) before += row[j] * row[j];
      for (std::size_t i = 0; i < j; ++i) {
        double along = 0;
        for (const auto& row : block) along += row[i] * row[j];
        for (auto& row : block) row[j] -= along * row[i];
      }
      for (const auto& row : block) after += row[j] * row[j];
      const double factor = after > 1e-20 * before ? 1 / std::sqrt(after) : 0;
      for (auto& row : block) row[j] *= factor;
    }
  }
}

// The eigenvalues, in decreasing order, and eigenvectors (the columns) of a symmetric matrix, by
// Jacobi rotations (Golub and Van Loan, 8.5).
std::pair<std::array<double, kDirectionCount>, Square> eigenvectors(Square a) {
  Square v{};
  for (std::size_t i = 0; i < kDirectionCount; ++i) v[i][i] = 1;
  for (int sweep = 0; sweep < 30; ++sweep) {
    double off = 0, diagonal = 0;
    for (std::size_t i = 0; i < kDirectionCount; ++i) {
      diagonal += a[i][i] * a[i][i];
      for (std::size_t j = 0; j < i; ++j) off += a[i][j] * a[i][j];
    }
    if (off <= 1e-30 * diagonal) break;
    for (std::size_t p = 0; p < kDirectionCount; ++p) {
      for (std::size_t q = p + 1; q < kDirectionCount; ++q) {
        if (a[p][q] == 0) continue;
        const double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        const double t = (theta >= 0 ? 1 : -1) / (std::abs(theta) + std::hypot(theta, 1.0));
        const double c = 1 / std::hypot(t, 1.0), s = t * c;
        const auto turn = [c, s](double& x, double& y) {
          const double old = x;
          x = c * old - s * y;
          y = s * old + c * y;
        };
        for (std::size_t k = 0; k < kDirectionCount; ++k) turn(a[k][p], a[k][q]);
        for (std::size_t k = 0; k < kDirectionCount; ++k) turn(a[p][k], a[q][k]);
        for (std::size_t k = 0; k < kDirectionCount; ++k) turn(v[k][p], v[k][q]);
      }
    }
  }
  std::array<std::size_t, kDirectionCount> order;
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](std::size_t i, std::size_t j) { return a[i][i] > a[j][j]; });
  std::array<double, kDirectionCount> values;
  Square vectors;
  for (std::size_t j = 0; j < kDirectionCount; ++j) {
    values[j] = a[order[j]][order[j]];
    for (std::size_t k = 0; k < kDirectionCount; ++k) vectors[k][j] = v[k][order[j]];
  }
  return {values, vectors};
}

// Replaces the columns by linear combinations of them.
void combine(Directions& block, const Square& weights) {
  for (auto& row : block) {
    std::array<double, kDirectionCount> sums{};
    for (std::size_t i = 0; i < kDirectionCount; ++i) {
      for (std::size_t j = 0; j < kDirectionCount; ++j) sums[j] += row[i] * weights[i][j];
    }
    row = sums;
  }
}

// Rows of floats relative to their mean.
class CentredRows {
 public:
  CentredRows(std::span<const float> rows, std::size_t dimension)
      : rows_(rows), mean_(dimension, 0.0) {
    const auto count = static_cast<double>(size());
    for (std::size_t i = 0; i < size(); ++i) {
      for (std::size_t k = 0; k < dimension; ++k) mean_[k] += row(i)[k];
    }
    for (double& value : mean_) value /= count;
    double squares = 0;
    for (std::size_t i = 0; i < size(); ++i) {
      for (std::size_t k = 0; k < dimension; ++k) {
        const double value = row(i)[k], away = value - mean_[k];
        squares += value * value;
        variation_ += away * away;
      }
    }
    if (variation_ <= kRounding * squares) variation_ = 0;
  }

  std::size_t size() const { return rows_.size() / mean_.size(); }
  std::size_t dimension() const { return mean_.size(); }
  // The sum of squared distances from the mean.
  double variation() const { return variation_; }

  // The coordinate of row i along each direction.
  std::array<double, kDirectionCount> along(const Directions& directions, std::size_t i) const {
    std::array<double, kDirectionCount> sums{};
    for (std::size_t k = 0; k < dimension(); ++k) {
      const double value = row(i)[k] - mean_[k];
      for (std::size_t j = 0; j < kDirectionCount; ++j) sums[j] += value * directions[k][j];
    }
    return sums;
  }

  // X^T X times the directions, where X is the matrix of centred rows.
  Directions spread(const Directions& directions) const {
    Directions result(dimension(), std::array<double, kDirectionCount>{});
    for (std::size_t i = 0; i < size(); ++i) {
      const std::array<double, kDirectionCount> places = along(directions, i);
      for (std::size_t k = 0; k < dimension(); ++k) {
        const double value = row(i)[k] - mean_[k];
        for (std::size_t j = 0; j < kDirectionCount; ++j) result[k][j] += value * places[j];
      }
    }
    return result;
  }

 private:
  const float* row(std::size_t i) const { return rows_.data() + i * mean_.size(); }

  std::span<const float> rows_;
  std::vector<double> mean_;
  double variation_ = 0;
};

}  // namespace

PrincipalComponents principal_components(std::span<const float> rows, std::size_t dimension,
                                         std::size_t count) {
  const CentredRows centred(rows, dimension);
  PrincipalComponents result{.count = count,
                             .places = std::vector<double>(centred.size() * count, 0.0),
                             .shares = std::vector<double>(count, 0.0)};
  if (centred.variation() == 0) return result;

  const Random random(1, RandomUse::kInitialise);
  Directions directions(dimension);
  for (std::size_t k = 0; k < dimension; ++k) {
    for (std::size_t j = 0; j < kDirectionCount; ++j)
      directions[k][j] = random.normal(k * kDirectionCount + j);
  }
  orthonormalise(directions);
  std::array<double, kDirectionCount> values{};
  for (int step = 0; step < kMostSteps; ++step) {
    Directions next = centred.spread(directions);
    Square products{};
    for (std::size_t k = 0; k < dimension; ++k) {
      for (std::size_t i = 0; i < kDirectionCount; ++i) {
        for (std::size_t j = 0; j < kDirectionCount; ++j)
          products[i][j] += directions[k][i] * next[k][j];
      }
    }
    const auto [found, weights] = eigenvectors(products);
    double change = 0;
    for (std::size_t j = 0; j < count; ++j) change += std::abs(found[j] - values[j]);
    values = found;
    // The next directions are ordered by their eigenvalues, so that the first ones stay first.
    combine(next, weights);
    directions = std::move(next);
    orthonormalise(directions);
    // A direction's error is about the square root of its eigenvalue's error.
    if (change <= 1e-13 * centred.variation()) break;
  }

  std::array<double, kDirectionCount> signs;
  for (std::size_t j = 0; j < kDirectionCount; ++j) {
    const auto largest =
        std::ranges::max_element(directions, {}, [j](const auto& row) { return std::abs(row[j]); });
    signs[j] = (*largest)[j] < 0 ? -1 : 1;
  }
  for (std::size_t i = 0; i < centred.size(); ++i) {
    const std::array<double, kDirectionCount> places = centred.along(directions, i);
    for (std::size_t j = 0; j < count; ++j) {
      result.places[i * count + j] = signs[j] * places[j];
      result.shares[j] += places[j] * places[j] / centred.variation();
    }
  }
  return result;
}

std::vector<Point> scaled(std::vector<Point> points) {
  double squares = 0;
  for (const Point& p : points) squares += p.x * p.x + p.y * p.y;
  if (squares == 0) return points;
  const double factor = std::sqrt(static_cast<double>(points.size()) / squares);
  for (Point& p : points) p = {factor * p.x, factor * p.y};
  return points;
}

PlaneRotation procrustes(std::span<const Point> from, std::span<const Point> to) {
  // With M = from^T to, the solution Q maximises the trace of Q^T M.
  double xx = 0, xy = 0, yx = 0, yy = 0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    xx += from[i].x * to[i].x;
    xy += from[i].x * to[i].y;
    yx += from[i].y * to[i].x;
    yy += from[i].y * to[i].y;
  }
  // The trace is c (xx + yy) + s (xy - yx) for a rotation [c s; -s c], and c (xx - yy) + s (xy +
  // yx) for a reflection [c s; s -c]. Either is largest if (c, s) has the direction of the two
  // sums.
  const double rotation = std::hypot(xx + yy, xy - yx);
  const double reflection = std::hypot(xx - yy, xy + yx);
  if (rotation == 0 && reflection == 0) return {};
  if (rotation >= reflection) {
    const double c = (xx + yy) / rotation, s = (xy - yx) / rotation;
    return {{c, s, -s, c}};
  }
  const double c = (xx - yy) / reflection, s = (xy + yx) / reflection;
  return {{c, s, s, -c}};
}

}  // namespace elmo
