// Transposition of matrices.
#pragma once

#include <cstdint>

#include "compute/precision.h"

namespace elmo {

// destination (columns x rows, leading dimension to_ld) = the transpose of source (rows x columns,
// leading dimension ld). Bits are copied, so Bf16 stands for any type of 16 bits and float for any
// of 32.
void transpose(const float* source, std::int64_t ld, std::int64_t rows, std::int64_t columns,
               float* destination, std::int64_t to_ld);
void transpose(const Bf16* source, std::int64_t ld, std::int64_t rows, std::int64_t columns,
               Bf16* destination, std::int64_t to_ld);

}  // namespace elmo
