// The descriptions of files of other kinds.

#include "io/file_kind.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "io/hdf5.h"
#include "io/tensor_file.h"
#include "tests/support/files.h"

namespace elmo {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class FileKindTest : public testing::Test {
 protected:
  std::string kind() const {
    const std::string path = (folder_ / "f").string();
    return file_kind(beginning_of(path), path);
  }
  void put_format(const std::string& format) {
    TensorFileWriter(folder_ / "f", format, 1, {}).commit();
  }
  void put_dataset(const std::string& name) {
    h5::File file = h5::File::create(folder_ / "f", folder_ / "f", {});
    file.create_dataset(name, h5::Type::kFloat32, {1}).write(std::vector<float>{1}.data());
    file.close();
  }
  TemporaryFolder folder_;
};

TEST_F(FileKindTest, TellsWhichOptionTakesAnHdf5File) {
  put_format("elmo task");
  EXPECT_THAT(kind(), HasSubstr("--task takes it"));
  put_format("elmo language model");
  EXPECT_THAT(kind(), HasSubstr("--model takes the folder"));
  put_format("elmo checkpoint");
  EXPECT_EQ(kind(), "is an elmo checkpoint");
  put_dataset("0");
  EXPECT_THAT(kind(), HasSubstr("a dump of word vectors; --vectors takes it"));
  put_dataset("RNN_0/RNN/MultiRNNCell/Cell0/LSTMCell/W_0");
  EXPECT_THAT(kind(), HasSubstr("--weights takes it, beside --options"));
  put_dataset("other");
  EXPECT_EQ(kind(), "is an HDF5 file that elmo did not write");
}

TEST_F(FileKindTest, TakesTextForText) {
  for (const char* text : {"", "a", "배\n", "\xEF\xBB\xBFtext", "\xE9t\xE9", "{}", "\x1F\x8B"}) {
    put(folder_ / "f", text);
    EXPECT_THAT(kind(), IsEmpty()) << text;
  }
  EXPECT_THAT(beginning_of("/dev/null"), IsEmpty());
  EXPECT_THAT(beginning_of(folder_ / "none"), IsEmpty());
}

TEST_F(FileKindTest, QuotesNamesInCommands) {
  EXPECT_THAT(file_kind("\xFF\xFE"
                        "a",
                        "/a b/it's"),
              HasSubstr("iconv -f UTF-16 -t UTF-8 '/a b/it'\\''s' > converted.txt"));
  EXPECT_THAT(file_kind("\xFF\xFE"
                        "a",
                        "-n"),
              HasSubstr("UTF-8 ./-n > "));
  EXPECT_THAT(file_kind("\xFF\xFE"
                        "a",
                        ""),
              HasSubstr("convert it first (iconv"));
}

}  // namespace
}  // namespace elmo
