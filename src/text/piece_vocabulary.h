// From words to pieces by a SentencePiece model. Each word is encoded by itself, in training as
// in embedding, so that the same word is always cut the same way.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/recent_strings.h"
#include "text/vocabulary.h"

namespace elmo {

// Rows are the model's pieces, and behind them one for each of BOS and EOS that the model lacks.
class PieceVocabulary final : public Vocabulary {
 public:
  // `bytes`: a serialized SentencePiece model. `source` names it in messages. Throws Error if it
  // is not one (empty, truncated, foreign, not a model at all).
  PieceVocabulary(std::string bytes, const std::string& source);
  static PieceVocabulary from_file(const std::string& path);
  PieceVocabulary(PieceVocabulary&&) noexcept;
  ~PieceVocabulary() override;

  // Is this <unk> or a byte piece (<0xEA>)?
  bool is_unknown(std::int32_t id) const override;
  // Text of a piece ("▁배", "<s>").
  std::string name(std::int32_t id) const override;

  // Appends the pieces of one raw word; at least one, <unk> where SentencePiece gives none (a
  // word of U+2581, U+200B, U+3000 alone). The word is brought to NFC first when the model's own
  // normaliser is the identity (ours), else the model's normaliser acts alone. A space that a
  // normaliser makes inside the word does not split it. A word longer than kMaxEncodedBytes is
  // encoded in parts of at most that size, cut between characters (SentencePiece's time and
  // memory grow with the length).
  static constexpr std::size_t kMaxEncodedBytes = 4096;
  void encode(std::string_view word, std::vector<std::int32_t>& ids) const override;

  // The same pieces with the bytes of the raw word that each covers (half-open; empty for a
  // piece that stands for nothing of it, such as a lone "▁").
  struct Piece {
    std::int32_t id;
    std::size_t begin, end;
  };
  std::vector<Piece> encode_with_places(std::string_view word) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Remembers the pieces of the words that were met last; one a thread. Words longer than 64 bytes
// are never kept.
class PieceCache {
 public:
  static constexpr std::size_t kMostWords = 32'768;
  explicit PieceCache(const PieceVocabulary& vocabulary, std::size_t max_words = kMostWords);
  // Appends the pieces of `word` to `ids`.
  void encode(std::string_view word, std::vector<std::int32_t>& ids);
  // How many words had to be encoded so far.
  std::uint64_t encoded() const { return encoded_; }

 private:
  const PieceVocabulary& vocabulary_;
  RecentStrings words_;
  std::vector<std::vector<std::int32_t>> pieces_;  // by the word's number
  std::uint64_t encoded_ = 0;
};

}  // namespace elmo
