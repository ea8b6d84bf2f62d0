#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "elmo/error.h"
#include "io/hdf5_detail.h"
#include "io/hdf5_strings.h"

namespace elmo::h5 {
namespace {

constexpr std::size_t kMaxAttributeBytes = 64 << 20;  // bounds memory for damaged headers

}  // namespace

void Object::set_attribute(const std::string& name, const Attribute& value) {
  const Handle space = simple_space({}, nullptr, what_);
  const std::string action = fmt::format("can't write the attribute {}", name);
  const auto write = [&](hid_t type, const void* data) {
    const Handle attribute =
        checked({H5Acreate2(handle_.id(), name.c_str(), type, space.id(), H5P_DEFAULT, H5P_DEFAULT),
                 H5Aclose},
                what_, action);
    check(H5Awrite(attribute.id(), type, data), what_, action);
  };
  if (const auto* text = std::get_if<std::string>(&value)) {
    // Fixed-length, because HDF5 keeps variable-length strings in a heap without checksums, and
    // HDF5 1.10 can loop forever on a damaged one.
    const std::size_t bytes = std::max<std::size_t>(1, text->size());
    if (bytes > kMaxAttributeBytes) {
      throw Error(fmt::format("{}: {}: it is too long ({} bytes)", what_, action, bytes));
    }
    file_->make_room(bytes, 0);
    const Handle type = checked({H5Tcopy(H5T_C_S1), H5Tclose}, what_, action);
    check(H5Tset_size(type.id(), bytes), what_, action);
    check(H5Tset_cset(type.id(), H5T_CSET_UTF8), what_, action);
    check(H5Tset_strpad(type.id(), H5T_STR_NULLPAD), what_, action);
    write(type.id(), text->c_str());
  } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    write(H5T_STD_I64LE, integer);
  } else if (const auto* natural = std::get_if<std::uint64_t>(&value)) {
    write(H5T_STD_U64LE, natural);
  } else {
    write(H5T_IEEE_F64LE, &std::get<double>(value));
  }
}

namespace {

// Returns nullopt for a kind that elmo does not read.
std::optional<Attribute> read_attribute(hid_t id, const std::string& what) {
  const Handle type(H5Aget_type(id), H5Tclose);
  const Handle space(H5Aget_space(id), H5Sclose);
  if (type.id() < 0 || space.id() < 0) fail(what, kDamaged);
  if (H5Sget_simple_extent_npoints(space.id()) != 1) return std::nullopt;
  switch (H5Tget_class(type.id())) {
    case H5T_STRING: {
      if (H5Tis_variable_str(type.id()) > 0) return std::nullopt;
      const std::size_t bytes = H5Tget_size(type.id());
      if (bytes > kMaxAttributeBytes) fail(what, kDamaged);
      std::string result(bytes, '\0');
      check(H5Aread(id, type.id(), result.data()), what, kDamaged);
      result.resize(std::strlen(result.c_str()));
      return result;
    }
    case H5T_INTEGER: {
      if (H5Tget_sign(type.id()) == H5T_SGN_NONE) {
        std::uint64_t value = 0;
        check(H5Aread(id, H5T_NATIVE_UINT64, &value), what, kDamaged);
        return value;
      }
      std::int64_t value = 0;
      check(H5Aread(id, H5T_NATIVE_INT64, &value), what, kDamaged);
      return value;
    }
    case H5T_FLOAT: {
      double value = 0;
      check(H5Aread(id, H5T_NATIVE_DOUBLE, &value), what, kDamaged);
      return value;
    }
    default:
      return std::nullopt;
  }
}

herr_t add_attribute_name(hid_t, const char* name, const H5A_info_t*, void* data) {
  return add_name(data, name);
}

}  // namespace

std::optional<Attribute> Object::attribute(const std::string& name) const {
  keep_quiet();
  const htri_t exists = H5Aexists(handle_.id(), name.c_str());
  check(exists, what_, kDamaged);
  if (exists == 0) return std::nullopt;
  const Handle attribute =
      checked({H5Aopen(handle_.id(), name.c_str(), H5P_DEFAULT), H5Aclose}, what_, kDamaged);
  auto value = read_attribute(attribute.id(), what_);
  if (!value) {
    throw Error(fmt::format("{}: the attribute {} is neither a string nor a number", what_, name));
  }
  return value;
}

