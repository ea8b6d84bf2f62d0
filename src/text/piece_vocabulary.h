// Cuts words into pieces with a SentencePiece model. Each word is encoded by itself, in training
// and in embedding, so that the same word always has the same pieces.
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

// The rows are the model's pieces, followed by BOS and EOS if the model lacks them.
class PieceVocabulary final : public Vocabulary {
 public:
  // `bytes`: a serialized SentencePiece model. `source` names it in messages. Throws Error if it is
  // empty, truncated, or not a SentencePiece model that can be used.
  PieceVocabulary(std::string bytes, const std::string& source);
  static PieceVocabulary from_file(const std::string& path);
  PieceVocabulary(PieceVocabulary&&) noexcept;
  ~PieceVocabulary() override;

  // Is this <unk> or a byte piece (<0xEA>)?
  bool is_unknown(std::int32_t id) const override;
  // Text of a piece ("▁배", "<s>").
  std::string name(std::int32_t id) const override;

  // Appends the pieces of one raw word, at least one: <unk> if SentencePiece gives none (for a word
  // of only U+2581, U+200B or U+3000). If the model's own normaliser is the identity, as in
  // vocabularies made by `elmo vocab`, the word is converted to NFC first; otherwise only the
  // model's normaliser is applied. A space that a normaliser makes inside the word does not split
  // it. A word longer than kMaxEncodedBytes is encoded in parts of at most that size, cut between
  // characters, because SentencePiece's time and memory grow faster than the length.
  static constexpr std::size_t kMaxEncodedBytes = 4096;
  void encode(std::string_view word, std::vector<std::int32_t>& ids) const override;

  // The same pieces, each with the bytes [begin, end) of the raw word that it covers (empty for a
  // piece that covers none of it, such as a lone "▁").
  struct Piece {
    std::int32_t id;
    std::size_t begin, end;
  };
  std::vector<Piece> encode_with_places(std::string_view word) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Caches the pieces of the most recent words. Not thread-safe: each thread has its own. Words
// longer than 64 bytes are not cached.
class PieceCache {
 public:
  static constexpr std::size_t kMostWords = 32'768;
  explicit PieceCache(const PieceVocabulary& vocabulary, std::size_t max_words = kMostWords);
  // Appends the pieces of `word` to `ids`.
  void encode(std::string_view word, std::vector<std::int32_t>& ids);
  // How many words were not in the cache and had to be encoded.
  std::uint64_t encoded() const { return encoded_; }

 private:
  const PieceVocabulary& vocabulary_;
  RecentStrings words_;
  std::vector<std::vector<std::int32_t>> pieces_;  // by the word's index in the cache
  std::uint64_t encoded_ = 0;
};

}  // namespace elmo
