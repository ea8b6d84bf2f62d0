// The final form of a dump: one class for each format, all with the same interface.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "io/dump_segments.h"

namespace elmo {

struct DumpTotals {
  std::int64_t sentences = 0, rows = 0;
};

// The files of a dump under temporary names. They get their final names in finish().
class DumpOutput {
 public:
  virtual ~DumpOutput() = default;
  // Appends a sentence. `record` has the fields that record_fields() names. The output reads all of
  // `vectors`, in the order of its layout.
  virtual void append(const DumpRecord& record, ByteSource& vectors) = 0;
  // Adds an entry to the map, if there is one: `sentence`, as read, is on line `line`.
  virtual void map_sentence(std::string_view sentence, std::int64_t line) = 0;
  // `attributes`: further attributes of the root that are only known at the end; ignored by formats
  // without attributes.
  virtual void finish(const DumpAttributes& attributes) = 0;
};

// A hash of the content of a part: of each sentence's name or words and vectors, in any order of
// the sentences, and of the places in their order.
class ContentHash : public ByteSource {
 public:
  explicit ContentHash(const DumpOptions& options);
  // Begins a sentence. Its vectors must be read through the returned source, all of them, before
  // end().
  ByteSource& begin(const DumpRecord& record, std::int64_t line, ByteSource& vectors);
  void read(void* data, std::size_t bytes) override;
  void end(const DumpRecord& record);
  std::string text() const;  // 16 hexadecimal digits

 private:
  void add(std::string_view text);

  bool named_, keyed_;  // are sentences named; are the names the sentences themselves
  StreamingHash sentence_, places_;
  ByteSource* vectors_ = nullptr;
  std::uint64_t sum_ = 0;
};

// `totals`: the number of sentences and rows that append() will receive.
std::unique_ptr<DumpOutput> make_dump_output(const std::filesystem::path& path,
                                             const DumpOptions& options, DumpTotals totals);
// The same for HDF5 and for NumPy's formats.
std::unique_ptr<DumpOutput> make_hdf5_output(const std::filesystem::path& path,
                                             const DumpOptions& options, DumpTotals totals);
std::unique_ptr<DumpOutput> make_npy_output(const std::filesystem::path& path,
                                            const DumpOptions& options, DumpTotals totals);
std::unique_ptr<DumpOutput> make_npz_output(const std::filesystem::path& path,
                                            const DumpOptions& options, DumpTotals totals);

// Does the dump have a map of sentences?
bool has_map(const DumpOptions& options);
// The fields of a record that the format needs.
RecordFields record_fields(const DumpOptions& options);
// The shape of a sentence's vectors in the layout.
h5::Extents sentence_extents(const DumpOptions& options, std::int64_t words);
// Bytes of one word's vectors in all layers.
std::size_t row_bytes(const DumpOptions& options);

}  // namespace elmo
