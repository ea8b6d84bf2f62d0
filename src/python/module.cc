// The compiled part of the Python package: binds the public headers. src/python/elmo/ builds the
// package on it.
//
// HDF5 is not thread-safe, and h5py in the same process may use the same library. So files are read
// while the GIL is held; it is released while computing.

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cstddef>
#include <exception>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/per_process.h"
#include "elmo/embedder.h"
#include "elmo/error.h"
#include "elmo/installed_models.h"
#include "elmo/model.h"
#include "elmo/scorer.h"
#include "elmo/threads.h"
#include "elmo/vectors.h"
#include "elmo/version.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace py = pybind11;

namespace {

using Path = std::filesystem::path;
using Sentences = std::vector<std::vector<std::string>>;

// Lets Ctrl-C end a long call. On other threads than Python's main one there are no signals to see.
void check_signals() {
  const py::gil_scoped_acquire lock;
  if (PyErr_CheckSignals() != 0) throw py::error_already_set();
}

// glibc keeps the memory of freed small arrays. From time to time it is returned to the system.
void count_freed([[maybe_unused]] std::size_t bytes) {
#ifdef __GLIBC__
  constexpr std::size_t kMuch = std::size_t{32} << 20;
  static std::atomic<std::size_t> freed = 0;
  if ((freed += bytes) < kMuch) return;
  freed = 0;
  malloc_trim(0);
#endif
}

// The array takes over the vector's memory without copying.
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

// A message of the library in Python's terms: options of the program become arguments
// (--batch-size: batch_size), except in commands in backticks.
std::string with_arguments(std::string_view message) {
  std::string text;
  bool in_command = false;
  for (std::size_t i = 0; i < message.size(); ++i) {
    if (message[i] == '`') in_command = !in_command;
    const bool begins = message.substr(i, 2) == "--" && i + 2 < message.size() &&
                        std::islower(static_cast<unsigned char>(message[i + 2])) != 0;
    if (in_command || !begins || (i > 0 && message[i - 1] != ' ' && message[i - 1] != '(')) {
      text += message[i];
      continue;
    }
    for (i += 2; i < message.size() &&
                 (std::islower(static_cast<unsigned char>(message[i])) != 0 || message[i] == '-');
         ++i) {
      text += message[i] == '-' ? '_' : message[i];
    }
    --i;
  }
  return text;
}

// Names in a message may not be UTF-8.
void set_error(PyObject* type, const std::exception& error) {
  const std::string text = with_arguments(elmo::describe(error));
  const auto message = py::reinterpret_steal<py::object>(
      PyUnicode_DecodeUTF8(text.data(), static_cast<py::ssize_t>(text.size()), "backslashreplace"));
  if (message) PyErr_SetObject(type, message.ptr());
}

std::string type_name(py::handle object) { return Py_TYPE(object.ptr())->tp_name; }

// The UTF-8 of a str. Throws UsageError for a lone surrogate, which UTF-8 can't encode.
std::string_view utf8_of(py::handle text, const std::string& what) {
  Py_ssize_t size = 0;
  const char* bytes = PyUnicode_AsUTF8AndSize(text.ptr(), &size);
  if (bytes == nullptr) {
    PyErr_Clear();
    throw elmo::UsageError(what + " holds half of a surrogate pair, which is not a character");
  }
  return {bytes, static_cast<std::size_t>(size)};
}

// Converts texts (str), which the model cuts into words, or iterables of words (str, or bytes in
// UTF-8).
Sentences to_sentences(const elmo::Model& model, py::handle given) {
  Sentences sentences;
  for (const py::handle item : py::reinterpret_borrow<py::iterable>(given)) {
    const std::string name = std::to_string(sentences.size());
    auto& words = sentences.emplace_back();
    if (py::isinstance<py::str>(item)) {
      for (const elmo::Word& word : model.words(utf8_of(item, "text " + name))) {
        words.emplace_back(word.text);
      }
      continue;
    }
    if (!py::isinstance<py::iterable>(item) || py::isinstance<py::bytes>(item)) {
      throw py::type_error("sentence " + name + " is a " + type_name(item) +
                           "; a text (str) or a list of words is needed");
    }
    for (const py::handle word : py::reinterpret_borrow<py::iterable>(item)) {
      const std::string place = "word " + std::to_string(words.size()) + " of sentence " + name;
      if (py::isinstance<py::bytes>(word)) {
        words.push_back(word.cast<std::string>());
      } else if (py::isinstance<py::str>(word)) {
        words.emplace_back(utf8_of(word, place));
      } else {
        throw py::type_error(place + " is a " + type_name(word) + "; words are str");
      }
    }
  }
  return sentences;
}

// Converts the vectors of sentences: to a list of arrays or, if they are pooled, to one array with
// a row for each sentence.
py::object to_arrays(std::vector<elmo::WordVectors> vectors, const elmo::Model& model,
                     const elmo::EmbedSettings& settings) {
  if (settings.pool.empty()) {
    py::list arrays(vectors.size());
    for (std::size_t i = 0; i < vectors.size(); ++i) arrays[i] = to_array(std::move(vectors[i]));
    return arrays;
  }
  const elmo::WordVectors shape_of =
      vectors.empty() ? model.embed(std::vector<std::string>{}, settings) : vectors.front();
  std::vector<py::ssize_t> shape = {static_cast<py::ssize_t>(vectors.size())};
  if (shape_of.layered) shape.push_back(shape_of.layers);
  shape.push_back(shape_of.dimension);
  py::array_t<float> matrix(shape);
  float* row = matrix.mutable_data();
  for (const elmo::WordVectors& one : vectors) {
    row = std::copy(one.values.begin(), one.values.end(), row);
  }
  return matrix;
}

elmo::EmbedSettings settings_of(const std::string& layers,
                                const std::optional<elmo::ScalarMix>& mix,
                                const std::string& pooling, const std::string& pool,
                                int carry_state, int batch_size) {
  return {.layers = layers,
          .mix = mix,
          .pooling = pooling,
          .pool = pool,
          .batch_words = batch_size,
          .carry_state = carry_state,
          .between_batches = check_signals};
}

py::object embed(const elmo::Model& model, const py::object& given, const std::string& layers,
                 const std::optional<elmo::ScalarMix>& mix, const std::string& pooling,
                 const std::string& pool, int carry_state, int batch_size, int threads) {
  const elmo::EmbedSettings settings =
      settings_of(layers, mix, pooling, pool, carry_state, batch_size);
  const Sentences sentences = to_sentences(model, given);
  std::vector<elmo::WordVectors> vectors;
  {
    const py::gil_scoped_release unlocked;
    vectors = model.embed_all(sentences, settings, threads);
  }
  return to_arrays(std::move(vectors), model, settings);
}

// An Embedder that makes concurrent callers wait. In a child of fork() the lock is free.
class LockedEmbedder {
 public:
  LockedEmbedder(const elmo::Model& model, const std::string& layers,
                 const std::optional<elmo::ScalarMix>& mix, const std::string& pooling,
                 const std::string& pool, int carry_state, int batch_size, int threads,
                 std::size_t cached_words)
      : settings_(settings_of(layers, mix, pooling, pool, carry_state, batch_size)),
        embedder_(model, settings_, threads, cached_words) {}

