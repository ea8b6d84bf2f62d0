#include "plot/clusters.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

#include "compute/random.h"

namespace elmo {
namespace {

constexpr int kRuns = 10, kMostRounds = 50;

struct Clustering {
  std::vector<int> of;  // the cluster of each row
  std::vector<double> centres;
  double squares = 0;  // sum of the squared distances to the centres
};

// The nearest centre of a row, and the squared distances of the two nearest.
struct Nearest {
  int first = 0;
  double square = std::numeric_limits<double>::infinity(), second_square = square;
};

class KMeans {
 public:
  KMeans(std::span<const double> rows, std::size_t dimension)
      : rows_(rows), dimension_(dimension), size_(rows.size() / dimension) {}

  // The best of several runs. There may be fewer centres than `count` if rows coincide.
  Clustering best(int count, std::uint64_t seed) const {
    Clustering best;
    for (int run = 0; run < kRuns; ++run) {
      const Random random(seed, RandomUse::kInitialise, 1 + static_cast<std::uint64_t>(run),
                          static_cast<std::uint32_t>(count));
      Clustering found = improve(first_centres(count, random));
      if (run == 0 || found.squares < best.squares) best = std::move(found);
    }
    return best;
  }

  // The mean of the rows' simplified silhouettes: (next - own) / next, with the distances of a row
  // to the next centre and to its own; 0 for a row that is a cluster by itself.
  double silhouette(const Clustering& clustering) const {
    std::vector<int> sizes(clustering.centres.size() / dimension_, 0);
    for (const int c : clustering.of) ++sizes[static_cast<std::size_t>(c)];
    double sum = 0;
    for (std::size_t i = 0; i < size_; ++i) {
      const Nearest found = nearest(i, clustering.centres);
      const double near = std::sqrt(found.square), next = std::sqrt(found.second_square);
      const bool alone = sizes[static_cast<std::size_t>(clustering.of[i])] == 1;
      if (!alone && next > 0 && std::isfinite(next)) sum += (next - near) / next;
    }
    return sum / static_cast<double>(size_);
  }

 private:
  std::span<const double> row(std::size_t i) const {
    return rows_.subspan(i * dimension_, dimension_);
  }

  double square(std::span<const double> a, const double* centre) const {
    double sum = 0;
    for (std::size_t k = 0; k < dimension_; ++k) sum += (a[k] - centre[k]) * (a[k] - centre[k]);
    return sum;
  }

  Nearest nearest(std::size_t i, const std::vector<double>& centres) const {
    Nearest result;
    for (std::size_t c = 0; c * dimension_ < centres.size(); ++c) {
      const double distance = square(row(i), centres.data() + c * dimension_);
      if (distance < result.square) {
        result.second_square = result.square;
        result.square = distance;
        result.first = static_cast<int>(c);
      } else {
        result.second_square = std::min(result.second_square, distance);
      }
    }
    return result;
  }

  // k-means++: each centre is a row, drawn with a probability proportional to its squared distance
  // from the nearest centre so far.
  std::vector<double> first_centres(int count, const Random& random) const {
    std::vector<double> centres, squares(size_, std::numeric_limits<double>::infinity());
    std::size_t drawn = static_cast<std::size_t>(random.below(0, size_));
    for (int c = 0; c < count; ++c) {
      if (c > 0) {
        const double total = std::accumulate(squares.begin(), squares.end(), 0.0);
        if (total == 0) break;
        double left = random.uniform(4 * static_cast<std::uint64_t>(c)) * total;
        for (drawn = 0; drawn + 1 < size_ && left >= squares[drawn]; ++drawn)
          left -= squares[drawn];
      }
      centres.insert(centres.end(), row(drawn).begin(), row(drawn).end());
      for (std::size_t i = 0; i < size_; ++i) {
        squares[i] =
            std::min(squares[i], square(row(i), centres.data() + centres.size() - dimension_));
      }
    }
    return centres;
  }

  Clustering improve(std::vector<double> centres) const {
    Clustering result{.of = std::vector<int>(size_, -1), .centres = std::move(centres)};
    for (int step = 0; step < kMostRounds; ++step) {
      bool moved = false;
      result.squares = 0;
      for (std::size_t i = 0; i < size_; ++i) {
        const Nearest found = nearest(i, result.centres);
        moved = moved || found.first != result.of[i];
        result.of[i] = found.first;
        result.squares += found.square;
      }
      if (!moved) break;
      move_centres(result);
    }
    return result;
  }

  // Moves the centres to the means of their rows; one without rows stays.
  void move_centres(Clustering& clustering) const {
    std::vector<double> sums(clustering.centres.size(), 0.0);
    std::vector<double> counts(clustering.centres.size() / dimension_, 0.0);
    for (std::size_t i = 0; i < size_; ++i) {
      const auto c = static_cast<std::size_t>(clustering.of[i]);
      counts[c] += 1;
      for (std::size_t k = 0; k < dimension_; ++k) sums[c * dimension_ + k] += row(i)[k];
    }
    for (std::size_t k = 0; k < sums.size(); ++k) {
      if (counts[k / dimension_] > 0) clustering.centres[k] = sums[k] / counts[k / dimension_];
    }
  }

  std::span<const double> rows_;
  std::size_t dimension_, size_;
};

}  // namespace

std::vector<int> cluster(std::span<const double> rows, std::size_t dimension, int count,
                         std::uint64_t seed) {
  const KMeans means(rows, dimension);
  Clustering best;
  if (count > 0) {
    best = means.best(count, seed);
  } else {
    double highest = -1;
    for (int k = 2; k <= kMostChosenClusters; ++k) {
      Clustering found = means.best(k, seed);
      const double silhouette = means.silhouette(found);
      if (silhouette <= highest) continue;
      highest = silhouette;
      best = std::move(found);
    }
  }
  // Renumbered by decreasing size.
  std::map<int, int> sizes, number;
  for (const int c : best.of) ++sizes[c];
  std::vector<std::pair<int, int>> order(sizes.begin(), sizes.end());
  std::ranges::stable_sort(order, std::greater(), &std::pair<int, int>::second);
  for (const auto& [c, size] : order) number.emplace(c, static_cast<int>(number.size()));
  for (int& c : best.of) c = number[c];
  return best.of;
}

}  // namespace elmo
