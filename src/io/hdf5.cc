#include <fcntl.h>
#include <fmt/core.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <system_error>

#include "base/file.h"
#include "elmo/error.h"
#include "io/file_kind.h"
#include "io/hdf5_detail.h"
#include "io/hdf5_strings.h"

namespace elmo::h5 {
namespace fs = std::filesystem;
namespace {

// Network file systems often refuse HDF5's file locks. elmo uses lock files of its own (FileLock).
Handle access_list(const std::string& what) {
  keep_quiet();
  Handle list = checked({H5Pcreate(H5P_FILE_ACCESS), H5Pclose}, what, "can't be opened");
  check(H5Pset_file_locking(list.id(), false, true), what, "can't be opened");
  return list;
}

// HDF5 limits its metadata cache by the size of the metadata in the file. In memory it takes about
// ten times as much: a dataset's header is some 300 bytes in the file. The default limit of 2 MB
// would take 30 MB, although datasets written once are never read again.
void keep_small_cache(hid_t access, const std::string& what, const std::string& action) {
  H5AC_cache_config_t cache = {};
  cache.version = H5AC__CURR_CACHE_CONFIG_VERSION;
  check(H5Pget_mdc_config(access, &cache), what, action);
  cache.set_initial_size = true;
  cache.initial_size = cache.min_size = cache.max_size = 256 << 10;
  cache.incr_mode = H5C_incr__off;
  cache.flash_incr_mode = H5C_flash_incr__off;
  cache.decr_mode = H5C_decr__off;
  check(H5Pset_mdc_config(access, &cache), what, action);
}

Handle create_file(const fs::path& path, const fs::path& shown, const CreateOptions& options) {
  const std::string what = shown.string(), action = "can't be written";
  const Handle access = access_list(what);
  const Handle creation = checked({H5Pcreate(H5P_FILE_CREATE), H5Pclose}, what, action);
  // The root group would store the time of its creation.
  check(H5Pset_obj_track_times(creation.id(), false), what, action);
  if (options.checksums) {
    check(H5Pset_libver_bounds(access.id(), H5F_LIBVER_V18, H5F_LIBVER_V18), what, action);
  }
  if (options.many_datasets) {
    // Wide tree nodes and large metadata blocks make fewer and longer writes.
    check(H5Pset_sym_k(creation.id(), 64, 64), what, action);
    check(H5Pset_meta_block_size(access.id(), 1 << 16), what, action);
    check(H5Pset_small_data_block_size(access.id(), 1 << 16), what, action);
    keep_small_cache(access.id(), what, action);
  }
  return checked({H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation.id(), access.id()), H5Fclose},
                 what, action);
}

using FileIdentity = std::pair<dev_t, ino_t>;

// The files open for reading; a file opened twice has two entries. Like all of HDF5, not
// thread-safe.
std::vector<FileIdentity>& files_being_read() {
  static std::vector<FileIdentity> files;
  return files;
}

Handle open_file(const fs::path& path, FileIdentity& identity) {
  const std::string what = path.string();
  std::error_code error;
  if (fs::is_directory(path, error)) throw Error(what + ": is a folder, not an HDF5 file");
  refuse_pipe(path);
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    throw Error(fmt::format("{}: can't be read: {}; check the name", what,
                            std::generic_category().message(errno)));
  }
  struct stat status = {};
  fstat(descriptor, &status);
  ::close(descriptor);
  identity = {status.st_dev, status.st_ino};
  // HDF5 opens a file twice in one process only with equal access lists. The default one is tried
  // first, because h5py may have the file open with it; then ours, for files that are being written
  // and for file systems without locks.
  const Handle ours = access_list(what);
  const auto& known = files_being_read();
  if (std::find(known.begin(), known.end(), identity) == known.end()) {
    walk_in_child(path, ours.id());
  }
  for (const hid_t access : {hid_t{H5P_DEFAULT}, ours.id()}) {
    Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access), H5Fclose);
    if (file.id() >= 0) return file;
  }
  if (fs::file_size(path, error) == 0) throw Error(what + ": is empty, not an HDF5 file");
  if (H5Fis_hdf5(path.c_str()) > 0) {
    fail(what, "is an HDF5 file, but damaged or cut short; copy or make it again");
  }
  H5Eclear2(H5E_DEFAULT);
  throw Error(fmt::format("{}: is not an HDF5 file; it looks like {}", what,
                          kind_without_hdf5(beginning_of(path))));
}

}  // namespace

File File::create(const fs::path& path, const fs::path& shown, const CreateOptions& options) {
  return File(create_file(path, shown, options), path, shown, nullptr);
}

