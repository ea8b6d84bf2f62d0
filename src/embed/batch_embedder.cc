// Implements BatchEmbedder: from words to units, to states, to vectors of words.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "elmo/error.h"
#include "embed/bidirectional_model.h"
#include "embed/token_cache.h"
#include "nn/scalar_mix.h"

namespace elmo {
namespace {

// A state that contributes to a vector: that of the unit at `position` in the direction's reading
// order.
struct Pick {
  std::int64_t position;
  std::int64_t slot;  // index among the wanted vectors
  float weight;
};

// A sentence as one direction sees it.
struct Reading {
  UnitSequence sequence;
  std::vector<Pick> picks;               // in ascending order of position
  std::vector<std::int64_t> begin, end;  // the units of each wanted vector, in text order
};

struct Prepared {
  SentenceVectors* sentence = nullptr;
  Reading readings[2];
};

constexpr Direction kDirections[] = {Direction::kForward, Direction::kBackward};
// Largest number of rows in a batch. With more, products gain nothing and the states no longer fit
// into the caches.
constexpr std::size_t kMostRows = 512;
// Smallest number of words in a batch that is made to occupy another thread: with fewer rows,
// products cost more than an idle thread.
constexpr std::int64_t kLeastWords = 1024;
// Words in one part of a long sentence's layer 0.
constexpr std::int64_t kPartWords = 4096;

}  // namespace

struct BatchEmbedder::Impl {
  struct Thread {
    Thread(const BidirectionalModel& model, std::size_t cached_words)
        : scratch{model.direction(Direction::kForward).make_scratch(),
                  model.direction(Direction::kBackward).make_scratch()} {
      if (model.encoder() != Encoder::kPieces) return;
      const PieceVocabulary& forward = model.direction(Direction::kForward).pieces();
      const PieceVocabulary& backward = model.direction(Direction::kBackward).pieces();
      const std::size_t words = std::min(cached_words, PieceCache::kMostWords);
      caches.emplace_back(forward, words);
      if (backward.bytes() != forward.bytes()) caches.emplace_back(backward, words);
    }
    // For pieces, one cache for each direction, or one in all if the vocabularies are equal.
    std::vector<PieceCache> caches;
    DirectionModel::ScratchPointer scratch[2];
  };

  Impl(const BidirectionalModel& shared_model, const EmbedOptions& shared_options, Workers& team)
      : model(shared_model), options(shared_options), workers(team) {
    for (int i = 0; i < workers.count(); ++i) {
      threads.push_back(std::make_unique<Thread>(model, options.cached_words));
    }
    if (model.word_encoder(Direction::kForward) != nullptr) {
      cache = std::make_unique<TokenCache>(*model.word_encoder(Direction::kForward),
                                           *model.word_encoder(Direction::kBackward),
                                           options.cached_words, workers);
      cache->pin(options.pinned_words);
    }
    if (options.mix.layer_norm) {
      rows = LayerMix::parse("all", model.layers()).weights;
    } else {
      rows = options.mix.weights;
    }
  }

  int projection() const { return model.dimension() / 2; }

  // Appends the units of a word.
  void encode(std::string_view word, int d, Thread& thread,
              std::vector<std::int32_t>& units) const {
    switch (model.encoder()) {
      case Encoder::kPieces:
        thread.caches[std::min(static_cast<std::size_t>(d), thread.caches.size() - 1)].encode(
            word, units);
        break;
      case Encoder::kWords:
        model.direction(kDirections[d]).vocabulary().encode(word, units);
        break;
      case Encoder::kCharacters:
      case Encoder::kDictionaries:
        units.push_back(cache->id(word));
        break;
    }
  }

  UnitTable units(int d) const {
    if (!cache) return model.direction(kDirections[d]).units();
    return {cache->vectors(kDirections[d]), TokenCache::kBos, TokenCache::kEos};
  }

  void read(Prepared& prepared, int d, Thread& thread) const {
    const SentenceVectors& sentence = *prepared.sentence;
    Reading& reading = prepared.readings[d];
    auto& units = reading.sequence.units;
    units.clear();
    std::vector<std::int64_t> starts;
    for (const std::string_view word : sentence.words) {
      starts.push_back(static_cast<std::int64_t>(units.size()));
      encode(word, d, thread, units);
    }
    const auto count = static_cast<std::int64_t>(units.size());
    starts.push_back(count);
    const auto want = [&](std::int64_t word) {
      reading.begin.push_back(starts[static_cast<std::size_t>(word)]);
      reading.end.push_back(starts[static_cast<std::size_t>(word) + 1]);
    };
    reading.begin.clear();
    reading.end.clear();
    if (sentence.kept) {
      for (const std::int64_t word : *sentence.kept) want(word);
    } else {
      for (std::size_t word = 0; word < sentence.words.size(); ++word) {
        want(static_cast<std::int64_t>(word));
      }
    }
    if (sentence.span) {
      const auto [begin, end] = span_units(sentence, starts, kDirections[d]);
      reading.begin.push_back(begin);
      reading.end.push_back(end);
    }
    if (kDirections[d] == Direction::kBackward) std::reverse(units.begin(), units.end());
    pick(reading, d, count, sentence.span.has_value());
  }

