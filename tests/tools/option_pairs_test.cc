// Every pair of options of pretrain and train either works together or is refused by name before
// any work.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "elmo/error.h"
#include "tools/commands.h"

namespace elmo {
namespace {

using Words = std::vector<std::string>;

struct Option {
  std::string name, value;  // a flag has no value
};

// What is expected of a command.
struct Table {
  int (*run)(Arguments);
  Words base;                   // valid except that its input is missing
  std::vector<Option> options;  // in addition to those of the base
  // Options that are refused alone, and the options that each of them needs (one suffices).
  std::map<std::string, std::set<std::string>> needs;
  // Pairs that are refused although each option alone is accepted.
  std::set<std::pair<std::string, std::string>> contradictions;
};

void append(Words& words, const Option& option) {
  words.push_back("--" + option.name);
  if (!option.value.empty()) words.push_back(option.value);
}

// The reason why the command line is refused; empty if it is accepted, and only the missing input
// ends the work.
std::string refusal(const Table& table, const Words& words) {
  try {
    table.run({"train", "Train.", words});
  } catch (const UsageError& error) {
    return error.what();
  } catch (const Error&) {
    return {};
  }
  return "the work was done, without an input";
}

bool is_expected(const Table& table, const std::string& a, const std::string& b) {
  for (const auto& [one, other] : {std::pair(a, b), std::pair(b, a)}) {
    const auto needed = table.needs.find(one);
    if (needed != table.needs.end() && !needed->second.contains(other)) return true;
    if (table.contradictions.contains({one, other})) return true;
  }
  return false;
}

void check(const Table& table) {
  EXPECT_EQ(refusal(table, table.base), "");
  int pairs = 0;
  for (const Option& a : table.options) {
    for (const Option& b : table.options) {
      if (a.name >= b.name) continue;
      Words words = table.base;
      append(words, a);
      append(words, b);
      const std::string said = refusal(table, words);
      const std::string pair = "--" + a.name + " --" + b.name;
      EXPECT_EQ(!said.empty(), is_expected(table, a.name, b.name)) << pair << ": " << said;
      if (!said.empty()) {
        EXPECT_THAT(said, testing::AnyOf(testing::HasSubstr("--" + a.name),
                                         testing::HasSubstr("--" + b.name)))
            << pair;
      }
      ++pairs;
    }
  }
  EXPECT_GT(pairs, 400);
}

std::string missing(const char* name) {
  return (std::filesystem::path(testing::TempDir()) / "elmo-option-pairs" / name).string();
}

TEST(OptionPairs, OfPretrain) {
  Table table;
  table.run = run_pretrain;
  table.base = {"--direction", "both",           "--input", missing("text"),
                "--output",    missing("model"), "--vocab", missing("v.model")};
  table.options = {{"dev", missing("dev")},
                   {"encoder", "characters"},
                   {"samples", "40"},
                   {"tie", ""},
                   {"no-tie", ""},
                   {"softmax-bias", "zero"},
                   {"share-encoder", ""},
                   {"encoder-from", missing("forward.h5")},
                   {"preset", "tiny"},
                   {"init", missing("other")},
                   {"freeze-steps", "3"},
                   {"split", "tabs"},
                   {"invalid", "skip"},
                   {"recipe", "bilm"},
                   {"epochs", "2"},
                   {"steps", "2"},
                   {"optimizer", "adam"},
                   {"learning-rate", "0.1"},
                   {"schedule", "cosine"},
                   {"warmup", "2"},
                   {"clip", "2"},
                   {"dropout", "0.2"},
                   {"batch-size", "8"},
                   {"unroll", "8"},
                   {"carry-state", ""},
                   {"precision", "f32"},
                   {"threads", "1"},
                   {"seed", "2"},
                   {"checkpoint-every", "2"},
                   {"dev-every", "2"},
                   {"report-every", "2"},
                   {"patience", "2"},
                   {"resume", ""},
                   {"overwrite", ""}};
  table.needs = {
      {"dev-every", {"dev"}}, {"patience", {"dev"}}, {"freeze-steps", {"init", "resume"}}};
  table.contradictions = {{"epochs", "steps"},      {"resume", "overwrite"},
                          {"encoder-from", "init"}, {"encoder-from", "share-encoder"},
                          {"tie", "no-tie"},        {"init", "softmax-bias"}};
  for (const char* const other : {"encoder", "samples", "share-encoder", "encoder-from"}) {
    table.contradictions.insert({"tie", other});
  }
  for (const char* const set : {"optimizer", "learning-rate", "schedule", "warmup", "clip",
                                "dropout", "unroll", "batch-size", "softmax-bias"}) {
    table.contradictions.insert({"recipe", set});
  }
  check(table);
}

// The table for one of the two tasks.
Table train_table(const std::string& task) {
  Table table;
  table.run = run_train;
  table.base = {"--task",       task,       "--train",          missing("train"), "--dev",
                missing("dev"), "--output", missing("task.h5"), "--overwrite"};
  table.options = {{"model", missing("model")},
                   {"vectors", missing("v.h5")},
                   {"dev-vectors", missing("w.h5")},
                   {"inputs", "elmo,embedding"},
                   {"elmo-layers", "1"},
                   {"mix-start", "random"},
                   {"mix-l2", "1"},
                   {"layer-norm", ""},
                   {"no-layer-norm", ""},
                   {"pooling", "mean"},
                   {"embedding-size", "7"},
                   {"ends-size", "3"},
                   {"embeddings", missing("v.vec")},
                   {"embedding-words", "9"},
                   {"freeze", ""},
                   {"encoder", "lstm"},
                   {"bidirectional", ""},
                   {"layers", "2"},
                   {"hidden", "5"},
                   {"activation", "relu"},
                   {"pool", "attention"},
                   {"kernels", "2,3"},
                   {"filters", "9"},
                   {"stride", "2"},
                   {"crf", ""},
                   {"dropout", "0.2"},
                   {"epochs", "2"},
                   {"patience", "2"},
                   {"batch-size", "5"},
                   {"optimizer", "sgd"},
                   {"learning-rate", "0.1"},
                   {"decay", "0.5"},
                   {"clip", "1"},
                   {"class-weights", ""},
                   {"split", "tabs"},
                   {"invalid", "replace"},
                   {"seed", "2"},
                   {"seeds", "2"},
                   {"precision", "f32"},
                   {"threads", "1"}};
  const std::set<std::string> language_models = {"model"}, none;
  table.needs = {{"vectors", {"dev-vectors"}},
                 {"dev-vectors", {"vectors"}},
                 {"inputs", {"model"}},
                 {"elmo-layers", language_models},
                 {"mix-start", language_models},
                 {"mix-l2", language_models},
                 {"layer-norm", language_models},
                 {"no-layer-norm", language_models},
                 {"pooling", language_models},
                 {"precision", language_models},
                 {"embedding-words", {"embeddings"}},
                 {"freeze", {"embeddings"}},
                 {"bidirectional", {"encoder"}},
                 {"layers", {"encoder"}},
                 {"hidden", {"encoder"}},
                 // Only for other encoders than lstm.
                 {"activation", none},
                 {"kernels", none},
                 {"filters", none},
                 {"stride", none}};
  table.contradictions.insert({"layer-norm", "no-layer-norm"});
  // With a language model there are no learned embeddings unless --inputs says so.
  for (const char* const name : {"embedding-size", "embeddings"}) {
    table.contradictions.insert({"model", name});
  }
  return table;
}

TEST(OptionPairs, OfTrainingAClassifier) {
  Table table = train_table("classify");
  table.needs["crf"] = {};
  check(table);
}

TEST(OptionPairs, OfTrainingATagger) {
  Table table = train_table("tag");
  table.needs["pool"] = {};
  table.contradictions.insert({"crf", "class-weights"});
  check(table);
}

}  // namespace
}  // namespace elmo