std::vector<std::string> Object::attribute_names() const {
  keep_quiet();
  NameList list;
  const herr_t code =
      H5Aiterate2(handle_.id(), H5_INDEX_NAME, H5_ITER_INC, nullptr, add_attribute_name, &list);
  if (list.out_of_memory) throw std::bad_alloc();
  check(code, what_, kDamaged);
  std::erase_if(list.names, [&](const std::string& name) {
    const Handle attribute(H5Aopen(handle_.id(), name.c_str(), H5P_DEFAULT), H5Aclose);
    return attribute.id() < 0 || !read_attribute(attribute.id(), what_);
  });
  std::sort(list.names.begin(), list.names.end());
  return std::move(list.names);
}

Dataset::Dataset(Handle handle, std::string what, File* file)
    : Object(std::move(handle), std::move(what), file) {
  const Handle type(H5Dget_type(handle_.id()), H5Tclose);
  const Handle space(H5Dget_space(handle_.id()), H5Sclose);
  if (type.id() < 0 || space.id() < 0) fail(what_, kDamaged);
  type_ = type_of(type.id());
  if (H5Sget_simple_extent_type(space.id()) == H5S_NULL) {
    extents_ = {0};
    return;
  }
  const int rank = H5Sget_simple_extent_ndims(space.id());
  check(rank, what_, kDamaged);
  std::vector<hsize_t> extents(static_cast<std::size_t>(rank));
  check(H5Sget_simple_extent_dims(space.id(), extents.data(), nullptr), what_, kDamaged);
  extents_.assign(extents.begin(), extents.end());
}

Dataset::Dataset(Handle handle, std::string what, File* file, Type type, Extents extents)
    : Object(std::move(handle), std::move(what), file), type_(type), extents_(std::move(extents)) {}

std::int64_t Dataset::elements() const {
  std::int64_t product = 1;
  for (const std::int64_t extent : extents_) {
    if (extent < 0 || __builtin_mul_overflow(product, extent, &product)) {
      throw Error(fmt::format("{}: claims an impossible shape; the file is damaged", what_));
    }
  }
  return product;
}

namespace {

Handle select_block(hid_t dataset, const Extents& start, const Extents& count,
                    const std::string& what) {
  Handle space = checked({H5Dget_space(dataset), H5Sclose}, what, kDamaged);
  const std::vector<hsize_t> from = to_hsize(start), size = to_hsize(count);
  check(H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, from.data(), nullptr, size.data(), nullptr),
        what, "no such block");
  return space;
}

}  // namespace

void Dataset::write(const void* values) {
  keep_quiet();
  if (elements() == 0) return;
  check(H5Dwrite(handle_.id(), type_id(type_), H5S_ALL, H5S_ALL, H5P_DEFAULT, values), what_,
        kNotWritten);
}

void Dataset::write_block(const Extents& start, const Extents& count, const void* values) {
  const Handle memory_space = simple_space(count, nullptr, what_);
  const Handle file_space = select_block(handle_.id(), start, count, what_);
  check(H5Dwrite(handle_.id(), type_id(type_), memory_space.id(), file_space.id(), H5P_DEFAULT,
                 values),
        what_, kNotWritten);
}

void Dataset::read(Type memory, void* values) const {
  keep_quiet();
  if (elements() == 0) return;
  check(H5Dread(handle_.id(), type_id(memory), H5S_ALL, H5S_ALL, H5P_DEFAULT, values), what_,
        kDamaged);
}

void Dataset::read_block(const Extents& start, const Extents& count, Type memory,
                         void* values) const {
  const Handle memory_space = simple_space(count, nullptr, what_);
  const Handle file_space = select_block(handle_.id(), start, count, what_);
  check(H5Dread(handle_.id(), type_id(memory), memory_space.id(), file_space.id(), H5P_DEFAULT,
                values),
        what_, kDamaged);
}

