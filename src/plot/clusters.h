// Groups of points that lie near one another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace elmo {

// What is chosen by itself: as many as there are colours.
inline constexpr int kMostChosenClusters = 7;

// The cluster of each row of `rows`, row-major (rows, dimension), by k-means (Lloyd 1982, begun as
// Arthur and Vassilvitskii 2007 do, the best of ten runs); numbered from 0 by falling size. With
// `count` 0 their number is the one of 2 to kMostChosenClusters whose mean simplified silhouette
// (Hruschka, de Castro and Campello 2004) is largest. Fewer where fewer rows differ.
std::vector<int> cluster(std::span<const double> rows, std::size_t dimension, int count,
                         std::uint64_t seed);

}  // namespace elmo
