// The mathematics of the pictures against plain implementations: principal components against
// Jacobi rotations of the whole covariance matrix, Procrustes against a search over all angles,
// neighbours against a loop.
#include "plot/plane.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

#include "compute/random.h"
#include "plot/clusters.h"
#include "plot/nearest.h"

namespace elmo {
namespace {

const Random kRandom(3, RandomUse::kInitialise, 100);

// Rows whose variance falls from direction to direction, around a distant mean.
std::vector<float> rows_of(std::size_t count, std::size_t dimension) {
  std::vector<float> rows(count * dimension);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double falling = std::pow(0.7, static_cast<double>(i % dimension));
    rows[i] = static_cast<float>(5 + 3 * falling * kRandom.normal(i));
  }
  return rows;
}

using Matrix = std::vector<std::vector<double>>;

// The eigenvalues of a symmetric matrix, descending, with their eigenvectors, by cyclic rotations.
struct Eigen {
  std::vector<double> values;
  Matrix vectors;
};
Eigen twin_eigen(Matrix a) {
  const std::size_t n = a.size();
  Matrix v(n, std::vector<double>(n, 0.0));
  for (std::size_t i = 0; i < n; ++i) v[i][i] = 1;
  for (int sweep = 0; sweep < 100; ++sweep) {
    for (std::size_t p = 0; p < n; ++p) {
      for (std::size_t q = p + 1; q < n; ++q) {
        const double angle = 0.5 * std::atan2(2 * a[p][q], a[q][q] - a[p][p]);
        const double c = std::cos(angle), s = std::sin(angle);
        for (std::size_t k = 0; k < n; ++k) {
          const double x = a[k][p], y = a[k][q];
          a[k][p] = c * x - s * y, a[k][q] = s * x + c * y;
        }
        for (std::size_t k = 0; k < n; ++k) {
          const double x = a[p][k], y = a[q][k];
          a[p][k] = c * x - s * y, a[q][k] = s * x + c * y;
          const double u = v[p][k], w = v[q][k];
          v[p][k] = c * u - s * w, v[q][k] = s * u + c * w;
        }
      }
    }
  }
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, [&](std::size_t i, std::size_t j) { return a[i][i] > a[j][j]; });
  Eigen result;
  for (const std::size_t i : order) {
    result.values.push_back(a[i][i]);
    result.vectors.push_back(v[i]);
  }
  return result;
}

void expect_like_twin(std::size_t count, std::size_t dimension, std::size_t wanted) {
  const std::vector<float> rows = rows_of(count, dimension);
  Matrix centred(count, std::vector<double>(dimension));
  for (std::size_t k = 0; k < dimension; ++k) {
    double mean = 0;
    for (std::size_t i = 0; i < count; ++i) mean += rows[i * dimension + k];
    for (std::size_t i = 0; i < count; ++i) {
      centred[i][k] = rows[i * dimension + k] - mean / static_cast<double>(count);
    }
  }
  Matrix products(dimension, std::vector<double>(dimension, 0.0));
  double total = 0;
  for (const auto& row : centred) {
    for (std::size_t k = 0; k < dimension; ++k) {
      for (std::size_t l = 0; l < dimension; ++l) products[k][l] += row[k] * row[l];
      total += row[k] * row[k];
    }
  }
  const Eigen twin = twin_eigen(products);
  const PrincipalComponents found = principal_components(rows, dimension, wanted);
  for (std::size_t j = 0; j < wanted; ++j) {
    const bool beyond = j >= std::min(dimension, count - 1);
    EXPECT_NEAR(found.shares[j], beyond ? 0 : twin.values[j] / total, 1e-9) << j;
    if (beyond) continue;
    double sign = 0;
    for (std::size_t i = 0; i < count; ++i) {
      double place = 0;
      for (std::size_t k = 0; k < dimension; ++k) place += centred[i][k] * twin.vectors[j][k];
      if (sign == 0) sign = place * found.places[i * wanted + j] < 0 ? -1 : 1;
      EXPECT_NEAR(found.places[i * wanted + j], sign * place, 1e-4) << i << " " << j;
    }
  }
}

TEST(PrincipalComponents, EqualThoseOfTheWholeCovariance) {
  expect_like_twin(60, 20, 8);
  expect_like_twin(30, 5, 8);  // fewer dimensions than components
  expect_like_twin(4, 20, 8);  // fewer rows
  expect_like_twin(50, 1, 2);
}

TEST(PrincipalComponents, OfRowsThatDoNotVaryAreZero) {
  for (const std::size_t count : {std::size_t{1}, std::size_t{7}}) {
    std::vector<float> rows;
    for (std::size_t i = 0; i < count; ++i) rows.insert(rows.end(), {0.1f, -1e3f, 0.3f});
    const PrincipalComponents found = principal_components(rows, 3, 2);
    EXPECT_THAT(found.places, testing::AllOf(testing::SizeIs(2 * count), testing::Each(0.0)));
    EXPECT_THAT(found.shares, testing::ElementsAre(0.0, 0.0));
  }
}

std::vector<Point> points_of(std::size_t count, std::uint64_t from) {
  std::vector<Point> points;
  for (std::uint64_t i = from; points.size() < count; i += 2) {
    points.push_back({2.0 * kRandom.normal(i), kRandom.normal(i + 1)});
  }
  return points;
}

double distance(const std::vector<Point>& from, const PlaneRotation& turn,
                const std::vector<Point>& to) {
  double sum = 0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    const Point p = turn(from[i]);
    sum += (p.x - to[i].x) * (p.x - to[i].x) + (p.y - to[i].y) * (p.y - to[i].y);
  }
  return sum;
}

