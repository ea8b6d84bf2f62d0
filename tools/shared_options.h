// Options that several commands take.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "embed/bidirectional_model.h"
#include "text/line_reader.h"
#include "text/words.h"
#include "tools/options.h"

namespace elmo {

// What a command embeds with: a folder of ours or of ELMoForManyLangs, or a pair of official files.
struct ModelSource {
  std::string folder, options, weights, vocabulary;
  std::optional<std::string> normalise;
  std::optional<Split> split;

  // --model, or --options and --weights and perhaps --vocab; --normalize and --split.
  void add_to(Options& options);
  // Throws UsageError where neither or both are given.
  std::shared_ptr<const BidirectionalModel> load(Precision precision) const;
};

// --normalize and --split of a folder of ELMoForManyLangs; `of_what` precedes their help.
void add_efml(Options& command, std::optional<std::string>* normalise, std::optional<Split>* split,
              const std::string& of_what = "");
EfmlOptions efml_options(const std::optional<std::string>& normalise,
                         const std::optional<Split>& split);

// --split. Field: Split, or std::optional of it where a model may decide.
template <typename Field>
Option& add_split(Options& command, Field* field, std::string help) {
  return command.choice("split", field,
                        {{"spaces", Split::kSpaces},
                         {"characters", Split::kCharacters},
                         {"punctuation", Split::kPunctuation},
                         {"tabs", Split::kTabs}},
                        std::move(help));
}
// Its help where a vocabulary or a model is made.
inline constexpr const char* kSplitHelp =
    "how lines are cut into words: at spaces and tabs, into single characters, with runs of "
    "punctuation as words of their own, or at tabs alone";

// --invalid refuse, skip or replace. `behind` follows its help.
void add_invalid(Options& command, InvalidText* field, const std::string& behind = "");
void add_invalid(Options& command, std::string* field);

// --input, a text of sentences.
void add_text(Options& command, std::string* field);
// --pooling, how the pieces of a word become one vector.
void add_pooling(Options& command, Pooling* field);
// --threads and --precision, in the group "Speed".
void add_speed(Options& command, int* threads, std::string* precision);
// --json, in the group "Output".
void add_json(Options& command, bool* field);

// Says what of a run's words the dictionaries lack, and what would help. Of other models: nothing.
void report_coverage(const std::optional<DictionaryCoverage>& coverage,
                     const BidirectionalModel& model);

}  // namespace elmo
