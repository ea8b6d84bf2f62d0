#include "text/sentencepiece_check.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace elmo {
namespace {

// A cursor over protobuf's wire format: enough to look into a SentencePiece model, whose generated
// classes are not installed by distributions.
class ProtoReader {
 public:
  explicit ProtoReader(std::string_view bytes) : bytes_(bytes) {}

  // The next field; false at the end or where the bytes are not protobuf.
  // `number` is that of a field of variable length.
  bool next(std::uint64_t& field, std::string_view& payload, std::uint64_t* number = nullptr) {
    std::uint64_t tag = 0;
    if (at_ >= bytes_.size() || !varint(tag)) return false;
    field = tag >> 3;
    payload = {};
    std::uint64_t size = 0;
    switch (tag & 7) {
      case 0:
        if (!varint(size)) return false;
        if (number != nullptr) *number = size;
        return true;
      case 1:
        size = 8;
        break;
      case 2:
        if (!varint(size)) return false;
        break;
      case 5:
        size = 4;
        break;
      default:
        return false;
    }
    if (size > bytes_.size() - at_) return false;
    payload = bytes_.substr(at_, size);
    at_ += size;
    return true;
  }

 private:
  bool varint(std::uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 64 && at_ < bytes_.size(); shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes_[at_++]);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
};

// The specs of ModelProto, of what is done to a text and to the text made of pieces.
constexpr std::uint64_t kNormaliser = 3, kDenormaliser = 5;

// Of that spec NormalizerSpec.precompiled_charsmap = 2. The last one counts, as protobuf merges
// them.
std::string_view character_map(std::string_view model, std::uint64_t spec_field) {
  std::string_view map;
  ProtoReader reader(model);
  std::uint64_t field = 0;
  std::string_view payload;
  while (reader.next(field, payload)) {
    if (field != spec_field) continue;
    ProtoReader spec(payload);
    std::string_view value;
    while (spec.next(field, value)) {
      if (field == 2) map = value;
    }
  }
  return map;
}

// The map is a little-endian uint32, the bytes of a double-array trie (darts-clone: a unit has its
// label in bits 0 to 7 and 31, whether it has a leaf in bit 8, whether its offset counts in 256s in
// bit 9, the offset in bits 10 to 30; a leaf is a value in bits 0 to 30), and the texts, each ended
// by 0, that the values point into. Walks all that can be reached.
bool is_sound_map(std::string_view map) {
  if (map.empty()) return true;
  std::uint32_t size = 0;
  if (map.size() <= sizeof size) return false;
  std::memcpy(&size, map.data(), sizeof size);
  map.remove_prefix(sizeof size);
  if (size >= map.size() || size % sizeof(std::uint32_t) != 0 || size == 0) return false;
  const std::string_view texts = map.substr(size);
  if (texts.back() != '\0') return false;
  std::vector<std::uint32_t> units(size / sizeof(std::uint32_t));
  std::memcpy(units.data(), map.data(), size);
  // Where the children of a unit lie: 256 places, by the byte that leads there.
  const auto children_of = [&](std::uint32_t at) {
    const std::uint32_t unit = units[at];
    return at ^ ((unit >> 10) << ((unit & (1u << 9)) >> 6));
  };
  std::vector<bool> seen(units.size(), false);
  std::vector<std::uint32_t> open = {0};
  seen[0] = true;
  while (!open.empty()) {
    const std::uint32_t at = open.back();
    open.pop_back();
    const std::uint32_t base = children_of(at);
    if ((base | 0xFFu) >= units.size()) return false;
    if ((units[at] >> 8 & 1u) != 0 && (units[base] & 0x7FFFFFFFu) >= texts.size()) return false;
    for (std::uint32_t byte = 1; byte < 256; ++byte) {
      const std::uint32_t child = base ^ byte;
      if ((units[child] & 0x800000FFu) != byte || seen[child]) continue;
      seen[child] = true;
      open.push_back(child);
    }
  }
  return true;
}

// ModelProto.pieces = 1, SentencePiece.type = 3, of which UNKNOWN is 2.
int count_unknown(std::string_view model) {
  int count = 0;
  ProtoReader reader(model);
  std::uint64_t field = 0;
  std::string_view payload;
  while (reader.next(field, payload)) {
    if (field != 1) continue;
    ProtoReader piece(payload);
    std::string_view value;
    bool unknown = false;
    std::uint64_t number = 0;
    while (piece.next(field, value, &number)) {
      if (field == 3) unknown = number == 2;
    }
    count += unknown ? 1 : 0;
  }
  return count;
}

}  // namespace

std::string sentencepiece_fault(std::string_view model) {
  if (count_unknown(model) != 1) {
    return "not a SentencePiece model, or one without an unknown piece, or cut short";
  }
  if (!is_sound_map(character_map(model, kNormaliser)) ||
      !is_sound_map(character_map(model, kDenormaliser))) {
    return "the SentencePiece model's table of characters is damaged";
  }
  return {};
}

bool normaliser_is_identity(std::string_view model) {
  return character_map(model, kNormaliser).empty();
}

}  // namespace elmo
