// Word lists and word vectors.
#include "task/vector_text.h"
#include "task/vocabulary.h"
#include "tests/fuzz/fuzz_support.h"
#include "text/word_vocabulary.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace elmo;
  const InputFile file(data, size);
  succeeds([&] {
    const WordVocabulary list = WordVocabulary::from_file(file.path());
    // The bytes that a model stores must read as the same list.
    const WordVocabulary again(list.bytes(), "again");
    require(again.rows() == list.rows());
    for (std::int32_t i = 0; i < list.rows(); ++i) require(again.id(list.name(i)) == i);
  });
  for (const std::size_t most : {2, 1000}) {
    succeeds([&] {
      const task::WordVectorTable table = task::read_word_vectors(
          file.path(), most, [](std::string_view word) { return word.size() == 1; });
      require(table.values.size() ==
              table.words.size() * static_cast<std::size_t>(table.dimension));
      const task::NameTable names(table.words);
      for (std::size_t i = 0; i < table.words.size(); ++i) {
        require(names.row(table.words[i]) == static_cast<std::int32_t>(i + 1));
      }
    });
  }
  return 0;
}
