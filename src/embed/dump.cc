#include "embed/dump.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include "base/background.h"
#include "base/file.h"
#include "base/fingerprint.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/strings.h"
#include "elmo/error.h"
#include "elmo/version.h"
#include "embed/line_pooler.h"
#include "embed/static_vectors.h"
#include "io/dump_parts.h"
#include "text/line_share.h"
#include "text/utf8.h"
#include "text/word_counts.h"
#include "text/words.h"

namespace elmo {
namespace {

// A fingerprint that does not depend on the order of the words.
std::string fingerprint_of(const std::unordered_set<std::string>& words) {
  const std::set<std::string_view> sorted(words.begin(), words.end());
  return fingerprint(fmt::format("{}", fmt::join(sorted, " ")));
}

// Does the word contain white space? It would be read as several words in a line of words and
// numbers.
bool holds_white_space(const std::string& word) {
  std::size_t at = 0;
  while (at < word.size()) {
    std::size_t end = at;
    decode_utf8(word, end);
    if (strip_whitespace(std::string_view(word).substr(at, end - at)).empty()) return true;
    at = end;
  }
  return false;
}

// The `count` most frequent words of a text without white space in them. Logs how many are left
// out.
std::vector<std::string> frequent_words(const DumpRequest& request, Split split) {
  const auto wanted = static_cast<std::size_t>(request.static_words);
  std::vector<std::string> words;
  std::uint64_t left_out = 0, occurrences = 0;
  for (auto& [word, count] : by_frequency(count_words(request.input, split, request.invalid))) {
    if (holds_white_space(word)) {
      ++left_out;
      occurrences += count;
    } else if (words.size() < wanted) {
      words.push_back(word);
    }
  }
  if (left_out > 0) {
    log::warn(
        "{} words contain white space, which the format can't store; they are left out, with their "
        "{} "
        "occurrences",
        left_out, occurrences);
  }
  if (words.empty()) {
    throw Error(request.input + ": holds no word, so there is nothing to average");
  }
  if (words.size() < wanted) log::info("the text has only {} different words", words.size());
  return words;
}

// Limits the vectors of a window of sentences in memory, for each thread and in all. Three windows
// exist at once: one is being read, one embedded, one written. With a quarter of that, batches of
// `original` took a third more time, because few sentences of a window have similar lengths.
constexpr std::size_t kThreadBytes = std::size_t{96} << 20;
constexpr std::size_t kMostBytes = std::size_t{1} << 30;
// The vectors of a sentence with more are written in parts while it is embedded.
constexpr std::size_t kLongBytes = std::size_t{12} << 20;
constexpr std::size_t kWindowLines = 32'768;

DumpOptions options_of(const DumpRequest& request, const BidirectionalModel& model) {
  DumpOptions result;
  result.shard = request.shard;
  result.format = request.format;
  result.layout = request.format == DumpFormat::kNpy   ? DumpLayout::kMatrix
                  : request.format == DumpFormat::kNpz ? DumpLayout::kSentences
                                                       : request.layout;
  result.type = request.type;
  result.keys = request.keys;
  result.map = request.map;
  result.layered = request.embed.mix.layered;
  result.layers = request.embed.mix.layered ? request.embed.mix.rows() : 1;
  result.dimension = model.dimension();
  result.places = request.words.has_value();
  result.attributes = {{"model", model.hash()},
                       {"layers", request.embed.mix.name},
                       {"pooling", std::string(pooling_name(request.embed.pooling))},
                       {"precision", std::string(precision_name(model.precision()))},
                       {"split", std::string(split_name(model.split()))},
                       {"carry_state", request.carry_state},
                       {"version", version()}};
  result.sources = {{"input", file_fingerprint(request.input)},
                    {"invalid", std::string(invalid_name(request.invalid))}};
  if (request.words) result.sources["words"] = fingerprint_of(*request.words);
  if (request.line_pool) {
    result.pooled = true;
    result.attributes["line_pool"] = std::string(line_pooling_name(*request.line_pool));
  }
  if (request.static_words > 0) {
    result.sources["static"] = std::to_string(request.static_words);
  }
  if (request.embed.mix.name == "mix") {
    std::string weights;
    for (const float weight : request.embed.mix.weights.front()) {
      weights += fmt::format("{}{}", weights.empty() ? "" : " ", weight);
    }
    result.attributes["mix"] = weights;
    result.attributes["layer_norm"] = request.embed.mix.layer_norm ? 1 : 0;
  }
  return result;
}

struct Line {
  std::string text;
  std::uint64_t number;  // in the dump or the part, from 0
};

struct Window {
  std::deque<Line> lines;  // a deque, because views of their texts must stay valid
  std::vector<SentenceVectors> sentences;
  std::size_t words = 0;        // of the sentences
  std::uint64_t new_words = 0;  // of the sentences that no closed segment holds
  std::uint64_t end = 0;        // bytes read up to the end of the last line
  bool last = false;
};

// Works as a pipeline: the next window is read and cut into words, one is embedded by the workers,
// and the one before is written. HDF5 is used only at the end, by the calling thread.
class Dump {
 public:
  Dump(std::shared_ptr<const BidirectionalModel> model, const DumpRequest& request,
       const DumpOptions& options, Workers& workers)
      : model_(*model),
        request_(request),
        embedder_(model, interruptible(request.embed), workers),
        lines_(request.input, request.invalid, shard_of(request).index, shard_of(request).count),
        output_(request.shard ? part_path(request.output, *request.shard) : request.output),
        words_(request.words),
        sink_(make_sink(options)),
        // Several batches for each thread, so that batches of similar lengths can be filled and
        // threads end together.
        window_words_(static_cast<std::size_t>(
            std::clamp<std::int64_t>(request.embed.batch_words * 2 * workers.count(), 1, 1 << 20))),
        window_bytes_(
            std::min(kMostBytes, kThreadBytes * static_cast<std::size_t>(workers.count()))) {}