void Dataset::resize(std::int64_t rows) {
  keep_quiet();
  extents_.at(0) = rows;
  const std::vector<hsize_t> extents = to_hsize(extents_);
  check(H5Dset_extent(handle_.id(), extents.data()), what_, kNotWritten);
}

void Dataset::write_chunk(std::int64_t first_row, const void* values, std::size_t bytes) {
  keep_quiet();
  file_->make_room(bytes, 0);
  std::vector<hsize_t> offset(extents_.size(), 0);
  offset[0] = static_cast<hsize_t>(first_row);
  check(H5Dwrite_chunk(handle_.id(), H5P_DEFAULT, 0, offset.data(), bytes, values), what_,
        kNotWritten);
}

void Dataset::write_strings(std::int64_t first, std::span<const char* const> strings) {
  if (strings.empty()) return;
  // Each string is in a heap block of at least 4 KiB with its own header, and 16 bytes in the
  // dataset refer to it.
  std::uint64_t bytes = 1 << 16;
  for (const char* string : strings) bytes += std::strlen(string) + 64;
  file_->make_room(bytes, 0);
  write_block({first}, {static_cast<std::int64_t>(strings.size())}, strings.data());
}

std::vector<std::string> Dataset::read_strings(std::int64_t first, std::int64_t count) const {
  if (type_ != Type::kString || extents_.size() != 1) {
    throw Error(fmt::format("{}: is not a list of strings", what_));
  }
  if (count == 0) return {};
  if (first < 0 || count < 0 || first > extents_[0] - count) fail(what_, "no such block");
  if (!source_->strings_) source_->strings_ = std::make_unique<StringHeap>(*source_);
  StringHeap& heap = *source_->strings_;
  return heap.read(stored_references(heap, first, count), what_);
}

std::string Dataset::stored_references(const StringHeap& heap, std::int64_t first,
                                       std::int64_t count) const {
  constexpr std::int64_t bytes = StringHeap::kReferenceBytes;
  const Handle creation = checked({H5Dget_create_plist(handle_.id()), H5Pclose}, what_, kDamaged);
  std::string result(static_cast<std::size_t>(count * bytes), '\0');
  if (H5Pget_nfilters(creation.id()) > 0 || H5Pget_layout(creation.id()) == H5D_COMPACT) {
    throw Error(what_ + ": holds strings compressed or in its header, which elmo does not read; " +
                "write them without (h5repack -f NONE -l CONTI)");
  }
  if (H5Pget_layout(creation.id()) == H5D_CONTIGUOUS) {
    const haddr_t address = H5Dget_offset(handle_.id());
    // The chunk was never written: its strings are empty.
    if (address != HADDR_UNDEF) {
      heap.read_at(address + static_cast<haddr_t>(first * bytes), result.data(), result.size(),
                   what_);
    }
    return result;
  }
  hsize_t rows = 0;
  check(H5Pget_chunk(creation.id(), 1, &rows), what_, kDamaged);
  const auto per_chunk = static_cast<std::int64_t>(rows);
  for (std::int64_t row = first - first % per_chunk; row < first + count; row += per_chunk) {
    const hsize_t offset = static_cast<hsize_t>(row);
    hsize_t stored = 0;
    haddr_t address = HADDR_UNDEF;
    unsigned filters = 0;
    check(H5Dget_chunk_info_by_coord(handle_.id(), &offset, &filters, &address, &stored), what_,
          kDamaged);
    if (address == HADDR_UNDEF) continue;  // never written
    if (stored != rows * static_cast<hsize_t>(bytes)) fail(what_, kDamaged);
    const std::int64_t begin = std::max(first, row), end = std::min(first + count, row + per_chunk);
    heap.read_at(address + static_cast<haddr_t>((begin - row) * bytes),
                 result.data() + (begin - first) * bytes,
                 static_cast<std::size_t>((end - begin) * bytes), what_);
  }
  return result;
}

}  // namespace elmo::h5
