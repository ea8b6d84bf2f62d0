// Corpora: every epoch has each sentence once.
#include <map>

#include "tests/fuzz/fuzz_support.h"
#include "text/corpus.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace elmo;
  const InputFile first(data, size / 2), second(data + size / 2, size - size / 2);
  CorpusOptions options;
  options.inputs = {first.path(), second.path()};
  options.invalid = InvalidText::kSkip;
  options.most_places = 3;
  options.window_bytes = 64;
  succeeds([&] {
    Corpus corpus(options);
    std::map<std::string, int> epochs[2];
    std::string line, position;
    for (auto& epoch : epochs) {
      for (std::uint64_t i = 0; i < corpus.sentences(); ++i) {
        if (i == corpus.sentences() / 2) position = corpus.position();
        require(corpus.next(line));
        ++epoch[line];
      }
    }
    require(epochs[0] == epochs[1]);
    Corpus again(options);
    again.seek(position);
    std::map<std::string, int> rest;
    for (std::uint64_t i = corpus.sentences() / 2; i < corpus.sentences(); ++i) {
      require(again.next(line));
      require(epochs[0].count(line) == 1);
    }
  });
  return 0;
}
