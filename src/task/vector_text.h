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

// Reads the text formats of word2vec and fastText (a first line `COUNT DIMENSION`) and of GloVe (no
// such line): each line has a word and its values, separated by blanks. Words are converted to
// normalisation form C. Blank lines at the end of the file are ignored. Keeps the first `most`
// words and, of the others, those that are `wanted`; a repeated word counts only once. Memory is
// bounded by what is kept. Throws Error with file and line for a vector of another dimension than
// the first, a value that is not a finite number, fewer lines than the first line promises, a file
// without vectors, and word2vec's binary format.
WordVectorTable read_word_vectors(const std::string& path, std::size_t most,
                                  const std::function<bool(std::string_view)>& wanted);

}  // namespace elmo::task
