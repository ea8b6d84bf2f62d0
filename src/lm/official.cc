#include "lm/official.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <initializer_list>

#include "elmo/error.h"
#include "text/characters.h"

namespace elmo {
namespace {

void copy(const Parameter& from, Parameter& to) {
  std::ranges::copy(from.value.span(), to.value.data());
}

// Copies the values of one set of parameters into another of the same shapes.
template <typename From, typename To>
void copy_all(From& from, To& to) {
  std::vector<const Parameter*> sources;
  from.for_each_parameter([&](const Parameter& parameter) { sources.push_back(&parameter); });
  std::size_t i = 0;
  to.for_each_parameter([&](Parameter& parameter) { copy(*sources[i++], parameter); });
}

}  // namespace

std::pair<std::unique_ptr<LanguageModel>, std::unique_ptr<LanguageModel>> import_official(
    OfficialModel model, const std::string& vocabulary) {
  std::shared_ptr<const WordVocabulary> words;
  if (!vocabulary.empty()) {
    words = std::make_shared<const WordVocabulary>(WordVocabulary::from_file(vocabulary));
  }
  if (model.words) {
    const std::int64_t rows = model.words->table.shape[0];
    if (!words) {
      throw Error(
          fmt::format("these weights have a vector for each of {} words and do not say "
                      "which; pass their word list by --vocab",
                      rows));
    }
    if (words->rows() != rows) {
      throw Error(
          fmt::format("{}: has {} words, the weights have vectors for {}; it is another "
                      "model's list",
                      vocabulary, words->rows(), rows));
    }
  }
  std::unique_ptr<LanguageModel> result[2];
  for (int d = 0; d < 2; ++d) {
    ModelSettings settings;
    settings.direction = d == 0 ? Direction::kForward : Direction::kBackward;
    settings.encoder = model.words ? Encoder::kWords : Encoder::kCharacters;
    if (model.characters) settings.characters = model.characters->shape();
    settings.softmax = false;
    settings.layers = model.layers;
    settings.hidden = model.hidden;
    settings.projection = model.projection;
    settings.cell_clip = model.cell_clip;
    settings.projection_clip = model.projection_clip;
    settings.skip_connections = model.skip_connections;
    result[d] = std::make_unique<LanguageModel>(settings, words);
    result[d]->content_hash = model.content_hash;
    if (model.characters) {
      copy_all(*model.characters, *result[d]->characters);
    } else {
      copy_all(*model.words, result[d]->embedding);
    }
    result[d]->layers = std::move(model.directions[d]);
  }
  return {std::move(result[0]), std::move(result[1])};
}

bool have_equal_encoders(LanguageModel& forward, LanguageModel& backward) {
  if (forward.dictionaries && backward.dictionaries &&
      !(*forward.dictionaries == *backward.dictionaries)) {
    return false;
  }
  const auto ours = forward.encoder_parameters(), theirs = backward.encoder_parameters();
  return std::ranges::equal(ours, theirs, [](const Parameter* a, const Parameter* b) {
    return a->name == b->name && a->shape == b->shape &&
           std::ranges::equal(a->value.span(), b->value.span());
  });
}

OfficialModel export_official(LanguageModel& forward, LanguageModel& backward) {
  const ModelSettings& f = forward.settings;
  const ModelSettings& b = backward.settings;
  if (f.encoder == Encoder::kPieces || b.encoder == Encoder::kPieces) {
    throw Error(
        "a model of pieces can't be written in the official format, which knows characters and "
        "words; train one with `elmo pretrain --encoder characters --share-encoder`");
  }
  if (f.encoder == Encoder::kDictionaries || b.encoder == Encoder::kDictionaries) {
    throw Error(
        "a model of ELMoForManyLangs can't be written in the official format, which has no place "
        "for its dictionaries; AllenNLP, bilm-tf and simple_elmo can't run it");
  }
  const auto agree = [](auto ours, auto theirs, const char* what) {
    if (ours == theirs) return;
    throw Error(
        fmt::format("the official format has one {} for both directions; forward has {}, "
                    "backward {}",
                    what, ours, theirs));
  };
  agree(f.layers, b.layers, "number of layers");
  agree(f.hidden, b.hidden, "number of cells");
  agree(f.projection, b.projection, "projection");
  agree(f.cell_clip, b.cell_clip, "cell clip");
  agree(f.projection_clip, b.projection_clip, "projection clip");
  agree(f.skip_connections, b.skip_connections, "choice of skip connections");
  if (!have_equal_encoders(forward, backward)) {
    throw Error(
        "the official format has one token encoder, these directions have two different ones; "
        "train them with --share-encoder, or the second with --encoder-from the first");
  }
  OfficialModel model;
  model.layers = f.layers;
  model.hidden = f.hidden;
  model.projection = f.projection;
  model.cell_clip = f.cell_clip;
  model.projection_clip = f.projection_clip;
  model.skip_connections = f.skip_connections;
  if (forward.characters) {
    model.characters = std::make_unique<CharacterEncoder>("token_encoder", f.characters);
    copy_all(*forward.characters, *model.characters);
  } else {
    model.words = std::make_unique<EmbeddingLayer>("token_encoder/embedding", forward.outcomes(),
                                                   f.projection);
    copy_all(forward.embedding, *model.words);
  }
  for (int d = 0; d < 2; ++d) {
    auto& layers = d == 0 ? forward.layers : backward.layers;
    for (LstmLayer& layer : layers) {
      copy_all(layer, model.directions[d].emplace_back("lstm", layer.shape()));
    }
  }
  return model;
}

std::vector<OfficialReader> official_readers(const OfficialModel& model) {
  enum Reader { kAllenNlp, kBilm, kSimple };
  std::vector<OfficialReader> result = {{"AllenNLP", {}}, {"bilm-tf", {}}, {"simple_elmo", {}}};
  const auto add = [&](bool is_so, const char* what, std::initializer_list<Reader> readers) {
    for (const Reader reader : readers) {
      if (is_so) result[reader].obstacles.emplace_back(what);
    }
  };
  add(!model.skip_connections, "no skip connections", {kAllenNlp});
  add(model.hidden <= model.projection, "no more cells than the projection has numbers",
      {kBilm, kSimple});
  add(model.bare_cell, "a single layer not named MultiRNNCell/Cell0 (import and export rename it)",
      {kAllenNlp, kBilm, kSimple});
  add(model.words != nullptr, "a vector a word instead of characters", {kAllenNlp, kSimple});
  if (!model.characters) return result;
  const CharacterShape& shape = model.characters->shape();
  add(!shape.project, "no projection behind the filters", {kAllenNlp});
  add(shape.project && shape.filter_count() <= model.projection,
      "no more filters than the projection has numbers", {kBilm, kSimple});
  add(shape.highways == 0, "no highway layer", {kAllenNlp});
  add(shape.positions != 50, "words of other than 50 characters", {kAllenNlp});
  add(shape.rows != kCharacterRows, "vectors of 262 characters, not 261", {kBilm, kSimple});
  return result;
}

}  // namespace elmo
