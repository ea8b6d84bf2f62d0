// Groups that colour the points of a picture.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "plot/colours.h"
#include "plot/occurrences.h"
#include "plot/plane.h"

namespace elmo {

struct Colouring {
  std::string name;                 // "cluster", "label", "tag", "word"
  std::vector<std::string> groups;  // the most frequent first, at most kMostGroups
  std::vector<int> of;              // the group of each place
};

// By labels of sentences: line i of the file is `label` or `label<TAB>text` for sentence i of the
// dump. Throws Error if the file has another number of lines than the dump has sentences.
Colouring colour_by_labels(const std::filesystem::path& path, const Occurrences& occurrences);
// By tags of words: lines `token<TAB>tag` with a blank line between sentences, whose words must be
// those of the dump. Throws Error at the first token that is another word; the message names the
// line of its sentence.
Colouring colour_by_tags(const std::filesystem::path& path, const Occurrences& occurrences);
// By the word itself, in NFC.
Colouring colour_by_word(const Occurrences& occurrences);
// By clusters of principal components (clusters.h). clusters: their number, or 0 to choose it.
Colouring colour_by_cluster(const PrincipalComponents& components, int clusters,
                            std::uint64_t seed);

}  // namespace elmo
