// elmo vocab: makes the vocabulary of a language model.

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/log.h"
#include "elmo/error.h"
#include "text/vocabulary_training.h"
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/output.h"
#include "tools/shared_options.h"

namespace elmo {

int run_vocab(Arguments arguments) {
  VocabularyOptions config;
  std::vector<std::string> inputs;
  std::filesystem::path output;
  bool json = false;

  Options options(arguments, "elmo vocab --input corpora/ko.txt --size 2000 --output ko.model");
  options.group("Data");
  options
      .add("input", &inputs, "FILE...",
           "text, one sentence a line; may be .gz files and patterns such as 'news/*.txt'; - is "
           "standard input")
      .required();
  add_split(options, &config.split, std::string(kSplitHelp) + "; give the same to `elmo pretrain`");
  add_invalid(options, &config.invalid);
  options
      .add("sample-bytes", &config.sample_bytes, "N",
           "size in bytes of the sample of lines from which pieces are learned; a larger one takes "
           "more memory and time")
      .at_least(1000);
  options.add("seed", &config.seed, "N", "seed that chooses the sample");
  options.group("Model");
  options
      .add("type", &config.type, "WORD",
           "unigram and bpe: a SentencePiece model, which cuts words into pieces; word: a list of "
           "the most frequent words, for `elmo pretrain --encoder characters`")
      .choices({"unigram", "bpe", "word"});
  options
      .add("size", &config.size, "N",
           "number of entries, special ones included; 8000 to 32000 suit most texts")
      .required()
      .at_least(4);
  options
      .add(
          "character-coverage", &config.character_coverage, "X",
          "share of the text's characters that get a piece of their own; rarer ones are spelled in "
          "bytes; raise it if rare characters matter")
      .between(0.98, 1);
  options.group("Output");
  options.add("output", &output, "FILE", "vocabulary to write; an existing file is replaced")
      .required();
  add_json(options, &json);
  if (!options.parse()) return 0;

  const auto files = expand_inputs(inputs);
  if (output.has_parent_path()) make_folder(output.parent_path());
  // Opened before the work, so that an unwritable output is reported at once.
  PendingFile file(output);
  VocabularyReport report;
  const std::string bytes = train_vocabulary(files, config, &report);
  file.write(bytes);
  file.commit();

  if (json) {
    const nlohmann::ordered_json result = {{"output", output.string()},
                                           {"entries", report.entries},
                                           {"lines", report.lines},
                                           {"sampled_lines", report.sampled_lines},
                                           {"invalid_lines", report.invalid_lines},
                                           {"words", report.words},
                                           {"characters", report.characters}};
    print(result.dump(2) + "\n");
  }
  log::info("{}: {} {} from {} lines, {} words", output.string(), report.entries,
            config.type == "word" ? "words" : "pieces", report.lines, report.words);
  return 0;
}

}  // namespace elmo