  DumpReport run() {
    const InterruptGuard guard;
    try {
      if (request_.shard) {
        clock_.enter("finding the part");
        lines_.start();
        sink_->start_at(lines_.first_line());
        log::info("part {} of {} begins with line {}", request_.shard->index, request_.shard->count,
                  lines_.first_line() + 1);
      }
      progress_.emplace("dump", lines_.bytes());
      if (static_ != nullptr) {
        clock_.enter("counting");
        std::vector<std::string> words = frequent_words(request_, model_.split());
        words_.emplace(words.begin(), words.end());
        static_->start(std::move(words));
      }
      dump_windows();
      clock_.enter("joining");
      sink_->finish();
    } catch (const UsageError&) {
      keep();
      throw;
    } catch (const Interrupted&) {
      throw Interrupted(
          fmt::format("interrupted after {} lines; the same command with --resume "
                      "goes on from there",
                      keep()));
    } catch (const Error& error) {
      const std::uint64_t kept = keep();
      if (kept == 0 || request_.input == "-") throw;
      throw Error(fmt::format(
          "{}; {} lines are kept, and the same command with --resume continues after them",
          error.what(), kept));
    } catch (...) {
      keep();
      throw;
    }
    clock_.enter("end");
    report_.sentences = sink_->sentences();
    report_.vectors = sink_->words();
    report_.seconds = since(start_);
    if (model_.word_encoder(Direction::kForward) != nullptr) {
      std::tie(report_.looked_up, report_.encoded) = embedder_.encoded_words();
    }
    report_.coverage = embedder_.coverage();
    report_.phases = clock_.phases();
    lines_.reader().warn_of_invalid_lines();
    progress_->finish(fmt::format(
        "{} lines, {} words, {} words/s", report_.sentences, report_.words,
        format_count(static_cast<double>(report_.words) / std::max(report_.seconds, 1e-3))));
    return report_;
  }

 private:
  static double since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  static EmbedOptions interruptible(EmbedOptions options) {
    options.between_batches = [] {
      if (interrupted()) throw Interrupted("interrupted");
    };
    return options;
  }

