// Implements the public Model and Embedder with BatchEmbedder.

#include "elmo/model.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/per_process.h"
#include "base/usable_cores.h"
#include "compute/precision.h"
#include "compute/workers.h"
#include "elmo/embedder.h"
#include "elmo/error.h"
#include "embed/bidirectional_model.h"
#include "embed/layer_mix.h"
#include "embed/line_pooling.h"
#include "embed/word_vectors.h"
#include "io/hdf5_turn.h"
#include "text/utf8.h"
#include "text/words.h"

namespace elmo {
namespace {

// Number of full batches in a window of sentences. Several, so that batches can hold sentences of
// similar lengths; few, because the vectors of a whole window are in memory besides the results.
constexpr std::size_t kWindowBatches = 4;

// name() returns the text's name for the message; it is only called on failure.
template <typename Name>
void check_utf8(std::string_view text, Name&& name) {
  const std::size_t wrong = find_invalid_utf8(text);
  if (wrong == std::string_view::npos) return;
  throw UsageError(fmt::format("{} is not UTF-8 at byte {}", name(), wrong + 1));
}

// Words come from the caller, and the code below relies on UTF-8. Models of dictionaries have a
// vector for the empty word, because the original program split words at tabs.
template <typename Words>
void check_words(const Words& words, std::uint64_t sentence, const BidirectionalModel& model) {
  const bool any = model.encoder() == Encoder::kDictionaries;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i].empty() && !any) {
      throw UsageError(fmt::format(
          "word {} of sentence {} is empty; leave empty words out (a text cut at each single blank "
          "has them)",
          i, sentence));
    }
    check_utf8(words[i], [&] { return fmt::format("word {} of sentence {}", i, sentence); });
  }
}

// The words of a text of any number of lines, as views.
std::vector<std::string_view> cut(std::string_view text, Split split) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find_first_of("\r\n"));
    split_words(line, split, words);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return words;
}

std::vector<std::vector<std::string_view>> cut_all(const std::vector<std::string_view>& texts,
                                                   Split split) {
  std::vector<std::vector<std::string_view>> sentences;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    check_utf8(texts[i], [&] { return fmt::format("text {}", i); });
    sentences.push_back(cut(texts[i], split));
  }
  return sentences;
}

EmbedOptions embed_options(const BidirectionalModel& model, const EmbedSettings& settings) {
  EmbedOptions options;
  if (settings.mix) {
    const ScalarMix& mix = *settings.mix;
    options.mix = LayerMix::scalar_mix(mix.weights, mix.gamma, mix.layer_norm, model.layers());
    if (!mix.model_hash.empty() && mix.model_hash != model.hash()) {
      throw UsageError("the mix was learned on another language model than this one");
    }
  } else {
    options.mix = LayerMix::parse(settings.layers, model.layers());
  }
  const std::string by_default = settings.mix ? settings.mix->pooling : "boundary";
  options.pooling = parse_pooling(settings.pooling.empty() ? by_default : settings.pooling);
  if (settings.batch_words < 1) throw UsageError("the batch size must be 1 or more");
  if (settings.carry_state < 0) throw UsageError("carry_state must be 0 or more");
  options.batch_words = settings.batch_words;
  options.between_batches = settings.between_batches;
  return options;
}

// Embeds sentences window by window.
class Windows {
 public:
  Windows(std::shared_ptr<const BidirectionalModel> model, EmbedOptions options,
          const EmbedSettings& settings, Workers& workers)
      : pool_(parse_line_pooling(settings.pool)),
        carry_state_(settings.carry_state),
        most_words_(kWindowBatches * static_cast<std::size_t>(settings.batch_words)),
        embedder_(std::move(model), std::move(options), workers) {}

  std::size_t most_words() const { return most_words_; }
  const BatchEmbedder& embedder() const { return embedder_; }
  // With carried state, the next sentence becomes sentence 0.
  void reset() {
    embedder_.set_states({});
    done_ = 0;
  }

  // Fills results[i] with the vectors of window[i]. If it throws, the carried states are unchanged.
  void embed(std::span<SentenceVectors> window, std::span<WordVectors> results) {
    if (carry_state_ > 0) {
      embedder_.embed_carried(window, done_, carry_state_);
    } else {
      embedder_.embed(window);
    }
    for (std::size_t i = 0; i < window.size(); ++i) results[i] = shaped(window[i]);
    done_ += window.size();
  }

