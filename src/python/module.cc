// The compiled half of the Python package: the public headers, seen from Python.
//
// HDF5 bears one thread at a time, and h5py in the same process may use the same library: files
// are read while the interpreter's lock is held; what computes lets it go.

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "elmo/error.h"
#include "elmo/model.h"
#include "elmo/scorer.h"
#include "elmo/vectors.h"
#include "elmo/version.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace py = pybind11;

namespace {

using Path = std::filesystem::path;
using Sentences = std::vector<std::vector<std::string>>;

int thread_count(int asked) {
  if (asked < 0) throw elmo::UsageError("threads must be 0 (as many as there are cores) or more");
  if (asked > 0) return asked;
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

// Names in a message need not be UTF-8.
void set_error(PyObject* type, const std::exception& error) {
  const std::string text = elmo::describe(error);
  const auto message = py::reinterpret_steal<py::object>(
      PyUnicode_DecodeUTF8(text.data(), static_cast<py::ssize_t>(text.size()), "backslashreplace"));
  if (message) PyErr_SetObject(type, message.ptr());
}

// Lets Ctrl-C end a long call; on any thread but Python's main one there is nothing to see.
void check_signals() {
  const py::gil_scoped_acquire lock;
  if (PyErr_CheckSignals() != 0) throw py::error_already_set();
}

// The C library keeps what many small arrays gave back; once it is much, the system gets it.
void count_freed([[maybe_unused]] std::size_t bytes) {
#ifdef __GLIBC__
  constexpr std::size_t kMuch = std::size_t{32} << 20;
  static std::atomic<std::size_t> freed = 0;
  if ((freed += bytes) < kMuch) return;
  freed = 0;
  malloc_trim(0);
#endif
}

// The array owns the vector's memory; nothing is copied.
py::array_t<float> to_array(elmo::WordVectors vectors) {
  std::vector<py::ssize_t> shape;
  if (vectors.layered) shape.push_back(vectors.layers);
  shape.push_back(static_cast<py::ssize_t>(vectors.words));
  shape.push_back(vectors.dimension);
  auto values = std::make_unique<std::vector<float>>(std::move(vectors.values));
  const float* data = values->data();
  const py::capsule owner(values.get(), [](void* held) {
    const auto* floats = static_cast<std::vector<float>*>(held);
    const std::size_t bytes = floats->size() * sizeof(float);
    delete floats;
    count_freed(bytes);
  });
  values.release();
  return py::array_t<float>(shape, data, owner);
}

// The language models with their softmax, for one caller at a time.
struct Scoring {
  elmo::Scorer scorer;
  std::mutex mutex;
};

// A model and, where it came from a folder, the place of its softmax.
struct Model {
  elmo::Model vectors;
  std::string folder, precision;
  std::unique_ptr<Scoring> loaded = nullptr;

  // Reads the folder when first asked; to be called with the interpreter's lock.
  Scoring& scoring() {
    if (folder.empty()) {
      throw elmo::UsageError(
          "this model came from official weights, which have no softmax: it has vectors for words, "
          "but no probabilities");
    }
    if (!loaded) loaded.reset(new Scoring{elmo::Scorer::load(folder, precision)});
    return *loaded;
  }
};

Model load(const std::optional<Path>& folder, const std::optional<Path>& options,
           const std::optional<Path>& weights, const std::optional<Path>& vocabulary,
           const std::optional<std::string>& normalize, const std::string& precision) {
  if (normalize) {
    if (!folder) throw elmo::UsageError("normalize goes with a folder of ELMoForManyLangs");
    // Only of such a folder: models of our own hold theirs.
    if (!std::filesystem::exists(*folder / "encoder.pkl")) {
      throw elmo::UsageError(
          "normalize is for a folder of ELMoForManyLangs itself; an imported model holds its own");
    }
    return {elmo::Model::load_efml(folder->string(), *normalize, precision), folder->string(),
            precision};
  }
  if (options.has_value() != weights.has_value()) {
    throw elmo::UsageError("official weights are two files: pass both options and weights");
  }
  if (folder.has_value() == options.has_value()) {
    throw elmo::UsageError("a model is needed: a folder, or options and weights, not both");
  }
  if (folder) return {elmo::Model::load(folder->string(), precision), folder->string(), precision};
  return {elmo::Model::load_official(options->string(), weights->string(),
                                     vocabulary ? vocabulary->string() : "", precision),
          "", precision};
}

py::list embed(const Model& model, const Sentences& sentences, const std::string& layers,
               const std::optional<elmo::ScalarMix>& mix, const std::string& pooling,
               int carry_state, int batch_size, int threads) {
  const elmo::EmbedSettings settings{.layers = layers,
                                     .mix = mix,
                                     .pooling = pooling,
                                     .batch_words = batch_size,
                                     .carry_state = carry_state,
                                     .between_batches = check_signals};
  std::vector<elmo::WordVectors> vectors;
  {
    const py::gil_scoped_release unlocked;
    vectors = model.vectors.embed_all(sentences, settings, thread_count(threads));
  }
  py::list arrays(vectors.size());
  for (std::size_t i = 0; i < vectors.size(); ++i) arrays[i] = to_array(std::move(vectors[i]));
  return arrays;
}

std::map<std::string, elmo::Perplexity> perplexity(Model& model, const Path& input, int threads) {
  Scoring& scoring = model.scoring();
  const py::gil_scoped_release unlocked;
  const std::lock_guard alone(scoring.mutex);
  return scoring.scorer.perplexity(
      input.string(), {.threads = thread_count(threads), .between_batches = check_signals});
}

std::vector<elmo::Scores> score(Model& model, const Path& input, int threads) {
  Scoring& scoring = model.scoring();
  const py::gil_scoped_release unlocked;
  const std::lock_guard alone(scoring.mutex);
  return scoring.scorer.score(input.string(),
                              {.threads = thread_count(threads), .between_batches = check_signals});
}

py::tuple sentence(const elmo::VectorFile& file, py::ssize_t index) {
  const auto count = static_cast<py::ssize_t>(file.sentences());
  const py::ssize_t i = index < 0 ? index + count : index;
  // IndexError also ends Python's iteration.
  if (i < 0 || i >= count)
    throw py::index_error("there are " + std::to_string(count) + " sentences");
  const auto at = static_cast<std::size_t>(i);
  return py::make_tuple(file.words(at), to_array(file.vectors(at)));
}

}  // namespace

PYBIND11_MODULE(_elmo, module) {
  module.attr("__version__") = elmo::version();
  py::register_exception_translator([](std::exception_ptr thrown) {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const elmo::UsageError& error) {
      set_error(PyExc_ValueError, error);
    } catch (const elmo::Error& error) {
      set_error(PyExc_OSError, error);
    } catch (const std::system_error& error) {
      set_error(PyExc_OSError, error);
    } catch (const std::length_error& error) {
      set_error(PyExc_MemoryError, error);
    }
  });

