// The only wrapper around HDF5's C API: handles that close themselves, failures as elmo::Error, and
// HDF5's own error printing turned off. No other code of elmo calls HDF5.
//
// HDF5 is not thread-safe: it must be used by one thread at a time, whatever the number of files.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace elmo::h5 {

// Little-endian; kString: variable-length UTF-8; kOther: what elmo never writes.
enum class Type { kFloat16, kFloat32, kFloat64, kInt32, kInt64, kUint8, kUint64, kString, kOther };
std::string to_string(Type type);  // "float32"
std::size_t size_of(Type type);    // bytes of an element; not for kString and kOther

using Extents = std::vector<std::int64_t>;
using Attribute = std::variant<std::string, std::int64_t, std::uint64_t, double>;

// An HDF5 identifier and how to close it. Movable.
class Handle {
 public:
  using Id = std::int64_t;
  using Closer = int (*)(Id);

  Handle() = default;
  Handle(Id id, Closer closer) : id_(id), closer_(closer) {}
  ~Handle() { close(); }
  Handle(Handle&& other) noexcept { *this = std::move(other); }
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(closer_, other.closer_);
    return *this;
  }

  Id id() const { return id_; }
  // False: HDF5 reports a failure, such as a full disk.
  bool close() {
    const Id id = std::exchange(id_, -1);
    return id < 0 || closer_(id) >= 0;
  }

 private:
  Id id_ = -1;
  Closer closer_ = nullptr;
};

class File;
class StringHeap;

// What carries attributes: a file (by its root group) or a dataset.
class Object {
 public:
  // Strings become fixed-length UTF-8, which h5py shows as bytes. A second attribute of a name is
  // an error.
  void set_attribute(const std::string& name, const Attribute& value);
  // Scalar strings of fixed length, integers and floats; nullopt: missing. Throws Error: of another
  // kind. Strings of variable length, which h5py's attributes are unless told otherwise, are of
  // another kind: HDF5 loops for ever over damaged ones.
  std::optional<Attribute> attribute(const std::string& name) const;
  // Those that attribute() can read, sorted.
  std::vector<std::string> attribute_names() const;

 protected:
  Object() = default;
  Object(Handle handle, std::string what, File* file)
      : handle_(std::move(handle)), what_(std::move(what)), file_(file) {}

  Handle handle_;
  std::string what_;      // for messages: "FILE" or "FILE: dataset x"
  File* file_ = nullptr;  // outlives the object; nullptr: opened for reading
};

class Dataset : public Object {
 public:
  const Extents& extents() const { return extents_; }
  Type type() const { return type_; }
  std::int64_t elements() const;

  // Blocks of `count` elements per axis from `start`, row-major, in the dataset's own type.
  void write(const void* values);
  void write_block(const Extents& start, const Extents& count, const void* values);
  // `memory`: the type wanted; HDF5 converts between number types, float16 slowly.
  void read(Type memory, void* values) const;
  void read_block(const Extents& start, const Extents& count, Type memory, void* values) const;

  // Chunked datasets only. Rows beyond the old number hold nothing until they are written.
  void resize(std::int64_t rows);
  // A whole chunk, past HDF5's cache and conversions; first_row is a multiple of the chunk's rows,
  // and the memory holds a whole chunk even where the dataset ends before it does.
  void write_chunk(std::int64_t first_row, const void* values, std::size_t bytes);

  // One-dimensional kString datasets only.
  void write_strings(std::int64_t first, std::span<const char* const> strings);
  std::vector<std::string> read_strings(std::int64_t first, std::int64_t count) const;

 private:
  friend class File;
  Dataset(Handle handle, std::string what, File* file);
  Dataset(Handle handle, std::string what, File* file, Type type, Extents extents);

  // Of strings [first, first + count), as the file holds them.
  std::string stored_references(const StringHeap& heap, std::int64_t first,
                                std::int64_t count) const;

  Type type_ = Type::kOther;
  Extents extents_;
  const File* source_ = nullptr;  // of a dataset being read; outlives it
};

struct CreateOptions {
  // Metadata with checksums (HDF5 1.8 and newer read it), so that damage to it is found.
  bool checksums = false;
  // Tuned for millions of datasets in the root, in the classic format that every HDF5 reads.
  bool many_datasets = false;
};

// Neither copied nor moved: datasets point to it.
class File : public Object {
 public:
  // Replaces an older file. `shown`: the name for messages, where `path` is a temporary one.
  static File create(const std::filesystem::path& path, const std::filesystem::path& shown,
                     const CreateOptions& options);
  // For reading. Throws Error: missing, a folder, not HDF5 (and what it looks like), truncated.
  // Its structure is looked at in another process first (walk_in_child), unless this one has it
  // open already: HDF5 then shares what it has read of it.
  static File open(const std::filesystem::path& path);
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // Writes what is still in memory, after all datasets are gone. Throws Error. The destructor
  // closes too, but silently.
  void close();

  // Contiguous, no filter. Groups on the way are made.
  Dataset create_dataset(const std::string& name, Type type, const Extents& extents);
  // Chunked by rows (the first axis, which starts at 0 and may grow), no filter.
  Dataset create_growing(const std::string& name, Type type, const Extents& row_extents,
                         std::int64_t rows_per_chunk);
  // Throws Error: missing, no dataset, or claims more bytes than the file can hold.
  Dataset open_dataset(const std::string& name) const;
  bool has_dataset(const std::string& name) const;
  // Full paths without the leading slash, in groups too, sorted by HDF5's name order.
  std::vector<std::string> dataset_names() const;
  // Of the root group, groups and datasets alike.
  std::int64_t link_count() const;
  const std::filesystem::path& path() const { return path_; }
  std::uint64_t size() const { return size_; }  // in bytes, of a file being read
  // As usual: addresses and sizes of 8 bytes that count from the file's first byte.
  bool has_usual_addresses() const;

 private:
  friend class Object;
  friend class Dataset;
  // being_read: device and inode; nullptr: the file is written.
  File(Handle handle, std::filesystem::path path, const std::filesystem::path& shown,
       const std::pair<dev_t, ino_t>* being_read);
  // HDF5 1.10 crashes when it can't write its metadata, so the disk is asked first: makes sure
  // that it has room for this many bytes of data and what HDF5 adds. Throws Error: disk full.
  void make_room(std::uint64_t bytes, std::uint64_t name_bytes);
  // The groups that a dataset of this name lies in, where they are missing.
  void make_groups(const std::string& name, const std::string& what);

  std::filesystem::path path_;
  Handle creation_, links_;                      // property lists of create_dataset, kept
  Type created_ = Type::kOther;                  // the type that creation_ is for
  std::uint64_t size_ = 0;                       // of a file being read
  std::pair<dev_t, ino_t> identity_ = {};        // of a file being read
  mutable std::unique_ptr<StringHeap> strings_;  // of a file being read, when first asked for
  int reserver_ = -1;                            // a second descriptor of a file being written
  std::uint64_t reserved_ = 0;                   // bytes of the file that the disk has promised
  std::uint64_t used_ = 0;                       // at most this many of them are in use
  std::uint64_t name_bytes_ = 0;                 // of all datasets' names
};

}  // namespace elmo::h5
