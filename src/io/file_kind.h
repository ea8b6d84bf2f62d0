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

// Describes the kind of a file and what to do with it, as the end of a sentence that begins with
// the file's name ("is packed by xz; unpack it first (xz -dc FILE > unpacked)"). Empty if the file
// may be text, and for gzip, which readers of text decompress. `path` is used in the commands;
// empty for a pipe.
std::string file_kind(std::string_view beginning, std::string_view path);

// What a file with these first bytes is, if HDF5 was expected and it is something else: "a NumPy
// array", "text".
std::string_view kind_without_hdf5(std::string_view beginning);

// As file_kind(), for an HDF5 file, by its content: a model, a task, a checkpoint, vectors,
// official weights. Not thread-safe (HDF5).
std::string hdf5_kind(const std::filesystem::path& path);

// The first bytes of a regular file; empty for anything else.
std::string beginning_of(const std::filesystem::path& path);

}  // namespace elmo
