// Forward and backward language models together: words in, contextual vectors out.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compute/precision.h"
#include "compute/workers.h"
#include "embed/direction_model.h"
#include "embed/layer_mix.h"
#include "lm/efml.h"
#include "text/words.h"

namespace elmo {

// How the states of a word's units become its vector in layers 1 and up. kBoundary: the states that
// have read the whole word, forward at its last unit and backward at its first. Layer 0 is always
// the mean of the units' token vectors.
enum class Pooling { kBoundary, kFirst, kLast, kMean };
Pooling parse_pooling(std::string_view name);  // boundary|first|last|mean; throws UsageError
std::string_view pooling_name(Pooling pooling);

// Immutable and thread-safe.
class BidirectionalModel {
 public:
  // Reads DIR/forward.h5 and DIR/backward.h5, or a folder of ELMoForManyLangs (lm/efml.h) without
  // normalisation. Throws Error if one is missing (naming it and the command that makes it), or if
  // they differ in layers, projection or split.
  static std::unique_ptr<BidirectionalModel> load(const std::filesystem::path& folder,
                                                  Precision precision);

  // Loads official weights (lm/official_format.h). `vocabulary`: their word list, needed if units
  // are words; otherwise empty. Throws Error as read_official() does.
  static std::unique_ptr<BidirectionalModel> load_official(const std::filesystem::path& options,
                                                           const std::filesystem::path& weights,
                                                           const std::string& vocabulary,
                                                           Precision precision);

  // Loads a folder of ELMoForManyLangs.
  static std::unique_ptr<BidirectionalModel> load_efml(const std::filesystem::path& folder,
                                                       const EfmlOptions& options,
                                                       Precision precision);

  // Number of layers: the token encoder and the LSTM layers.
  int layers() const { return forward_.settings().layers + 1; }
  // 2 P: forward, then backward.
  int dimension() const { return 2 * forward_.settings().projection; }
  Encoder encoder() const { return forward_.settings().encoder; }
  // Null for models of pieces and words. Both directions may have the same one.
  const WordEncoder* word_encoder(Direction direction) const {
    return direction == Direction::kForward || !backward_.word_encoder() ? forward_.word_encoder()
                                                                         : backward_.word_encoder();
  }
  Split split() const { return forward_.settings().split; }
  Precision precision() const { return precision_; }
  // 32 hexadecimal digits that identify the content of both files.
  const std::string& hash() const { return hash_; }
  const DirectionModel& direction(Direction direction) const {
    return direction == Direction::kForward ? forward_ : backward_;
  }

 private:
  static std::unique_ptr<BidirectionalModel> make(const std::string& name,
                                                  std::unique_ptr<LanguageModel> forward,
                                                  std::unique_ptr<LanguageModel> backward,
                                                  Precision precision);
  BidirectionalModel(std::unique_ptr<LanguageModel> forward,
                     std::unique_ptr<LanguageModel> backward, Precision precision);
  Precision precision_;
  std::string hash_;
  DirectionModel forward_, backward_;
};

// A part of a sentence: from byte `begin` of word `first` to byte `end` of word `last`.
struct WordSpan {
  std::size_t first, begin, last, end;
};

// A sentence to embed; embed() fills in its vectors.
struct SentenceVectors {
  std::vector<std::string_view> words;
  // Indices of the words to return vectors for, in ascending order; nullopt: all.
  std::optional<std::vector<std::int64_t>> kept;
  // If set, one more vector is returned after the others: that of the pieces that overlap the span,
  // taken from the last of them (forward) and the first (backward), whatever the pooling.
  std::optional<WordSpan> span;
  // Row-major (vectors, rows of the mix, dimension).
  std::vector<float> vectors;

  std::size_t wanted() const { return (kept ? kept->size() : words.size()) + (span ? 1 : 0); }
};

struct EmbedOptions {
  LayerMix mix;
  Pooling pooling = Pooling::kBoundary;
  // Largest number of words in a batch; a longer sentence is a batch of its own.
  std::int64_t batch_words = 8192;
  // Capacity in words of the cache of token vectors or, for models of pieces, of each thread's
  // cache of pieces.
  std::size_t cached_words = 100'000;
  // Words that are encoded in advance and never dropped from the cache; for models of characters
  // and dictionaries.
  std::vector<std::string> pinned_words;
  // Called on the calling thread between batches. If it throws, the work ends with that exception.
  std::function<void()> between_batches;
};

// `count` vectors (row-major, `stride` floats from one to the next) of row `row` of the mix for
// the wanted words first, first + 1, ...; columns [column, column + columns).
struct VectorPart {
  int row;
  std::int64_t first, count;
  int column, columns;
  const float* vectors;
  std::int64_t stride;
};

// Embeds on several threads; not thread-safe itself. The vectors of a sentence do not depend on the
// batch, the order or the number of threads.
class BatchEmbedder {
 public:
  BatchEmbedder(std::shared_ptr<const BidirectionalModel> model, EmbedOptions options,
                Workers& workers);
  ~BatchEmbedder();

  const BidirectionalModel& model() const { return *model_; }
  const EmbedOptions& options() const { return options_; }
  // Number of words embedded so far, and how many of them were not in a cache and had to be
  // encoded: into token vectors (characters, dictionaries) or into pieces (once for each direction
  // if their vocabularies differ).
  std::pair<std::uint64_t, std::uint64_t> encoded_words() const;
  // For models of dictionaries: how many of the words embedded so far they know.
  std::optional<DictionaryCoverage> coverage() const;

  // Fills the vectors of all sentences.
  void embed(std::span<SentenceVectors> sentences);
  // The same with carried state: sentence i continues stream (i + `first`) mod `streams`. All
  // streams start from zeros when the BatchEmbedder is created or reset. Blank sentences change no
  // state, except that ELMoForManyLangs reads their BOS and EOS. If it throws, the states are
  // unchanged.
  void embed_carried(std::span<SentenceVectors> sentences, std::uint64_t first, int streams);
  // Carried states, by direction and stream.
  using States = std::array<std::vector<StreamState>, 2>;
  const States& states() const;
  void set_states(States states);
  // Embeds one sentence of any length in bounded memory (besides its words): calls `sink` with one
  // part of the vectors at a time, in no fixed order. Not for a mix with layer_norm.
  void embed_long(SentenceVectors& sentence, const std::function<void(const VectorPart&)>& sink);

 private:
  struct Impl;
  std::shared_ptr<const BidirectionalModel> model_;
  EmbedOptions options_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace elmo
