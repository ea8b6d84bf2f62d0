// A dump in parts that are made by several processes, and joining them into one file.
//
// Part 3 of 100 of FILE.h5 is FILE.h5.parts/0003-of-0100.h5: a complete file of the same layout in
// which lines have their numbers in the whole text. Its root has more attributes:
// lines have their numbers in the whole text. Its root has more attributes:
//
//   shard, shards   3 and 100
//   first_line      the number of its first line in the text, from 0
//   lines, rows     how many lines and vectors it holds
//   input           fingerprint of the text
//   content         XXH3 hash of everything in it, to find damage; map_content: of the map
//   part            JSON: the settings that decide the content (io/resume_guard.h), and its form
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "io/dump_output.h"
#include "io/shard.h"

namespace elmo {

std::filesystem::path parts_folder(const std::filesystem::path& file);
std::filesystem::path part_path(const std::filesystem::path& file, Shard shard);

// The attributes of a part besides DumpOptions::attributes. `content`: ContentHash::text().
DumpAttributes part_attributes(const DumpOptions& options, DumpTotals totals,
                               const std::string& content);

// Does this part exist, complete and without an unfinished replacement? Throws UsageError if it was
// made with settings that contradict `options`.
bool is_complete_part(const std::filesystem::path& path, const DumpOptions& options);

struct JoinReport {
  std::int64_t parts = 0, sentences = 0, rows = 0;
};

// Joins the parts into FILE.h5 and keeps them. The result has the same datasets and attributes as a
// dump made by one process. Memory does not grow with the number of parts and lines, except for the
// map. Throws Error if a part is missing, unfinished, damaged or of another dump, and with keys =
// kSentence for a sentence that occurs twice. Throws Interrupted after SIGINT or SIGTERM.
JoinReport join_parts(const std::filesystem::path& file);

}  // namespace elmo
