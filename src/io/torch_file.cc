#include "io/torch_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <map>
#include <utility>

#include "base/file.h"
#include "base/printable.h"
#include "compute/precision.h"
#include "elmo/error.h"
#include "io/half.h"
#include "io/pickle.h"

namespace elmo {
namespace {

using Kind = PickleValue::Kind;
using Type = TorchFile::Type;

struct TypeName {
  Type type;
  std::string_view name, storage;
  std::size_t size;
};
constexpr TypeName kTypes[] = {{Type::kFloat32, "float32", "FloatStorage", 4},
                               {Type::kFloat64, "float64", "DoubleStorage", 8},
                               {Type::kFloat16, "float16", "HalfStorage", 2},
                               {Type::kBfloat16, "bfloat16", "BFloat16Storage", 2},
                               {Type::kInt64, "int64", "LongStorage", 8},
                               {Type::kInt32, "int32", "IntStorage", 4},
                               {Type::kInt16, "int16", "ShortStorage", 2},
                               {Type::kInt8, "int8", "CharStorage", 1},
                               {Type::kUint8, "uint8", "ByteStorage", 1},
                               {Type::kBool, "bool", "BoolStorage", 1}};

const TypeName& description(Type type) { return *std::ranges::find(kTypes, type, &TypeName::type); }

constexpr std::string_view kRebuild = "torch._utils _rebuild_tensor";
constexpr std::string_view kRebuild2 = "torch._utils _rebuild_tensor_v2";
constexpr std::string_view kParameter = "torch._utils _rebuild_parameter";
constexpr std::string_view kGlobals[] = {"collections OrderedDict",
                                         kRebuild,
                                         kRebuild2,
                                         kParameter,
                                         "torch FloatStorage",
                                         "torch DoubleStorage",
                                         "torch HalfStorage",
                                         "torch BFloat16Storage",
                                         "torch LongStorage",
                                         "torch IntStorage",
                                         "torch ShortStorage",
                                         "torch CharStorage",
                                         "torch ByteStorage",
                                         "torch BoolStorage",
                                         "torch.cuda FloatStorage",
                                         "torch.cuda DoubleStorage",
                                         "torch.cuda HalfStorage",
                                         "torch.cuda BFloat16Storage",
                                         "torch.cuda LongStorage",
                                         "torch.cuda IntStorage",
                                         "torch.cuda ShortStorage",
                                         "torch.cuda CharStorage",
                                         "torch.cuda ByteStorage",
                                         "torch.cuda BoolStorage"};
// 0x1950A86A20F9469CFC6C, torch's magic number, which is the first pickle of the older layout.
constexpr std::string_view kMagic("\x6C\xFC\x9C\x46\xF9\x20\x6A\xA8\x50\x19", 10);
constexpr std::int64_t kProtocol = 1001;
constexpr std::size_t kMostDimensions = 8;
// The limit of an extent, a stride, an offset and a number of elements: products of two don't
// overflow.
constexpr std::int64_t kMost = std::int64_t{1} << 40;

[[noreturn]] void fail(const std::string& source, const std::string& what) {
  throw Error(source + ": " + what);
}

std::uint64_t little_endian(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  }
  return value;
}

struct Storage {
  Type type;
  std::int64_t elements;
  std::size_t begin = 0;  // byte offset in the file
};
// Storages by their keys.
using Storages = std::map<std::string, Storage>;

// Turns the values of a pickle into tensors in storages.
class StateDictionary {
 public:
  explicit StateDictionary(const std::string& source) : source_(source) {}

  struct Entry {
    TorchFile::Tensor tensor;  // `begin` counts from the start of the storage
    std::string storage;
  };

  void read(const PickleValue& top) {
    if (!top.is(Kind::kDictionary)) fail(source_, "holds no dictionary of tensors");
    std::map<std::string_view, std::size_t> places;
    for (std::size_t i = 0; i + 1 < top.items.size(); i += 2) {
      const PickleValue& key = *top.items[i];
      if (!key.is(Kind::kText)) fail(source_, "names a tensor by a number");
      Entry entry = tensor(*top.items[i + 1], key.text);
      const auto [place, added] = places.emplace(key.text, entries_.size());
      if (added) {
        entries_.push_back(std::move(entry));
      } else {
        entries_[place->second] = std::move(entry);
      }
    }
  }