  py::class_<elmo::ScalarMix>(module, "ScalarMix",
                              "gamma * sum_j softmax(weights)_j layer_j; weights: one a layer.")
      .def(py::init([](std::vector<float> weights, float gamma, bool layer_norm) {
             return elmo::ScalarMix{
                 .weights = std::move(weights), .gamma = gamma, .layer_norm = layer_norm};
           }),
           py::arg("weights"), py::arg("gamma") = 1.0f, py::arg("layer_norm") = false)
      .def_static(
          "load", [](const Path& task) { return elmo::ScalarMix::load(task.string()); },
          py::arg("task"),
          "The mix that `elmo train` has learned, from its task file, with its pooling; for the "
          "model that it was learned on.")
      .def_readonly("weights", &elmo::ScalarMix::weights)
      .def_readonly("gamma", &elmo::ScalarMix::gamma)
      .def_readonly("layer_norm", &elmo::ScalarMix::layer_norm)
      .def_readonly("pooling", &elmo::ScalarMix::pooling);

  py::class_<elmo::Perplexity>(module, "Perplexity",
                               "How well one direction predicts a text, as `elmo perplexity`.")
      .def_readonly("unit", &elmo::Perplexity::unit)
      .def_readonly("word", &elmo::Perplexity::word)
      .def_readonly("bits_per_character", &elmo::Perplexity::bits_per_character)
      .def_readonly("units", &elmo::Perplexity::units)
      .def_readonly("words", &elmo::Perplexity::words)
      .def_readonly("unknown_rate", &elmo::Perplexity::unknown_rate);

