// Labelled and unlabelled data, lists of places and of words.
#include "task/data_set.h"
#include "tests/fuzz/fuzz_support.h"
#include "text/word_list.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace elmo;
  const InputFile file(data, size);
  const LabelSet labels({"a", "b", "O", "B-X"});
  for (const TaskKind task : {TaskKind::kClassify, TaskKind::kTag}) {
    for (const InvalidText invalid : {InvalidText::kRefuse, InvalidText::kReplace}) {
      succeeds([&] {
        DataSet set = read_data_set(file.path(), task, Split::kPunctuation, invalid);
        for (const Example& example : set.examples) {
          require(example.line > 0);
          require(example.labels.size() == (task == TaskKind::kTag ? example.words.size() : 1));
        }
        set.fingerprint();
        const LabelSet own = LabelSet::of(set);
        require(own.size() > 0);
        if (task == TaskKind::kTag && own.bio()) repair_bio(set), require(repair_bio(set) == 0);
      });
      for (const TextForm form : {TextForm::kText, TextForm::kTokens}) {
        succeeds(
            [&] { read_unlabelled(file.path(), task, form, Split::kCharacters, labels, invalid); });
      }
    }
  }
  succeeds([&] { read_distances(file.path()); });
  succeeds([&] { require(!normal_words(read_word_list(file.path())).empty()); });
  return 0;
}
