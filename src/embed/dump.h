// A text's vectors into a file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/phases.h"
#include "compute/workers.h"
#include "embed/bidirectional_model.h"
#include "io/dump_file.h"
#include "text/line_reader.h"

namespace elmo {

struct DumpRequest {
  std::string input;  // one sentence a line; "-" is standard input
  std::filesystem::path output;
  InvalidText invalid = InvalidText::kRefuse;
  EmbedOptions embed;
  DumpLayout layout = DumpLayout::kSentences;
  DumpType type = DumpType::kF32;
  DumpKeys keys = DumpKeys::kLine;
  bool map = true;
  // Only the occurrences of these words, with their places.
  std::optional<std::unordered_set<std::string>> words;
  // 0: sentences are independent; N: line i continues stream i mod N.
  int carry_state = 0;
  // Go on after the last closed segment of an interrupted dump. A carried state is found again by
  // reading the lines that are done.
  bool resume = false;
};

struct DumpReport {
  std::uint64_t sentences = 0, words = 0, vectors = 0, invalid_lines = 0;
  // Of a character model: words met, and those encoded because they were not in the cache.
  std::uint64_t looked_up = 0, encoded = 0;
  // Of a model of dictionaries.
  std::optional<DictionaryCoverage> coverage;
  double seconds = 0;
  std::vector<PhaseClock::Phase> phases;
};

// Words of a list, one a line; they hold spaces where `split` is by tabs. Throws Error for an empty
// list.
std::unordered_set<std::string> read_word_list(const std::string& path, Split split);

// Throws Error (input, output, disk), and Interrupted after SIGINT or SIGTERM, when what is done
// has been kept for a resume.
DumpReport dump(std::shared_ptr<const BidirectionalModel> model, const DumpRequest& request,
                Workers& workers);

}  // namespace elmo