  const std::vector<Entry>& entries() const { return entries_; }
  Storages& storages() { return storages_; }

 private:
  [[noreturn]] void refuse(const std::string& name, const std::string& what) const {
    fail(source_, fmt::format("the entry '{}' {}", printable(name), what));
  }

  Entry tensor(const PickleValue& value, const std::string& name) {
    const PickleValue* call = &value;
    if (is_call(*call, kParameter)) {
      const auto& arguments = call->items[1]->items;
      if (arguments.empty()) refuse(name, "is a parameter of nothing");
      call = arguments.front();
    }
    if (!is_call(*call, kRebuild) && !is_call(*call, kRebuild2)) refuse(name, "is not a tensor");
    const auto& arguments = call->items[1]->items;
    if (arguments.size() < 4 || !arguments[2]->is(Kind::kTuple) ||
        !arguments[3]->is(Kind::kTuple)) {
      refuse(name, "is a tensor without size and strides");
    }
    Entry entry;
    entry.tensor.name = name;
    const Storage& storage = storage_of(*arguments[0], name, entry.storage);
    entry.tensor.type = storage.type;
    const std::int64_t offset = size(*arguments[1], name);
    const auto &extents = arguments[2]->items, &strides = arguments[3]->items;
    if (extents.size() != strides.size() || extents.size() > kMostDimensions) {
      refuse(name, "has a size and strides that do not fit");
    }
    std::int64_t elements = 1, last = offset;
    for (std::size_t i = 0; i < extents.size(); ++i) {
      entry.tensor.shape.push_back(size(*extents[i], name));
      entry.tensor.stride.push_back(size(*strides[i], name));
      std::int64_t reach = 0;
      if (__builtin_mul_overflow(elements, entry.tensor.shape.back(), &elements) ||
          elements > kMost ||
          __builtin_mul_overflow(entry.tensor.shape.back() - 1, entry.tensor.stride.back(),
                                 &reach) ||
          __builtin_add_overflow(last, reach, &last)) {
        refuse(name, "is larger than any tensor");
      }
    }
    if (elements > 0 && last >= storage.elements) refuse(name, "reaches beyond its storage");
    // Thus memory is bounded by the size of the file, whatever it claims.
    if (elements > storage.elements) refuse(name, "repeats the numbers of its storage");
    entry.tensor.begin =
        elements == 0 ? 0 : static_cast<std::size_t>(offset) * TorchFile::type_size(storage.type);
    return entry;
  }

  static bool is_call(const PickleValue& value, std::string_view global) {
    return value.is(Kind::kCall) && value.items[0]->text == global;
  }

  std::int64_t size(const PickleValue& value, const std::string& name) const {
    if (!value.is(Kind::kInteger) || value.integer < 0 || value.integer > kMost) {
      refuse(name, "has a size, a stride or an offset that no tensor has");
    }
    return value.integer;
  }

  // ('storage', class, key, location, elements[, None])
  const Storage& storage_of(const PickleValue& value, const std::string& name, std::string& key) {
    if (!value.is(Kind::kPersistent) || !value.items[0]->is(Kind::kTuple)) {
      refuse(name, "is a tensor without a storage");
    }
    const auto& id = value.items[0]->items;
    if ((id.size() != 5 && id.size() != 6) || !id[0]->is(Kind::kText) || id[0]->text != "storage" ||
        !id[1]->is(Kind::kGlobal) || !id[2]->is(Kind::kText)) {
      refuse(name, "is a tensor without a storage");
    }
    if (id.size() == 6 && !id[5]->is(Kind::kNone)) refuse(name, "is a view of another storage");
    const std::string_view global = id[1]->text;
    const auto type =
        std::ranges::find(kTypes, global.substr(global.find(' ') + 1), &TypeName::storage);
    if (type == std::end(kTypes)) refuse(name, "has a storage of no known type");
    const std::int64_t elements = size(*id[4], name);
    key = id[2]->text;
    const auto [place, added] = storages_.try_emplace(key, Storage{type->type, elements});
    if (place->second.type != type->type || place->second.elements != elements) {
      refuse(name, "shares a storage whose type or size is another");
    }
    return place->second;
  }

  const std::string& source_;
  std::vector<Entry> entries_;
  Storages storages_;
};

// The entries of an uncompressed zip archive.
class ZipReader {
 public:
  struct Entry {
    std::size_t begin, size;
  };

