// Checkpoints of older versions are refused with a message that says so.
#include <gmock/gmock.h>

#include "lm/direction_trainer.h"
#include "tests/support/files.h"

namespace elmo {
namespace {

TEST(CheckpointVersionTest, OlderOnesAreRefusedWithWhatToDo) {
  const TemporaryFolder folder;
  const auto path = checkpoint_file(folder.path(), Direction::kForward);
  TensorFileWriter(path, "elmo checkpoint", 1, {{"step", 3}}).commit();
  EXPECT_THAT(error_of([&] { open_checkpoint(path); }),
              testing::AllOf(testing::HasSubstr("forward.checkpoint.h5: was written by an older"),
                             testing::HasSubstr("--overwrite")));
}

}  // namespace
}  // namespace elmo
