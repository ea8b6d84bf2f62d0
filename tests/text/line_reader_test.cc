// Lines as people's files hold them.

#include "text/line_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "elmo/error.h"
#include "tests/io/io_support.h"

namespace elmo {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class LineReaderTest : public testing::Test {
 protected:
  std::vector<std::string> read(std::string_view content,
                                InvalidText invalid = InvalidText::kRefuse) {
    put(folder_ / "text", content);
    return read_file((folder_ / "text").string(), invalid);
  }
  std::vector<std::string> read_file(const std::string& path,
                                     InvalidText invalid = InvalidText::kRefuse) {
    LineReader reader(path, invalid);
    std::vector<std::string> lines;
    std::string_view line;
    while (reader.next(line)) lines.emplace_back(line);
    invalid_ = reader.invalid_lines();
    return lines;
  }
  std::string gzip(std::string_view content, const std::string& name) {
    put(folder_ / name, content);
    const std::string path = (folder_ / name).string();
    EXPECT_EQ(std::system(("gzip -f " + path).c_str()), 0);
    return path + ".gz";
  }
  TemporaryFolder folder_;
  std::uint64_t invalid_ = 0;
};

TEST_F(LineReaderTest, RemovesByteOrderMarkAndCarriageReturns) {
  EXPECT_THAT(read("\xEF\xBB\xBF배\r\nb\n\nlast"), ElementsAre("배", "b", "", "last"));
  EXPECT_THAT(read("a\n"), ElementsAre("a"));
  EXPECT_THAT(read("\n\n"), ElementsAre("", ""));
  EXPECT_THAT(read("a\rb\n"), ElementsAre("a\rb"));
}

TEST_F(LineReaderTest, RefusesOtherEncodingsWithTheCommandToConvert) {
  const std::string error = error_of([&] { read("good\n\xB9\xE8\xB8\xA6\n"); });
  EXPECT_THAT(error, AllOf(HasSubstr("text:2: "), HasSubstr("iconv -f CP949 -t UTF-8"),
                           HasSubstr("--invalid")));
  EXPECT_THAT(error_of([&] { read(std::string_view("a\nb\0c\n", 6)); }), HasSubstr("text:2: "));
}

TEST_F(LineReaderTest, SkipsOrReplacesWhatIsInvalid) {
  const std::string_view text("a\nx\xFFy\nb\0\nc\n", 11);
  EXPECT_THAT(read(text, InvalidText::kSkip), ElementsAre("a", "c"));
  EXPECT_EQ(invalid_, 2u);
  EXPECT_THAT(read(text, InvalidText::kReplace), ElementsAre("a", "x\uFFFDy", "b\uFFFD", "c"));
  EXPECT_EQ(invalid_, 2u);
}

TEST_F(LineReaderTest, ReadsGzipWholeAndRefusesATruncatedOne) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += "line " + std::to_string(i * 7919) + "\n";
  const std::string path = gzip(text, "a.txt");
  EXPECT_EQ(read_file(path).size(), 50'000u);
  const std::string whole = content_of(path);
  put(folder_ / "twice.gz", whole + whole);
  EXPECT_EQ(read_file((folder_ / "twice.gz").string()).size(), 100'000u);
  for (const std::size_t size : {std::size_t{12}, whole.size() / 2, whole.size() - 3}) {
    put(folder_ / "cut.gz", whole.substr(0, size));
    EXPECT_THAT(error_of([&] { read_file((folder_ / "cut.gz").string()); }), HasSubstr("cut.gz"))
        << size;
  }
}

TEST_F(LineReaderTest, ReadsALineOf50Megabytes) {
  const std::string line(50'000'000, 'x');
  const auto lines = read("a\n" + line + "\nb\n");
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[1], line);
}

TEST_F(LineReaderTest, NamesWhatCannotBeRead) {
  EXPECT_THAT(error_of([&] { LineReader(folder_ / "none"); }), HasSubstr("none"));
  EXPECT_THAT(error_of([&] { LineReader(folder_.path().string()); }), HasSubstr("folder"));
}

TEST_F(LineReaderTest, SeeksToWhereItWas) {
  put(folder_ / "text",
      "\xEF\xBB\xBF"
      "one\r\ntwo\nthree\n");
  const std::string path = (folder_ / "text").string();
  LineReader reader(path);
  std::string_view line;
  reader.next(line);
  const std::uint64_t offset = reader.byte_offset();
  EXPECT_EQ(offset, 8u);
  LineReader again(path);
  ASSERT_TRUE(again.is_seekable());
  again.seek(offset, 2);
  ASSERT_TRUE(again.next(line));
  EXPECT_EQ(line, "two");
  EXPECT_EQ(again.line_number(), 2u);
}

}  // namespace
}  // namespace elmo
