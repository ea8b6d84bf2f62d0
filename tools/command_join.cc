// elmo join: joins the parts of a dump into one file.

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
                  "the --output of `elmo dump --shard I/N`; its parts are in FILE.h5.parts/")
      .required();
  options.note(
      "Joins what `elmo dump --shard 0/2` and `elmo dump --shard 1/2` wrote, for example. Nothing "
      "is computed again: the file is the same, byte by byte, as that of a dump without --shard. "
      "The "
      "parts are kept; remove FILE.h5.parts/ when you no longer need them.");
  if (!options.parse()) return 0;
  join_parts(file);
  return 0;
}

}  // namespace elmo