  // The units that overlap the span.
  std::pair<std::int64_t, std::int64_t> span_units(const SentenceVectors& sentence,
                                                   const std::vector<std::int64_t>& starts,
                                                   Direction direction) const {
    const WordSpan& span = *sentence.span;
    std::int64_t begin = starts[span.first], end = starts[span.last + 1];
    if (model.encoder() != Encoder::kPieces) return {begin, end};
    const PieceVocabulary& vocabulary = model.direction(direction).pieces();
    const auto first = vocabulary.encode_with_places(sentence.words[span.first]);
    for (std::size_t i = 0; i + 1 < first.size() && first[i].end <= span.begin; ++i) ++begin;
    const auto last = vocabulary.encode_with_places(sentence.words[span.last]);
    for (std::size_t i = last.size(); i > 1 && last[i - 1].begin >= span.end; --i) --end;
    return {begin, std::max(end, begin + 1)};
  }

  void pick(Reading& reading, int d, std::int64_t count, bool has_span) const {
    const bool forward = kDirections[d] == Direction::kForward;
    reading.picks.clear();
    for (std::size_t slot = 0; slot < reading.begin.size(); ++slot) {
      const std::int64_t begin = reading.begin[slot], end = reading.end[slot];
      const auto add = [&](std::int64_t unit, float weight) {
        reading.picks.push_back(
            {forward ? unit : count - 1 - unit, static_cast<std::int64_t>(slot), weight});
      };
      const bool is_span = has_span && slot + 1 == reading.begin.size();
      switch (is_span ? Pooling::kBoundary : options.pooling) {
        case Pooling::kBoundary:
          add(forward ? end - 1 : begin, 1.0f);
          break;
        case Pooling::kFirst:
          add(begin, 1.0f);
          break;
        case Pooling::kLast:
          add(end - 1, 1.0f);
          break;
        case Pooling::kMean:
          for (std::int64_t unit = begin; unit < end; ++unit) {
            add(unit, 1.0f / static_cast<float>(end - begin));
          }
          break;
      }
    }
    std::stable_sort(reading.picks.begin(), reading.picks.end(),
                     [](const Pick& a, const Pick& b) { return a.position < b.position; });
  }

  // Adds scale * vector to row r of the mix for every row that uses layer j.
  void add(int j, float scale, const float* vector, float* slot, int d) const {
    const auto p = static_cast<std::size_t>(projection());
    for (std::size_t r = 0; r < rows.size(); ++r) {
      const float weight = rows[r][static_cast<std::size_t>(j)] * scale;
      if (weight == 0) continue;
      float* to = slot + (2 * r + static_cast<std::size_t>(d)) * p;
      for (std::size_t k = 0; k < p; ++k) to[k] += weight * vector[k];
    }
  }

  // Adds layer 0 to one wanted vector.
  void add_layer_0(const Reading& reading, std::int64_t slot_index, float* slot, int d) const {
    const float* vectors = this->units(d).vectors;
    const auto& units = reading.sequence.units;
    const auto count = static_cast<std::int64_t>(units.size());
    const std::int64_t begin = reading.begin[static_cast<std::size_t>(slot_index)];
    const std::int64_t end = reading.end[static_cast<std::size_t>(slot_index)];
    const float scale = 1.0f / static_cast<float>(end - begin);
    for (std::int64_t unit = begin; unit < end; ++unit) {
      const std::int64_t at = kDirections[d] == Direction::kForward ? unit : count - 1 - unit;
      add(0, scale, vectors + units[static_cast<std::size_t>(at)] * projection(), slot, d);
    }
  }

  bool uses_lstm() const {
    for (const auto& row : rows) {
      for (std::size_t j = 1; j < row.size(); ++j) {
        if (row[j] != 0) return true;
      }
    }
    return false;
  }

  std::size_t slot_size() const {
    return rows.size() * static_cast<std::size_t>(model.dimension());
  }

