// The colours of all pictures.
#pragma once

#include <array>
#include <cstddef>

namespace elmo {

// Most people with colour blindness can distinguish these (Okabe and Ito 2008, without their
// yellow, which is hard to see on white).
inline constexpr std::array<const char*, 7> kColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                        "#e69f00", "#56b4e9", "#000000"};
// Each colour in each of four shapes.
inline constexpr std::size_t kMostGroups = 4 * kColours.size();

}  // namespace elmo
