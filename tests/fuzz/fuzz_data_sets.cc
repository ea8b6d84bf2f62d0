// Labelled and unlabelled data, lists of places and of words.
#include "task/data_set.h"
#include "tests/fuzz/fuzz_support.h"
#include "text/word_list.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace elmo;
  const InputFile file(data, size);
  const task::LabelSet labels({"a", "b", "O", "B-X"});
  for (const task::Kind task : {task::Kind::kClassify, task::Kind::kTag}) {
    for (const InvalidText invalid : {InvalidText::kRefuse, InvalidText::kReplace}) {
      succeeds([&] {
        task::DataSet set = task::read_data_set(file.path(), task, Split::kPunctuation, invalid);
        for (const task::Example& example : set.examples) {
          require(example.line > 0);
          require(example.labels.size() == (task == task::Kind::kTag ? example.words.size() : 1));
        }
        set.fingerprint();
        const task::LabelSet own = task::LabelSet::of(set);
        require(own.size() > 0);
        if (task == task::Kind::kTag && own.bio())
          task::repair_bio(set), require(task::repair_bio(set) == 0);
      });
      for (const task::TextForm form : {task::TextForm::kText, task::TextForm::kTokens}) {
        succeeds(
            [&] { read_unlabelled(file.path(), task, form, Split::kCharacters, labels, invalid); });
      }
    }
  }
  succeeds([&] { task::read_distances(file.path()); });
  succeeds([&] { require(!normal_words(read_word_list(file.path())).empty()); });
  return 0;
}
