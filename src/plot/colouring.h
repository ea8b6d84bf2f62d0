// What the points of a picture are coloured by.
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
  std::vector<std::string> groups;  // the most frequent first, kMostGroups at most
  std::vector<int> of;              // the group of each place
};

// By the line that a place stands in: line i of the file is `label` or `label<TAB>text` for
// sentence i of the dump. Throws Error: another number of lines than the dump has sentences.
Colouring colour_by_labels(const std::filesystem::path& path, const Occurrences& occurrences);
// By tags, from lines `token<TAB>tag` with a blank line between sentences, whose words are those of
// the dump. Throws Error naming the line of the first token that is another word.
Colouring colour_by_tags(const std::filesystem::path& path, const Occurrences& occurrences);
// By the word itself, in NFC.
Colouring colour_by_word(const Occurrences& occurrences);
// By clusters of principal components (clusters.h).
Colouring colour_by_cluster(const PrincipalComponents& components, int clusters,
                            std::uint64_t seed);

}  // namespace elmo
