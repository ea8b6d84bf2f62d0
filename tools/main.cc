// elmo: the table of commands.

#include <fmt/core.h>

#include <string>
#include <string_view>
#include <vector>

#include "elmo/error.h"
#include "elmo/version.h"
#include "tools/commands.h"
#include "tools/failure.h"
#include "tools/options.h"
#include "tools/output.h"

namespace elmo {
namespace {

struct Command {
  std::string_view name;
  std::string_view summary;
  int (*run)(Arguments);
};

// In the order of the work. A new command takes one line here and one in commands.h.
constexpr Command kCommands[] = {
    {"vocab", "Make a vocabulary: a SentencePiece model, or a list of words.", run_vocab},
    {"pretrain", "Train forward and backward language models.", run_pretrain},
    {"perplexity", "Measure how well a model predicts a text.", run_perplexity},
    {"score", "Print the log-likelihood of every word.", run_score},
    {"dump", "Write the vectors of a text to a file.", run_dump},
    {"join", "Join the parts of a dump into one file.", run_join},
    {"neighbors", "Find the words nearest to a word in a sentence.", run_neighbors},
    {"train", "Train a classifier or a tagger.", run_train},
    {"evaluate", "Measure a classifier or a tagger on labelled data.", run_evaluate},
    {"predict", "Label texts or words with a trained classifier or tagger.", run_predict},
    {"plot", "Draw learning curves, the occurrences of words, or accuracy by distance.", run_plot},
    {"import", "Convert published ELMo weights: official format, ELMoForManyLangs.", run_import},
    {"export", "Write a model in the official ELMo format.", run_export},
    {"bench", "Measure the speed of training and dumping against the machine's peak.", run_bench},
    {"info", "Show what a model or a file holds: layers, shapes, settings.", run_info},
};

std::string overview() {
  std::string text =
      "usage: elmo COMMAND [options]\n\n"
      "ELMo on CPUs: pretrain forward and backward language models, turn words into vectors that\n"
      "depend on their sentence, use them in classifiers and taggers.\n\nCommands:\n";
  for (const auto& command : kCommands) {
    text += fmt::format("  {:<12}{}\n", command.name, command.summary);
  }
  text +=
      "\n`elmo COMMAND --help` shows a command's options and an example; `elmo --version` shows "
      "the version.\n";
  return text;
}

int run(const std::vector<std::string>& words, std::string_view& command_name) {
  if (words.empty()) {
    throw UsageError("a command is missing; `elmo --help` lists them");
  }
  if (words[0] == "--help" || words[0] == "-h") {
    print(overview());
    return kDone;
  }
  if (words[0] == "--version") {
    print(fmt::format("elmo {}\n", version()));
    return kDone;
  }
  std::vector<std::string> names;
  for (const auto& command : kCommands) {
    if (command.name == words[0]) {
      command_name = command.name;
      return command.run({command.name, command.summary, std::span(words).subspan(1)});
    }
    names.emplace_back(command.name);
  }
  const std::string nearest = nearest_name(words[0], names);
  throw UsageError(fmt::format("there is no command {}{}; `elmo --help` lists them", words[0],
                               nearest.empty() ? "" : ", did you mean " + nearest + "?"));
}

int guarded_main(const std::vector<std::string>& words) {
  std::string_view command;
  try {
    const int status = run(words, command);
    flush_output();
    return status;
  } catch (...) {
    const Failure failure = current_failure();
    if (!failure.message.empty()) print_message(command, failure.message);
    return failure.status;
  }
}

}  // namespace
}  // namespace elmo

int main(int argc, char** argv) {
  elmo::guard_standard_streams();
  return elmo::guarded_main({argv + (argc > 0 ? 1 : 0), argv + argc});
}