  py::object embed(const py::object& given) {
    const elmo::Model& model = embedder_.model();
    const Sentences sentences = to_sentences(model, given);
    std::vector<elmo::WordVectors> vectors;
    {
      const py::gil_scoped_release unlocked;
      const std::lock_guard alone(mutex_.get());
      vectors = embedder_.embed_all(sentences);
    }
    return to_arrays(std::move(vectors), model, settings_);
  }
  void reset() {
    const py::gil_scoped_release unlocked;
    const std::lock_guard alone(mutex_.get());
    embedder_.reset();
  }
  elmo::Embedder::Counts counts() {
    const py::gil_scoped_release unlocked;
    const std::lock_guard alone(mutex_.get());
    return embedder_.counts();
  }

 private:
  elmo::EmbedSettings settings_;
  elmo::Embedder embedder_;
  elmo::PerProcess<std::mutex> mutex_;
};

// A Scorer that makes concurrent callers wait.
class LockedScorer {
 public:
  LockedScorer(const Path& folder, const std::string& precision)
      : scorer_(elmo::Scorer::load(folder.string(), precision)) {}

  std::map<std::string, elmo::Perplexity> perplexity(const Path& input, int threads,
                                                     const std::string& invalid) {
    const py::gil_scoped_release unlocked;
    const std::lock_guard alone(mutex_.get());
    return scorer_.perplexity(input.string(), settings(threads, invalid));
  }
  std::vector<elmo::Scores> score(const Path& input, int threads, const std::string& invalid) {
    const py::gil_scoped_release unlocked;
    const std::lock_guard alone(mutex_.get());
    return scorer_.score(input.string(), settings(threads, invalid));
  }

 private:
  static elmo::ScoreSettings settings(int threads, const std::string& invalid) {
    return {.threads = threads, .invalid = invalid, .between_batches = check_signals};
  }

