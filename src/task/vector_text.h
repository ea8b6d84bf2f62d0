// Static word vectors in text files.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace elmo::task {

struct WordVectorTable {
  std::int64_t dimension = 0;
  std::vector<std::string> words;
  std::vector<float> values;  // (words, dimension)
};

// Reads word2vec's and fastText's text format (a first line `COUNT DIMENSION`) and GloVe's (none):
// each line holds a word and its values, separated by blanks. Words are brought to normalisation
// form C; a blank line at the end of the file is ignored. Keeps the first `most` words and, of the
// rest, those that are `wanted`; of a repeated word only its first line. Memory is bounded by what
// is kept. Throws Error with file and line for a vector of another dimension than the first, a
// value that is no number or not finite, fewer lines than the first line promises, a file without
// vectors, and for word2vec's binary format.
WordVectorTable read_word_vectors(const std::string& path, std::size_t most,
                                  const std::function<bool(std::string_view)>& wanted);

}  // namespace elmo::task
