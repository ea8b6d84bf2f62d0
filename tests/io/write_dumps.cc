// Writes the files that h5py_test.py reads: write_dumps FOLDER.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "elmo/error.h"
#include "io/dump_file.h"
#include "io/tensor_file.h"
#include "io/zip_writer.h"

namespace {

using namespace elmo;

// The value for word w of line i, layer l, column c; h5py_test.py computes the same.
float value(std::size_t line, std::size_t word, int layer, int column) {
  return static_cast<float>(line) + static_cast<float>(word) / 4 + static_cast<float>(layer) * 8 -
         static_cast<float>(column) / 16;
}

const std::vector<std::vector<std::string_view>> kLines = {
    {"배", "한", "척"}, {}, {"he", "said", "\"no\""}, {"배", "한", "척"}, {"bank"}};

void write_dump(const std::string& path, const DumpOptions& options) {
  DumpWriter writer(path, options, false);
  for (std::size_t line = 0; line < kLines.size(); ++line) {
    std::string text;
    std::vector<float> vectors;
    std::vector<DumpPlace> places;
    for (std::size_t word = 0; word < kLines[line].size(); ++word) {
      if (word > 0) text += " ";
      text += kLines[line][word];
      if (options.places) {
        places.push_back({static_cast<std::int64_t>(line), static_cast<std::int64_t>(word)});
      }
      for (int layer = 0; layer < options.layers; ++layer) {
        for (int column = 0; column < options.dimension; ++column) {
          vectors.push_back(value(line, word, layer, column));
        }
      }
    }
    writer.append(text, kLines[line], vectors, places);
  }
  writer.finish();
}

void write_all(const std::string& folder) {
  for (const bool matrix : {false, true}) {
    for (const bool half : {false, true}) {
      for (const bool layered : {false, true}) {
        DumpOptions options;
        options.layout = matrix ? DumpLayout::kMatrix : DumpLayout::kSentences;
        options.type = half ? DumpType::kF16 : DumpType::kF32;
        options.layered = layered;
        options.layers = layered ? 3 : 1;
        options.dimension = 8;
        options.places = layered;
        options.segment_sentences = 2;
        options.attributes = {{"model_hash", "00ff"}, {"cells", 128}, {"gamma", 0.5}};
        write_dump(folder + "/" + (matrix ? "matrix" : "sentences") + (half ? "_f16" : "_f32") +
                       (layered ? "_all" : "_top") + ".h5",
                   options);
      }
    }
  }
  DumpOptions options;
  options.layered = false;
  options.layers = 1;
  options.dimension = 8;
  options.map = false;
  write_dump(folder + "/no_map.h5", options);

  // More members than a plain zip archive can have, and one whose sizes and offsets need ZIP64.
  options.format = DumpFormat::kNpz;
  options.dimension = 1;
  {
    DumpWriter writer(folder + "/many.npz", options, false);
    for (int line = 0; line < 70'000; ++line) {
      const float value = static_cast<float>(line);
      writer.append("", kLines[4], {&value, 1});
    }
    writer.finish();
  }
  ZipWriter zip(folder + "/zip64.zip", folder + "/zip64.list", 60);
  for (const std::string name : {"a", "b", "c"}) {
    const std::string content(name == "b" ? 7 : 1000, name[0]);
    zip.begin(name, content.size());
    for (const char byte : content) zip.write(&byte, 1);
    zip.end();
  }
  zip.finish();

  TensorFileWriter model(folder + "/forward.h5", "elmo language model", 1,
                         {{"cells", 128}, {"name", "한국어"}});
  model.add("/lstm_0/weights", {2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6});
  model.add_bytes("vocabulary", "abc");
  model.commit();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    write_all(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
