// Writing the vectors of a text to a file.
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
#include "embed/line_pooling.h"
#include "io/dump_file.h"
#include "text/line_reader.h"

namespace elmo {

struct DumpRequest {
  std::string input;  // one sentence a line; "-" is standard input
  std::filesystem::path output;
  InvalidText invalid = InvalidText::kRefuse;
  EmbedOptions embed;
  DumpFormat format = DumpFormat::kHdf5;
  DumpLayout layout = DumpLayout::kSentences;  // HDF5 only
  DumpType type = DumpType::kF32;
  DumpKeys keys = DumpKeys::kLine;
  bool map = true;
  // Dump only the occurrences of these words, with their places. They must be in normalisation form
  // C, in which the words of the text are compared.
  std::optional<std::unordered_set<std::string>> words;
  // Write one vector for each line. Not with `words`.
  std::optional<LinePooling> line_pool;
  // N > 0: instead of the formats above, write one vector for each of the N most frequent words of
  // the text (static_vectors.h). Words with white space are left out, because the format can't hold
  // them. The text is read twice; the mix must have one row.
  std::int64_t static_words = 0;
  // Dump only this part of the lines, to part_path(output, shard) (io/dump_parts.h). For HDF5 only,
  // from a text that can be read again, without carried state or `static_words`.
  std::optional<Shard> shard;
  // 0: sentences are independent; N: line i continues stream i mod N.
  int carry_state = 0;
  // Continue after the last closed segment of an interrupted dump. Carried states are computed
  // again from the lines that are done.
  bool resume = false;
};

struct DumpReport {
  bool already_complete = false;  // a part that was complete before
  std::uint64_t sentences = 0, words = 0, vectors = 0;
  // For a model of characters or dictionaries: words looked up, and those not in the cache.
  std::uint64_t looked_up = 0, encoded = 0;
  // For a model of dictionaries.
  std::optional<DictionaryCoverage> coverage;
  double seconds = 0;
  std::vector<PhaseClock::Phase> phases;
};

// Throws Error (input, output, disk), and Interrupted after SIGINT or SIGTERM. In both cases the
// complete sentences are kept for a resume. Warns of lines that were skipped or repaired.
DumpReport dump(std::shared_ptr<const BidirectionalModel> model, const DumpRequest& request,
                Workers& workers);

}  // namespace elmo