File File::open(const fs::path& path) {
  FileIdentity identity;
  Handle handle = open_file(path, identity);
  return File(std::move(handle), path, path, &identity);
}

File::File(Handle handle, fs::path path, const fs::path& shown, const FileIdentity* being_read)
    : Object(std::move(handle), shown.string(), being_read == nullptr ? this : nullptr),
      path_(std::move(path)) {
  if (being_read == nullptr) {
    reserver_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
    make_room(0, 0);
  } else {
    std::error_code error;
    size_ = fs::file_size(path_, error);
    identity_ = *being_read;
    files_being_read().push_back(identity_);
  }
}

File::~File() {
  handle_.close();
  if (reserver_ >= 0) ::close(reserver_);
  auto& known = files_being_read();
  const auto own = std::find(known.begin(), known.end(), identity_);
  if (own != known.end()) known.erase(own);
}

void File::close() {
  if (!handle_.close()) fail(what_, kNotWritten);
  // HDF5 truncates the file to its content. This frees the space that was reserved beyond it.
  struct stat status;
  if (reserver_ >= 0 && fstat(reserver_, &status) == 0) {
    if (ftruncate(reserver_, status.st_size) != 0) {
      throw Error(
          fmt::format("{}: can't be written: {}", what_, std::generic_category().message(errno)));
    }
  }
}

void File::make_room(std::uint64_t bytes, std::uint64_t name_bytes) {
  constexpr std::uint64_t kPerDataset = 1024;  // more than any header and tree entry takes
  constexpr std::uint64_t kSlack = 128 << 10;  // caches that HDF5 has not yet written
  constexpr std::uint64_t kStep = 16 << 20;    // so that the system is asked rarely
  name_bytes_ += name_bytes;
  used_ += bytes + kPerDataset;
  if (used_ <= reserved_) return;

  hsize_t size = 0;
  check(H5Fget_filesize(handle_.id(), &size), what_, kNotWritten);
  // Names are in one block that HDF5 doubles by moving it.
  const std::uint64_t needed = size + bytes + kPerDataset + kSlack + 4 * name_bytes_;
  used_ = needed;
  if (needed <= reserved_) return;
  // A failed write crashes HDF5, and reserving space does not consider this limit.
  rlimit limit = {};
  if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && needed > limit.rlim_cur) {
    throw Error(
        fmt::format("{}: can't be written: {} bytes are needed, the limit of a file's size is {}; "
                    "raise it (ulimit -f)",
                    what_, needed, limit.rlim_cur));
  }
  int error = ENOSPC;
  for (const std::uint64_t extra : {std::min<std::uint64_t>(kStep, size), std::uint64_t{0}}) {
    const std::uint64_t length = needed + extra - reserved_;
    error = fallocate(reserver_, FALLOC_FL_KEEP_SIZE, static_cast<off_t>(reserved_),
                      static_cast<off_t>(length)) == 0
                ? 0
                : errno;
    struct statvfs disk;
    if (error == EOPNOTSUPP && fstatvfs(reserver_, &disk) == 0) {
      error = disk.f_bavail * disk.f_frsize >= length ? 0 : ENOSPC;
    }
    if (error == 0) {
      reserved_ += length;
      return;
    }
  }
  if (error == ENOSPC || error == EDQUOT) {
    throw Error(
        fmt::format("{}: can't be written: the disk is full, {} bytes more are needed; "
                    "free some space or choose another folder",
                    what_, needed - std::min<std::uint64_t>(size, needed)));
  }
  throw Error(
      fmt::format("{}: can't be written: {}", what_, std::generic_category().message(error)));
}

namespace {

Handle creation_list(Type type, const std::string& what) {
  Handle list = checked({H5Pcreate(H5P_DATASET_CREATE), H5Pclose}, what, kNotWritten);
  // No times, so that equal content gives equal files.
  check(H5Pset_obj_track_times(list.id(), false), what, kNotWritten);
  // Every byte will be written. Only references to strings must be null until then.
  if (type != Type::kString) {
    check(H5Pset_fill_time(list.id(), H5D_FILL_TIME_NEVER), what, kNotWritten);
  }
  return list;
}

Handle link_list(const std::string& what) {
  Handle list = checked({H5Pcreate(H5P_LINK_CREATE), H5Pclose}, what, kNotWritten);
  check(H5Pset_char_encoding(list.id(), H5T_CSET_UTF8), what, kNotWritten);
  return list;
}

std::string dataset_in(const std::string& file, const std::string& name) {
  constexpr std::size_t kShown = 80;  // a name may be a whole sentence
  if (name.size() <= kShown) return fmt::format("{}: dataset {}", file, name);
  std::size_t end = kShown;
  while (end > 0 && (name[end] & 0xC0) == 0x80) --end;  // do not cut inside a character
  return fmt::format("{}: dataset {}...", file, name.substr(0, end));
}

}  // namespace

