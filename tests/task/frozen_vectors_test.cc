#include "task/frozen_vectors.h"

#include <gmock/gmock.h>

#include <limits>
#include <vector>

#include "elmo/error.h"
#include "tests/support/files.h"

namespace elmo::task {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(FrozenVectors, GiveBackWhatHalfPrecisionHolds) {
  TemporaryFolder folder;
  FrozenVectors vectors(4, 2, 3, folder.path(), "v.h5");
  std::vector<float> values(2 * 6);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) / 4 - 1;
  vectors.write(1, 2, values.data());
  std::vector<float> read(2 * 6);
  vectors.read(1, 2, read.data());
  EXPECT_EQ(read, values);  // exact in half precision
  vectors.read(2, 1, read.data());
  EXPECT_EQ(std::vector<float>(read.begin(), read.begin() + 6),
            std::vector<float>(values.begin() + 6, values.end()));
  vectors.read(0, 1, read.data());
  EXPECT_THAT(std::vector<float>(read.begin(), read.begin() + 6), testing::Each(0.0f));
}

TEST(FrozenVectors, RefuseWhatHalfPrecisionDoesNotHold) {
  TemporaryFolder folder;
  FrozenVectors vectors(1, 1, 2, folder.path(), "v.h5");
  for (const float value : {65536.0f, -1e30f, std::numeric_limits<float>::infinity(),
                            std::numeric_limits<float>::quiet_NaN()}) {
    const std::vector<float> values = {1, value};
    EXPECT_THAT(error_of([&] { vectors.write(0, 1, values.data()); }),
                testing::StartsWith("v.h5: a vector holds"))
        << value;
  }
  const std::vector<float> largest = {65504.0f, -65504.0f};
  EXPECT_EQ(error_of([&] { vectors.write(0, 1, largest.data()); }), "no error");
}

TEST(ChooseLayers, ChecksAgainstWhatThereIs) {
  EXPECT_THAT(choose_layers({}, 3), ElementsAre(0, 1, 2));
  EXPECT_THAT(choose_layers({0, 2}, 3), ElementsAre(0, 2));
  EXPECT_THROW(choose_layers({3}, 3), UsageError);
  EXPECT_THAT(error_of([] { choose_layers({1, 3}, 3); }), HasSubstr("3"));
}

}  // namespace
}  // namespace elmo::task
