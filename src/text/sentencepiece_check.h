// What of a SentencePiece model the library takes on trust.
#pragma once

#include <string>
#include <string_view>

namespace elmo {

// What is wrong with the bytes of a SentencePiece model (sentencepiece_model.proto, ModelProto), as
// the end of a sentence; empty where nothing is found. libsentencepiece reads outside its memory
// where the normaliser's table of characters is damaged, and needs one unknown piece.
std::string sentencepiece_fault(std::string_view model);

// Whether the model's own normaliser changes nothing.
bool normaliser_is_identity(std::string_view model);

}  // namespace elmo