  elmo::Scorer scorer_;
  elmo::PerProcess<std::mutex> mutex_;
};

py::list words(const elmo::Model& model, const py::str& text) {
  py::list result;
  for (const elmo::Word& word : model.words(utf8_of(text, "the text"))) {
    result.append(py::make_tuple(py::str(std::string(word.text)), word.begin_character,
                                 word.end_character, word.begin, word.end));
  }
  return result;
}

py::tuple sentence(const elmo::VectorFile& file, std::size_t i) {
  return py::make_tuple(file.words(i), to_array(file.vectors(i)));
}

py::tuple state_of(const elmo::ScalarMix& mix) {
  return py::make_tuple(mix.weights, mix.gamma, mix.layer_norm, mix.pooling, mix.model_hash);
}

elmo::ScalarMix mix_of(const py::tuple& state) {
  return {.weights = state[0].cast<std::vector<float>>(),
          .gamma = state[1].cast<float>(),
          .layer_norm = state[2].cast<bool>(),
          .pooling = state[3].cast<std::string>(),
          .model_hash = state[4].cast<std::string>()};
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

  // Sets the module of exported types to "elmo", for pickle and messages.
  const auto shown = [](py::handle type) { type.attr("__module__") = "elmo"; };

  py::class_<elmo::ScalarMix> mix(
      module, "ScalarMix", "gamma * sum_j softmax(weights)_j layer_j; weights: one a layer.");
  mix.def(py::init([](std::vector<float> weights, float gamma, bool layer_norm) {
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
      .def_readonly("pooling", &elmo::ScalarMix::pooling)
      .def_readonly("model_hash", &elmo::ScalarMix::model_hash)
      .def(py::pickle(&state_of, &mix_of))
      .def("__eq__",
           [](const elmo::ScalarMix& mine, const py::object& other) {
             return py::isinstance<elmo::ScalarMix>(other) &&
                    state_of(mine).equal(state_of(other.cast<const elmo::ScalarMix&>()));
           })
      .def("__hash__",
           [](const elmo::ScalarMix& mine) { return py::hash(py::str(state_of(mine))); })
      .def("__repr__", [](const elmo::ScalarMix& mine) {
        return py::str("ScalarMix({!r}, gamma={!r}, layer_norm={!r})")
            .format(mine.weights, mine.gamma, mine.layer_norm);
      });
  shown(mix);

  py::class_<elmo::Perplexity> perplexity(
      module, "Perplexity", "How well one direction predicts a text, as `elmo perplexity`.");
  perplexity.def_readonly("unit", &elmo::Perplexity::unit)
      .def_readonly("word", &elmo::Perplexity::word)
      .def_readonly("bits_per_character", &elmo::Perplexity::bits_per_character)
      .def_readonly("units", &elmo::Perplexity::units)
      .def_readonly("words", &elmo::Perplexity::words)
      .def_readonly("unknown_rate", &elmo::Perplexity::unknown_rate);
  shown(perplexity);

  py::class_<elmo::Scores> scores(
      module, "Scores",
      "A line (from 1), its words, and natural log-likelihoods forward and backward: words + 1 "
      "each, the last of the sentence's end.");
  scores.def_readonly("line", &elmo::Scores::line)
      .def_readonly("words", &elmo::Scores::words)
      .def_readonly("forward", &elmo::Scores::forward)
      .def_readonly("backward", &elmo::Scores::backward);
  shown(scores);

  // The base classes of the package's classes.
  py::class_<elmo::Model>(module, "Model")
      .def_static("load",
                  [](const Path& folder, const std::string& precision) {
                    return elmo::Model::load(folder.string(), precision);
                  })
      .def_static("load_official",
                  [](const Path& options, const Path& weights, const std::string& vocabulary,
                     const std::string& precision) {
                    return elmo::Model::load_official(options.string(), weights.string(),
                                                      vocabulary, precision);
                  })
      .def_static(
          "load_efml",
          [](const Path& folder, const std::string& normalize, const std::string& precision) {
            return elmo::Model::load_efml(folder.string(), normalize, precision);
          })
      .def_property_readonly("layers", &elmo::Model::layers)
      .def_property_readonly("dimension", &elmo::Model::dimension)
      .def_property_readonly("hash", &elmo::Model::hash)
      .def("split", &elmo::Model::split)
      .def("words", &words)
      .def("embed", &embed);
  py::class_<LockedEmbedder>(module, "Embedder")
      .def(py::init<const elmo::Model&, const std::string&, const std::optional<elmo::ScalarMix>&,
                    const std::string&, const std::string&, int, int, int, std::size_t>())
      .def("embed", &LockedEmbedder::embed)
      .def("reset", &LockedEmbedder::reset)
      .def_property_readonly("words", [](LockedEmbedder& e) { return e.counts().words; })
      .def_property_readonly("encoded", [](LockedEmbedder& e) { return e.counts().encoded; });
  py::class_<LockedScorer>(module, "Scorer")
      .def(py::init<const Path&, const std::string&>())
      .def("perplexity", &LockedScorer::perplexity)
      .def("score", &LockedScorer::score);
  py::class_<elmo::VectorFile>(module, "VectorFile")
      .def(py::init([](const Path& path) { return elmo::VectorFile(path.string()); }))
      .def_property_readonly("layers", &elmo::VectorFile::layers)
      .def_property_readonly("dimension", &elmo::VectorFile::dimension)
      .def_property_readonly("attributes", &elmo::VectorFile::attributes)
      .def("__len__", &elmo::VectorFile::sentences)
      .def("sentence", &sentence);
  // A path that need not be valid text.
  module.def("find_model", [](const Path& name) { return Path(elmo::find_model(name.string())); });
  module.def("usable_cores", &elmo::usable_cores,
             "The cores that this process may use, by affinity mask, cgroup quota and "
             "OMP_NUM_THREADS: what threads=0 stands for.");
}
