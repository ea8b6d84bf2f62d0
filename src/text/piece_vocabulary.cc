#include "text/piece_vocabulary.h"

#include <sentencepiece_processor.h>

#include <algorithm>

#include "base/file.h"
#include "elmo/error.h"
#include "text/sentencepiece_check.h"
#include "text/utf8.h"

namespace elmo {
struct PieceVocabulary::Impl {
  sentencepiece::SentencePieceProcessor processor;
  bool identity = true;

  // Calls f(part, offset of the part) for parts of at most kMaxEncodedBytes.
  template <typename F>
  static void in_parts(std::string_view word, F&& f) {
    std::size_t begin = 0;
    while (begin < word.size()) {
      std::size_t end = std::min(word.size(), begin + kMaxEncodedBytes);
      const std::size_t most = end;
      const auto is_inside = [&] {
        return end < word.size() && (static_cast<unsigned char>(word[end]) & 0xC0) == 0x80;
      };
      while (end > begin && is_inside()) --end;
      // Not UTF-8: there are only continuation bytes.
      if (end == begin) end = most;
      f(word.substr(begin, end - begin), begin);
      begin = end;
    }
  }
};

PieceVocabulary::PieceVocabulary(std::string bytes, const std::string& source)
    : Vocabulary(std::move(bytes)), impl_(std::make_unique<Impl>()) {
  if (const std::string fault = sentencepiece_fault(bytes_); !fault.empty()) {
    throw Error(source + ": " + fault + "; make a vocabulary with `elmo vocab`");
  }
  sentencepiece::util::Status status;
  try {
    if (!bytes_.empty()) status = impl_->processor.LoadFromSerializedProto(bytes_);
  } catch (const std::exception&) {
    status = sentencepiece::util::Status(sentencepiece::util::StatusCode::kInternal, "");
  }
  if (bytes_.empty() || !status.ok() || impl_->processor.GetPieceSize() < 1) {
    throw Error(source +
                ": not a SentencePiece model (or a truncated one); make one with `elmo vocab`");
  }
  const auto& processor = impl_->processor;
  // SentencePiece finds the unknown piece only under the name in the model's trainer settings.
  if (processor.unk_id() < 0) {
    throw Error(source +
                ": the SentencePiece model does not name its unknown piece; make a "
                "vocabulary with `elmo vocab`");
  }
  impl_->identity = normaliser_is_identity(bytes_);
  rows_ = processor.GetPieceSize();
  unk_ = processor.unk_id();
  bos_ = processor.bos_id() >= 0 ? processor.bos_id() : rows_++;
  eos_ = processor.eos_id() >= 0 ? processor.eos_id() : rows_++;
}

PieceVocabulary PieceVocabulary::from_file(const std::string& path) {
  return PieceVocabulary(read_file(path, 1u << 30), path);
}

PieceVocabulary::PieceVocabulary(PieceVocabulary&&) noexcept = default;
PieceVocabulary::~PieceVocabulary() = default;

bool PieceVocabulary::is_unknown(std::int32_t id) const {
  if (id >= impl_->processor.GetPieceSize()) return false;
  return impl_->processor.IsUnknown(id) || impl_->processor.IsByte(id);
}

std::string PieceVocabulary::name(std::int32_t id) const {
  if (id < impl_->processor.GetPieceSize()) return impl_->processor.IdToPiece(id);
  return id == bos_ ? "<s>" : "</s>";
}

void PieceVocabulary::encode(std::string_view word, std::vector<std::int32_t>& ids) const {
  const std::size_t before = ids.size();
  std::vector<int> part_ids;
  Impl::in_parts(word, [&](std::string_view part, std::size_t) {
    const auto status = impl_->identity ? impl_->processor.Encode(to_nfc(part), &part_ids)
                                        : impl_->processor.Encode(part, &part_ids);
    if (status.ok()) ids.insert(ids.end(), part_ids.begin(), part_ids.end());
  });
  if (ids.size() == before) ids.push_back(unk_);
}

std::vector<PieceVocabulary::Piece> PieceVocabulary::encode_with_places(
    std::string_view word) const {
  std::vector<Piece> pieces;
  Impl::in_parts(word, [&](std::string_view part, std::size_t offset) {
    // If NFC changes the text, offsets are known in the changed text and are scaled to the raw
    // bytes. They are exact if the text is already in NFC.
    const std::string normal = impl_->identity ? to_nfc(part) : std::string(part);
    const auto encoded = impl_->processor.EncodeAsImmutableProto(normal);
    const auto raw_place = [&](std::size_t at) {
      return offset + (normal.size() == part.size() ? at : at * part.size() / normal.size());
    };
    for (const auto& piece : encoded.pieces()) {
      pieces.push_back({static_cast<std::int32_t>(piece.id()), raw_place(piece.begin()),
                        raw_place(piece.end())});
    }
  });
  if (pieces.empty()) pieces.push_back({unk_, 0, word.size()});
  return pieces;
}

PieceCache::PieceCache(const PieceVocabulary& vocabulary, std::size_t max_words)
    : vocabulary_(vocabulary), words_(max_words) {}

void PieceCache::encode(std::string_view word, std::vector<std::int32_t>& ids) {
  constexpr std::size_t kLongest = 64;
  if (word.size() > kLongest) {
    ++encoded_;
    vocabulary_.encode(word, ids);
    return;
  }
  words_.begin_round();
  const auto [number, is_new] = words_.take(word);
  pieces_.resize(words_.numbers());
  auto& pieces = pieces_[static_cast<std::size_t>(number)];
  if (is_new) {
    ++encoded_;
    pieces.clear();
    try {
      vocabulary_.encode(word, pieces);
    } catch (...) {
      words_.forget(number);
      throw;
    }
  }
  ids.insert(ids.end(), pieces.begin(), pieces.end());
}

}  // namespace elmo