  // Computes one direction's vectors for a batch, into the memory of the sentences.
  void run(std::span<Prepared* const> batch, int d, Thread& thread) const {
    std::vector<Prepared*> order;
    for (Prepared* prepared : batch) {
      const auto wanted = static_cast<std::int64_t>(prepared->readings[d].begin.size());
      for (std::int64_t slot = 0; slot < wanted; ++slot) {
        add_layer_0(
            prepared->readings[d], slot,
            prepared->sentence->vectors.data() + static_cast<std::size_t>(slot) * slot_size(), d);
      }
      const bool carried = prepared->readings[d].sequence.state != nullptr;
      if (carried || (wanted > 0 && uses_lstm())) order.push_back(prepared);
    }
    std::stable_sort(order.begin(), order.end(), [&](const Prepared* a, const Prepared* b) {
      return a->readings[d].sequence.units.size() > b->readings[d].sequence.units.size();
    });
    std::vector<UnitSequence*> sequences;
    for (Prepared* prepared : order) sequences.push_back(&prepared->readings[d].sequence);
    std::vector<std::size_t> cursors(order.size(), 0);
    const auto sink = [&](const StepOutputs& out) {
      pause(thread);
      for (std::size_t i = 0; i < order.size(); ++i) {
        const auto& picks = order[i]->readings[d].picks;
        for (; cursors[i] < picks.size() && picks[cursors[i]].position < out.first_step + out.steps;
             ++cursors[i]) {
          add_states(out, static_cast<std::int64_t>(i), picks[cursors[i]],
                     order[i]->sentence->vectors.data() +
                         static_cast<std::size_t>(picks[cursors[i]].slot) * slot_size(),
                     d);
        }
      }
    };
    model.direction(kDirections[d]).run(sequences, units(d), *thread.scratch[d], sink);
  }

  void add_states(const StepOutputs& out, std::int64_t i, const Pick& pick, float* slot,
                  int d) const {
    const std::int64_t at = ((pick.position - out.first_step) * out.rows + i) * projection();
    for (std::size_t j = 0; j < out.layers.size(); ++j) {
      add(static_cast<int>(j) + 1, pick.weight, out.layers[j] + at, slot, d);
    }
  }

  void encode_words(std::span<const SentenceVectors> sentences) {
    for (const SentenceVectors& sentence : sentences) occurrences += sentence.words.size();
    if (!cache) return;
    cache->add([&](const TokenCache::Sink& sink) {
      for (const SentenceVectors& sentence : sentences) {
        for (const std::string_view word : sentence.words) sink(word);
      }
    });
  }

  // Cuts the sentences into units, on all threads, and allocates their vectors.
  std::vector<Prepared> prepare(std::span<SentenceVectors> sentences) {
    encode_words(sentences);
    std::vector<Prepared> prepared(sentences.size());
    workers.run([&](int index) {
      const Part part =
          part_of(static_cast<std::int64_t>(sentences.size()), index, workers.count());
      for (std::int64_t i = part.begin; i < part.end; ++i) {
        Prepared& one = prepared[static_cast<std::size_t>(i)];
        one.sentence = &sentences[static_cast<std::size_t>(i)];
        Thread& thread = *threads[static_cast<std::size_t>(index)];
        for (int d = 0; d < 2; ++d) read(one, d, thread);
        one.sentence->vectors.assign(one.sentence->wanted() * slot_size(), 0.0f);
      }
    });
    return prepared;
  }

  // Number of words in each batch. There are enough batches for all threads (a task is one
  // direction of a batch), and they have about the same size, so that the threads end together.
  std::int64_t batch_size(std::int64_t words) const {
    const std::int64_t by_size = (words + options.batch_words - 1) / options.batch_words;
    const std::int64_t by_threads =
        std::min<std::int64_t>((workers.count() + 1) / 2, words / kLeastWords);
    const std::int64_t batches = std::max<std::int64_t>({1, by_size, by_threads});
    return (words + batches - 1) / batches;
  }

  // Runs item(i, thread) for all i < count on all threads; the assignment does not affect the
  // results. After a failure the other threads stop at their next pause(), and the first failure is
  // thrown.
  void share(std::size_t count, const std::function<void(std::size_t, Thread&)>& item) {
    std::atomic<std::size_t> next = 0;
    std::exception_ptr failure;
    std::mutex mutex;
    stopped = false;
    workers.run([&](int index) {
      Thread& thread = *threads[static_cast<std::size_t>(index)];
      try {
        for (std::size_t i = next++; i < count; i = next++) {
          pause(thread);
          item(i, thread);
        }
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
        stopped = true;
      }
    });
    if (failure) std::rethrow_exception(failure);
  }

