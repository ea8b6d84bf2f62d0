// The words of a text nearest to a word of a query sentence.
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

  // The sentence with the word in brackets.
  std::string marked() const;
};

// The `count` nearest words by falling cosine, of equal ones the earlier first. The query itself
// is left out, and so is the same word of a sentence seen before. Rows of the mix are
// concatenated. `coverage`: filled as BatchEmbedder::coverage() says, unless it is null. Throws
// Error (input), UsageError (query).
std::vector<Neighbor> find_neighbors(std::shared_ptr<const BidirectionalModel> model,
                                     const EmbedOptions& options, const Query& query,
                                     const std::string& input, InvalidText invalid,
                                     std::size_t count, Workers& workers,
                                     std::optional<DictionaryCoverage>* coverage = nullptr);

}  // namespace elmo
