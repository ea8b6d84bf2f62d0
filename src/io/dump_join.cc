#include <optional>

#include "io/dump_parts.h"

namespace elmo {

void join_dump(const std::filesystem::path& final_path, const DumpOptions& options,
               const DumpFolder& folder) {
  DumpTotals totals;
  for (const DumpSegment& segment : folder.segments()) {
    totals.rows += segment.rows;
    totals.sentences += segment.sentences;
  }
  const auto output = make_dump_output(final_path, options, totals);
  std::optional<ContentHash> content;
  if (options.shard) content.emplace(options);
  const bool mapped = has_map(options);
  DumpRecord record;
  std::int64_t line = options.first_line;
  for (std::size_t i = 0; i < folder.segments().size(); ++i) {
    const DumpSegment& segment = folder.segments()[i];
    SequentialFile records(folder.records_path(i)), vectors(folder.vectors_path(i));
    for (std::int64_t s = 0; s < segment.sentences; ++s, ++line) {
      read_record(records, folder.fields(), record);
      output->append(record, content ? content->begin(record, line, vectors) : vectors);
      if (content) content->end(record);
      if (mapped) output->map_sentence(record.sentence, line);
    }
    records.check(segment.record_hash);
    vectors.check(segment.vector_hash);
  }
  output->finish(content ? part_attributes(options, totals, content->text()) : DumpAttributes());
}

}  // namespace elmo
