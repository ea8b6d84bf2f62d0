// The texts of a batch: sequences of different lengths, stored one after another without padding.
#pragma once

#include <cstdint>
#include <vector>

namespace elmo {

// Text i is rows offsets[i] to offsets[i + 1]; a text may be empty.
struct Ragged {
  std::vector<std::int64_t> offsets = {0};

  void add(std::int64_t length) { offsets.push_back(offsets.back() + length); }
  std::int64_t texts() const { return static_cast<std::int64_t>(offsets.size()) - 1; }
  std::int64_t rows() const { return offsets.back(); }
  std::int64_t begin(std::int64_t i) const { return offsets[static_cast<std::size_t>(i)]; }
  std::int64_t end(std::int64_t i) const { return offsets[static_cast<std::size_t>(i) + 1]; }
  std::int64_t length(std::int64_t i) const { return end(i) - begin(i); }
};

}  // namespace elmo
