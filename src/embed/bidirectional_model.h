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

// Which states of a word's units become its vector in layers 1 and up. kBoundary: the state that
// has seen the whole word, forward at its last unit and backward at its first. Layer 0 is always
// the mean of the units' vectors in the token encoder.
enum class Pooling { kBoundary, kFirst, kLast, kMean };
Pooling parse_pooling(std::string_view name);  // boundary|first|last|mean; throws UsageError
std::string_view pooling_name(Pooling pooling);

// Immutable and shared by threads.
class BidirectionalModel {
 public:
  // Reads DIR/forward.h5 and DIR/backward.h5, or a folder of ELMoForManyLangs (lm/efml.h) without
  // normalisation. Throws Error: one is missing (names it and the command that makes it), or they
  // differ in layers, projection or split.
  static std::unique_ptr<BidirectionalModel> load(const std::filesystem::path& folder,
                                                  Precision precision);

  // The same of official weights (lm/official_format.h). `vocabulary`: a word list, needed where a
  // unit is a word of it; empty: none. Throws Error as read_official() does.
  static std::unique_ptr<BidirectionalModel> load_official(const std::filesystem::path& options,
                                                           const std::filesystem::path& weights,
                                                           const std::string& vocabulary,
                                                           Precision precision);

  // The same of a folder of ELMoForManyLangs.
  static std::unique_ptr<BidirectionalModel> load_efml(const std::filesystem::path& folder,
                                                       const EfmlOptions& options,
                                                       Precision precision);

  // The token encoder and the LSTM layers.
  int layers() const { return forward_.settings().layers + 1; }
  // 2 P: forward, then backward.
  int dimension() const { return 2 * forward_.settings().projection; }
  Encoder encoder() const { return forward_.settings().encoder; }
  // Null but of characters and dictionaries; forward's and backward's may be one.
  const WordEncoder* word_encoder(Direction direction) const {
    return direction == Direction::kForward || !backward_.word_encoder() ? forward_.word_encoder()
                                                                         : backward_.word_encoder();
  }
  Split split() const { return forward_.settings().split; }
  Precision precision() const { return precision_; }
  // 32 hexadecimal digits: the content of both files.
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

// A stretch of a sentence: from byte `begin` of word `first` to byte `end` of word `last`.
struct WordSpan {
  std::size_t first, begin, last, end;
};

// A sentence to embed, and its vectors afterwards.
struct SentenceVectors {
  std::vector<std::string_view> words;
  // The words whose vectors are wanted, rising; nothing: all of them.
  std::optional<std::vector<std::int64_t>> kept;
  // Wanted beside them, as the last vector: the pieces that a span touches, forward at the last
  // of them and backward at the first whatever the pooling.
  std::optional<WordSpan> span;
  // Row-major (vectors, rows of the mix, dimension).
  std::vector<float> vectors;

  std::size_t wanted() const { return (kept ? kept->size() : words.size()) + (span ? 1 : 0); }
};

struct EmbedOptions {
  LayerMix mix;
  Pooling pooling = Pooling::kBoundary;
  // Words of a batch, at most; a longer sentence is a batch of its own.
  std::int64_t batch_words = 4096;
  // Words whose token vectors are kept, at most, or, by each thread, their pieces. Of models of
  // characters and dictionaries, words to encode beforehand, which are never dropped.
  std::size_t cached_words = 100'000;
  std::vector<std::string> pinned_words;
  // Called on the caller's thread between batches; what it throws ends the work.
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

// Embeds with a team of threads; one caller at a time. What a sentence gets does not depend on the
// batch, the order or the number of threads.
class BatchEmbedder {
 public:
  BatchEmbedder(std::shared_ptr<const BidirectionalModel> model, EmbedOptions options,
                Workers& workers);
  ~BatchEmbedder();

  const BidirectionalModel& model() const { return *model_; }
  const EmbedOptions& options() const { return options_; }
  // Occurrences of words so far, and how many of them were in no cache and had to be encoded: of
  // models of characters and dictionaries into token vectors, of models of pieces into pieces, by
  // each direction where their vocabularies differ.
  std::pair<std::uint64_t, std::uint64_t> encoded_words() const;
  // Of a model of dictionaries, for reports: what they know of the words so far.
  std::optional<DictionaryCoverage> coverage() const;

  // Fills the vectors of all sentences.
  void embed(std::span<SentenceVectors> sentences);
  // The same where the state is carried: sentence i continues stream (i + `first`) mod `streams`,
  // which began with zeros when this BatchEmbedder was made or last reset; blank sentences change
  // nothing (of ELMoForManyLangs their ends are read). A window may hold any number of sentences.
  // When it throws, the states are as before.
  void embed_carried(std::span<SentenceVectors> sentences, std::uint64_t first, int streams);
  // Carried states, by direction and stream.
  using States = std::array<std::vector<StreamState>, 2>;
  const States& states() const;
  void set_states(States states);
  // One sentence of any length in bounded memory (besides its words): the parts are handed over
  // as they are made, in no fixed order, one at a time. Not with a mix that needs layer_norm.
  void embed_long(SentenceVectors& sentence, const std::function<void(const VectorPart&)>& sink);

 private:
  struct Impl;
  std::shared_ptr<const BidirectionalModel> model_;
  EmbedOptions options_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace elmo
