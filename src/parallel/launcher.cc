#include "parallel/launcher.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <link.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/log.h"
#include "elmo/error.h"
#include "elmo/version.h"
#include "parallel/mpi_interface.h"

namespace elmo {
namespace {

namespace fs = std::filesystem;

std::optional<int> number_in(const char* variable, int least) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  char* end = nullptr;
  const long value = std::strtol(text, &end, 10);
  if (end == text || *end != '\0' || value < least || value > 1 << 20) return std::nullopt;
  return static_cast<int>(value);
}

// The folders that may hold modules: ELMO_MPI_MODULES if that is set; otherwise elmo/ beside the
// shared library, or, for a program, elmo/ in the folder of installed libraries (ELMO_LIBDIR, such
// as lib/x86_64-linux-gnu).
std::vector<fs::path> folders() {
  if (const char* folder = std::getenv("ELMO_MPI_MODULES")) return {folder};
  Dl_info self;
  link_map* object = nullptr;
  static const char here = 0;
  if (dladdr1(&here, &self, reinterpret_cast<void**>(&object), RTLD_DL_LINKMAP) == 0) return {};
  // The program itself has no name here, and what it was called by may be a word looked up in PATH.
  const fs::path file = *object->l_name == '\0' ? "/proc/self/exe" : object->l_name;
  std::error_code failed;
  const fs::path folder = fs::canonical(file, failed).parent_path();
  return {folder / "elmo", folder.parent_path() / ELMO_LIBDIR / "elmo"};
}

fs::path find_module(const std::string& name) {
  std::error_code failed;
  for (const fs::path& folder : folders()) {
    const fs::path path = folder / fmt::format("libelmo-mpi-{}.so", name);
    if (fs::exists(path, failed)) return path;
  }
  return {};
}

void warn(std::string_view message) { log::write(log::Level::kWarn, message); }

}  // namespace

Launch find_launch() {
  if (const auto size = number_in("OMPI_COMM_WORLD_SIZE", 1)) {
    return {"the mpirun of Open MPI", *size, {"openmpi"}};
  }
  if (const auto size = number_in("PMI_SIZE", 1)) {
    return {"mpiexec, or srun --mpi=pmi2", *size, {"mpich"}};
  }
  const auto step = number_in("SLURM_STEP_NUM_TASKS", 1);
  if (std::getenv("PMIX_RANK") != nullptr) {
    return {"a launcher with PMIx", step.value_or(0), {"openmpi", "mpich"}};
  }
  // Not SLURM_NTASKS, which is also set in a batch script, outside any srun.
  if (step) return {"srun", *step, {}};
  return {};
}

int rank_in_launch() {
  for (const char* variable : {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "SLURM_PROCID"}) {
    if (const auto rank = number_in(variable, 0)) return *rank;
  }
  return 0;
}

struct Job::Module {
  void (*leave)(Processes*) = nullptr;
  bool (*may_tell)() = nullptr;
  void (*abort)(int) = nullptr;
  Processes* processes = nullptr;
};

Job::Job(double stall) {
  const Launch launch = find_launch();
  if (launch.size == 1) return;
  if (launch.modules.empty()) {
    throw Error(fmt::format(
        "srun started {} processes that know nothing of one another and would do the same work; "
        "start them with srun --mpi=pmix (Open MPI) or --mpi=pmi2 (MPICH)",
        launch.size));
  }
  fs::path path;
  for (const std::string& name : launch.modules) {
    if (path.empty()) path = find_module(name);
  }
  if (path.empty()) {
    throw Error(fmt::format(
        "{} started {} processes, but elmo's module for it is not installed, so they would do the "
        "same work; install the package elmo-mpi-{} on every machine (or set ELMO_MPI_MODULES to "
        "the folder that holds libelmo-mpi-{}.so)",
        launch.by, launch.size > 0 ? std::to_string(launch.size) : "several",
        launch.modules.front(), launch.modules.front()));
  }
  // RTLD_GLOBAL, because Open MPI's components look up the library's symbols in the whole program.
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (handle == nullptr) {
    throw Error(fmt::format("{}: can't be loaded: {}", path.string(), dlerror()));
  }
  const auto find = [&]<typename T>(const char* name, T*) {
    void* symbol = dlsym(handle, name);
    if (symbol == nullptr) throw Error(fmt::format("{}: has no {}", path.string(), name));
    return reinterpret_cast<T*>(symbol);
  };
  const char* its_version = find("elmo_mpi_version", static_cast<const char*>(nullptr));
  if (version() != std::string_view(its_version)) {
    throw Error(fmt::format("{}: is of version {}, this is elmo {}; install both from one release",
                            path.string(), its_version, version()));
  }
  auto* join = find("elmo_mpi_join", static_cast<decltype(&elmo_mpi_join)>(nullptr));
  auto module = std::make_unique<Module>();
  module->leave = find("elmo_mpi_leave", static_cast<decltype(&elmo_mpi_leave)>(nullptr));
  module->may_tell = find("elmo_mpi_may_tell", static_cast<decltype(&elmo_mpi_may_tell)>(nullptr));
  module->abort = find("elmo_mpi_abort", static_cast<decltype(&elmo_mpi_abort)>(nullptr));
  module->processes = join({.stall = stall, .warn = warn}, launch.size);
  module_ = std::move(module);
}

Job::~Job() = default;

Processes& Job::processes() { return module_ ? *module_->processes : lone_process(); }

void Job::leave() {
  if (module_) module_->leave(module_->processes);
  module_.reset();
}

bool Job::may_tell() { return !module_ || module_->may_tell(); }

void Job::abort(int status) {
  if (module_) module_->abort(status);
  std::_Exit(status);
}

}  // namespace elmo
