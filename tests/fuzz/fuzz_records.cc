// The records of an unfinished dump. The first byte of the input selects their fields.
#include "io/dump_segments.h"
#include "tests/fuzz/fuzz_support.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace elmo;
  if (size == 0) return 0;
  const InputFile input(data + 1, size - 1);
  succeeds([&] {
    SequentialFile file(input.path());
    const RecordFields fields{(data[0] & 1) != 0, (data[0] & 2) != 0, (data[0] & 4) != 0};
    DumpRecord record;
    while (file.left() > 0) read_record(file, fields, record);
    file.check(file.hash());
  });
  return 0;
}