  // Embeds all `sentences`, whose words are strings or views. If it throws, the carried states and
  // the count of sentences are unchanged.
  template <typename Sentence>
  std::vector<WordVectors> embed_all(const std::vector<Sentence>& sentences) {
    for (std::size_t i = 0; i < sentences.size(); ++i) {
      check_words(sentences[i], i, embedder_.model());
    }
    std::vector<WordVectors> results(sentences.size());
    std::vector<SentenceVectors> window;
    const std::uint64_t done = done_;
    std::optional<BatchEmbedder::States> states;
    if (carry_state_ > 0) states = embedder_.states();
    try {
      for (std::size_t first = 0; first < sentences.size(); first += window.size()) {
        window.clear();
        for (std::size_t i = first, words = 0; i < sentences.size() && words < most_words_; ++i) {
          window.emplace_back().words.assign(sentences[i].begin(), sentences[i].end());
          words += std::max<std::size_t>(sentences[i].size(), 1);
        }
        embed(window, std::span(results).subspan(first, window.size()));
      }
    } catch (...) {
      done_ = done;
      if (states) embedder_.set_states(std::move(*states));
      throw;
    }
    return results;
  }

 private:
  WordVectors shaped(const SentenceVectors& sentence) const {
    const LayerMix& mix = embedder_.options().mix;
    const int dimension = embedder_.model().dimension();
    if (!pool_) return layers_first(sentence.vectors, mix.rows(), dimension, mix.layered);
    std::vector<float> pooled(static_cast<std::size_t>(mix.rows() * dimension));
    pool_line(*pool_, sentence.vectors, pooled);
    return layers_first(pooled, mix.rows(), dimension, mix.layered);
  }

  std::optional<LinePooling> pool_;
  int carry_state_;
  std::size_t most_words_;
  BatchEmbedder embedder_;
  std::uint64_t done_ = 0;  // sentences embedded so far
};

}  // namespace

struct Model::Impl {
  std::shared_ptr<const BidirectionalModel> model;
  // One team of threads is kept, because of the compiled kernels that its threads hold. A caller
  // that finds it busy works on its own thread: callers that share a model have threads already.
  struct Team {
    std::mutex mutex;
    std::unique_ptr<Workers> workers;
  };
  PerProcess<Team> team;

  template <typename Sentence>
  std::vector<WordVectors> embed_all(const std::vector<Sentence>& sentences,
                                     const EmbedSettings& settings, int threads) {
    EmbedOptions options = embed_options(*model, settings);
    const int count = thread_count(threads);
    Team& shared = team.get();
    std::unique_lock lock(shared.mutex, std::defer_lock);
    std::optional<Workers> alone;
    Workers* workers = nullptr;
    if (count > 1 && lock.try_lock()) {
      if (!shared.workers || shared.workers->count() != count) {
        shared.workers = nullptr;
        shared.workers = std::make_unique<Workers>(count);
      }
      workers = shared.workers.get();
    } else {
      workers = &alone.emplace(1);
    }
    return Windows(model, std::move(options), settings, *workers).embed_all(sentences);
  }
};

