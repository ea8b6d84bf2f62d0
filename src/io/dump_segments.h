// The folder FILE.partial/ of a dump that is being written.
//
//   lock                   held by the process that writes
//   state.json             settings and attributes of the dump, and for each closed segment the
//   state.json             settings and attributes of the dump, and for each closed segment its
//                          numbers of sentences, rows and bytes, and the XXH3-64 of its files
//   segment-000000.vectors the vectors of its sentences in the dump's element type, in the
//                          order of the layout: (layers, words, dimension) for `sentences`,
//                          (words, layers, dimension) for `matrix`
//   segment-000000.records for each sentence: uint64 number of words, then the sentence, its
//                          words and its places, as far as kept (RecordFields). A text is a
//                          uint64 length and its bytes, a place two int64. Little-endian.
//
// A segment counts only when state.json names it, which is written after the segment is synced.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/fingerprint.h"
#include "io/dump_file.h"
#include "io/resume_guard.h"

namespace elmo {

// A buffered file that grows at its end. Throws Error if a write fails.
class AppendFile {
 public:
  explicit AppendFile(std::filesystem::path path);
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  std::uint64_t size() const { return written_ + buffer_.size(); }
  void append(const void* data, std::size_t bytes);
  // Makes the file longer by `bytes` that write_at() will fill; returns the offset where they
  // begin.
  std::uint64_t extend(std::uint64_t bytes);
  // Overwrites bytes that are already in the file.
  void write_at(std::uint64_t offset, const void* data, std::size_t bytes);
  // Shortens the file to this many bytes.
  void cut(std::uint64_t bytes);
  // Writes the buffer and syncs.
  void close();
  // XXH3-64 of the closed file's bytes. If they were not written in order, the file is read again.
  // Throws Error.
  std::uint64_t hash() const;

 private:
  void flush();
  void write_next(const char* data, std::size_t bytes);
  void write_all(std::uint64_t offset, const char* data, std::size_t bytes);

  std::filesystem::path path_;
  int descriptor_;
  std::uint64_t written_ = 0;
  std::string buffer_;
  StreamingHash hash_;    // of the first written_ bytes, if in_order_
  bool in_order_ = true;  // were the bytes written in order?
};

// A source of bytes that are read in order. Throws Error at the end.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual void read(void* data, std::size_t bytes) = 0;
};

// A file that is read from its start to its end.
class SequentialFile : public ByteSource {
 public:
  explicit SequentialFile(std::filesystem::path path);
  ~SequentialFile() override;
  SequentialFile(const SequentialFile&) = delete;
  SequentialFile& operator=(const SequentialFile&) = delete;

  void read(void* data, std::size_t bytes) override;
  // Bytes not yet read. Sizes that the file claims are compared with it before memory is allocated.
  std::uint64_t left() const { return left_; }
  // XXH3-64 of the bytes read so far.
  std::uint64_t hash() const;
  // Throws Error unless everything has been read and has this hash.
  void check(std::uint64_t hash) const;
  [[noreturn]] void damaged() const;

 private:
  std::filesystem::path path_;
  int descriptor_;
  std::uint64_t left_ = 0;
  std::vector<char> buffer_;
  std::size_t position_ = 0, filled_ = 0;
  StreamingHash hash_;
};

// Which fields a record has besides the number of words.
struct RecordFields {
  bool sentence, words, places;
};

struct DumpRecord {
  std::int64_t word_count = 0;
  std::string sentence;
  std::vector<std::string> words;
  std::vector<DumpPlace> places;
};

void append_record(AppendFile& file, RecordFields fields, std::string_view sentence,
                   std::span<const std::string_view> words, std::span<const DumpPlace> places);
void read_record(SequentialFile& file, RecordFields fields, DumpRecord& record);

struct DumpSegment {
  std::int64_t sentences = 0;
  std::int64_t rows = 0;  // words
  std::uint64_t vector_bytes = 0;
  std::uint64_t record_bytes = 0;
  std::uint64_t vector_hash = 0, record_hash = 0;  // XXH3-64 of the files
};

// What decides the content of a dump and must not change when it is resumed.
RunSettings dump_settings(const DumpOptions& options);

class DumpFolder {
 public:
  // See DumpWriter's constructor.
  DumpFolder(const std::filesystem::path& final_path, const DumpOptions& options, bool resume);
  // Removes the folder if no segment is closed.
  ~DumpFolder();

  const std::vector<DumpSegment>& segments() const { return segments_; }
  std::filesystem::path vectors_path(std::size_t segment) const;
  std::filesystem::path records_path(std::size_t segment) const;
  // The fields that the records of this dump have, as chosen by the run that began it.
  RecordFields fields() const { return fields_; }

  // Adds a closed, synced segment to state.json.
  void add(const DumpSegment& segment);
  // Removes elmo's files, and the folder if nothing else is in it.
  void remove();

 private:
  void remove_segments();
  void load(const DumpOptions& options);

  std::filesystem::path final_path_;
  std::filesystem::path folder_;
  std::unique_ptr<FileLock> lock_;
  nlohmann::json state_;
  RecordFields fields_;
  std::vector<DumpSegment> segments_;
};

// Makes the final files from all closed segments (io/dump_output.h).
void join_dump(const std::filesystem::path& final_path, const DumpOptions& options,
               const DumpFolder& folder);

// Bytes of an element in the files.
std::size_t element_bytes(DumpType type);

}  // namespace elmo
