// A dump in parts, made by many processes, and the parts made one file.
//
// Part 3 of 100 of FILE.h5 is FILE.h5.parts/0003-of-0100.h5: a whole file of the same layout whose
// lines have their numbers in the whole text. Its root has more attributes:
//
//   shard, shards   3 and 100
//   first_line      the number of its first line in the text, from 0
//   lines, rows     how many it holds: lines, and vectors
//   input           fingerprint of the text
//   content         XXH3 of all that it holds, so that damage is found; map_content of the map
//   part            JSON: what decides the content (io/resume_guard.h), and its form
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "io/dump_output.h"
#include "io/shard.h"

namespace elmo {

std::filesystem::path parts_folder(const std::filesystem::path& file);
std::filesystem::path part_path(const std::filesystem::path& file, Shard shard);

// What a part has besides DumpOptions::attributes. `content`: ContentHash::text().
DumpAttributes part_attributes(const DumpOptions& options, DumpTotals totals,
                               const std::string& content);

// Is this part there, complete, and not being made anew? Throws UsageError where its settings
// contradict those of `options`.
bool is_complete_part(const std::filesystem::path& path, const DumpOptions& options);

struct JoinReport {
  std::int64_t parts = 0, sentences = 0, rows = 0;
};

// Makes FILE.h5 of its parts, which stay. Its datasets and attributes are those of a dump that was
// made in one. Memory is flat in the number of parts and lines but for the map. Throws Error: a
// part is missing or unfinished, of another dump, damaged; with keys = kSentence a sentence that
// stands twice. Throws Interrupted after SIGINT or SIGTERM.
JoinReport join_parts(const std::filesystem::path& file);

}  // namespace elmo
