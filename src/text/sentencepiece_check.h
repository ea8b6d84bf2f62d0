// Checks a SentencePiece model for faults that libsentencepiece does not detect.
#pragma once

#include <string>
#include <string_view>

namespace elmo {

// What is wrong with the bytes of a SentencePiece model (sentencepiece_model.proto, ModelProto),
// worded as the end of a sentence; empty if nothing is found. libsentencepiece reads out of bounds
// if the normaliser's character map is damaged, and needs exactly one unknown piece.
std::string sentencepiece_fault(std::string_view model);

// Does the model's own normaliser change nothing?
bool normaliser_is_identity(std::string_view model);

}  // namespace elmo
