#include "io/tensor_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <thread>

#include "io/hdf5.h"
#include "tests/support/files.h"

namespace elmo {
namespace {

using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const char kFormat[] = "elmo language model";
const nlohmann::json kSettings = {{"cells", 128}, {"language", "한국어"}};

std::vector<float> weights() {
  std::vector<float> values(2 * 16);
  std::iota(values.begin(), values.end(), -7.25f);
  return values;
}

void write_sample(const std::filesystem::path& path) {
  TensorFileWriter writer(path, kFormat, 3, kSettings);
  writer.add("/lstm_0/weights", {2, 16}, weights());
  writer.add("lstm_0/bias", {0}, std::span<const float>());
  writer.add("statistics", {3}, std::vector<double>{1, 2, 1e300});
  writer.add("order", {2, 2}, std::vector<std::int32_t>{1, -2, 3, -4});
  writer.add("counters", {1}, std::vector<std::uint64_t>{~0ull});
  writer.add_bytes("vocabulary", std::string_view("a\0b\n", 4));
  writer.commit();
}

// Reads everything in the file, as a reader of a model would.
void read_all(const std::filesystem::path& path) {
  const TensorFileReader reader(path, kFormat, 3);
  std::vector<float> floats(32), none;
  reader.read("lstm_0/weights", {2, 16}, floats);
  reader.read("lstm_0/bias", {0}, none);
  std::vector<double> doubles(3);
  reader.read("statistics", {3}, doubles);
  std::vector<std::int32_t> integers(4);
  reader.read("order", {2, 2}, integers);
  std::vector<std::uint64_t> counters(1);
  reader.read("counters", {1}, counters);
  const std::string bytes = reader.read_bytes("vocabulary");
  EXPECT_EQ(reader.settings(), kSettings);
  EXPECT_EQ(floats, weights());
  EXPECT_EQ(doubles, (std::vector<double>{1, 2, 1e300}));
  EXPECT_EQ(integers, (std::vector<std::int32_t>{1, -2, 3, -4}));
  EXPECT_EQ(counters[0], ~0ull);
  EXPECT_EQ(bytes, std::string("a\0b\n", 4));
}

class TensorFileTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_ / "forward.h5";
};

TEST_F(TensorFileTest, GivesBackWhatItWasGiven) {
  write_sample(path_);
  read_all(path_);
  const TensorFileReader reader(path_, kFormat, 5);
  EXPECT_THAT(reader.names(), ElementsAre("/counters", "/lstm_0/bias", "/lstm_0/weights", "/order",
                                          "/statistics", "/vocabulary"));
  EXPECT_EQ(reader.shape("lstm_0/weights"), (Shape{2, 16}));
  EXPECT_EQ(reader.type_name("/lstm_0/weights"), "float32");
  EXPECT_EQ(reader.type_name("statistics"), "float64");
  EXPECT_EQ(reader.type_name("vocabulary"), "uint8");
  EXPECT_TRUE(reader.has("/lstm_0/weights"));
  EXPECT_FALSE(reader.has("lstm_1/weights"));
  EXPECT_FALSE(reader.has("lstm_0")) << "a group is no dataset";
  EXPECT_EQ(to_string(Shape{2, 16}), "(2, 16)");
  EXPECT_EQ(to_string(Shape{3}), "(3,)");
}

TEST_F(TensorFileTest, EqualContentGivesEqualFilesAndHashes) {
  write_sample(path_);
  // HDF5 would store times, in whole seconds.
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  write_sample(folder_ / "again.h5");
  EXPECT_EQ(content_of(path_), content_of(folder_ / "again.h5"));
  const auto hash = [](const std::filesystem::path& path) {
    return TensorFileReader(path, kFormat, 3).content_hash();
  };
  EXPECT_EQ(hash(path_), hash(folder_ / "again.h5"));
  const auto write = [&](const nlohmann::json& settings, const std::string& name, Shape shape,
                         std::vector<float> values) {
    TensorFileWriter writer(folder_ / "other.h5", kFormat, 3, settings);
    writer.add(name, shape, values);
    writer.commit();
    return hash(folder_ / "other.h5");
  };
  const std::vector<std::uint64_t> hashes = {
      write({{"a", 1}}, "x", {2}, {1, 2}), write({{"a", 2}}, "x", {2}, {1, 2}),
      write({{"a", 1}}, "y", {2}, {1, 2}), write({{"a", 1}}, "x", {1, 2}, {1, 2}),
      write({{"a", 1}}, "x", {2}, {1, 3})};
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    EXPECT_EQ(std::count(hashes.begin(), hashes.end(), hashes[i]), 1) << i;
  }
}

