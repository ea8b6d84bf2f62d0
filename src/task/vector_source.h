// Where ELMo's vectors come from: a language model, or a dump of its vectors.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "compute/workers.h"
#include "embed/bidirectional_model.h"
#include "io/dump_file.h"
#include "task/data_set.h"
#include "task/frozen_vectors.h"
#include "task/network.h"

namespace elmo::task {

class VectorSource {
 public:
  static VectorSource model(const std::filesystem::path& folder, Precision precision);
  static VectorSource dump(const std::filesystem::path& file);
  // For the task in `file`: `vectors` if given, else the model in `folder` if given, else the model
  // that the task names. Throws Error if it is missing or not the one the task was trained with.
  static VectorSource of_task(const Settings& settings, const std::filesystem::path& file,
                              const std::optional<std::filesystem::path>& folder,
                              const std::optional<std::filesystem::path>& vectors,
                              Precision precision);

  int layers() const;
  int dimension() const;
  // The language model's hash; empty if a dump does not record it.
  std::string hash() const;
  // How a dump pooled the pieces of a word; nullopt for a language model, which pools as asked, and
  // for a dump that does not record it.
  std::optional<std::string> pooling() const;
  // How the language model cuts texts into words; nullopt for a dump, whose words are cut already.
  std::optional<Split> split() const;

  // The vectors of a data set, with the layers, pooling and layer norm of the settings. A large
  // data set gets a temporary file in `folder`.
  std::shared_ptr<const FrozenVectors> vectors(const Settings& settings, const DataSet& data,
                                               const std::filesystem::path& folder,
                                               Workers& workers) const;

 private:
  std::filesystem::path path_;
  std::shared_ptr<const BidirectionalModel> model_;
  std::shared_ptr<const DumpReader> dump_;
};

}  // namespace elmo::task