TEST(Procrustes, IsTheBestOfAllRotationsAndReflections) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::vector<Point> from = points_of(9, 1000 * seed), to = points_of(9, 1000 * seed + 500);
    const PlaneRotation found = procrustes(from, to);
    const auto& q = found.q;
    EXPECT_NEAR(q[0] * q[0] + q[1] * q[1], 1, 1e-12);
    EXPECT_NEAR(q[2] * q[2] + q[3] * q[3], 1, 1e-12);
    EXPECT_NEAR(q[0] * q[2] + q[1] * q[3], 0, 1e-12);
    double best = distance(from, {}, to);
    for (int step = 0; step < 20'000; ++step) {
      const double angle = 2 * std::numbers::pi * step / 20'000;
      const double c = std::cos(angle), s = std::sin(angle);
      best = std::min(
          {best, distance(from, {{c, s, -s, c}}, to), distance(from, {{c, s, s, -c}}, to)});
    }
    const double ours = distance(from, found, to);
    EXPECT_LE(ours, best + 1e-9);
    EXPECT_NEAR(ours, best, 1e-4);
  }
}

TEST(Procrustes, UndoesATurnAndAMirror) {
  const std::vector<Point> to = points_of(12, 0);
  for (const double mirror : {1.0, -1.0}) {
    std::vector<Point> from;
    for (const Point& p : to)
      from.push_back({0.6 * p.x - 0.8 * p.y, mirror * (0.8 * p.x + 0.6 * p.y)});
    EXPECT_NEAR(distance(from, procrustes(from, to), to), 0, 1e-20);
  }
  // If all points are at the origin, no rotation is better than another.
  const std::vector<Point> none(12, Point{0, 0});
  EXPECT_EQ(procrustes(none, to).q, PlaneRotation().q);
}

TEST(Scaled, HasTheMeanSquare1) {
  double sum = 0;
  for (const Point& p : scaled(points_of(50, 0))) sum += p.x * p.x + p.y * p.y;
  EXPECT_NEAR(sum, 50, 1e-9);
  EXPECT_EQ(scaled({{0, 0}}).front().x, 0);
}

TEST(Clusters, FindGroupsAndTheirNumber) {
  // Three groups of 10, 20 and 30 points, far apart.
  std::vector<double> rows;
  std::vector<int> expected;
  for (int i = 0; i < 60; ++i) {
    const int group = i % 6 == 0 ? 2 : i % 6 < 3 ? 1 : 0;
    rows.push_back((group == 1 ? 20 : 0) + kRandom.normal(static_cast<std::uint64_t>(2 * i)));
    rows.push_back((group == 2 ? 20 : 0) + kRandom.normal(static_cast<std::uint64_t>(2 * i + 1)));
    expected.push_back(group);
  }
  EXPECT_EQ(cluster(rows, 2, 0, 1), expected);
  EXPECT_EQ(cluster(rows, 2, 3, 7), expected);
  EXPECT_THAT(cluster(rows, 2, 1, 1), testing::Each(0));
  const std::vector<int> many = cluster(rows, 2, 9, 1);
  EXPECT_EQ(*std::ranges::max_element(many), 8);
  EXPECT_EQ(many, cluster(rows, 2, 9, 1));
}

TEST(Clusters, OfEqualRowsAreOne) {
  EXPECT_THAT(cluster(std::vector<double>(20, 0.5), 2, 0, 1), testing::Each(0));
  EXPECT_THAT(cluster(std::vector<double>(2, 0.5), 2, 5, 1), testing::ElementsAre(0));
}

TEST(NearestRows, EqualALoop) {
  constexpr std::size_t kCount = 150, kDimension = 7, kWanted = 5;
  std::vector<float> rows = rows_of(kCount, kDimension);
  std::ranges::fill_n(rows.begin() + 3 * kDimension, kDimension, 0.0f);
  std::copy_n(rows.begin(), kDimension, rows.begin() + 9 * kDimension);
  const auto cosine = [&](std::size_t i, std::size_t j) {
    double ab = 0, aa = 0, bb = 0;
    for (std::size_t k = 0; k < kDimension; ++k) {
      const double a = rows[i * kDimension + k], b = rows[j * kDimension + k];
      ab += a * b, aa += a * a, bb += b * b;
    }
    return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
  };
  Workers one(1), two(2);
  const auto found = nearest_rows(rows, kDimension, kWanted, one);
  const auto again = nearest_rows(rows, kDimension, kWanted, two);
  for (std::size_t i = 0; i < kCount; ++i) {
    ASSERT_EQ(found[i].size(), kWanted);
    std::vector<double> all;
    for (std::size_t j = 0; j < kCount; ++j) {
      if (j != i) all.push_back(cosine(i, j));
    }
    std::ranges::sort(all, std::greater());
    for (std::size_t k = 0; k < kWanted; ++k) {
      EXPECT_NE(found[i][k].row, i);
      EXPECT_NEAR(found[i][k].cosine, all[k], 1e-5);
      EXPECT_NEAR(found[i][k].cosine, cosine(i, found[i][k].row), 1e-5);
      EXPECT_EQ(found[i][k].row, again[i][k].row);
      EXPECT_EQ(found[i][k].cosine, again[i][k].cosine);
    }
  }
  EXPECT_EQ(found[0][0].row, 9u);
  // Fewer rows than neighbours asked for, down to none.
  EXPECT_EQ(nearest_rows({rows.data(), 2 * kDimension}, kDimension, kWanted, one)[1].size(), 1u);
  EXPECT_EQ(nearest_rows({rows.data(), kDimension}, kDimension, kWanted, one)[0].size(), 0u);
}

}  // namespace
}  // namespace elmo