void File::make_groups(const std::string& name, const std::string& what) {
  for (std::size_t end = name.find('/', 1); end != std::string::npos;
       end = name.find('/', end + 1)) {
    const std::string group = name.substr(0, end);
    const htri_t exists = H5Lexists(handle_.id(), group.c_str(), H5P_DEFAULT);
    check(exists, what, kNotWritten);
    if (exists > 0) continue;
    // Groups that HDF5 creates implicitly would store their creation time.
    const Handle creation = checked({H5Pcreate(H5P_GROUP_CREATE), H5Pclose}, what, kNotWritten);
    check(H5Pset_obj_track_times(creation.id(), false), what, kNotWritten);
    make_room(0, group.size() + 8);
    checked({H5Gcreate2(handle_.id(), group.c_str(), links_.id(), creation.id(), H5P_DEFAULT),
             H5Gclose},
            what, kNotWritten);
  }
}

Dataset File::create_dataset(const std::string& name, Type type, const Extents& extents) {
  keep_quiet();
  const std::string what = dataset_in(what_, name);
  std::uint64_t bytes = size_of(type);
  for (const std::int64_t extent : extents) bytes *= static_cast<std::uint64_t>(extent);
  make_room(bytes, name.size() + 8);
  const Handle space = simple_space(extents, nullptr, what);
  if (creation_.id() < 0 || created_ != type) {
    creation_ = creation_list(type, what);
    created_ = type;
    // Early allocation, so that make_room() sees the space taken.
    check(H5Pset_alloc_time(creation_.id(), H5D_ALLOC_TIME_EARLY), what, kNotWritten);
    links_ = link_list(what);
  }
  make_groups(name, what);
  Handle handle = checked({H5Dcreate2(handle_.id(), name.c_str(), type_id(type), space.id(),
                                      links_.id(), creation_.id(), H5P_DEFAULT),
                           H5Dclose},
                          what, kNotWritten);
  return Dataset(std::move(handle), what, this, type, extents);
}

Dataset File::create_growing(const std::string& name, Type type, const Extents& row_extents,
                             std::int64_t rows_per_chunk) {
  keep_quiet();
  const std::string what = dataset_in(what_, name);
  make_room(0, name.size() + 8);
  Extents extents{0};
  extents.insert(extents.end(), row_extents.begin(), row_extents.end());
  std::vector<hsize_t> maximum = to_hsize(extents), chunk = maximum;
  maximum[0] = H5S_UNLIMITED;
  chunk[0] = static_cast<hsize_t>(rows_per_chunk);
  const Handle space = simple_space(extents, maximum.data(), what);
  const Handle creation = creation_list(type, what);
  check(H5Pset_chunk(creation.id(), static_cast<int>(chunk.size()), chunk.data()), what,
        kNotWritten);
  Handle handle = checked({H5Dcreate2(handle_.id(), name.c_str(), type_id(type), space.id(),
                                      H5P_DEFAULT, creation.id(), H5P_DEFAULT),
                           H5Dclose},
                          what, kNotWritten);
  return Dataset(std::move(handle), what, this, type, extents);
}

namespace {

// Refuses storage that HDF5 would follow out of the file, or decode with code that no writer of
// elmo uses.
void refuse_unusual_storage(hid_t creation, const std::string& what) {
  if (H5Pget_layout(creation) == H5D_VIRTUAL || H5Pget_external_count(creation) != 0) {
    throw Error(what +
                ": its numbers are in other files, which elmo does not open; copy them into one "
                "file (h5repack)");
  }
  for (int i = 0, count = H5Pget_nfilters(creation); i < count; ++i) {
    unsigned flags = 0, settings = 0;
    std::size_t values = 0;
    const H5Z_filter_t filter = H5Pget_filter2(creation, static_cast<unsigned>(i), &flags, &values,
                                               nullptr, 0, nullptr, &settings);
    if (filter == H5Z_FILTER_DEFLATE || filter == H5Z_FILTER_SHUFFLE ||
        filter == H5Z_FILTER_FLETCHER32) {
      continue;
    }
    throw Error(
        fmt::format("{}: is compressed by HDF5's filter {}, elmo reads gzip only; write it "
                    "anew (h5repack -f GZIP=4)",
                    what, filter));
  }
}

// HDF5 allocates memory for a whole chunk, however small the dataset is.
void refuse_large_chunks(hid_t creation, std::uint64_t dataset_bytes, std::uint64_t element_bytes,
                         const std::string& what) {
  if (H5Pget_layout(creation) != H5D_CHUNKED) return;
  constexpr std::uint64_t kAlwaysAllowed = 64 << 20;
  hsize_t extents[H5S_MAX_RANK] = {};
  const int rank = H5Pget_chunk(creation, H5S_MAX_RANK, extents);
  check(rank, what, kDamaged);
  std::uint64_t bytes = element_bytes;
  for (int i = 0; i < rank; ++i) {
    if (__builtin_mul_overflow(bytes, extents[i], &bytes)) bytes = UINT64_MAX;
  }
  if (bytes > std::max(kAlwaysAllowed, dataset_bytes)) {
    throw Error(
        fmt::format("{}: its chunks of {} bytes are larger than all of its {} bytes; the "
                    "file is damaged, make it again",
                    what, bytes, dataset_bytes));
  }
}

}  // namespace

