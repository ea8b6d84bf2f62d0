// Small language models for tests.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include "lm/language_model.h"

namespace elmo {

// The character of piece i (from 3 on) of vocabulary_of().
inline std::string character(int i) {
  return {'\xE4', static_cast<char>(0xB8 + i / 64), static_cast<char>(0x80 + i % 64)};
}

// A SentencePiece model of `rows` pieces (<unk>, <s>, </s>, then one CJK character each), in
// protobuf's wire format. sentencepiece_model.proto: ModelProto has pieces = 1 (piece = 1, score =
// 2, type = 3), trainer_spec = 2 and normalizer_spec = 3 (name = 1).
inline std::shared_ptr<const PieceVocabulary> vocabulary_of(int rows) {
  const auto field = [](int number, const std::string& payload) {
    return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(payload.size())} +
           payload;
  };
  std::string model;
  for (int i = 0; i < rows; ++i) {
    const char* const special[] = {"<unk>", "<s>", "</s>"};
    const float score = -1.0f - 0.1f * static_cast<float>(i);
    char bytes[sizeof score];
    std::memcpy(bytes, &score, sizeof score);
    const char type = i == 0 ? 2 : i < 3 ? 3 : 1;  // UNKNOWN, CONTROL, NORMAL
    model += field(1, field(1, i < 3 ? special[i] : character(i)) + '\x15' +
                          std::string(bytes, sizeof bytes) + '\x18' + type);
  }
  model += field(2, "") + field(3, field(1, "identity"));
  return std::make_shared<const PieceVocabulary>(std::move(model), "a test's vocabulary");
}

}  // namespace elmo
