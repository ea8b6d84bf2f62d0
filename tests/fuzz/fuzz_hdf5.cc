// HDF5 files of unknown origin through the wrapper: their content as such, as dumps, and as
// official weights.
#include <pthread.h>

#include <vector>

#include "io/dump_file.h"
#include "io/hdf5.h"
#include "io/tensor_file.h"
#include "lm/official_format.h"
#include "tests/fuzz/fuzz_support.h"

extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*)());

namespace {

// The options of the official weights among the seeds.
constexpr char kOptions[] =
    R"({"lstm": {"n_layers": 1, "dim": 2, "projection_dim": 2, "cell_clip": 3, "proj_clip": 3},
        "char_cnn": {"activation": "relu", "embedding": {"dim": 2}, "filters": [[1, 2]],
                     "max_characters_per_token": 50, "n_characters": 261, "n_highway": 1}})";

// Removes the fuzzer's crash handlers in the child, whose crashes are not findings.
void forget_the_fuzzer() {
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback([] { _exit(1); });
  }
}

// Nothing is tested if the child process that examines files first can't run.
bool sound_file_is_read() {
  if (pthread_atfork(nullptr, nullptr, forget_the_fuzzer) != 0) return false;
  using namespace elmo;
  const auto path = folder() / "sound.h5";
  const float value = 1;
  {
    h5::File file = h5::File::create(path, path, {});
    file.create_dataset("a", h5::Type::kFloat32, {1}).write(&value);
    file.close();
  }
  return h5::File::open(path).has_dataset("a");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace elmo;
  static const bool works = sound_file_is_read();
  require(works);
  static const InputFile options(reinterpret_cast<const std::uint8_t*>(kOptions),
                                 sizeof kOptions - 1);
  const InputFile input(data, size);
  succeeds([&] {
    const auto file = h5::File::open(input.path());
    // The file is open already for the readers below, so that one child process examines it for
    // all.
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