  py::class_<elmo::Scores>(module, "Scores",
                           "A line (from 1), its words, and natural log-likelihoods forward and "
                           "backward: words + 1 each, the last of the sentence's end.")
      .def_readonly("line", &elmo::Scores::line)
      .def_readonly("words", &elmo::Scores::words)
      .def_readonly("forward", &elmo::Scores::forward)
      .def_readonly("backward", &elmo::Scores::backward);

  py::class_<Model>(module, "Model", "A forward and a backward language model. Threads share it.")
      .def_property_readonly("layers", [](const Model& m) { return m.vectors.layers(); })
      .def_property_readonly("dimension", [](const Model& m) { return m.vectors.dimension(); })
      .def_property_readonly("hash", [](const Model& m) { return m.vectors.hash(); })
      .def("embed", &embed, py::arg("sentences"), py::arg("layers") = "all",
           py::arg("mix") = py::none(), py::arg("pooling") = "", py::arg("carry_state") = 0,
           py::arg("batch_size") = 2048, py::arg("threads") = 0,
           R"(The vectors of sentences, each a list of words: a list of float32 arrays, one a
sentence, of shape (layers, words, dimension); of shape (words, dimension) where layers is "top",
"average" or one number, or a mix is given. The same bits as `elmo dump`.

layers: "all", "top", "average", or a list such as "0,2"; layer 0 is the token encoder.
mix: a ScalarMix instead of layers.
pooling: "boundary", "first", "last" or "mean", for words of several pieces; "": as the mix says,
without one "boundary".
carry_state: N > 0: sentence i goes on with the state of sentence i - N.
batch_size: words that go through the layers together; vectors do not depend on it.
threads: 0: as many as there are cores.)")
      .def("perplexity", &perplexity, py::arg("input"), py::arg("threads") = 0,
           "{\"forward\": Perplexity, \"backward\": Perplexity} of a file, one sentence a line. "
           "The first call reads the model's folder again, for the softmax, and keeps it.")
      .def("score", &score, py::arg("input"), py::arg("threads") = 0,
           "Scores of each line of a file. The first call reads the model's folder again, for the "
           "softmax, and keeps it.");

  py::class_<elmo::VectorFile>(module, "Vectors",
                               "A dump of either layout: vectors[i] is (words, array) of sentence "
                               "i; words is None where the file doesn't know them.")
      .def_property_readonly("layers", &elmo::VectorFile::layers)
      .def_property_readonly("dimension", &elmo::VectorFile::dimension)
      .def("__len__", &elmo::VectorFile::sentences)
      .def("__getitem__", &sentence, py::arg("sentence"),
           "(words, array) with an array of (layers, words, dimension) or (words, dimension).");

  module.def(
      "load", &load, py::arg("folder") = py::none(), py::kw_only(), py::arg("options") = py::none(),
      py::arg("weights") = py::none(), py::arg("vocab") = py::none(),
      py::arg("normalize") = py::none(), py::arg("precision") = "f32",
      "A model's folder, one of ELMoForManyLangs too, or a pair of files in the official ELMo "
      "format (and their word list). normalize: what is done to the words of a folder of "
      "ELMoForManyLangs before the look-up, none (the default), nfkc or width. precision of "
      "products: f32, bf16 or auto.");
  module.def(
      "open", [](const Path& path) { return elmo::VectorFile(path.string()); }, py::arg("path"),
      "Opens a file that `elmo dump` or AllenNLP's elmo command wrote.");
}