  ZipReader(std::string_view bytes, const std::string& source) : bytes_(bytes), source_(source) {
    // The end record is the last one; a comment may follow it.
    constexpr std::size_t kEnd = 22, kMostComment = 0xFFFF;
    const std::size_t end = bytes.rfind("PK\5\6");
    if (end == std::string_view::npos || bytes.size() - end < kEnd ||
        bytes.size() - end > kEnd + kMostComment) {
      fail_truncated();
    }
    std::uint64_t count = field(end + 10, 2), offset = field(end + 16, 4);
    if (count == 0xFFFF || offset == 0xFFFFFFFF || field(end + 12, 4) == 0xFFFFFFFF) {
      if (end < 20 || bytes.substr(end - 20, 4) != "PK\6\7") fail_truncated();
      const std::uint64_t record = field(end - 12, 8);
      if (!holds(record, 56) || bytes.substr(record, 4) != "PK\6\6") fail_truncated();
      count = field(record + 32, 8);
      offset = field(record + 48, 8);
    }
    for (std::uint64_t i = 0; i < count; ++i) read_entry(offset);
  }

  const Entry* find(std::string_view name) const {
    const auto found = entries_.find(name);
    return found == entries_.end() ? nullptr : &found->second;
  }
  // Entries by their names.
  const std::map<std::string_view, Entry>& entries() const { return entries_; }

 private:
  [[noreturn]] void fail_truncated() const {
    fail(source_, "its zip directory is missing or damaged; the file is cut short, fetch it again");
  }
  bool holds(std::uint64_t at, std::uint64_t size) const {
    return at <= bytes_.size() && size <= bytes_.size() - at;
  }
  std::uint64_t field(std::uint64_t at, std::size_t size) const {
    if (!holds(at, size)) fail_truncated();
    return little_endian(bytes_, static_cast<std::size_t>(at), size);
  }

  // Reads the directory entry at `at` and moves `at` past it.
  void read_entry(std::uint64_t& at) {
    constexpr std::size_t kFixed = 46, kLocal = 30;
    if (!holds(at, kFixed) || bytes_.substr(at, 4) != "PK\1\2") fail_truncated();
    const std::uint64_t flags = field(at + 8, 2), method = field(at + 10, 2);
    std::uint64_t packed = field(at + 20, 4), size = field(at + 24, 4), header = field(at + 42, 4);
    const std::uint64_t name_size = field(at + 28, 2), extra_size = field(at + 30, 2);
    const std::uint64_t whole = kFixed + name_size + extra_size + field(at + 32, 2);
    if (!holds(at, whole)) fail_truncated();
    const std::string_view name = bytes_.substr(at + kFixed, name_size);
    read_zip64(bytes_.substr(at + kFixed + name_size, extra_size), size, packed, header);
    at += whole;
    if (method != 0 || (flags & 1) != 0 || packed != size) {
      fail(source_,
           fmt::format("its entry {} is compressed or encrypted, which torch.save does not "
                       "do; unpack it and save it with torch again",
                       printable(name)));
    }
    if (!holds(header, kLocal) || bytes_.substr(header, 4) != "PK\3\4") fail_truncated();
    // The local header has name and extra lengths of its own, because of padding. Its sizes may be
    // 0.
    const std::uint64_t begin = header + kLocal + field(header + 26, 2) + field(header + 28, 2);
    if (!holds(begin, size)) fail_truncated();
    const Entry entry{static_cast<std::size_t>(begin), static_cast<std::size_t>(size)};
    if (!entries_.emplace(name, entry).second) {
      fail(source_, "has two entries named " + printable(name));
    }
  }

  // Sizes over 4 GiB are in an extra field with id 1: only those that overflowed, in this order.
  void read_zip64(std::string_view extra, std::uint64_t& size, std::uint64_t& packed,
                  std::uint64_t& header) const {
    while (extra.size() >= 4) {
      const std::uint64_t id = little_endian(extra, 0, 2), length = little_endian(extra, 2, 2);
      if (length > extra.size() - 4) fail_truncated();
      std::string_view fields = extra.substr(4, length);
      extra.remove_prefix(4 + length);
      if (id != 1) continue;
      for (std::uint64_t* value : {&size, &packed, &header}) {
        if (*value != 0xFFFFFFFF) continue;
        if (fields.size() < 8) fail_truncated();
        *value = little_endian(fields, 0, 8);
        fields.remove_prefix(8);
      }
    }
  }