  // A point where long work may be ended early. Called on threads of share().
  void pause(const Thread& thread) const {
    if (stopped) throw Error("another thread has failed");
    if (&thread == threads.front().get() && options.between_batches) options.between_batches();
  }

  // Normalises the layers and combines them (LayerMix::layer_norm).
  void normalise(std::span<SentenceVectors> sentences) {
    if (!options.mix.layer_norm) return;
    share(sentences.size(), [&](std::size_t i, Thread&) { normalise(sentences[i]); });
  }
  void normalise(SentenceVectors& sentence) const {
    const std::size_t words = sentence.wanted(), dimension = slot_size() / rows.size();
    const auto& weights = options.mix.weights.front();
    std::vector<float> mixed(words * dimension, 0.0f);
    normalise_layers(sentence.vectors.data(), static_cast<std::int64_t>(words),
                     static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(dimension));
    for (std::size_t w = 0; w < words; ++w) {
      for (std::size_t j = 0; j < rows.size(); ++j) {
        const float* layer = sentence.vectors.data() + (w * rows.size() + j) * dimension;
        for (std::size_t k = 0; k < dimension; ++k) {
          mixed[w * dimension + k] += weights[j] * layer[k];
        }
      }
    }
    sentence.vectors = std::move(mixed);
  }

  const BidirectionalModel& model;
  const EmbedOptions& options;
  Workers& workers;
  std::vector<std::unique_ptr<Thread>> threads;
  std::unique_ptr<TokenCache> cache;  // for models of characters and dictionaries
  // The rows that are computed: those of the mix, or all layers if they are normalised first.
  std::vector<std::vector<float>> rows;
  States states;                      // carried between calls
  std::uint64_t occurrences = 0;      // words embedded so far
  std::atomic<bool> stopped = false;  // a thread of share() has failed
};

BatchEmbedder::BatchEmbedder(std::shared_ptr<const BidirectionalModel> model, EmbedOptions options,
                             Workers& workers)
    : model_(std::move(model)),
      options_(std::move(options)),
      impl_(std::make_unique<Impl>(*model_, options_, workers)) {}

BatchEmbedder::~BatchEmbedder() = default;

std::pair<std::uint64_t, std::uint64_t> BatchEmbedder::encoded_words() const {
  std::uint64_t encoded = impl_->cache ? impl_->cache->encoded() : 0;
  for (const auto& thread : impl_->threads) {
    for (const PieceCache& cache : thread->caches) encoded += cache.encoded();
  }
  return {impl_->occurrences, encoded};
}

std::optional<DictionaryCoverage> BatchEmbedder::coverage() const {
  const WordEncoder* encoder = model_->word_encoder(Direction::kForward);
  if (encoder == nullptr || encoder->dictionaries() == nullptr) return std::nullopt;
  return impl_->cache->coverage();
}

void BatchEmbedder::embed(std::span<SentenceVectors> sentences) {
  std::vector<Prepared> prepared = impl_->prepare(sentences);
  std::vector<Prepared*> order;
  for (Prepared& one : prepared) {
    if (one.sentence->wanted() != 0) order.push_back(&one);
  }
  const auto length = [](const Prepared* one) { return one->readings[0].sequence.units.size(); };
  std::stable_sort(order.begin(), order.end(),
                   [&](const Prepared* a, const Prepared* b) { return length(a) > length(b); });
  const auto words_of = [](const Prepared* one) {
    return static_cast<std::int64_t>(one->sentence->words.size());
  };
  std::int64_t words = 0;
  for (const Prepared* one : order) words += words_of(one);
  const std::int64_t batch = impl_->batch_size(words);
  std::vector<std::span<Prepared* const>> batches;
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    for (std::int64_t taken = 0; end < order.size() && end - begin < kMostRows; ++end) {
      taken += words_of(order[end]);
      if (end > begin && taken > batch) break;
    }
    batches.emplace_back(order.data() + begin, end - begin);
    begin = end;
  }
  impl_->share(2 * batches.size(), [&](std::size_t i, Impl::Thread& thread) {
    impl_->run(batches[i / 2], static_cast<int>(i % 2), thread);
  });
  impl_->normalise(sentences);
}

