// Shared by the files of the HDF5 wrapper. Includes HDF5's own header, so no other file includes
// this one.
#pragma once

#include <hdf5.h>

#include <string>
#include <string_view>
#include <vector>

#include "io/hdf5.h"

namespace elmo::h5 {

// Turns off HDF5's printing of errors. HDF5 has an error stack and a printer for each thread, so
// every function that calls HDF5 calls this first.
void keep_quiet();

// Throws HDF5's error stack as an Error: "what: action (HDF5: reason)".
[[noreturn]] void fail(const std::string& what, std::string_view action);
void check(herr_t code, const std::string& what, std::string_view action);
Handle checked(Handle handle, const std::string& what, std::string_view action);

// The `action` for failures that can't happen with an intact file.
inline constexpr std::string_view kDamaged = "can't be read; the file is damaged, make it again";
inline constexpr std::string_view kNotWritten = "can't be written";

// Property list that keeps HDF5 from following links out of the file.
hid_t inner_links();

// Reads the structure of a file in a child process, with the HDF5 calls that File and Dataset make.
// On some damaged files HDF5 (1.10, and newer versions in other places) frees invalid memory, reads
// past its buffers or loops forever. This process could not turn that into a message, so the file
// is first examined where a crash does no harm. Throws Error if the child crashed, or if three in
// turn took more time or memory than an intact file of this size can need, or if the child was
// killed. A file that HDF5 refuses properly passes; opening it will give the reason.
void walk_in_child(const std::filesystem::path& path, hid_t access);

hid_t type_id(Type type);
Type type_of(hid_t id);

// An empty `extents` is a scalar. `maximum` nullptr means `extents`.
Handle simple_space(const Extents& extents, const hsize_t* maximum, const std::string& what);
std::vector<hsize_t> to_hsize(const Extents& extents);

// Collects names in HDF5's iterations. No exception may leave their C callbacks.
struct NameList {
  std::vector<std::string> names;
  bool out_of_memory = false;
};
herr_t add_name(void* list, const char* name);

}  // namespace elmo::h5