  std::string_view bytes_;
  const std::string& source_;
  std::map<std::string_view, Entry> entries_;
};

// What a file is that torch.save did not write.
std::string guess(std::string_view bytes) {
  const auto starts = [&](std::string_view prefix) {
    return bytes.size() >= prefix.size() &&
           std::equal(prefix.begin(), prefix.end(), bytes.begin(), [](char a, char b) {
             return a == static_cast<char>(std::tolower(static_cast<unsigned char>(b)));
           });
  };
  const std::size_t text = bytes.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (text == std::string_view::npos) return "is empty; fetch it again";
  if (starts("version https://git-lfs")) {
    return "is a Git LFS pointer, not the file itself; fetch it with `git lfs pull`";
  }
  bytes.remove_prefix(text);
  if (starts("<!doctype") || starts("<html") || starts("<?xml")) {
    return "is a web page, not a file of torch's; fetch it again from its address";
  }
  return "was not written by torch.save";
}

// Copies a tensor's elements of `size` bytes, row-major.
void copy_strided(const char* from, const TorchFile::Tensor& tensor, std::size_t size, char* to) {
  const std::int64_t count = tensor.elements();
  if (count == 0) return;
  const std::size_t dimensions = tensor.shape.size();
  // Contiguous innermost dimensions are copied at once.
  std::int64_t run = 1;
  std::size_t outer = dimensions;
  while (outer > 0 && tensor.stride[outer - 1] == run) run *= tensor.shape[--outer];
  std::vector<std::int64_t> place(outer, 0);
  const std::size_t bytes = static_cast<std::size_t>(run) * size;
  std::int64_t at = 0;
  for (std::int64_t done = 0; done < count; done += run) {
    std::memcpy(to, from + static_cast<std::size_t>(at) * size, bytes);
    to += bytes;
    for (std::size_t i = outer; i-- > 0;) {
      at += tensor.stride[i];
      if (++place[i] < tensor.shape[i]) break;
      at -= place[i] * tensor.stride[i];
      place[i] = 0;
    }
  }
}

}  // namespace

std::string_view TorchFile::type_name(Type type) { return description(type).name; }
std::size_t TorchFile::type_size(Type type) { return description(type).size; }

std::int64_t TorchFile::Tensor::elements() const {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) count *= extent;
  return count;
}

TorchFile TorchFile::read(const std::filesystem::path& path) {
  refuse_pipe(path);
  return TorchFile(read_file(path, std::uint64_t{1} << 34), path.string());
}

TorchFile::TorchFile(std::string bytes, const std::string& source)
    : bytes_(std::move(bytes)), source_(source) {
  if (bytes_.starts_with("PK\3\4")) {
    read_zip();
  } else if (bytes_.starts_with("\x80")) {
    read_legacy();
  } else {
    fail(source_, guess(bytes_));
  }
}

void TorchFile::read_legacy() {
  PickleReader reader(bytes_, kGlobals, source_);
  const PickleValue& magic = reader.next();
  if (!magic.is(Kind::kLong) || magic.text != kMagic) {
    fail(source_, "is a pickle, but not one of torch.save's");
  }
  const PickleValue& protocol = reader.next();
  if (!protocol.is(Kind::kInteger) || protocol.integer != kProtocol) {
    fail(source_, "uses another protocol of torch.save than 1001");
  }
  const PickleValue& machine = reader.next();
  const PickleValue* order =
      machine.is(Kind::kDictionary) ? find_item(machine, "little_endian") : nullptr;
  if (order == nullptr || !order->is(Kind::kBool) || order->integer == 0) {
    fail(source_, "was saved on a big-endian machine; save it again on another");
  }
  StateDictionary dictionary(source_);
  dictionary.read(reader.next());
  const PickleValue& keys = reader.next();
  if (!keys.is(Kind::kList) || keys.items.size() != dictionary.storages().size()) {
    fail(source_, "its list of storages does not fit its tensors");
  }
  std::size_t at = reader.position();
  std::map<std::string_view, bool> met;
  for (const PickleValue* key : keys.items) {
    const auto place =
        key->is(Kind::kText) ? dictionary.storages().find(key->text) : dictionary.storages().end();
    if (place == dictionary.storages().end() || met[place->first]) {
      fail(source_, "its list of storages does not fit its tensors");
    }
    met[place->first] = true;
    Storage& storage = place->second;
    const std::uint64_t size =
        static_cast<std::uint64_t>(storage.elements) * type_size(storage.type);
    if (bytes_.size() - at < 8 || bytes_.size() - at - 8 < size) {
      fail(source_, fmt::format("ends in the middle of its numbers (storage {}); the file is cut "
                                "short, fetch it again",
                                printable(place->first)));
    }
    if (little_endian(bytes_, at, 8) != static_cast<std::uint64_t>(storage.elements)) {
      fail(source_, fmt::format("its storage {} has another size than its tensors say",
                                printable(place->first)));
    }
    storage.begin = at + 8;
    at += 8 + static_cast<std::size_t>(size);
  }
  for (auto entry : dictionary.entries()) {
    entry.tensor.begin += dictionary.storages().at(entry.storage).begin;
    tensors_.push_back(std::move(entry.tensor));
  }
}

