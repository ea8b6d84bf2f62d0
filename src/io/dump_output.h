// The final form of a dump: one class a format, which all take the same sentences.
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

// The files of a format under temporary names. A file appears under its final name in finish().
class DumpOutput {
 public:
  virtual ~DumpOutput() = default;
  // The next sentence: of `record` what record_fields() names, and its vectors, of which the output
  // reads all, in the order of the layout.
  virtual void append(const DumpRecord& record, ByteSource& vectors) = 0;
  // That this sentence (as read) is that of `line`, for the map, where there is one.
  virtual void map_sentence(std::string_view sentence, std::int64_t line) = 0;
  // `attributes`: more of the root, known only now; formats without attributes have none.
  virtual void finish(const DumpAttributes& attributes) = 0;
};

// What identifies the content of a part of a dump: the sentences by their names or words and the
// bytes of their vectors, in any order, and the places in theirs.
class ContentHash : public ByteSource {
 public:
  explicit ContentHash(const DumpOptions& options);
  // The next sentence; the vectors are to be read through this object, all of them, before end().
  ByteSource& begin(const DumpRecord& record, std::int64_t line, ByteSource& vectors);
  void read(void* data, std::size_t bytes) override;
  void end(const DumpRecord& record);
  std::string text() const;  // 16 hexadecimal digits

 private:
  void add(std::string_view text);

  bool named_, keyed_;  // sentences have names; which are the sentences
  StreamingHash sentence_, places_;
  ByteSource* vectors_ = nullptr;
  std::uint64_t sum_ = 0;
};

// `totals` is what append() will be given in all.
std::unique_ptr<DumpOutput> make_dump_output(const std::filesystem::path& path,
                                             const DumpOptions& options, DumpTotals totals);
// For those of HDF5 and of NumPy.
std::unique_ptr<DumpOutput> make_hdf5_output(const std::filesystem::path& path,
                                             const DumpOptions& options, DumpTotals totals);
std::unique_ptr<DumpOutput> make_npy_output(const std::filesystem::path& path,
                                            const DumpOptions& options, DumpTotals totals);
std::unique_ptr<DumpOutput> make_npz_output(const std::filesystem::path& path,
                                            const DumpOptions& options, DumpTotals totals);

// Is there a map of sentences?
bool has_map(const DumpOptions& options);
// What the format makes use of.
RecordFields record_fields(const DumpOptions& options);
// The shape of a sentence's vectors in its layout.
h5::Extents sentence_extents(const DumpOptions& options, std::int64_t words);
// Bytes of one word's vectors, all layers.
std::size_t row_bytes(const DumpOptions& options);

}  // namespace elmo
