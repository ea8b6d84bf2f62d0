// Clusters of points that lie close together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace elmo {

// The largest number of clusters that cluster() chooses: as many as there are colours.
inline constexpr int kMostChosenClusters = 7;

// Returns the cluster of each row of `rows` (row-major: rows, dimension) by k-means (Lloyd 1982,
// initialised by k-means++, Arthur and Vassilvitskii 2007; the best of ten runs). Clusters are
// numbered from 0 by decreasing size. If `count` is 0, chooses the number from 2 to
// kMostChosenClusters with the largest mean simplified silhouette (Hruschka, de Castro and Campello
// 2004). There are fewer clusters if there are fewer distinct rows.
std::vector<int> cluster(std::span<const double> rows, std::size_t dimension, int count,
                         std::uint64_t seed);

}  // namespace elmo
