#include "io/hdf5_detail.h"

#include <fmt/core.h>

#include <bit>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "elmo/error.h"

namespace elmo::h5 {
namespace {

static_assert(std::is_same_v<hid_t, Handle::Id> && std::is_same_v<herr_t, int>);
static_assert(std::endian::native == std::endian::little, "types in memory are those of the file");

struct StackSummary {
  std::string innermost;
  int error_number = 0;
};

herr_t summarise(unsigned depth, const H5E_error2_t* entry, void* data) {
  auto& summary = *static_cast<StackSummary*>(data);
  const char* text = entry->desc != nullptr ? entry->desc : "";
  if (depth == 0) summary.innermost = text;
  if (const char* number = std::strstr(text, "errno = "); number != nullptr) {
    summary.error_number = std::atoi(number + std::strlen("errno = "));
  }
  return 0;
}

Handle float16_type() {
  keep_quiet();
  Handle type(H5Tcopy(H5T_IEEE_F32LE), H5Tclose);
  // Fields before size: a smaller size must hold them already.
  check(H5Tset_fields(type.id(), 15, 10, 5, 0, 10), "float16", "no such type in HDF5");
  check(H5Tset_size(type.id(), 2), "float16", "no such type in HDF5");
  check(H5Tset_ebias(type.id(), 15), "float16", "no such type in HDF5");
  return type;
}

Handle string_type() {
  keep_quiet();
  Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  check(H5Tset_size(type.id(), H5T_VARIABLE), "string", "no such type in HDF5");
  check(H5Tset_cset(type.id(), H5T_CSET_UTF8), "string", "no such type in HDF5");
  return type;
}

}  // namespace

void keep_quiet() {
  thread_local const bool done = H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr) >= 0;
  (void)done;
}

[[noreturn]] void fail(const std::string& what, std::string_view action) {
  StackSummary summary;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, summarise, &summary);
  H5Eclear2(H5E_DEFAULT);
  if (summary.error_number == ENOSPC || summary.error_number == EDQUOT) {
    throw Error(fmt::format("{}: {}: the disk is full; free some space or choose another folder",
                            what, action));
  }
  if (summary.error_number != 0) {
    summary.innermost = std::generic_category().message(summary.error_number);
  }
  throw Error(fmt::format("{}: {} (HDF5: {})", what, action, summary.innermost));
}

void check(herr_t code, const std::string& what, std::string_view action) {
  if (code < 0) fail(what, action);
}

Handle checked(Handle handle, const std::string& what, std::string_view action) {
  if (handle.id() < 0) fail(what, action);
  return handle;
}

namespace {

herr_t refuse_external_link(const char*, const char*, const char*, const char*, unsigned*, hid_t,
                            void*) {
  return -1;
}

Handle inner_link_list() {
  keep_quiet();
  // A dataset access list is also a link access list, so it serves both kinds of calls.
  Handle list = checked({H5Pcreate(H5P_DATASET_ACCESS), H5Pclose}, "links", "no such list in HDF5");
  check(H5Pset_elink_cb(list.id(), refuse_external_link, nullptr), "links", "no such list in HDF5");
  return list;
}

}  // namespace

hid_t inner_links() {
  static const Handle& list = *new Handle(inner_link_list());  // never closed, like the types
  return list.id();
}

hid_t type_id(Type type) {
  // Never closed: they live as long as the library.
  static const Handle& float16 = *new Handle(float16_type());
  static const Handle& string = *new Handle(string_type());
  switch (type) {
    case Type::kFloat16:
      return float16.id();
    case Type::kFloat32:
      return H5T_IEEE_F32LE;
    case Type::kFloat64:
      return H5T_IEEE_F64LE;
    case Type::kInt32:
      return H5T_STD_I32LE;
    case Type::kInt64:
      return H5T_STD_I64LE;
    case Type::kUint8:
      return H5T_STD_U8LE;
    case Type::kUint64:
      return H5T_STD_U64LE;
    case Type::kString:
      return string.id();
    case Type::kOther:
      break;
  }
  return H5I_INVALID_HID;
}

Type type_of(hid_t id) {
  for (const Type type : {Type::kFloat32, Type::kFloat16, Type::kInt64, Type::kFloat64,
                          Type::kInt32, Type::kUint8, Type::kUint64}) {
    if (H5Tequal(id, type_id(type)) > 0) return type;
  }
  if (H5Tget_class(id) == H5T_STRING && H5Tis_variable_str(id) > 0) return Type::kString;
  return Type::kOther;
}

std::vector<hsize_t> to_hsize(const Extents& extents) { return {extents.begin(), extents.end()}; }

Handle simple_space(const Extents& extents, const hsize_t* maximum, const std::string& what) {
  keep_quiet();
  if (extents.empty()) return checked({H5Screate(H5S_SCALAR), H5Sclose}, what, "no such shape");
  return checked(
      {H5Screate_simple(static_cast<int>(extents.size()), to_hsize(extents).data(), maximum),
       H5Sclose},
      what, "no such shape");
}

herr_t add_name(void* data, const char* name) {
  auto& list = *static_cast<NameList*>(data);
  try {
    list.names.emplace_back(name);
  } catch (const std::exception&) {
    list.out_of_memory = true;
    return -1;
  }
  return 0;
}

std::string to_string(Type type) {
  switch (type) {
    case Type::kFloat16:
      return "float16";
    case Type::kFloat32:
      return "float32";
    case Type::kFloat64:
      return "float64";
    case Type::kInt32:
      return "int32";
    case Type::kInt64:
      return "int64";
    case Type::kUint8:
      return "uint8";
    case Type::kUint64:
      return "uint64";
    case Type::kString:
      return "string";
    case Type::kOther:
      break;
  }
  return "another type";
}

std::size_t size_of(Type type) {
  switch (type) {
    case Type::kUint8:
      return 1;
    case Type::kFloat16:
      return 2;
    case Type::kFloat32:
    case Type::kInt32:
      return 4;
    default:
      return 8;
  }
}

}  // namespace elmo::h5