void BatchEmbedder::embed_carried(std::span<SentenceVectors> sentences, std::uint64_t first,
                                  int streams) {
  std::vector<Prepared> prepared = impl_->prepare(sentences);
  const auto count = static_cast<std::size_t>(streams);
  States before = impl_->states;
  for (auto& states : impl_->states) states.resize(count);
  // Streams are independent of one another, and so are directions. A blank sentence changes no
  // state, except that ELMoForManyLangs reads its BOS and EOS.
  const std::size_t parts =
      std::min(count, static_cast<std::size_t>(std::max(1, impl_->workers.count() / 2)));
  const auto run_streams = [&](std::size_t item, Impl::Thread& thread) {
    const int d = static_cast<int>(item % 2);
    const Part mine = part_of(streams, static_cast<int>(item / 2), static_cast<int>(parts));
    std::vector<Prepared*> batch;
    for (std::size_t i = 0; i < prepared.size(); ++i) {
      const auto stream = static_cast<std::size_t>((first + i) % count);
      if (static_cast<std::int64_t>(stream) >= mine.begin &&
          static_cast<std::int64_t>(stream) < mine.end &&
          (!prepared[i].sentence->words.empty() || model_->encoder() == Encoder::kDictionaries)) {
        prepared[i].readings[d].sequence.state = &impl_->states[d][stream];
        batch.push_back(&prepared[i]);
      }
      if (stream + 1 == count || i + 1 == prepared.size()) {
        impl_->run(batch, d, thread);
        batch.clear();
      }
    }
  };
  try {
    impl_->share(2 * parts, run_streams);
    impl_->normalise(sentences);
  } catch (...) {
    impl_->states = std::move(before);
    throw;
  }
}

const BatchEmbedder::States& BatchEmbedder::states() const { return impl_->states; }
void BatchEmbedder::set_states(States states) { impl_->states = std::move(states); }

void BatchEmbedder::embed_long(SentenceVectors& sentence,
                               const std::function<void(const VectorPart&)>& sink) {
  Prepared prepared;
  prepared.sentence = &sentence;
  impl_->encode_words({&sentence, 1});
  impl_->workers.run([&](int index) {
    for (int d = index; d < 2; d += impl_->workers.count()) {
      impl_->read(prepared, d, *impl_->threads[static_cast<std::size_t>(index)]);
    }
  });
  const auto wanted = static_cast<std::int64_t>(sentence.wanted());
  const auto slot_size = static_cast<std::int64_t>(impl_->slot_size());
  const int p = impl_->projection();
  std::mutex mutex;
  impl_->share(2, [&](std::size_t item, Impl::Thread& thread) {
    const int d = static_cast<int>(item);
    Reading& reading = prepared.readings[d];
    // The vectors [base, base + size) under construction. They are completed from the left in the
    // forward direction, from the right in the backward direction.
    std::int64_t base = 0, size = 0;
    std::vector<float> vectors;
    const auto open = [&](std::int64_t from, std::int64_t count) {
      base = from;
      size = count;
      vectors.assign(static_cast<std::size_t>(count * slot_size), 0.0f);
      for (std::int64_t i = 0; i < count; ++i) {
        impl_->add_layer_0(reading, from + i, vectors.data() + i * slot_size, d);
      }
    };
    const auto close = [&] {
      const std::lock_guard lock(mutex);
      for (std::size_t r = 0; r < impl_->rows.size() && size > 0; ++r) {
        sink({.row = static_cast<int>(r),
              .first = base,
              .count = size,
              .column = d * p,
              .columns = p,
              .vectors = vectors.data() +
                         (2 * r + static_cast<std::size_t>(d)) * static_cast<std::size_t>(p),
              .stride = slot_size});
      }
    };
    // Parts are fixed ranges of words; picks come in the order of the parts.
    const bool forward = kDirections[d] == Direction::kForward;
    const auto open_part = [&](std::int64_t slot) {
      const std::int64_t from = slot / kPartWords * kPartWords;
      open(from, std::min(kPartWords, wanted - from));
    };
    if (wanted == 0) return;
    if (!impl_->uses_lstm()) {
      for (std::int64_t from = 0; from < wanted; from += kPartWords) {
        open_part(from);
        close();
      }
      return;
    }
    open_part(forward ? 0 : wanted - 1);
    std::size_t cursor = 0;
    UnitSequence* sequence = &reading.sequence;
    impl_->model.direction(kDirections[d])
        .run({&sequence, 1}, impl_->units(d), *thread.scratch[d], [&](const StepOutputs& out) {
          impl_->pause(thread);
          for (; cursor < reading.picks.size() &&
                 reading.picks[cursor].position < out.first_step + out.steps;
               ++cursor) {
            const Pick& pick = reading.picks[cursor];
            if (pick.slot < base || pick.slot >= base + size) {
              close();
              open_part(pick.slot);
            }
            impl_->add_states(out, 0, pick, vectors.data() + (pick.slot - base) * slot_size, d);
          }
        });
    close();
  });
}

}  // namespace elmo
