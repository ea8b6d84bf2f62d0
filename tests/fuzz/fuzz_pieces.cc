// SentencePiece models of unknown origin, and words to encode with them.
#include <vector>

#include "tests/fuzz/fuzz_support.h"
#include "text/piece_vocabulary.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace elmo;
  succeeds([&] {
    const PieceVocabulary vocabulary(std::string(reinterpret_cast<const char*>(data), size), "m");
    require(vocabulary.rows() > 0);
    std::vector<std::int32_t> ids;
    for (const char* word : {"a", "배를", "\u2581", "e\u0301\u1107", "ACGT", "\xF0\x9F\x98\x80"}) {
      ids.clear();
      vocabulary.encode(word, ids);
      require(!ids.empty());
      for (const std::int32_t id : ids) {
        require(id >= 0 && id < vocabulary.rows());
        vocabulary.name(id);
        vocabulary.is_unknown(id);
      }
      vocabulary.encode_with_places(word);
    }
  });
  return 0;
}
