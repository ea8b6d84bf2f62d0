#include "text/vocabulary_training.h"

#include <fmt/core.h>
#include <sentencepiece_trainer.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>

#include "compute/random.h"
#include "elmo/error.h"
#include "text/utf8.h"
#include "text/word_counts.h"

namespace elmo {
namespace {

// Calls f with the unnormalised words of every line that has any.
template <typename F>
void for_each_line(const std::vector<std::string>& inputs, const VocabularyOptions& options,
                   VocabularyReport& report, F&& f) {
  std::vector<std::string_view> words;
  std::string joined;
  for (const std::string& input : inputs) {
    LineReader reader(input, options.invalid);
    std::string_view line;
    while (reader.next(line)) {
      words.clear();
      split_words(line, options.split, words);
      if (words.empty()) continue;
      ++report.lines;
      report.words += words.size();
      f(words);
    }
    reader.warn_of_invalid_lines();
    report.invalid_lines += reader.invalid_lines();
  }
  if (report.lines == 0) throw Error(inputs.front() + ": the text holds no word");
}

// A uniform sample of lines within a budget of bytes: reservoir sampling (Vitter's algorithm R).
// The number of lines is fixed when the budget is first exceeded.
class LineSample {
 public:
  LineSample(std::uint64_t budget, std::uint64_t seed)
      : budget_(budget), random_(seed, RandomUse::kVocabularySample) {}

  void add(std::string line) {
    ++seen_;
    if (!full_) {
      bytes_ += line.size();
      lines_.push_back(std::move(line));
      full_ = bytes_ >= budget_;
      return;
    }
    const std::uint64_t place = random_.below(seen_, seen_);
    if (place < lines_.size()) lines_[place] = std::move(line);
  }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::uint64_t budget_;
  Random random_;
  std::uint64_t seen_ = 0, bytes_ = 0;
  bool full_ = false;
  std::vector<std::string> lines_;
};

class SampleIterator : public sentencepiece::SentenceIterator {
 public:
  explicit SampleIterator(const std::vector<std::string>& lines) : lines_(lines) {}
  bool done() const override { return at_ >= lines_.size(); }
  void Next() override { ++at_; }
  const std::string& value() const override { return lines_[at_]; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  const std::vector<std::string>& lines_;
  std::size_t at_ = 0;
};

// The digits after the first occurrence of `lead`; empty if there are none.
std::string_view number_behind(std::string_view text, std::string_view lead) {
  const std::size_t at = text.find(lead);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + lead.size());
  return text.substr(0, text.find_first_not_of("0123456789"));
}

std::string train_pieces(const std::vector<std::string>& inputs, const VocabularyOptions& options,
                         VocabularyReport& report) {
  // Some of SentencePiece's buffers grow with the square of a line's length.
  constexpr std::size_t kLongest = 4000;
  LineSample sample(options.sample_bytes, options.seed);
  for_each_line(inputs, options, report, [&](const std::vector<std::string_view>& words) {
    std::string line;
    for (const std::string_view word : words) {
      const std::string normal = to_nfc(word);
      report.characters += count_characters(normal);
      if (!line.empty() && line.size() + word.size() > kLongest) {
        sample.add(std::move(line));
        line.clear();
      }
      if (word.size() > kLongest) continue;  // not a word of a language
      if (!line.empty()) line += ' ';
      line += normal;
    }
    if (!line.empty()) sample.add(std::move(line));
  });
  report.sampled_lines = sample.lines().size();
  if (sample.lines().empty())
    throw Error(inputs.front() + ": the text holds no word of at most 4,000 bytes");

  const std::unordered_map<std::string, std::string> settings = {
      {"model_type", options.type},
      {"vocab_size", std::to_string(options.size)},
      {"character_coverage", fmt::format("{}", options.character_coverage)},
      {"normalization_rule_name", "identity"},
      {"remove_extra_whitespaces", "true"},
      {"add_dummy_prefix", "true"},
      {"byte_fallback", "true"},
      {"unk_id", "0"},
      {"bos_id", "1"},
      {"eos_id", "2"},
      {"pad_id", "-1"},
      {"input_sentence_size", "0"},
      {"max_sentence_length", "1000000"},
      // EM sums its counts by thread, so the result depends on the number of threads.
      {"num_threads", "2"},
      {"minloglevel", "3"},
  };
  SampleIterator iterator(sample.lines());
  std::string model;
  std::string reason;
  try {
    const auto status = sentencepiece::SentencePieceTrainer::Train(settings, &iterator, &model);
    if (!status.ok()) reason = status.ToString();
  } catch (const std::exception& error) {
    reason = error.what();
  }
  if (reason.empty()) return model;
  if (const std::string_view largest = number_behind(reason, "value <= "); !largest.empty()) {
    throw Error(fmt::format("--size {} is more than this text supports; the largest is {}",
                            options.size, largest));
  }
  // SentencePiece's message: "... required_chars. SIZE vs NUMBER".
  if (const std::string_view least =
          number_behind(reason, fmt::format("required_chars. {} vs ", options.size));
      !least.empty()) {
    throw Error(
        fmt::format("--size {} is too small for this text: its characters and the 256 "
                    "bytes take {}; raise --size or lower --character-coverage",
                    options.size, least));
  }
  throw Error(
      fmt::format("SentencePiece can't make {} pieces of this text: {}", options.size, reason));
}

std::string train_words(const std::vector<std::string>& inputs, const VocabularyOptions& options,
                        VocabularyReport& report) {
  WordCounts counts;
  for_each_line(inputs, options, report, [&](const std::vector<std::string_view>& words) {
    for (const std::string_view word : words) {
      std::string normal = to_nfc(word);
      report.characters += count_characters(normal);
      ++counts[std::move(normal)];
    }
  });
  for (const char* special : {"<S>", "</S>", "<UNK>"}) counts.erase(special);
  const auto sorted = by_frequency(counts);
  const auto wanted = static_cast<std::size_t>(options.size - 3);
  if (sorted.size() < wanted) {
    throw Error(fmt::format("--size {} is more than this text supports; the largest is {}",
                            options.size, sorted.size() + 3));
  }
  std::string list = "<S>\n</S>\n<UNK>\n";
  for (std::size_t i = 0; i < wanted; ++i) list += sorted[i].first + "\n";
  return list;
}

}  // namespace

std::string train_vocabulary(const std::vector<std::string>& inputs,
                             const VocabularyOptions& options, VocabularyReport* report) {
  VocabularyReport own;
  VocabularyReport& counts = report != nullptr ? *report : own;
  counts = {};
  if (options.type == "word" && options.size < 4) throw UsageError("--size must be at least 4");
  if (options.type != "word" && options.size < 260) {
    throw UsageError("--size must be at least 260: 256 bytes, 3 special pieces and a character");
  }
  if (options.character_coverage <= 0 || options.character_coverage > 1) {
    throw UsageError("--character-coverage must be above 0 and at most 1");
  }
  counts.entries = options.size;
  if (options.type == "word") return train_words(inputs, options, counts);
  if (options.type == "unigram" || options.type == "bpe")
    return train_pieces(inputs, options, counts);
  throw UsageError("vocabulary type '" + options.type + "' is not one of unigram, bpe, word");
}

}  // namespace elmo
