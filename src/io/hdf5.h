// The only wrapper of HDF5's C API: handles that close themselves, failures as elmo::Error, and no
// printing of errors by HDF5. No other code of elmo calls HDF5.
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

// All are little-endian. kString: variable-length UTF-8. kOther: a type that elmo never writes.
enum class Type { kFloat16, kFloat32, kFloat64, kInt32, kInt64, kUint8, kUint64, kString, kOther };
std::string to_string(Type type);  // "float32"
std::size_t size_of(Type type);    // bytes of an element; not for kString and kOther

using Extents = std::vector<std::int64_t>;
using Attribute = std::variant<std::string, std::int64_t, std::uint64_t, double>;

// An HDF5 identifier and the function that closes it. Movable.
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
  // Returns false if HDF5 reports a failure, such as a full disk.
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

// Something that has attributes: a file (its root group) or a dataset.
class Object {
 public:
  // Strings become fixed-length UTF-8, which h5py shows as bytes. An attribute can't be set twice.
  void set_attribute(const std::string& name, const Attribute& value);
  // Reads a scalar: a fixed-length string, an integer or a float; nullopt if it is missing. Throws
  // Error for any other kind, including variable-length strings (h5py's default): HDF5 loops
  // forever on some damaged ones.
  std::optional<Attribute> attribute(const std::string& name) const;
  // The names of the attributes that attribute() can read, sorted.
  std::vector<std::string> attribute_names() const;

 protected:
  Object() = default;
  Object(Handle handle, std::string what, File* file)
      : handle_(std::move(handle)), what_(std::move(what)), file_(file) {}

  Handle handle_;
  std::string what_;      // for messages: "FILE" or "FILE: dataset x"
  File* file_ = nullptr;  // must outlive the object; nullptr if opened for reading
};

class Dataset : public Object {
 public:
  const Extents& extents() const { return extents_; }
  Type type() const { return type_; }
  std::int64_t elements() const;

  // Write all values, or the block of `count` elements per axis at `start`: row-major, in the
  // dataset's own type.
  void write(const void* values);
  void write_block(const Extents& start, const Extents& count, const void* values);
  // `memory` is the type of `values`. HDF5 converts between numeric types; float16 is slow.
  void read(Type memory, void* values) const;
  void read_block(const Extents& start, const Extents& count, Type memory, void* values) const;

  // Chunked datasets only. New rows are undefined until they are written.
  void resize(std::int64_t rows);
  // Writes a whole chunk, bypassing HDF5's cache and conversions. `first_row` is a multiple of the
  // chunk's rows. `values` holds a whole chunk even if the dataset ends within it.
  void write_chunk(std::int64_t first_row, const void* values, std::size_t bytes);

  // One-dimensional kString datasets only.
  void write_strings(std::int64_t first, std::span<const char* const> strings);
  std::vector<std::string> read_strings(std::int64_t first, std::int64_t count) const;

 private:
  friend class File;
  Dataset(Handle handle, std::string what, File* file);
  Dataset(Handle handle, std::string what, File* file, Type type, Extents extents);

  // The references of strings [first, first + count), as stored in the file.
  std::string stored_references(const StringHeap& heap, std::int64_t first,
                                std::int64_t count) const;

  Type type_ = Type::kOther;
  Extents extents_;
  const File* source_ = nullptr;  // the file of a dataset that is read; must outlive it
};

struct CreateOptions {
  // Metadata with checksums, so that damage to it is found; readable by HDF5 1.8 and newer.
  bool checksums = false;
  // Tuned for millions of datasets in the root, in the classic format that every HDF5 reads.
  bool many_datasets = false;
};

// Neither copied nor moved, because datasets point to it.
class File : public Object {
 public:
  // Replaces an existing file. `shown`: the name in messages, if `path` is a temporary one.
  static File create(const std::filesystem::path& path, const std::filesystem::path& shown,
                     const CreateOptions& options);
  // Opens a file for reading. Throws Error if it is missing, a folder, truncated, or not HDF5
  // (saying what it looks like). Another process examines the structure first (walk_in_child()),
  // unless this process has the file open already: HDF5 then shares what it has read.
  static File open(const std::filesystem::path& path);
  ~File();
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // Writes what is still in memory. All datasets must be gone. Throws Error. The destructor also
  // closes, but ignores errors.
  void close();

  // Contiguous, no filter. Missing parent groups are created.
  Dataset create_dataset(const std::string& name, Type type, const Extents& extents);
  // Chunked by rows (the first axis, which starts at 0 and may grow), no filter.
  Dataset create_growing(const std::string& name, Type type, const Extents& row_extents,
                         std::int64_t rows_per_chunk);
  // Throws Error if there is no such dataset, or if it claims more bytes than the file can hold.
  Dataset open_dataset(const std::string& name) const;
  bool has_dataset(const std::string& name) const;
  // Full paths without the leading slash, including those in groups, sorted by HDF5's name order.
  std::vector<std::string> dataset_names() const;
  // Number of links in the root group, to groups and to datasets.
  std::int64_t link_count() const;
  const std::filesystem::path& path() const { return path_; }
  std::uint64_t size() const { return size_; }  // in bytes; files being read only
  // Are addresses and sizes 8 bytes long, and do addresses count from the first byte of the file?
  bool has_usual_addresses() const;

 private:
  friend class Object;
  friend class Dataset;
  // `being_read`: device and inode; nullptr if the file is written.
  File(Handle handle, std::filesystem::path path, const std::filesystem::path& shown,
       const std::pair<dev_t, ino_t>* being_read);
  // HDF5 1.10 crashes if it can't write its metadata, so disk space is reserved beforehand: for
  // this many bytes of data and for what HDF5 adds. Throws Error if the disk is full.
  void make_room(std::uint64_t bytes, std::uint64_t name_bytes);
  // Creates the missing parent groups of a dataset.
  void make_groups(const std::string& name, const std::string& what);

  std::filesystem::path path_;
  Handle creation_, links_;                      // property lists of create_dataset(), reused
  Type created_ = Type::kOther;                  // the type that creation_ is for
  std::uint64_t size_ = 0;                       // of a file being read
  std::pair<dev_t, ino_t> identity_ = {};        // of a file being read
  mutable std::unique_ptr<StringHeap> strings_;  // of a file being read, created on first use
  int reserver_ = -1;                            // a second descriptor of a file being written
  std::uint64_t reserved_ = 0;                   // bytes of the file that the disk has room for
  std::uint64_t used_ = 0;                       // upper bound of those in use
  std::uint64_t name_bytes_ = 0;                 // of the names of all datasets
};

}  // namespace elmo::h5
