// Words as rows of characters, as ELMo's character encoder reads them (bilm-tf, AllenNLP).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace elmo {

// Raw ids: a UTF-8 byte stands for itself, five rows more for what is no byte. (The original files'
// readers add 1, so that 0 can mask; here nothing is masked.)
inline constexpr std::uint16_t kBeginSentence = 256, kEndSentence = 257, kBeginWord = 258,
                               kEndWord = 259, kPadding = 260;
inline constexpr int kCharacterRows = 261;

// Appends begin of word, the word's bytes, end of word; at most `most` ids, so bytes beyond
// most - 2 are dropped, if need be amid a character. `<S>` and `</S>` are the sentence's ends. The
// padding that follows in the original is left to the encoder.
void append_characters(std::string_view word, int most, std::vector<std::uint16_t>& ids);

}  // namespace elmo