Dataset File::open_dataset(const std::string& name) const {
  keep_quiet();
  const std::string what = dataset_in(what_, name);
  Handle handle = checked({H5Dopen2(handle_.id(), name.c_str(), inner_links()), H5Dclose}, what,
                          "is missing, damaged or in another file");
  const Handle creation = checked({H5Dget_create_plist(handle.id()), H5Pclose}, what, kDamaged);
  refuse_unusual_storage(creation.id(), what);
  Dataset dataset(std::move(handle), what, nullptr);
  dataset.source_ = this;
  // A damaged header may claim any size, but memory is allocated by it. 1100: deflate never
  // compresses by a larger factor.
  const std::uint64_t factor = H5Pget_nfilters(creation.id()) > 0 ? 1100 : 1;
  const Handle type(H5Dget_type(dataset.handle_.id()), H5Tclose);
  const auto elements = static_cast<std::uint64_t>(dataset.elements());
  const std::uint64_t element_bytes = std::max<std::size_t>(1, H5Tget_size(type.id()));
  if (elements > size_ * factor / element_bytes) {
    throw Error(
        fmt::format("{}: claims {} elements, more than the whole file holds; the file is "
                    "damaged or cut short",
                    what, elements));
  }
  refuse_large_chunks(creation.id(), elements * element_bytes, element_bytes, what);
  return dataset;
}

bool File::has_dataset(const std::string& name) const {
  keep_quiet();
  // H5Lexists fails if a group on the path is missing, so each one is checked first.
  for (std::size_t end = name.find('/', 1); end != std::string::npos;
       end = name.find('/', end + 1)) {
    if (H5Lexists(handle_.id(), name.substr(0, end).c_str(), inner_links()) <= 0) return false;
  }
  if (H5Lexists(handle_.id(), name.c_str(), inner_links()) <= 0) return false;
  const Handle object(H5Oopen(handle_.id(), name.c_str(), inner_links()), H5Oclose);
  return object.id() >= 0 && H5Iget_type(object.id()) == H5I_DATASET;
}

namespace {

herr_t add_dataset_name(hid_t, const char* name, const H5O_info_t* info, void* data) {
  return info->type == H5O_TYPE_DATASET ? add_name(data, name) : 0;
}

}  // namespace

std::vector<std::string> File::dataset_names() const {
  keep_quiet();
  NameList list;
  const herr_t code =
      H5Ovisit2(handle_.id(), H5_INDEX_NAME, H5_ITER_INC, add_dataset_name, &list, H5O_INFO_BASIC);
  if (list.out_of_memory) throw std::bad_alloc();
  check(code, what_, kDamaged);
  return std::move(list.names);
}

bool File::has_usual_addresses() const {
  keep_quiet();
  const Handle creation = checked({H5Fget_create_plist(handle_.id()), H5Pclose}, what_, kDamaged);
  std::size_t address_bytes = 0, size_bytes = 0;
  hsize_t user_block = 0;
  check(H5Pget_sizes(creation.id(), &address_bytes, &size_bytes), what_, kDamaged);
  check(H5Pget_userblock(creation.id(), &user_block), what_, kDamaged);
  return address_bytes == 8 && size_bytes == 8 && user_block == 0;
}

std::int64_t File::link_count() const {
  keep_quiet();
  H5G_info_t info = {};
  check(H5Gget_info(handle_.id(), &info), what_, kDamaged);
  return static_cast<std::int64_t>(info.nlinks);
}

}  // namespace elmo::h5
