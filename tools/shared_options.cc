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
  command
      .add("model", &folder, "DIR",
           "the model's folder, both directions in it, or one of ELMoForManyLangs; or the name of "
           "an "
           "installed model")
      .default_text("")
      .resolved_by(find_model);
  command.add("options", &options, "FILE", "instead: options.json of official ELMo weights")
      .default_text("");
  command.add("weights", &weights, "FILE", "and their HDF5 file").default_text("");
  command.add("vocab", &vocabulary, "FILE", "and their word list, where each word has a vector")
      .default_text("");
  command.only_when({"vocab"}, "with --options and --weights", [this] { return !options.empty(); });
  add_efml(command, &normalise, &split, "a folder of ELMoForManyLangs: ");
}

void add_efml(Options& command, std::optional<std::string>* normalise,
              std::optional<std::string>* split, const std::string& of_what) {
  command.add("normalize", normalise, "WORD", of_what + "what is done to words before the look-up")
      .choices({"none", "nfkc", "width"})
      .default_text("none");
  command.add("split", split, "WORD", of_what + "how lines are cut into words")
      .choices({"spaces", "characters", "punctuation", "tabs"})
      .default_text("spaces");
}

EfmlOptions efml_options(const std::optional<std::string>& normalise,
                         const std::optional<std::string>& split) {
  return {.normalisation = parse_normalisation(normalise.value_or("none")),
          .split = parse_split(split.value_or("spaces"))};
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

constexpr const char* kInvalidHelp = "what to do with lines that are not UTF-8";

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
  // By characters, where the model has them: what they lack is lost, an unlisted word is still
  // spelt.
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
