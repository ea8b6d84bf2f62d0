// elmo join: the parts of a dump made one file.

#include <filesystem>

#include "base/file.h"
#include "io/dump_parts.h"
#include "tools/commands.h"
#include "tools/options.h"

namespace elmo {

int run_join(Arguments arguments) {
  std::filesystem::path file;
  Options options(arguments, "elmo join vectors.h5");
  options
      .positional("FILE.h5", &file,
                  "the --output of `elmo dump --shard`; its parts are in FILE.h5.parts/")
      .required();
  options.note(
      "Nothing is computed again: the file is that of a dump without --shard. The parts "
      "stay; remove FILE.h5.parts/ when they have done their service.");
  if (!options.parse()) return 0;
  join_parts(file);
  return 0;
}

}  // namespace elmo
