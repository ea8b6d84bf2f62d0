// The message for a checkpoint of an older version.
#include <gmock/gmock.h>

#include "task/trainer.h"
#include "tests/support/files.h"

namespace elmo::task {
namespace {

TEST(TaskCheckpointTest, OfAnOlderVersionIsRefusedWithWhatToDo) {
  for (const nlohmann::json& older : {nlohmann::json(), nlohmann::json{{"seed", 1}}}) {
    EXPECT_THAT(error_of([&] { trained_settings(older, "task.h5"); }),
                testing::AllOf(testing::HasSubstr("task.h5: was trained by an older version"),
                               testing::HasSubstr("--overwrite")));
  }
}

}  // namespace
}  // namespace elmo::task
