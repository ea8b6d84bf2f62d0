// Training vocabularies on text of any size.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "text/line_reader.h"
#include "text/words.h"

namespace elmo {

struct VocabularyOptions {
  // Number of entries: pieces (including the special ones and 256 byte pieces) or words.
  std::int64_t size = 16'000;
  // "unigram" or "bpe" (SentencePiece), or "word" (a word list).
  std::string type = "unigram";
  // Share of the text's characters that get a piece of their own; the others are encoded as byte
  // pieces.
  double character_coverage = 0.9995;
  // How lines are cut into words. SentencePiece is given the words separated by spaces.
  Split split = Split::kSpaces;
  InvalidText invalid = InvalidText::kRefuse;
  // Bytes of text that SentencePiece is trained on. A larger text is sampled by lines, uniformly.
  std::uint64_t sample_bytes = 200'000'000;
  // Seed of the sampling. The same text and seed give the same model.
  std::uint64_t seed = 1;
};

struct VocabularyReport {
  std::uint64_t lines = 0, words = 0, characters = 0, sampled_lines = 0, invalid_lines = 0;
  std::int64_t entries = 0;
};

// Returns the bytes of a SentencePiece model (trained on NFC text; identity normaliser, byte
// fallback, <unk> 0, <s> 1, </s> 2, no pad) or of a word list in NFC. Reads each input once, in
// order. Memory is bounded by the sample (pieces) or by the number of distinct words (word list).
// For pieces, a line of more than 4,000 bytes is cut between words, and words longer than that are
// left out. Throws Error if the text does not support the size, naming the largest size that it
// does support if that is known, and UsageError for invalid options.
std::string train_vocabulary(const std::vector<std::string>& inputs,
                             const VocabularyOptions& options, VocabularyReport* report);

}  // namespace elmo
