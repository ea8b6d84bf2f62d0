#include "tools/shared_options.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/log.h"
#include "base/printable.h"
#include "elmo/error.h"
#include "elmo/installed_models.h"

namespace elmo {

void ModelSource::add_to(Options& command) {
  command.group("Model");
  command
      .add(
          "model", &folder, "DIR",
          "folder of a trained model with both directions, unpacked folder of ELMoForManyLangs, or "
          "name of an installed model")
      .default_text("")
      .resolved_by(find_model);
  command
      .add("options", &options, "FILE",
           "use weights in the official ELMo format instead: their options.json")
      .default_text("");
  command.add("weights", &weights, "FILE", "HDF5 file of the official weights").default_text("");
  command
      .add("vocab", &vocabulary, "FILE",
           "word list of the official weights, needed where they hold a vector for each word")
      .default_text("");
  command.only_when({"vocab"}, "with --options and --weights", [this] { return !options.empty(); });
  add_efml(command, &normalise, &split, "for an unpacked folder of ELMoForManyLangs: ");
}

void add_efml(Options& command, std::optional<std::string>* normalise, std::optional<Split>* split,
              const std::string& of_what) {
  command
      .add("normalize", normalise, "WORD",
           of_what + "how words are normalised before they are looked up in the dictionaries")
      .choices({"none", "nfkc", "width"})
      .default_text("none");
  add_split(command, split, of_what + "how lines are cut into words").default_text("spaces");
}

EfmlOptions efml_options(const std::optional<std::string>& normalise,
                         const std::optional<Split>& split) {
  return {.normalisation = parse_normalisation(normalise.value_or("none")),
          .split = split.value_or(Split::kSpaces)};
}

std::shared_ptr<const BidirectionalModel> ModelSource::load(Precision precision) const {
  if (options.empty() != weights.empty()) {
    throw UsageError("official weights are two files: pass both --options and --weights");
  }
  if (folder.empty() == options.empty()) {
    throw UsageError("a model is needed: --model, or --options and --weights, not both");
  }
  const bool is_raw = !folder.empty() && is_efml(folder) &&
                      !std::filesystem::exists(LanguageModel::file(folder, Direction::kForward));
  if (is_raw) {
    return BidirectionalModel::load_efml(folder, efml_options(normalise, split), precision);
  }
  if (normalise || split) {
    throw UsageError(
        "--normalize and --split are for a folder of ELMoForManyLangs itself; other models hold "
        "theirs, as `elmo import` and `elmo pretrain` stored them");
  }
  if (!folder.empty()) return BidirectionalModel::load(folder, precision);
  return BidirectionalModel::load_official(options, weights, vocabulary, precision);
}

constexpr const char* kInvalidHelp =
    "what to do with a line that is not UTF-8: stop, leave it out, or replace the invalid bytes";

void add_invalid(Options& command, InvalidText* field, const std::string& behind) {
  command.choice("invalid", field,
                 {{"refuse", InvalidText::kRefuse},
                  {"skip", InvalidText::kSkip},
                  {"replace", InvalidText::kReplace}},
                 kInvalidHelp + behind);
}

void add_invalid(Options& command, std::string* field) {
  command.add("invalid", field, "WORD", kInvalidHelp).choices({"refuse", "skip", "replace"});
}

void add_text(Options& command, std::string* field) {
  command.add("input", field, "FILE", "text, one sentence a line, may be .gz; - is standard input")
      .required();
}

void add_pooling(Options& command, Pooling* field) {
  command.choice(
      "pooling", field,
      {{"boundary", Pooling::kBoundary},
       {"first", Pooling::kFirst},
       {"last", Pooling::kLast},
       {"mean", Pooling::kMean}},
      "how the states of a word's pieces become its vector in layers 1 and up; boundary: "
      "the states that have read the whole word, forward at its last piece and backward "
      "at its first");
}

void add_speed(Options& command, int* threads, std::string* precision) {
  command.group("Speed");
  command.add("threads", threads, "N", "number of threads; 0: one for each core").between(0, 4096);
  command
      .add("precision", precision, "WORD",
           "format of the operands of matrix products; bf16 is faster on CPUs that have it and "
           "slow on others; auto: bf16 where it is faster")
      .choices({"f32", "bf16", "auto"});
}

void add_json(Options& command, bool* field) {
  command.group("Output");
  command.flag("json", field, "print the result as one JSON object");
}

void report_coverage(const std::optional<DictionaryCoverage>& coverage,
                     const BidirectionalModel& model) {
  if (!coverage) return;
  const auto share = [](std::uint64_t part, std::uint64_t whole) {
    return 100 * static_cast<double>(part) / static_cast<double>(std::max<std::uint64_t>(whole, 1));
  };
  const Coverage& read = coverage->read;
  std::vector<std::string> lacks;
  if (read.characters > 0) {
    lacks.push_back(
        fmt::format("{:.2f} % of the characters", share(read.unknown_characters, read.characters)));
  }
  if (read.words > 0) {
    lacks.push_back(fmt::format("{:.2f} % of the words", share(read.unknown_words, read.words)));
  }
  if (lacks.empty()) return;
  log::info("the model's dictionaries lack {}", join_words(lacks, "and"));
  const DictionaryReader& reader = *model.word_encoder(Direction::kForward)->dictionaries();
  if (reader.normalisation() != Normalisation::kNone) return;
  // Judged by characters if the model has them: an unknown character is lost, while an unlisted
  // word is still spelt.
  const auto missing = [&](const Coverage& one) {
    return read.characters > 0 ? one.unknown_characters : one.unknown_words;
  };
  const bool width_is_enough = missing(coverage->width) <= missing(coverage->nfkc);
  const Coverage& better = width_is_enough ? coverage->width : coverage->nfkc;
  if (missing(better) >= missing(read)) return;
  log::warn("--normalize {} would find {} of the {} {} that are lacking{}",
            width_is_enough ? "width" : "nfkc", missing(read) - missing(better), missing(read),
            read.characters > 0 ? "characters" : "words",
            "; give it to `elmo import`, or here beside a folder of ELMoForManyLangs");
}

}  // namespace elmo
