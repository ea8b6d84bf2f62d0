#include "io/pickle.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/printable.h"
#include "elmo/error.h"

namespace elmo {
namespace {

// Limits far above what a state dictionary needs (some twenty values for each tensor).
constexpr std::size_t kMostStack = 1u << 16, kMostMemo = 1u << 20, kMostValues = 1u << 20;
constexpr std::size_t kMostLine = 256;
constexpr std::uint64_t kNewestProtocol = 5;

// Named as in Python's pickletools.
enum Opcode : unsigned char {
  kMark = '(',
  kStop = '.',
  kEmptyTuple = ')',
  kBinFloat = 'G',
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kNone = 'N',
  kBinPersId = 'Q',
  kReduce = 'R',
  kBinUnicode = 'X',
  kEmptyList = ']',
  kAppend = 'a',
  kBuild = 'b',
  kGlobal = 'c',
  kAppends = 'e',
  kBinGet = 'h',
  kLongBinGet = 'j',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kSetItem = 's',
  kTuple = 't',
  kSetItems = 'u',
  kEmptyDict = '}',
  kProto = 0x80,
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kLong1 = 0x8A,
  kShortBinUnicode = 0x8C,
  kStackGlobal = 0x93,
  kMemoize = 0x94,
  kFrame = 0x95,
};

}  // namespace

const PickleValue* find_item(const PickleValue& dictionary, std::string_view key) {
  for (std::size_t i = dictionary.items.size(); i >= 2; i -= 2) {
    const PickleValue& name = *dictionary.items[i - 2];
    if (name.is(PickleValue::Kind::kText) && name.text == key) return dictionary.items[i - 1];
  }
  return nullptr;
}

PickleReader::PickleReader(std::string_view bytes, std::span<const std::string_view> globals,
                           std::string source)
    : bytes_(bytes), globals_(globals), source_(std::move(source)) {}

void PickleReader::fail(const std::string& what) const {
  throw Error(
      fmt::format("{}: {} (byte {} of the pickle), so it is not read", source_, what, position_));
}

std::string_view PickleReader::take(std::uint64_t count) {
  if (count > bytes_.size() - position_) {
    throw Error(
        fmt::format("{}: ends in the middle of a value (byte {} of the pickle); the file is "
                    "cut short, fetch it again",
                    source_, position_));
  }
  const auto result = bytes_.substr(position_, static_cast<std::size_t>(count));
  position_ += static_cast<std::size_t>(count);
  return result;
}

std::uint64_t PickleReader::take_unsigned(int count) {
  std::uint64_t value = 0;
  const std::string_view taken = take(static_cast<std::uint64_t>(count));
  for (int i = count; i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(taken[static_cast<std::size_t>(i)]);
  }
  return value;
}

std::string_view PickleReader::take_line() {
  const auto rest = bytes_.substr(position_, kMostLine);
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) {
    if (rest.size() < kMostLine) take(rest.size() + 1);  // reports that the file is truncated
    fail("has a name without an end");
  }
  position_ += end + 1;
  return rest.substr(0, end);
}

PickleValue& PickleReader::make(Kind kind) {
  if (values_.size() == kMostValues) fail("holds more values than any model");
  PickleValue& value = values_.emplace_back();
  value.kind = kind;
  return value;
}

void PickleReader::push(PickleValue& value) {
  if (stack_.size() == kMostStack) fail("nests deeper than any model");
  stack_.push_back(&value);
}

void PickleReader::push_integer(std::int64_t number) {
  PickleValue& value = make(Kind::kInteger);
  value.integer = number;
  push(value);
}

void PickleReader::push_text(std::string_view text) {
  PickleValue& value = make(Kind::kText);
  value.text = text;
  push(value);
}

void PickleReader::push_tuple(std::size_t count) {
  PickleValue& tuple = make(Kind::kTuple);
  tuple.items.resize(count);
  for (std::size_t i = count; i-- > 0;) tuple.items[i] = &pop();
  push(tuple);
}

PickleValue& PickleReader::pop() {
  if (stack_.empty() || stack_.back() == nullptr) fail("pops a value from an empty stack");
  PickleValue* const value = stack_.back();
  stack_.pop_back();
  return *value;
}

PickleValue& PickleReader::top(Kind kind, const char* what) {
  if (stack_.empty() || stack_.back() == nullptr || !stack_.back()->is(kind)) {
    fail(fmt::format("fills {} that is none", what));
  }
  return *stack_.back();
}

std::vector<const PickleValue*> PickleReader::pop_to_mark() {
  const auto mark = std::find(stack_.rbegin(), stack_.rend(), nullptr).base();
  if (mark == stack_.begin()) fail("looks for a mark that was not set");
  std::vector<const PickleValue*> items(mark, stack_.end());
  stack_.erase(mark - 1, stack_.end());
  return items;
}

void PickleReader::put(std::uint64_t index) {
  if (index >= kMostMemo) fail("stores more values in its memo than any model");
  if (stack_.empty() || stack_.back() == nullptr) fail("stores a missing value in its memo");
  if (index >= memo_.size()) memo_.resize(static_cast<std::size_t>(index) + 1);
  PickleValue*& place = memo_[static_cast<std::size_t>(index)];
  memoized_ += place == nullptr;
  place = stack_.back();
}

void PickleReader::get(std::uint64_t index) {
  if (index >= memo_.size() || memo_[static_cast<std::size_t>(index)] == nullptr) {
    fail("reads a memo entry that was not stored");
  }
  push(*memo_[static_cast<std::size_t>(index)]);
}

