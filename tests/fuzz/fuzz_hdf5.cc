// HDF5 files of strangers by our ring: whatever is in them, dumps, official weights.
#include <filesystem>
#include <fstream>
#include <vector>

#include "io/dump_file.h"
#include "io/hdf5.h"
#include "io/tensor_file.h"
#include "lm/official_format.h"
#include "tests/fuzz/fuzz_support.h"

namespace {

// Of the weights among the seeds.
constexpr char kOptions[] =
    R"({"lstm": {"n_layers": 1, "dim": 2, "projection_dim": 2, "cell_clip": 3, "proj_clip": 3},
        "char_cnn": {"activation": "relu", "embedding": {"dim": 2}, "filters": [[1, 2]],
                     "max_characters_per_token": 50, "n_characters": 261, "n_highway": 1}})";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace elmo;
  static const InputFile options(reinterpret_cast<const std::uint8_t*>(kOptions),
                                 sizeof kOptions - 1);
  const InputFile input(data, size);
  succeeds([&] {
    const auto file = h5::File::open(input.path());
    for (const auto& name : file.attribute_names()) file.attribute(name);
    for (const auto& name : file.dataset_names()) {
      succeeds([&] {
        const auto dataset = file.open_dataset(name);
        if (dataset.type() == h5::Type::kString) {
          dataset.read_strings(0, dataset.extents().at(0));
        } else if (dataset.elements() < 1 << 20) {
          std::vector<double> values(static_cast<std::size_t>(dataset.elements()));
          dataset.read(h5::Type::kFloat64, values.data());
        }
      });
    }
    succeeds([&] { TensorFileReader(input.path(), "elmo task", 1).check_size(1); });
    succeeds([&] {
      const DumpReader dump(input.path());
      for (std::int64_t i = 0; i < dump.sentences() && i < 4; ++i) {
        succeeds([&] { dump.words(i); });
        succeeds([&] { dump.vectors(i); });
      }
    });
    succeeds([&] { read_official(options.path(), input.path()); });
  });
  return 0;
}
