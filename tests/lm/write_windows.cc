// Writes what tests/reference/train_reference.py trains on: the initial weights, training windows
// and development windows of `elmo pretrain --direction forward` with default batch size and
// unroll.
//
//   lm_write_windows VOCABULARY PRESET SEED TRAIN.txt DEV.txt STEPS FOLDER
//
// writes FOLDER/initial.h5, train.h5 and dev.h5, in the layout that the script describes.

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "elmo/error.h"
#include "io/hdf5.h"
#include "lm/language_model.h"
#include "text/corpus.h"
#include "text/line_reader.h"
#include "text/streams.h"

namespace elmo {
namespace {

constexpr int kSteps = 20, kStreams = 128;

struct Count {
  std::int64_t words = 0, sentences = 0;
};

void write(const std::filesystem::path& path, StreamBatcher& batcher, std::int64_t most,
           const Count& count) {
  std::vector<std::int32_t> inputs, targets;
  std::vector<std::uint8_t> resets;
  std::int64_t windows = 0;
  Window window;
  for (; windows < most && batcher.next(window); ++windows) {
    inputs.insert(inputs.end(), window.inputs.begin(), window.inputs.end());
    targets.insert(targets.end(), window.targets.begin(), window.targets.end());
    resets.insert(resets.end(), window.resets.begin(), window.resets.end());
  }
  h5::File file = h5::File::create(path, path, {});
  const h5::Extents extents = {windows, kSteps, kStreams};
  file.create_dataset("inputs", h5::Type::kInt32, extents).write(inputs.data());
  file.create_dataset("targets", h5::Type::kInt32, extents).write(targets.data());
  file.create_dataset("resets", h5::Type::kUint8, extents).write(resets.data());
  file.create_dataset("words", h5::Type::kInt64, {1}).write(&count.words);
  file.create_dataset("sentences", h5::Type::kInt64, {1}).write(&count.sentences);
  file.close();
}

void run(char** arguments) {
  const std::filesystem::path folder = arguments[7];
  ModelSettings settings;
  apply_preset(arguments[2], settings);
  const std::uint64_t seed = std::stoull(arguments[3]);
  LanguageModel model(
      settings, std::make_shared<const PieceVocabulary>(PieceVocabulary::from_file(arguments[1])));
  model.initialise(seed);
  model.save(folder / "initial.h5");

  LineEncoder encoder(model);
  Corpus corpus({.inputs = {arguments[4]}, .seed = seed});
  std::string line;
  StreamBatcher train(
      [&](Sequence& sequence) {
        if (!corpus.next(line)) return false;
        encoder.read(line, sequence);
        return true;
      },
      kStreams, kSteps, false);
  write(folder / "train.h5", train, std::stoll(arguments[6]), {});

  // The batcher reads ahead, so the words are counted beforehand.
  std::vector<Sequence> sentences;
  Count count;
  LineReader reader(arguments[5]);
  std::string_view text;
  while (reader.next(text)) {
    Sequence sequence;
    encoder.read(text, sequence);
    if (sequence.words == 0) continue;
    count.words += static_cast<std::int64_t>(sequence.words);
    ++count.sentences;
    sentences.push_back(sequence);
  }
  std::size_t next = 0;
  StreamBatcher dev(
      [&](Sequence& sequence) {
        if (next == sentences.size()) return false;
        sequence = sentences[next++];
        return true;
      },
      kStreams, kSteps, false);
  write(folder / "dev.h5", dev, INT64_MAX, count);
}

}  // namespace
}  // namespace elmo

int main(int argc, char** argv) {
  if (argc != 8) {
    std::fprintf(stderr, "lm_write_windows VOCABULARY PRESET SEED TRAIN DEV STEPS FOLDER\n");
    return 2;
  }
  try {
    elmo::run(argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "lm_write_windows: %s\n", error.what());
    return 1;
  }
  return 0;
}
