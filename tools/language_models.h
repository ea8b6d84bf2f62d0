// The language models of a folder, for the commands that take one direction or both.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lm/language_model.h"

namespace elmo {

// forward.h5 and backward.h5 of a folder, those that are there, in this order. Throws Error if
// there is none.
std::vector<std::unique_ptr<LanguageModel>> load_directions(const std::string& folder);
// `asked`, or the number of cores for 0.
int thread_count(int asked);

}  // namespace elmo
