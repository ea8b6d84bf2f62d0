// everything MODEL VECTORS TEXT: calls everything in the public headers and catches what it throws.

#include <elmo/embedder.h>
#include <elmo/error.h>
#include <elmo/installed_models.h>
#include <elmo/model.h>
#include <elmo/scorer.h>
#include <elmo/threads.h>
#include <elmo/vectors.h>
#include <elmo/version.h>

#include <cstdio>
#include <string>
#include <vector>

static_assert(ELMO_VERSION_AT_LEAST(0, 2, 0) && !ELMO_VERSION_AT_LEAST(1, 0, 0));

namespace {

void check(bool holds, const char* what) {
  if (holds) return;
  std::printf("wrong: %s\n", what);
  throw elmo::Error(what);
}

}  // namespace

int main(int, char** arguments) {
  try {
    const auto model = elmo::Model::load(elmo::find_model(arguments[1]));
    check(model.layers() == 2 && model.dimension() == 128 && model.hash().size() == 32, "model");
    check(model.split() == "spaces" && model.words("그 배를").size() == 2, "words");
    elmo::EmbedSettings settings;
    settings.mix = elmo::ScalarMix{.weights = {1, 2}};
    settings.pool = "mean";
    const std::vector<std::string> texts = {"그 배를 타고", "강을"};
    const auto expected = model.embed_all(texts, settings, 0);
    elmo::Embedder embedder(model, settings, elmo::usable_cores());
    std::size_t i = 0;
    embedder.embed_each(texts, [&](const elmo::WordVectors& one) {
      check(one.values == expected[i++].values, "the same bits");
    });
    check(embedder.embed("강을").values == expected[1].values, "the same bits of a text");
    check(embedder.embed_all(texts).size() == 2 && embedder.counts().words == 9, "counts");
    const elmo::VectorFile vectors(arguments[2]);
    check(vectors.sentences() > 0 && vectors.vectors(0).at(0, 0).size() == 128, "vectors");
    check(std::get<std::string>(vectors.attributes().at("model")) == model.hash(), "attributes");
    auto scorer = elmo::Scorer::load(arguments[1]);
    check(scorer.perplexity(arguments[3]).at("forward").word > 1, "perplexity");
    bool caught = false;
    try {
      model.embed({"\xFF"});
    } catch (const elmo::UsageError&) {
      caught = true;
    }
    check(caught, "a usage error of the library is one here");
    check(elmo::version() == std::string("0.2.0"), "version");
    elmo::Model::load("/nowhere");
  } catch (const elmo::Error& error) {
    std::printf("caught: %s\n", error.what());
  }
}