TEST_F(TensorFileTest, NothingUnderItsNameBeforeCommit) {
  {
    TensorFileWriter writer(path_, kFormat, 3, kSettings);
    writer.add("x", {1}, std::vector<float>{1});
    EXPECT_FALSE(std::filesystem::exists(path_));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
  EXPECT_THAT(error_of([&] { TensorFileWriter(folder_ / "none" / "x.h5", kFormat, 3, kSettings); }),
              HasSubstr("does not exist"));
}

TEST_F(TensorFileTest, RefusesWhatDoesNotFit) {
  write_sample(path_);
  const TensorFileReader reader(path_, kFormat, 3);
  std::vector<float> values(32);
  std::vector<double> doubles(32);
  EXPECT_THAT(error_of([&] { reader.read("lstm_1", {32}, values); }), HasSubstr("is missing"));
  EXPECT_THAT(error_of([&] {
                reader.read("lstm_0/weights", {16, 2}, values);
              }),
              HasSubstr("has shape (2, 16), expected (16, 2)"));
  EXPECT_THAT(error_of([&] {
                reader.read("lstm_0/weights", {2, 16}, doubles);
              }),
              HasSubstr("holds float32, expected float64"));
  EXPECT_THAT(error_of([&] { reader.read_bytes("vocabulary", 3); }),
              HasSubstr("claims 4 bytes, at most 3"));
  EXPECT_THAT(error_of([&] { reader.read_bytes("order"); }), HasSubstr("holds int32"));
  EXPECT_THAT(error_of([&] { TensorFileReader(path_, "elmo task", 3); }),
              HasSubstr("is an elmo language model, expected an elmo task"));
  EXPECT_THAT(error_of([&] { TensorFileReader(path_, kFormat, 2); }),
              HasSubstr("newer elmo (format version 3, this one reads up to 2); update elmo"));
  TensorFileWriter writer(folder_ / "x.h5", kFormat, 3, kSettings);
  EXPECT_THAT(error_of([&] { writer.add("x", {3}, std::vector<float>{1}); }),
              HasSubstr("shape (3,) was given 1 values"));
  writer.add("x", {1}, std::vector<float>{1});
  EXPECT_THAT(error_of([&] { writer.add("x", {1}, std::vector<float>{1}); }),
              HasSubstr("dataset x: can't be written"));
}

TEST_F(TensorFileTest, SaysWhatAForeignFileLooksLike) {
  const auto error = [&](std::string_view content) {
    put(folder_ / "x", content);
    return error_of([&] { TensorFileReader(folder_ / "x", kFormat, 3); });
  };
  EXPECT_THAT(error(""), HasSubstr("is empty"));
  EXPECT_THAT(error("PK\x03\x04 1234"), HasSubstr("looks like a zip archive"));
  EXPECT_THAT(error("\x1f\x8b 1234"), HasSubstr("looks like a gzip file"));
  EXPECT_THAT(error("글과 text\n"), HasSubstr("looks like text"));
  EXPECT_THAT(error(std::string("\0\1\2\3", 4)), HasSubstr("looks like other binary data"));
  EXPECT_THAT(error_of([&] { TensorFileReader(folder_ / "none", kFormat, 3); }),
              HasSubstr("No such file"));
  EXPECT_THAT(error_of([&] { TensorFileReader(folder_.path(), kFormat, 3); }),
              HasSubstr("is a folder"));
  {
    h5::File file = h5::File::create(folder_ / "foreign.h5", "foreign.h5", {});
    file.create_dataset("x", h5::Type::kInt64, {0});
    file.close();
  }
  EXPECT_THAT(
      error_of([&] { TensorFileReader(folder_ / "foreign.h5", kFormat, 3); }),
      HasSubstr("is an HDF5 file that elmo did not write; expected an elmo language model"));
}

TEST_F(TensorFileTest, EveryTruncationIsAnError) {
  write_sample(path_);
  const std::string whole = content_of(path_);
  for (std::size_t size = 0; size < whole.size(); size += size < 600 ? 1 : 37) {
    put(folder_ / "cut.h5", std::string_view(whole).substr(0, size));
    EXPECT_THAT(error_of([&] { read_all(folder_ / "cut.h5"); }),
                AnyOf(HasSubstr("is empty"), HasSubstr("cut short"), HasSubstr("not an HDF5 file")))
        << size;
  }
}

TEST_F(TensorFileTest, AFlippedBitOfADatasetIsFound) {
  write_sample(path_);
  std::string bytes = content_of(path_);
  const std::vector<float> values = weights();
  const std::string_view pattern(reinterpret_cast<const char*>(values.data()), values.size() * 4);
  const std::size_t begin = bytes.find(pattern);
  ASSERT_NE(begin, std::string::npos);
  std::vector<float> read(values.size());
  // Covers all bit positions within a byte and all bytes, but not every combination: each file is
  // opened in a child process.
  for (std::size_t bit = 0; bit < pattern.size() * 8; bit += 7) {
    char& byte = bytes[begin + bit / 8];
    byte = static_cast<char>(byte ^ 1 << bit % 8);
    put(folder_ / "flipped.h5", bytes);
    const TensorFileReader reader(folder_ / "flipped.h5", kFormat, 3);
    ASSERT_THAT(error_of([&] {
                  reader.read("lstm_0/weights", {2, 16}, read);
                }),
                HasSubstr("dataset lstm_0/weights is damaged"))
        << bit;
    byte = static_cast<char>(byte ^ 1 << bit % 8);
  }
}

// A byte anywhere in the file: an Error or, if the byte is unused, the right content; never a
// crash.
TEST_F(TensorFileTest, AFlippedByteAnywhereIsFoundOrHarmless) {
  write_sample(path_);
  std::string bytes = content_of(path_);
  int found = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const char old = bytes[i];
    bytes[i] = static_cast<char>(old ^ (1 << i % 8));
    put(folder_ / "flipped.h5", bytes);
    try {
      read_all(folder_ / "flipped.h5");
    } catch (const Error&) {
      ++found;
    }
    ASSERT_FALSE(HasFailure()) << "wrong content after a flip in byte " << i;
    bytes[i] = old;
  }
  EXPECT_GT(found, 600);
}

