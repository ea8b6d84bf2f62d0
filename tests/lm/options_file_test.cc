#include "lm/options_file.h"

#include <gmock/gmock.h>

#include <string>

#include "tests/support/files.h"

namespace elmo {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class OptionsFileTest : public testing::Test {
 protected:
  OptionsFile file(const std::string& json) {
    put(folder_ / "o.json", json);
    return {folder_ / "o.json", "the options.json of these weights"};
  }
  template <typename F>
  std::string error(const std::string& json, F&& f) {
    return error_of([&] { f(file(json)); });
  }
  TemporaryFolder folder_;
};

TEST_F(OptionsFileTest, FindsValuesByTheirPath) {
  const OptionsFile options = file(R"({"lstm": {"dim": 4096, "deep": {"x": [1]}}, "a.b": 1})");
  EXPECT_EQ(options.size("lstm.dim", 1, 4096), 4096);
  EXPECT_EQ(options.get("lstm.deep.x").size(), 1u);
  EXPECT_EQ(options.find("lstm.dim.x"), nullptr);
  EXPECT_EQ(options.find("lstm."), nullptr);
  EXPECT_EQ(options.find(""), nullptr);
  EXPECT_EQ(options.find("a.b"), nullptr);  // a key is a path, not a name
}

TEST_F(OptionsFileTest, RefusesWhatIsNoObject) {
  for (const char* const json : {"", "{", "[]", "3", "<html>", "{\"a\": 1} x"}) {
    EXPECT_THAT(error(json, [](const OptionsFile&) {}),
                AllOf(HasSubstr("o.json: is not a JSON object"), HasSubstr("options.json")))
        << json;
  }
  EXPECT_THAT(error_of([&] { OptionsFile(folder_ / "missing", "a file"); }), HasSubstr("missing"));
}

TEST_F(OptionsFileTest, SizesHaveLimits) {
  const auto size = [](const OptionsFile& options) { options.size("n", 1, 64); };
  EXPECT_EQ(error(R"({"n": 1})", size), "no error");
  EXPECT_EQ(error(R"({"n": 64})", size), "no error");
  for (const std::string value : {"0", "65", "-1", "1.5", "1e3", "\"2\"", "null", "true",
                                  "9223372036854775807", "18446744073709551615"}) {
    EXPECT_THAT(
        error(R"({"n": )" + value + "}", size),
        AllOf(HasSubstr("n is "), HasSubstr("not a number from 1 to 64; is it the options")))
        << value;
  }
  EXPECT_THAT(error(R"({"n": [1]})", size), HasSubstr("n is a list, not a number"));
  EXPECT_THAT(error("{}", size), HasSubstr("n is missing"));
}

TEST_F(OptionsFileTest, BoundsMayBeNone) {
  EXPECT_EQ(file(R"({"clip": null})").bound("clip"), 0.0f);
  EXPECT_EQ(file(R"({"clip": 3})").bound("clip"), 3.0f);
  EXPECT_EQ(file(R"({"clip": 0.5})").bound("clip"), 0.5f);
  for (const std::string value : {"-1", "\"3\"", "[3]", "false"}) {
    EXPECT_THAT(error(R"({"clip": )" + value + "}",
                      [](const OptionsFile& options) { options.bound("clip"); }),
                HasSubstr("which is not a bound"))
        << value;
  }
}

TEST_F(OptionsFileTest, ReadsActivationsAndFilters) {
  EXPECT_TRUE(file(R"({"a": "tanh"})").is_tanh("a"));
  EXPECT_FALSE(file(R"({"a": "relu"})").is_tanh("a"));
  EXPECT_THAT(error(R"({"a": "gelu"})", [](const OptionsFile& o) { o.is_tanh("a"); }),
              HasSubstr("a is \"gelu\", neither relu nor tanh"));
  const auto filters = file(R"({"f": [[1, 32], [7, 1024]]})").filters("f", 50);
  ASSERT_EQ(filters.size(), 2u);
  EXPECT_EQ(filters[1].width, 7);
  EXPECT_EQ(filters[1].count, 1024);
  for (const std::string value : {"[]", "4", "[4]", "[[1]]", "[[1, 2, 3]]", "{}"}) {
    EXPECT_THAT(error(R"({"f": )" + value + "}", [](const OptionsFile& o) { o.filters("f", 50); }),
                HasSubstr("f is not a list of [width, count]"))
        << value;
  }
  const auto wide = [](const OptionsFile& o) { o.filters("f", 3); };
  EXPECT_THAT(error(R"({"f": [[4, 1]]})", wide), HasSubstr("a filter's width is 4"));
  EXPECT_THAT(error(R"({"f": [[1, 16385]]})", wide), HasSubstr("a filter's count is 16385"));
}

}  // namespace
}  // namespace elmo