  void dump_windows() {
    const std::uint64_t done = sink_->resumed_sentences();
    reading_.start([this, done] { fill(next_, done); });
    std::uint64_t begin = 0;  // byte offset of the window in the file
    auto begin_time = std::chrono::steady_clock::now();
    for (bool more = true; more;) {
      clock_.enter("reading");  // the time not hidden behind embedding
      reading_.wait();
      std::swap(window_, next_);
      more = !window_.last;
      if (more) reading_.start([this, done] { fill(next_, done); });
      clock_.enter("embedding");
      embed(window_);
      report_.words += window_.new_words;
      clock_.enter("writing");  // the time not hidden behind embedding
      writing_.wait();
      std::swap(window_, written_);
      if (std::any_of(written_.sentences.begin(), written_.sentences.end(),
                      [&](const SentenceVectors& one) { return is_long(one); })) {
        // Long sentences are embedded while they are written, and the embedder is not thread-safe.
        write(written_);
      } else if (!written_.sentences.empty()) {
        writing_.start([&] { write(written_); });
      }
      if (interrupted()) throw Interrupted("interrupted");
      progress_->update(written_.end,
                        fmt::format("{} words/s", format_count(static_cast<double>(report_.words) /
                                                               std::max(since(start_), 1e-3))));
      if (more && !forecast_ && written_.new_words > 0) forecast(begin, since(begin_time));
      begin = written_.end;
      begin_time = std::chrono::steady_clock::now();
    }
    writing_.wait();
    if (count_ == 0 && !request_.shard) {  // a part may be empty
      throw Error(
          fmt::format("{}: has no lines, so there is nothing to dump", lines_.reader().path()));
    }
  }

  // Estimates the rest from the first window with new words, which began at byte `begin`.
  void forecast(std::uint64_t begin, double seconds) {
    forecast_ = true;
    const auto bytes = static_cast<double>(lines_.bytes());
    const auto measured = static_cast<double>(written_.end - begin);
    if (bytes == 0 || measured == 0) return;
    const auto rest = std::max(0.0, bytes - static_cast<double>(written_.end));
    const std::size_t number = request_.type == DumpType::kF16 ? 2 : 4;
    const auto rows = static_cast<double>(request_.embed.mix.rows() * model_.dimension());
    std::uint64_t vectors = 0;
    for (const SentenceVectors& one : written_.sentences) {
      vectors += request_.line_pool ? 1 : one.wanted();
    }
    const double on_disk = static_cast<double>(vectors * number) * rows / measured *
                           (bytes - static_cast<double>(begin));
    log::info("dump: about {} to go; {}B of memory{}", format_duration(seconds / measured * rest),
              format_count(static_cast<double>(peak_memory_bytes())),
              static_ != nullptr ? ""
                                 : fmt::format(", about {}B on disk for {}", format_count(on_disk),
                                               output_.string()));
  }

  // After a failure: closes the complete sentences for a resume, as far as the disk allows. Returns
  // the number of lines kept.
  std::uint64_t keep() {
    lines_.reader().cancel();
    for (const auto& step : {std::function<void()>([&] { reading_.wait(); }),
                             std::function<void()>([&] { writing_.wait(); }),
                             std::function<void()>([&] { sink_->close_segment(); })}) {
      try {
        step();
      } catch (const std::exception&) {
        // The first failure has been reported already. Closed segments are kept in any case.
      }
    }
    return sink_->kept_sentences();
  }

  static Shard shard_of(const DumpRequest& request) { return request.shard.value_or(Shard()); }

  std::unique_ptr<DumpSink> make_sink(const DumpOptions& options) {
    if (request_.static_words > 0) {
      auto sink = std::make_unique<StaticVectors>(output_, options, request_.resume);
      static_ = sink.get();
      return sink;
    }
    if (request_.shard) make_folder(parts_folder(request_.output));
    auto writer = std::make_unique<DumpWriter>(output_, options, request_.resume);
    if (!request_.line_pool) return writer;
    return std::make_unique<LinePooler>(std::move(writer), *request_.line_pool, output_,
                                        options.layers, options.dimension);
  }

  std::size_t vector_bytes() const {
    const auto& mix = request_.embed.mix;
    const auto rows = static_cast<std::size_t>(mix.layer_norm ? model_.layers() : mix.rows());
    return rows * static_cast<std::size_t>(model_.dimension()) * sizeof(float);
  }

  // Reads the next lines and cuts them into words, on the reading thread. Lines that a resumed dump
  // already has are skipped, or are read only for their carried states.
  void fill(Window& window, std::uint64_t done) {
    window = {};
    std::string_view text;
    while (window.lines.size() < kWindowLines && window.words < window_words_ &&
           window.words * vector_bytes() < window_bytes_) {
      if (!lines_.next(text)) {
        window.last = true;
        break;
      }
      const std::uint64_t number = count_++;
      if (number < done && request_.carry_state == 0) continue;
      window.lines.push_back({std::string(text), number});
      read(window, done);
    }
    window.end = lines_.bytes_read();
  }

