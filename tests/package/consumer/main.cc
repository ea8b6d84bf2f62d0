#include <elmo/model.h>

#include <cstdio>

int main(int, char** arguments) {
  const auto model = elmo::Model::load(arguments[1]);
  const auto vectors = model.embed({"그", "배", "를", "타고"});
  for (int layer = 0; layer < vectors.layers; ++layer) {
    std::printf("배 in layer %d: %f ...\n", layer, vectors.at(layer, 1)[0]);
  }
}