Model::Model(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Model Model::load(const std::string& folder, const std::string& precision) {
  const Hdf5Turn turn;
  auto impl = std::make_shared<Impl>();
  impl->model = BidirectionalModel::load(folder, parse_precision(precision));
  return Model(std::move(impl));
}

Model Model::load_official(const std::string& options, const std::string& weights,
                           const std::string& vocabulary, const std::string& precision) {
  const Hdf5Turn turn;
  auto impl = std::make_shared<Impl>();
  impl->model =
      BidirectionalModel::load_official(options, weights, vocabulary, parse_precision(precision));
  return Model(std::move(impl));
}

Model Model::load_efml(const std::string& folder, const std::string& normalize,
                       const std::string& precision) {
  const Hdf5Turn turn;
  auto impl = std::make_shared<Impl>();
  impl->model = BidirectionalModel::load_efml(
      folder, {.normalisation = parse_normalisation(normalize)}, parse_precision(precision));
  return Model(std::move(impl));
}

int Model::layers() const { return impl_->model->layers(); }
int Model::dimension() const { return impl_->model->dimension(); }
const std::string& Model::hash() const { return impl_->model->hash(); }
std::string Model::split() const { return std::string(split_name(impl_->model->split())); }

std::vector<Word> Model::words(std::string_view text) const {
  check_utf8(text, [] { return "the text"; });
  std::vector<Word> words;
  std::size_t byte = 0, character = 0;
  const auto go_to = [&](const char* place) {
    const auto at = static_cast<std::size_t>(place - text.data());
    character += count_characters(text.substr(byte, at - byte));
    byte = at;
  };
  for (const std::string_view word : cut(text, impl_->model->split())) {
    go_to(word.data());
    const std::size_t begin = byte, begin_character = character;
    go_to(word.data() + word.size());
    words.push_back({word, begin, byte, begin_character, character});
  }
  return words;
}

WordVectors Model::embed(const std::vector<std::string>& words,
                         const EmbedSettings& settings) const {
  return std::move(embed_all({words}, settings, 1).front());
}

WordVectors Model::embed_text(std::string_view text, const EmbedSettings& settings) const {
  return std::move(embed_texts({text}, settings, 1).front());
}

std::vector<WordVectors> Model::embed_all(const std::vector<std::vector<std::string>>& sentences,
                                          const EmbedSettings& settings, int threads) const {
  return impl_->embed_all(sentences, settings, threads);
}

std::vector<WordVectors> Model::embed_texts(const std::vector<std::string_view>& texts,
                                            const EmbedSettings& settings, int threads) const {
  return impl_->embed_all(cut_all(texts, impl_->model->split()), settings, threads);
}

struct Embedder::Impl {
  Impl(Model shared_model, std::shared_ptr<const BidirectionalModel> weights,
       const EmbedSettings& settings, int threads, std::size_t cached_words)
      : model(std::move(shared_model)), workers(thread_count(threads)) {
    EmbedOptions options = embed_options(*weights, settings);
    options.cached_words = cached_words;
    windows = std::make_unique<Windows>(std::move(weights), std::move(options), settings, workers);
  }

  // Marks the time of a call; a second concurrent call throws.
  class Call {
   public:
    explicit Call(Impl& impl) : caller_(impl.caller) {
      pid_t nobody = 0;
      const pid_t me = getpid();
      if (caller_.compare_exchange_strong(nobody, me)) return;
      if (nobody == me) {
        throw UsageError("this Embedder serves another thread; give each thread one of its own");
      }
      throw Error(
          "this Embedder was running a call in the parent when the process forked; make another "
          "one");
    }
    ~Call() { caller_ = 0; }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

   private:
    std::atomic<pid_t>& caller_;
  };

  Model model;
  Workers workers;
  std::unique_ptr<Windows> windows;
  std::atomic<pid_t> caller = 0;  // the process with a running call, or 0
};

Embedder::Embedder(Model model, const EmbedSettings& settings, int threads,
                   std::size_t cached_words) {
  auto weights = model.impl_->model;
  impl_ =
      std::make_unique<Impl>(std::move(model), std::move(weights), settings, threads, cached_words);
}
Embedder::Embedder(Embedder&&) noexcept = default;
Embedder& Embedder::operator=(Embedder&&) noexcept = default;
Embedder::~Embedder() = default;

const Model& Embedder::model() const { return impl_->model; }

WordVectors Embedder::embed(const std::vector<std::string>& words) {
  return std::move(embed_all({words}).front());
}

WordVectors Embedder::embed_text(std::string_view text) {
  return std::move(embed_texts({text}).front());
}

std::vector<WordVectors> Embedder::embed_all(
    const std::vector<std::vector<std::string>>& sentences) {
  const Impl::Call call(*impl_);
  return impl_->windows->embed_all(sentences);
}

std::vector<WordVectors> Embedder::embed_texts(const std::vector<std::string_view>& texts) {
  const Impl::Call call(*impl_);
  return impl_->windows->embed_all(cut_all(texts, impl_->model.impl_->model->split()));
}

void Embedder::embed_stream(const std::function<bool(std::vector<std::string>& words)>& next,
                            const std::function<void(WordVectors)>& sink) {
  const Impl::Call call(*impl_);
  Windows& windows = *impl_->windows;
  std::uint64_t taken = 0;
  for (bool more = true; more;) {
    std::deque<std::vector<std::string>> sentences;  // a deque: views of them must stay valid
    std::vector<SentenceVectors> window;
    for (std::size_t words = 0; words < windows.most_words();) {
      more = next(sentences.emplace_back());
      if (!more) break;
      const std::vector<std::string>& sentence = sentences.back();
      check_words(sentence, taken++, windows.embedder().model());
      window.emplace_back().words.assign(sentence.begin(), sentence.end());
      words += std::max<std::size_t>(sentence.size(), 1);
    }
    std::vector<WordVectors> results(window.size());
    windows.embed(window, results);
    window.clear();
    for (WordVectors& one : results) sink(std::move(one));
  }
}

void Embedder::reset() {
  const Impl::Call call(*impl_);
  impl_->windows->reset();
}

Embedder::Counts Embedder::counts() const {
  const Impl::Call call(*impl_);
  const auto [words, encoded] = impl_->windows->embedder().encoded_words();
  return {.words = words, .encoded = encoded};
}

}  // namespace elmo
