#include "io/hdf5_strings.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "elmo/error.h"
#include "io/hdf5_detail.h"

namespace elmo::h5 {
namespace {

constexpr std::uint64_t kHeaderBytes = 16;  // header of a heap, and of an object
constexpr std::uint64_t kUsualHeapBytes = 1 << 16;
constexpr std::uint64_t kCachedBytes = 8 << 20;

template <typename T>
T number_at(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

[[noreturn]] void damaged(const std::string& what) {
  throw Error(what + ": its strings can't be read; the file is damaged, make it again");
}

}  // namespace

StringHeap::StringHeap(const File& file)
    : descriptor_(::open(file.path().c_str(), O_RDONLY | O_CLOEXEC)), size_(file.size()) {
  const std::string what = file.path().string();
  if (descriptor_ < 0) {
    throw Error(what + ": can't be read: " + std::generic_category().message(errno));
  }
  if (!file.has_usual_addresses()) {
    ::close(descriptor_);
    throw Error(what + ": has addresses of an unusual kind; write it again (h5repack)");
  }
}

StringHeap::~StringHeap() { ::close(descriptor_); }

void StringHeap::read_at(std::uint64_t offset, char* data, std::size_t bytes,
                         const std::string& what) const {
  if (offset > size_ || bytes > size_ - offset) damaged(what);
  while (bytes > 0) {
    const ssize_t count = ::pread(descriptor_, data, bytes, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      throw Error(what + ": can't be read: " + std::generic_category().message(errno));
    }
    if (count == 0) damaged(what);  // the file was truncated meanwhile
    offset += static_cast<std::uint64_t>(count);
    data += count;
    bytes -= static_cast<std::size_t>(count);
  }
}

const StringHeap::Heap& StringHeap::heap(std::uint64_t address, const std::string& what) {
  const auto known = heaps_.find(address);
  if (known != heaps_.end()) return known->second;
  if (cached_bytes_ > kCachedBytes) {
    heaps_.clear();
    cached_bytes_ = 0;
  }
  char header[kHeaderBytes];
  read_at(address, header, sizeof header, what);
  const auto bytes = number_at<std::uint64_t>(header + 8);
  if (std::memcmp(header, "GCOL\x01", 5) != 0 || bytes < kHeaderBytes || bytes > size_ - address ||
      bytes > allowed_bytes_) {
    damaged(what);
  }
  allowed_bytes_ -= bytes;
  cached_bytes_ += bytes;
  std::string content(bytes, '\0');
  read_at(address, content.data(), content.size(), what);
  Heap objects;
  for (std::uint64_t at = kHeaderBytes; bytes - at >= kHeaderBytes;) {
    const auto index = number_at<std::uint16_t>(content.data() + at);
    const auto length = number_at<std::uint64_t>(content.data() + at + 8);
    if (index == 0) break;  // free space, up to the end
    at += kHeaderBytes;
    if (length > bytes - at) damaged(what);
    objects[index] = {address + at, length};
    const std::uint64_t padded = (length + 7) / 8 * 8;
    if (padded > bytes - at) break;
    at += padded;
  }
  return heaps_.emplace(address, std::move(objects)).first->second;
}

std::vector<std::string> StringHeap::read(std::string_view references, const std::string& what) {
  std::vector<std::string> strings;
  strings.reserve(references.size() / kReferenceBytes);
  // In an intact file each heap is read once, or again for a few strings when the cache was full.
  const std::uint64_t count = references.size() / kReferenceBytes;
  allowed_bytes_ = 4 * size_ + count * kUsualHeapBytes;
  std::uint64_t total = 0;
  for (; !references.empty(); references.remove_prefix(kReferenceBytes)) {
    std::string& string = strings.emplace_back();
    const std::uint64_t length = number_at<std::uint32_t>(references.data());
    const auto address = number_at<std::uint64_t>(references.data() + 4);
    if (length == 0 || address == 0) continue;
    const Heap& objects = heap(address, what);
    const auto object = objects.find(number_at<std::uint32_t>(references.data() + 12));
    if (object == objects.end() || length > object->second.bytes) damaged(what);
    // In an intact file each byte is in one string at most.
    total += length;
    if (total > size_) damaged(what);
    string.resize(length);
    read_at(object->second.offset, string.data(), string.size(), what);
    string.resize(std::strlen(string.c_str()));
  }
  return strings;
}

}  // namespace elmo::h5
