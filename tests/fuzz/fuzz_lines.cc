// Lines of arbitrary bytes, under each rule for invalid text.
#include <algorithm>
#include <string_view>
#include <vector>

#include "base/strings.h"
#include "tests/fuzz/fuzz_support.h"
#include "text/line_reader.h"
#include "text/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace elmo;
  const InputFile file(data, size);
  for (const auto invalid : {InvalidText::kRefuse, InvalidText::kSkip, InvalidText::kReplace}) {
    std::vector<std::string> lines;
    std::vector<std::uint64_t> offsets;
    bool seekable = false;
    const bool whole = succeeds([&] {
      LineReader reader(file.path(), invalid);
      seekable = reader.is_seekable();
      std::string_view line;
      while (reader.next(line)) {
        require(find_invalid_utf8(line) == std::string_view::npos);
        require(line.find_first_of(std::string_view("\0\n\r", 3)) == std::string_view::npos);
        lines.emplace_back(line);
        offsets.push_back(reader.byte_offset());
      }
    });
    if (!whole || !seekable || lines.size() < 2) continue;
    // After seek() and rest() the same lines follow.
    LineReader reader(file.path(), invalid);
    const std::size_t middle = lines.size() / 2;
    std::string_view line;
    reader.seek(offsets[middle - 1], 2);
    for (std::size_t i = middle; i < lines.size(); ++i) {
      if (i % 2 == 0) reader.rest();
      require(reader.next(line));
      require(line == lines[i]);
    }
    require(!reader.next(line));
  }
  return 0;
}