void PickleReader::push_global(std::string_view module, std::string_view name) {
  const std::string asked = fmt::format("{} {}", module, name);
  if (std::ranges::find(globals_, asked) == globals_.end()) {
    fail(fmt::format("asks for Python's {}, which no file of tensors needs", printable(asked)));
  }
  PickleValue& value = make(Kind::kGlobal);
  value.text = asked;
  push(value);
}

void PickleReader::push_long(std::string_view number) {
  if (number.size() > 8) {
    PickleValue& value = make(Kind::kLong);
    value.text = number;
    push(value);
    return;
  }
  std::uint64_t bits = 0;
  if (!number.empty() && static_cast<unsigned char>(number.back()) >= 0x80) bits = ~bits;
  for (std::size_t i = number.size(); i-- > 0;) {
    bits = bits << 8 | static_cast<unsigned char>(number[i]);
  }
  push_integer(static_cast<std::int64_t>(bits));
}

void PickleReader::push_call() {
  PickleValue& arguments = pop();
  PickleValue& called = pop();
  if (!called.is(Kind::kGlobal) || !arguments.is(Kind::kTuple)) fail("calls what can't be called");
  if (called.text == "collections OrderedDict") {
    if (!arguments.items.empty()) fail("makes a dictionary from arguments");
    push(make(Kind::kDictionary));
    return;
  }
  PickleValue& call = make(Kind::kCall);
  call.items = {&called, &arguments};
  push(call);
}

void PickleReader::set_items(const std::vector<const PickleValue*>& items) {
  PickleValue& dictionary = top(Kind::kDictionary, "a dictionary");
  if (items.size() % 2 != 0) fail("has a key without a value");
  for (std::size_t i = 0; i < items.size(); i += 2) {
    if (!items[i]->is(Kind::kText) && !items[i]->is(Kind::kInteger)) {
      fail("has a key that is neither a text nor a number");
    }
  }
  dictionary.items.insert(dictionary.items.end(), items.begin(), items.end());
}

const PickleValue& PickleReader::next() {
  stack_.clear();
  memo_.clear();
  memoized_ = 0;
  while (true) {
    const auto opcode = static_cast<unsigned char>(take(1).front());
    if (opcode == kStop) return pop();
    step(opcode);
  }
}

void PickleReader::step(unsigned char opcode) {
  switch (opcode) {
    case kProto:
      if (take_unsigned(1) > kNewestProtocol) fail("is of an unknown protocol");
      return;
    case kFrame:
      take(8);
      return;
    case kMark:
      if (stack_.size() == kMostStack) fail("nests deeper than any model");
      stack_.push_back(nullptr);
      return;
    case kNone:
      return push(make(Kind::kNone));
    case kNewTrue:
    case kNewFalse:
      make(Kind::kBool).integer = opcode == kNewTrue;
      return push(values_.back());
    case kBinInt:
      return push_integer(static_cast<std::int32_t>(take_unsigned(4)));
    case kBinInt1:
      return push_integer(static_cast<std::int64_t>(take_unsigned(1)));
    case kBinInt2:
      return push_integer(static_cast<std::int64_t>(take_unsigned(2)));
    case kLong1:
      return push_long(take(take_unsigned(1)));
    case kBinFloat: {
      std::uint64_t bits = 0;  // big-endian
      for (const char byte : take(8)) bits = bits << 8 | static_cast<unsigned char>(byte);
      make(Kind::kReal).real = std::bit_cast<double>(bits);
      return push(values_.back());
    }
    case kBinUnicode:
      return push_text(take(take_unsigned(4)));
    case kShortBinUnicode:
      return push_text(take(take_unsigned(1)));
    case kEmptyTuple:
      return push(make(Kind::kTuple));
    case kEmptyList:
      return push(make(Kind::kList));
    case kEmptyDict:
      return push(make(Kind::kDictionary));
    case kTuple: {
      PickleValue& tuple = make(Kind::kTuple);
      tuple.items = pop_to_mark();
      return push(tuple);
    }
    case kTuple1:
      return push_tuple(1);
    case kTuple2:
      return push_tuple(2);
    case kTuple3:
      return push_tuple(3);
    case kBinPut:
      return put(take_unsigned(1));
    case kLongBinPut:
      return put(take_unsigned(4));
    case kMemoize:
      return put(memoized_);
    case kBinGet:
      return get(take_unsigned(1));
    case kLongBinGet:
      return get(take_unsigned(4));
    case kGlobal: {
      const std::string_view module = take_line();
      return push_global(module, take_line());
    }
    case kStackGlobal: {
      const PickleValue& name = pop();
      const PickleValue& module = pop();
      if (!name.is(Kind::kText) || !module.is(Kind::kText))
        fail("names a global by a value that is not text");
      return push_global(module.text, name.text);
    }
    case kBinPersId: {
      PickleValue& id = pop();
      PickleValue& persistent = make(Kind::kPersistent);
      persistent.items = {&id};
      return push(persistent);
    }
    case kReduce:
      return push_call();
    case kAppend: {
      PickleValue& item = pop();
      top(Kind::kList, "a list").items.push_back(&item);
      return;
    }
    case kAppends: {
      const auto items = pop_to_mark();
      auto& list = top(Kind::kList, "a list").items;
      list.insert(list.end(), items.begin(), items.end());
      return;
    }
    case kSetItem: {
      const PickleValue& value = pop();
      const PickleValue& key = pop();
      return set_items({&key, &value});
    }
    case kSetItems:
      return set_items(pop_to_mark());
    case kBuild:
      // Of a state dictionary: `_metadata`, the versions of its modules, which are not needed.
      pop();
      top(Kind::kDictionary, "a dictionary");
      return;
    default:
      --position_;
      fail(fmt::format("holds the opcode 0x{:02x}, which no file of tensors needs", opcode));
  }
}

}  // namespace elmo
