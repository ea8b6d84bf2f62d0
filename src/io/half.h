// Conversion to and from IEEE half precision, for which C++20 and HDF5 1.10 have no type.
#pragma once

#include <cstddef>
#include <cstdint>

namespace elmo {

// Rounds to nearest, ties to even. Magnitudes from 65520 on become infinity; NaN stays NaN.
void float_to_half(const float* from, std::uint16_t* to, std::size_t count);

// Exact.
void half_to_float(const std::uint16_t* from, float* to, std::size_t count);

}  // namespace elmo
