// Searches a text for the words nearest to a word of a query sentence.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compute/workers.h"
#include "embed/bidirectional_model.h"
#include "text/line_reader.h"
#include "text/query.h"

namespace elmo {

struct Neighbor {
  double cosine;
  std::uint64_t line;  // from 1, as in a text editor
  std::string sentence;
  std::size_t begin, end;  // the word's bytes in the sentence

  // The sentence with brackets around the word.
  std::string marked() const;
};

// The `count` nearest words by falling cosine; of equal ones the earlier comes first. The query
// itself is left out, and so are repetitions of a sentence. Rows of the mix are concatenated.
// `coverage`: set to BatchEmbedder::coverage() unless null. Throws Error for the input, UsageError
// for the query.
std::vector<Neighbor> find_neighbors(std::shared_ptr<const BidirectionalModel> model,
                                     const EmbedOptions& options, const Query& query,
                                     const std::string& input, InvalidText invalid,
                                     std::size_t count, Workers& workers,
                                     std::optional<DictionaryCoverage>* coverage = nullptr);

}  // namespace elmo
