// Recognises a file of the wrong kind, for a message that says what it is and what to do.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace elmo {

// The first bytes of an HDF5 file without a user block.
inline constexpr std::string_view kHdf5Signature = "\x89HDF\r\n\x1A\n";

// Number of bytes at the beginning of a file that file_kind() needs.
inline constexpr std::size_t kKindBytes = 512;

// The end of a sentence that begins with the file's name: what these first bytes of it are and what
// to do with such a file ("is packed by xz; unpack it first (xz -dc FILE > unpacked)"). Empty for
// what may be text; gzip is not told of, since readers of text unpack it. `path` goes into the
// commands; empty for a pipe.
std::string file_kind(std::string_view beginning, std::string_view path);

// What a file with these first bytes is where HDF5 is wanted and it is none: "a NumPy array",
// "text".
std::string_view kind_without_hdf5(std::string_view beginning);

// The same as file_kind() of an HDF5 file by what it holds: a model, a task, a checkpoint, vectors,
// official weights. Not thread-safe (HDF5).
std::string hdf5_kind(const std::filesystem::path& path);

// The first bytes of a regular file; empty for anything else.
std::string beginning_of(const std::filesystem::path& path);

}  // namespace elmo
