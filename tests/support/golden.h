// Reads golden files, which are HDF5 written by the scripts in tests/golden.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "io/hdf5.h"
#include "nn/parameter.h"

namespace elmo {

// The golden file of this test program (elmo_golden_test).
inline const h5::File& golden() {
  static const h5::File file = h5::File::open(ELMO_GOLDEN_FILE);
  return file;
}

inline std::vector<double> read_golden(const std::string& name) {
  const h5::Dataset dataset = golden().open_dataset(name);
  std::vector<double> values(static_cast<std::size_t>(dataset.elements()));
  dataset.read(h5::Type::kFloat64, values.data());
  return values;
}

template <typename T>
std::vector<T> read_golden_as(const std::string& name) {
  const std::vector<double> values = read_golden(name);
  return std::vector<T>(values.begin(), values.end());
}

// Fills a parameter from the dataset GROUP/NAME, which must have the same shape.
inline void read_golden_parameter(const std::string& group, Parameter& parameter) {
  const h5::Dataset dataset = golden().open_dataset(group + "/" + parameter.name);
  ASSERT_EQ(dataset.extents(), parameter.shape) << parameter.name;
  dataset.read(h5::Type::kFloat32, parameter.value.data());
}

// The largest difference, divided by the largest magnitude.
template <typename T>
double relative_error(std::span<const T> got, const std::vector<double>& expected) {
  EXPECT_EQ(got.size(), expected.size());
  double difference = 0, largest = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    // Not by std::max, which hides a NaN.
    const double here = std::abs(static_cast<double>(got[i]) - expected[i]);
    if (!(here <= difference)) difference = here;
    largest = std::max(largest, std::abs(expected[i]));
  }
  EXPECT_GT(largest, 0) << "nothing is compared";
  return difference / largest;
}

}  // namespace elmo