// A header that claims 100 GB. The classic format has no checksum, so the claim can be planted.
TEST_F(TensorFileTest, ClaimsOfGigabytesAllocateNothing) {
  constexpr std::int64_t kClaim = 100'000'000'000;
  {
    h5::File file = h5::File::create(path_, path_, {});
    file.set_attribute("format", std::string(kFormat));
    file.set_attribute("format_version", std::int64_t{3});
    file.create_dataset("vocabulary", h5::Type::kUint8, {0x5a5a5a})
        .set_attribute("xxh3", std::uint64_t{1});
    file.close();
  }
  std::string bytes = content_of(path_);
  const std::int64_t old_claim = 0x5a5a5a;
  std::size_t planted = 0;
  for (std::size_t i = 0; i + 8 <= bytes.size(); ++i) {
    if (std::memcmp(bytes.data() + i, &old_claim, 8) == 0) {
      std::memcpy(bytes.data() + i, &kClaim, 8);
      ++planted;
    }
  }
  ASSERT_GE(planted, 1u);
  put(path_, bytes);
  const h5::File file = h5::File::open(path_);
  EXPECT_THAT(error_of([&] { file.open_dataset("vocabulary"); }),
              AnyOf(HasSubstr("claims 100000000000 elements"), HasSubstr("damaged")));
}

// HDF5's own checksum finds a flipped bit; ours finds a file that another program has edited.
TEST_F(TensorFileTest, DamagedSettingsAreFound) {
  {
    h5::File file = h5::File::create(path_, path_, {});
    file.set_attribute("format", std::string(kFormat));
    file.set_attribute("format_version", std::int64_t{3});
    file.set_attribute("settings", std::string("{}"));
    file.set_attribute("settings_xxh3", std::uint64_t{1});
    file.close();
  }
  EXPECT_THAT(error_of([&] { TensorFileReader(path_, kFormat, 3); }),
              HasSubstr("its settings are damaged"));
}

TEST_F(TensorFileTest, LargeSettingsAndManyDatasets) {
  nlohmann::json settings = {{"words", std::vector<std::string>(100000, "낱말")}};
  {
    TensorFileWriter writer(path_, kFormat, 3, settings);
    for (int i = 0; i < 300; ++i) {
      writer.add(fmt::format("group_{}/x{}", i % 7, i), {1}, std::vector<float>{1.0f * i});
    }
    writer.commit();
  }
  const TensorFileReader reader(path_, kFormat, 3);
  EXPECT_EQ(reader.settings(), settings);
  EXPECT_EQ(reader.names().size(), 300u);
  std::vector<float> value(1);
  reader.read("group_5/x299", {1}, value);
  EXPECT_EQ(value[0], 299);
}

TEST_F(TensorFileTest, NanIsTheCallersBusiness) {
  {
    TensorFileWriter writer(path_, kFormat, 3, kSettings);
    writer.add("x", {1}, std::vector<float>{std::numeric_limits<float>::quiet_NaN()});
    writer.commit();
  }
  std::vector<float> value(1);
  TensorFileReader(path_, kFormat, 3).read("x", {1}, value);
  EXPECT_TRUE(std::isnan(value[0]));
}

TEST_F(TensorFileTest, AttributesOfEveryKind) {
  {
    h5::File file = h5::File::create(path_, path_, {});
    file.set_attribute("text", std::string("한국어 \"x\""));
    file.set_attribute("empty", std::string());
    file.set_attribute("integer", std::int64_t{-5});
    file.set_attribute("natural", ~std::uint64_t{0});
    file.set_attribute("real", 0.1);
    EXPECT_THAT(error_of([&] { file.set_attribute("real", 0.2); }), HasSubstr("attribute real"));
    file.close();
  }
  const h5::File file = h5::File::open(path_);
  EXPECT_THAT(file.attribute_names(), ElementsAre("empty", "integer", "natural", "real", "text"));
  EXPECT_EQ(std::get<std::string>(*file.attribute("text")), "한국어 \"x\"");
  EXPECT_EQ(std::get<std::string>(*file.attribute("empty")), "");
  EXPECT_EQ(std::get<std::int64_t>(*file.attribute("integer")), -5);
  EXPECT_EQ(std::get<std::uint64_t>(*file.attribute("natural")), ~std::uint64_t{0});
  EXPECT_EQ(std::get<double>(*file.attribute("real")), 0.1);
  EXPECT_FALSE(file.attribute("none"));
}

}  // namespace
}  // namespace elmo
