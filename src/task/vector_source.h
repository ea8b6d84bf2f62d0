// Where the vectors that do not learn come from: a language model, or a dump of it.
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
  // For the task in `file`: `vectors` if given, else the model in `folder` if given, else the one
  // that the task names. Throws Error: none there, or another than the task was trained with.
  static VectorSource of_task(const Settings& settings, const std::filesystem::path& file,
                              const std::optional<std::filesystem::path>& folder,
                              const std::optional<std::filesystem::path>& vectors,
                              Precision precision);

  int layers() const;
  int dimension() const;
  // Of the language model; empty where a dump does not say.
  std::string hash() const;
  // How a dump's words were made of their pieces; nothing for a language model, which does as it is
  // told, and where a dump does not say.
  std::optional<std::string> pooling() const;
  // How the language model cuts texts; nothing for a dump, whose words are cut already.
  std::optional<Split> split() const;

  // The vectors of a data set as the settings want them. A large working file is put into
  // `folder`.
  std::shared_ptr<const FrozenVectors> vectors(const Settings& settings, const DataSet& data,
                                               const std::filesystem::path& folder,
                                               Workers& workers) const;

 private:
  std::filesystem::path path_;
  std::shared_ptr<const BidirectionalModel> model_;
  std::shared_ptr<const DumpReader> dump_;
};

}  // namespace elmo::task
