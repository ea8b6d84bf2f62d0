// Options that several commands have.
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

// The model that a command embeds with: a folder of elmo or ELMoForManyLangs, or official files.
struct ModelSource {
  std::string folder, options, weights, vocabulary;
  std::optional<std::string> normalise;
  std::optional<Split> split;

  // Adds --model, --options, --weights and --vocab, --normalize and --split.
  void add_to(Options& options);
  // Throws UsageError unless either --model or --options and --weights are given.
  std::shared_ptr<const BidirectionalModel> load(Precision precision) const;
};

// Adds --normalize and --split for a folder of ELMoForManyLangs; `of_what` precedes their help.
void add_efml(Options& command, std::optional<std::string>* normalise, std::optional<Split>* split,
              const std::string& of_what = "");
EfmlOptions efml_options(const std::optional<std::string>& normalise,
                         const std::optional<Split>& split);

// Adds --split. Field: Split, or std::optional<Split> if a model may decide.
template <typename Field>
Option& add_split(Options& command, Field* field, std::string help) {
  return command.choice("split", field,
                        {{"spaces", Split::kSpaces},
                         {"characters", Split::kCharacters},
                         {"punctuation", Split::kPunctuation},
                         {"tabs", Split::kTabs}},
                        std::move(help));
}
// The help of --split where a vocabulary or a model is made.
inline constexpr const char* kSplitHelp =
    "how lines are cut into words: at spaces and tabs, into single characters, with runs of "
    "punctuation as words of their own, or at tabs alone";

// Adds --invalid refuse, skip or replace. `behind` follows its help.
void add_invalid(Options& command, InvalidText* field, const std::string& behind = "");
void add_invalid(Options& command, std::string* field);

// Adds --input, a text with one sentence a line.
void add_text(Options& command, std::string* field);
// Adds --pooling: how the pieces of a word become one vector.
void add_pooling(Options& command, Pooling* field);
// Adds --threads and --precision to the group "Speed".
void add_speed(Options& command, int* threads, std::string* precision);
// Adds --json to the group "Output".
void add_json(Options& command, bool* field);

// Tells the user how much of a text the dictionaries lack and what would help. Nothing for other
// models.
void report_coverage(const std::optional<DictionaryCoverage>& coverage,
                     const BidirectionalModel& model);

}  // namespace elmo
