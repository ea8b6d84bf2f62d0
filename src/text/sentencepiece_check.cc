#include "text/sentencepiece_check.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace elmo {
namespace {

// A minimal reader of protobuf's wire format. The generated classes of SentencePiece models are not
// installed by distributions.
class ProtoReader {
 public:
  explicit ProtoReader(std::string_view bytes) : bytes_(bytes) {}

  // Reads the next field; false at the end or if the bytes are not protobuf. `payload` is the
  // content of a length-delimited field, `number` the value of a varint.
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

// The fields of ModelProto that hold the NormalizerSpec of the input and of the decoded text.
constexpr std::uint64_t kNormaliser = 3, kDenormaliser = 5;

// NormalizerSpec.precompiled_charsmap, field 2. If it is repeated, the last one counts, as in
// protobuf.
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

// The map is a little-endian uint32 (size of the trie in bytes), a double-array trie (darts-clone),
// and the replacement texts, each ended by a 0 byte. A unit of the trie has its label in bits 0 to
// 7 and 31, a flag for a leaf in bit 8, a flag that the offset counts in units of 256 in bit 9, and
// the offset in bits 10 to 30; a leaf has its value, the offset of a replacement text, in bits 0 to
// 30. Visits everything that can be reached.
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
  // The base index of a unit's children: the child for a byte is at this index XOR the byte.
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

// Counts pieces (ModelProto field 1) whose type (SentencePiece field 3) is UNKNOWN (2).
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
