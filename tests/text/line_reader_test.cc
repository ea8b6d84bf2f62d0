// Lines as real files have them.

#include "text/line_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "elmo/error.h"
#include "tests/support/files.h"

namespace elmo {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

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
  static void put_into(const std::string& pipe, std::string_view content) {
    std::ofstream(pipe, std::ios::binary)
        .write(content.data(), static_cast<std::streamsize>(content.size()));
  }
  TemporaryFolder folder_;
  std::uint64_t invalid_ = 0;
};

TEST_F(LineReaderTest, RemovesByteOrderMarkAndCarriageReturns) {
  EXPECT_THAT(read("\xEF\xBB\xBF배\r\nb\n\nlast"), ElementsAre("배", "b", "", "last"));
  EXPECT_THAT(read("a\n"), ElementsAre("a"));
  EXPECT_THAT(read("\n\n"), ElementsAre("", ""));
  EXPECT_THAT(read("a\r\r\r\nb\r"), ElementsAre("a", "b"));
  // A carriage return within a line becomes a space.
  EXPECT_THAT(read("a\rb\n\rc\n\r\n"), ElementsAre("a b", " c", ""));
  // A byte-order mark elsewhere is text, and blanks are kept.
  EXPECT_THAT(read("a \t\n\xEF\xBB\xBF"
                   "b\n"),
              ElementsAre("a \t",
                          "\xEF\xBB\xBF"
                          "b"));
}

TEST_F(LineReaderTest, RefusesOtherEncodingsWithTheCommandToConvert) {
  const auto error = [&](std::string_view content) { return error_of([&] { read(content); }); };
  // "배를" in CP949.
  EXPECT_THAT(error("good\n\xB9\xE8\xB8\xA6\n"),
              AllOf(HasSubstr("text:2: not UTF-8 at byte 1; convert it (iconv -f CP949 -t UTF-8 /"),
                    HasSubstr("text > converted.txt)"), HasSubstr("--invalid")));
  // "привет мир" in CP1251 and "café" in Latin-1 must not be taken for Hangul.
  for (const char* text : {"\xEF\xF0\xE8\xE2\xE5\xF2 \xEC\xE8\xF0\n", "caf\xE9\n"}) {
    EXPECT_THAT(error(text), AllOf(HasSubstr("text:1: not UTF-8 at byte "),
                                   HasSubstr("from its encoding (iconv -f ENCODING -t UTF-8 /"),
                                   Not(HasSubstr("CP949"))));
  }
  EXPECT_THAT(error(std::string_view("a\nb\0c\n", 6)),
              HasSubstr("text:2: holds a NUL byte at byte 2"));
  // Refused whatever is done with invalid lines.
  put(folder_ / "utf16", std::string_view("\xFF\xFEh\0e\0\n\0", 8));
  for (const InvalidText invalid : {InvalidText::kRefuse, InvalidText::kSkip}) {
    EXPECT_THAT(error_of([&] { read_file((folder_ / "utf16").string(), invalid); }),
                HasSubstr("utf16: is UTF-16, by its byte-order mark; convert it (iconv -f UTF-16"));
  }
  EXPECT_THAT(error(std::string_view("h\0e\0 \0w\0e\0n\0t\0\n\0", 16)),
              HasSubstr("iconv -f UTF-16LE"));
}

TEST_F(LineReaderTest, NamesFilesOfOtherKinds) {
  const auto error = [&](std::string_view content) {
    return error_of([&] { read(content, InvalidText::kReplace); });
  };
  EXPECT_THAT(error(std::string_view("\xFD"
                                     "7zXZ\0\0\4",
                                     8)),
              HasSubstr("text: is packed by xz; unpack it first (xz -dc /"));
  EXPECT_THAT(error("PK\3\4 1234"), HasSubstr("is a zip archive"));
  EXPECT_THAT(error("%PDF-1.4\n"), HasSubstr("is a PDF"));
  EXPECT_THAT(error("\x89HDF\r\n\x1A\n and no more"), HasSubstr("is a damaged HDF5 file"));
  const std::string_view model("\x0A\x0E\x0A\x05<unk>\x15\0\0\0\0\x18\x02\x0A\x0C\x0A\x03", 20);
  EXPECT_THAT(error(model), HasSubstr("is a SentencePiece model; --vocab takes it"));
  // Texts that begin like a packed file.
  EXPECT_THAT(read("BZh is a word\n"), ElementsAre("BZh is a word"));
  EXPECT_THAT(read("PK is one too\n"), ElementsAre("PK is one too"));
  EXPECT_THAT(read("\n\x05\n\x03 x\n"), ElementsAre("", "\x05", "\x03 x"));
}

TEST_F(LineReaderTest, BoundsALine) {
  std::filesystem::resize_file((put(folder_ / "long", "a\n"), folder_ / "long"),
                               LineReader::kLongestLine + 3);
  EXPECT_THAT(error_of([&] { read_file((folder_ / "long").string(), InvalidText::kSkip); }),
              HasSubstr("long:2: is longer than 128 MiB"));
}

TEST_F(LineReaderTest, ReadsPipesGzipToo) {
  const std::string path = gzip("one\ntwo\n", "p.txt"), pipe = (folder_ / "pipe").string();
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::thread writer([&] { put_into(pipe, content_of(path)); });
  EXPECT_THAT(read_file(pipe), ElementsAre("one", "two"));
  writer.join();
  EXPECT_TRUE(is_read_once(pipe));
  EXPECT_TRUE(is_read_once("-"));
  EXPECT_FALSE(is_read_once(path));
  EXPECT_THAT(error_of([&] { refuse_read_once(pipe, "two readings are needed"); }),
              HasSubstr("pipe: can be read only once, and two readings are needed; write it to a "
                        "file first"));
}

TEST_F(LineReaderTest, GoesOnAfterARest) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "line " + std::to_string(i) + "\n";
  put(folder_ / "text", text);
  for (const std::string& path : {(folder_ / "text").string(), gzip(text, "rest.txt")}) {
    LineReader reader(path);
    std::string_view line;
    for (int i = 0; i < 100'000; ++i) {
      ASSERT_TRUE(reader.next(line));
      ASSERT_EQ(line, "line " + std::to_string(i)) << path;
      if (i % 9'973 == 0) reader.rest();
    }
    EXPECT_FALSE(reader.next(line));
  }
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
