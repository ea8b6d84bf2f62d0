// What the two files of the HDF5 wrapper (hdf5.cc, hdf5_dataset.cc) share. Includes HDF5's own
// header, so nothing else includes this one.
#pragma once

#include <hdf5.h>

#include <string>
#include <string_view>
#include <vector>

#include "io/hdf5.h"

namespace elmo::h5 {

// Turns off HDF5's printing of errors. HDF5 has an error stack, and a printer of it, for each
// thread: to be called at the beginning of whatever calls HDF5.
void keep_quiet();

// Turns HDF5's error stack into an Error: "what: action (HDF5: reason)".
[[noreturn]] void fail(const std::string& what, std::string_view action);
void check(herr_t code, const std::string& what, std::string_view action);
Handle checked(Handle handle, const std::string& what, std::string_view action);

// For the `action` of anything that a sound file allows.
inline constexpr std::string_view kDamaged = "can't be read; the file is damaged, make it anew";
inline constexpr std::string_view kNotWritten = "can't be written";

// Property list of accesses that follow no link out of the file.
hid_t inner_links();

// Walks what File and Dataset ask of a file's structure in a child process, with HDF5's own calls.
// HDF5 (1.10, and newer ones in other places) frees wild memory, reads past its buffers or loops
// for ever over some damaged files, which nothing in this process could turn into a message; what
// is in the file is therefore first looked at where a crash harms nobody. Throws Error: the child
// crashed, or took more time or memory than a file of this size can need. A file that HDF5 refuses
// by itself passes; opening it will say why.
void walk_in_child(const std::filesystem::path& path, hid_t access);

hid_t type_id(Type type);
Type type_of(hid_t id);

// No extents: a scalar. `maximum`: nullptr for the extents themselves.
Handle simple_space(const Extents& extents, const hsize_t* maximum, const std::string& what);
std::vector<hsize_t> to_hsize(const Extents& extents);

// Names that HDF5's iterations hand to a C callback, which no exception may leave.
struct NameList {
  std::vector<std::string> names;
  bool out_of_memory = false;
};
herr_t add_name(void* list, const char* name);

}  // namespace elmo::h5