void TorchFile::read_zip() {
  const ZipReader zip(bytes_, source_);
  constexpr std::string_view kPickle = "data.pkl";
  const ZipReader::Entry* pickle = nullptr;
  std::string root;
  for (const auto& [name, entry] : zip.entries()) {
    if (!name.ends_with("/data.pkl")) continue;
    if (pickle != nullptr) fail(source_, "holds two files named data.pkl");
    pickle = &entry;
    root = name.substr(0, name.size() - kPickle.size());
  }
  if (pickle == nullptr) {
    fail(source_, "is a zip archive without data.pkl, so torch.save did not write it");
  }
  if (const auto* order = zip.find(root + "byteorder");
      order != nullptr && bytes_.compare(order->begin, order->size, "little") != 0) {
    fail(source_, "was saved on a big-endian machine; save it again on another");
  }
  PickleReader reader(std::string_view(bytes_).substr(pickle->begin, pickle->size), kGlobals,
                      source_);
  StateDictionary dictionary(source_);
  dictionary.read(reader.next());
  for (auto& [key, storage] : dictionary.storages()) {
    const auto* entry = zip.find(root + "data/" + key);
    if (entry == nullptr) fail(source_, "the entry data/" + printable(key) + " is missing");
    const std::uint64_t size =
        static_cast<std::uint64_t>(storage.elements) * type_size(storage.type);
    if (entry->size != size) {
      fail(source_, fmt::format("its entry data/{} has {} bytes, its tensors want {}",
                                printable(key), entry->size, size));
    }
    storage.begin = entry->begin;
  }
  for (auto entry : dictionary.entries()) {
    entry.tensor.begin += dictionary.storages().at(entry.storage).begin;
    tensors_.push_back(std::move(entry.tensor));
  }
}

const TorchFile::Tensor* TorchFile::find(std::string_view name) const {
  const auto found = std::ranges::find(tensors_, name, &Tensor::name);
  return found == tensors_.end() ? nullptr : &*found;
}

void TorchFile::copy(const Tensor& tensor, std::span<std::byte> bytes) const {
  copy_strided(bytes_.data() + tensor.begin, tensor, type_size(tensor.type),
               reinterpret_cast<char*>(bytes.data()));
}

void TorchFile::read(const Tensor& tensor, std::span<float> values) const {
  if (tensor.type == Type::kFloat32) {
    copy(tensor, std::as_writable_bytes(values));
    return;
  }
  const auto raw = [&]<typename T>(T) {
    std::vector<T> elements(values.size());
    copy(tensor, std::as_writable_bytes(std::span(elements)));
    return elements;
  };
  switch (tensor.type) {
    case Type::kFloat64:
      std::ranges::transform(raw(double()), values.begin(),
                             [](double value) { return static_cast<float>(value); });
      return;
    case Type::kFloat16:
      half_to_float(raw(std::uint16_t()).data(), values.data(), values.size());
      return;
    case Type::kBfloat16:
      std::ranges::transform(raw(Bf16()), values.begin(),
                             [](Bf16 value) { return to_float(value); });
      return;
    default:
      fail(source_, fmt::format("{} holds {}, not numbers of a floating type",
                                printable(tensor.name), type_name(tensor.type)));
  }
}

}  // namespace elmo