  // Cuts the window's last line into words.
  void read(Window& window, std::uint64_t done) {
    const Line& line = window.lines.back();
    SentenceVectors& sentence = window.sentences.emplace_back();
    split_words(line.text, model_.split(), sentence.words);
    window.words += std::max<std::size_t>(sentence.words.size(), 1);
    if (line.number < done) {
      sentence.kept.emplace();
      return;
    }
    window.new_words += sentence.words.size();
    if (!words_) return;
    sentence.kept.emplace();
    for (std::size_t i = 0; i < sentence.words.size(); ++i) {
      if (words_->contains(to_nfc(sentence.words[i]))) {
        sentence.kept->push_back(static_cast<std::int64_t>(i));
      }
    }
  }

  bool is_long(const SentenceVectors& sentence) const {
    return request_.carry_state == 0 && !request_.embed.mix.layer_norm &&
           sentence.wanted() * vector_bytes() > kLongBytes;
  }

  // Long sentences are left to write(), which takes their vectors as they are computed.
  void embed(Window& window) {
    if (request_.carry_state > 0) {
      if (window.lines.empty()) return;
      embedder_.embed_carried(window.sentences, window.lines.front().number, request_.carry_state);
      return;
    }
    // The sentences between two long ones are embedded together.
    for (std::size_t begin = 0; begin < window.sentences.size();) {
      std::size_t end = begin;
      while (end < window.sentences.size() && !is_long(window.sentences[end])) ++end;
      embedder_.embed(std::span(window.sentences).subspan(begin, end - begin));
      begin = end + 1;
    }
  }

  void write(Window& window) {
    std::vector<DumpPlace> places;
    std::vector<std::string_view> kept;
    for (std::size_t i = 0; i < window.sentences.size(); ++i) {
      const SentenceVectors& sentence = window.sentences[i];
      const Line& line = window.lines[i];
      if (line.number < sink_->sentences()) continue;
      std::span<const std::string_view> words = sentence.words;
      places.clear();
      if (sentence.kept) {
        kept.clear();
        for (const std::int64_t word : *sentence.kept) {
          kept.push_back(sentence.words[static_cast<std::size_t>(word)]);
          places.push_back({static_cast<std::int64_t>(lines_.first_line() + line.number), word});
        }
        words = kept;
      }
      if (is_long(sentence)) {
        sink_->begin_long(line.text, words, places);
        embed_long(window.sentences[i]);
        sink_->end_long();
      } else {
        sink_->append(line.text, words, sentence.vectors, places);
      }
    }
  }

  void embed_long(SentenceVectors& sentence) {
    embedder_.embed_long(sentence, [&](const VectorPart& part) {
      sink_->write_part(part.row, part.first, part.count, part.column, part.columns, part.vectors,
                        part.stride);
    });
  }

  const BidirectionalModel& model_;
  const DumpRequest& request_;
  BatchEmbedder embedder_;
  LineShare lines_;
  std::filesystem::path output_;
  std::optional<std::unordered_set<std::string>> words_;  // dump only these words
  StaticVectors* static_ = nullptr;                       // sink_, if it is one
  std::unique_ptr<DumpSink> sink_;
  std::size_t window_words_, window_bytes_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::optional<Progress> progress_;
  PhaseClock clock_;
  DumpReport report_;
  bool forecast_ = false;
  std::uint64_t count_ = 0;  // lines read so far; owned by the reading thread while it runs
  Window next_, window_, written_;
  Background reading_, writing_;  // last, so that they end before the members that they use
};

}  // namespace

DumpReport dump(std::shared_ptr<const BidirectionalModel> model, const DumpRequest& request,
                Workers& workers) {
  const DumpOptions options = options_of(request, *model);
  if (request.shard && request.resume &&
      is_complete_part(part_path(request.output, *request.shard), options)) {
    DumpReport report;
    report.already_complete = true;
    return report;
  }
  return Dump(std::move(model), request, options, workers).run();
}

}  // namespace elmo
