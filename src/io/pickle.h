// Reads Python's pickles, as far as torch.save uses them for a dictionary of tensors. Nothing in a
// pickle is executed: calls are kept as values, and only globals on a list are allowed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace elmo {

// A value. Values refer to one another, even in cycles, and a dictionary may be filled after others
// refer to it. Bound the depth when following `items`.
struct PickleValue {
  enum class Kind {
    kNone,
    kBool,        // integer: 0 or 1
    kInteger,     // integer
    kLong,        // an integer that needs more than 64 bits; text: its bytes, little-endian
    kReal,        // real
    kText,        // text
    kTuple,       // items
    kList,        // items
    kDictionary,  // items: key, value, key, value; the last of equal keys counts
    kGlobal,      // text: "module name"
    kCall,        // items: the callee (kGlobal), its arguments (kTuple)
    kPersistent,  // items: the persistent id, one value
  };
  Kind kind = Kind::kNone;
  std::int64_t integer = 0;
  double real = 0;
  std::string text;
  std::vector<const PickleValue*> items;

  bool is(Kind other) const { return kind == other; }
};

// The value of the last entry with this key, or nullptr.
const PickleValue* find_item(const PickleValue& dictionary, std::string_view key);

// Reads consecutive pickles and owns their values.
class PickleReader {
 public:
  // `globals`: the only "module name" pairs that may occur. Both views must outlive the reader.
  // `source` names the file in messages.
  PickleReader(std::string_view bytes, std::span<const std::string_view> globals,
               std::string source);

  // The next pickle. Throws Error with the file and the position for an unknown opcode or global, a
  // length beyond the end, a stack or memo out of bounds, an operand of the wrong kind, and more
  // values than any model has.
  const PickleValue& next();
  // Offset of the first byte after the pickles read so far.
  std::size_t position() const { return position_; }

 private:
  using Kind = PickleValue::Kind;

  [[noreturn]] void fail(const std::string& what) const;
  std::string_view take(std::uint64_t count);
  std::uint64_t take_unsigned(int bytes);
  std::string_view take_line();
  PickleValue& make(Kind kind);
  void push(PickleValue& value);
  void push_integer(std::int64_t value);
  void push_text(std::string_view text);
  void push_tuple(std::size_t count);
  PickleValue& pop();
  PickleValue& top(Kind kind, const char* what);
  std::vector<const PickleValue*> pop_to_mark();
  void put(std::uint64_t index);
  void get(std::uint64_t index);
  void push_global(std::string_view module, std::string_view name);
  void push_long(std::string_view bytes);
  void push_call();
  void set_items(const std::vector<const PickleValue*>& items);
  void step(unsigned char opcode);

  std::string_view bytes_;
  std::span<const std::string_view> globals_;
  std::string source_;
  std::size_t position_ = 0;
  std::deque<PickleValue> values_;   // a deque, so that they don't move
  std::vector<PickleValue*> stack_;  // nullptr: a mark
  std::vector<PickleValue*> memo_;   // nullptr: empty
  std::size_t memoized_ = 0;         // entries that are not empty
};

}  // namespace elmo
