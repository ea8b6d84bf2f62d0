// One direction of a bidirectional model, for embedding only: packed constant weights, shared by
// threads, and the forward pass of a batch of sentences through the layers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "compute/aligned.h"
#include "compute/precision.h"
#include "lm/language_model.h"
#include "lm/word_encoder.h"

namespace elmo {

// State of one stream between sentences: each layer's h (P) and c (H), one after another.
struct StreamState {
  std::vector<float> values;  // empty: zeros
};

// A sentence for one direction, in reading order (reversed for the backward model).
struct UnitSequence {
  std::vector<std::int32_t> units;  // rows of the unit table, without BOS and EOS
  StreamState* state = nullptr;     // carried: read before, written after (EOS is then read too)
};

// The layer-0 vectors of all units: row u of `vectors` (P).
struct UnitTable {
  const float* vectors = nullptr;
  std::int32_t bos = 0, eos = 0;
};

// The outputs of some consecutive steps of a batch: row (t - first_step) * rows + i of `layer(j)`
// is the vector (P) of sequence i at unit t, where t < its length.
struct StepOutputs {
  std::int64_t first_step, steps, rows;
  std::vector<const float*> layers;  // j = 1 .. ; [0] is layer 1
};

// The part of a language model that computes vectors: its matrices packed for inference, without
// the softmax and without the float32 matrices that they were packed from.
struct InferenceWeights {
  // Moves what it needs out of the model and frees the rest.
  InferenceWeights(std::unique_ptr<LanguageModel> model, Precision precision);

  ModelSettings settings;
  std::shared_ptr<const PieceVocabulary> pieces;  // kPieces
  std::shared_ptr<const Vocabulary> vocabulary;   // null if there is none
  EmbeddingLayer embedding;                       // kPieces, kWords
  std::unique_ptr<WordEncoder> word_encoder;  // kCharacters, kDictionaries; null where the other
                                              // direction's serves both
  std::vector<LstmLayer> layers;
};

class DirectionModel {
 public:
  DirectionModel(std::unique_ptr<LanguageModel> model, Precision precision)
      : weights_(std::move(model), precision), precision_(precision) {}

  const ModelSettings& settings() const { return weights_.settings; }
  const PieceVocabulary& pieces() const { return *weights_.pieces; }     // kPieces only
  const Vocabulary& vocabulary() const { return *weights_.vocabulary; }  // kPieces, kWords
  // For models of characters and dictionaries, otherwise null; also null if the other direction's
  // encoder serves both.
  const WordEncoder* word_encoder() const { return weights_.word_encoder.get(); }
  // For models of pieces and words. The token vectors of other models are in a TokenCache.
  UnitTable units() const;

  // Buffers of one thread, reused from batch to batch.
  class Scratch;
  struct ScratchDeleter {
    void operator()(Scratch* scratch) const;
  };
  using ScratchPointer = std::unique_ptr<Scratch, ScratchDeleter>;
  ScratchPointer make_scratch() const;

  // Runs the sequences, which must be in descending order of length, through the layers and calls
  // `sink` with the outputs of some steps at a time. The bits of a row do not depend on the batch.
  void run(std::span<UnitSequence* const> sequences, const UnitTable& units, Scratch& scratch,
           const std::function<void(const StepOutputs&)>& sink) const;

 private:
  template <typename T>
  void walk(std::span<UnitSequence* const> sequences, const UnitTable& units, Scratch& scratch,
            const std::function<void(const StepOutputs&)>& sink) const;

  InferenceWeights weights_;
  Precision precision_;
};

}  // namespace elmo
