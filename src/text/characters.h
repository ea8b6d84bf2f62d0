// Words as rows of characters, as ELMo's character encoder reads them (bilm-tf, AllenNLP).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace elmo {

// A byte of UTF-8 is its own id. Five more ids stand for the ends of a sentence and of a word and
// for padding. (bilm-tf and AllenNLP add 1 to every id, because their 0 is a mask; nothing is
// masked here.)
inline constexpr std::uint16_t kBeginSentence = 256, kEndSentence = 257, kBeginWord = 258,
                               kEndWord = 259, kPadding = 260;
inline constexpr int kCharacterRows = 261;

// Appends kBeginWord, the bytes of the word and kEndWord: at most `most` ids. Bytes beyond most - 2
// are dropped, even in the middle of a character. `<S>` and `</S>` stand for the ends of the
// sentence. The encoder adds the padding.
void append_characters(std::string_view word, int most, std::vector<std::uint16_t>& ids);

}  // namespace elmo
