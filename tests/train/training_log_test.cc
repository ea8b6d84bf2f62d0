#include "train/training_log.h"

#include <gmock/gmock.h>

#include <thread>
#include <vector>

#include "tests/support/files.h"

namespace elmo {
namespace {

using testing::HasSubstr;

TEST(TrainingLogTest, KeepsWhatItIsToldAndDropsHalfLines) {
  const TemporaryFolder folder;
  const auto path = folder / "log.jsonl";
  const TrainingLog log(path);
  for (int step = 1; step <= 3; ++step) {
    log.write({{"direction", "forward"}, {"step", step}});
    log.write({{"direction", "backward"}, {"step", step}});
  }
  put(path, content_of(path) + R"({"direction":"forw)");
  log.retain([](const nlohmann::json& line) {
    return line.at("direction") != "forward" || line.at("step") <= 1;
  });
  EXPECT_EQ(content_of(path),
            "{\"direction\":\"forward\",\"step\":1}\n{\"direction\":\"backward\",\"step\":1}\n"
            "{\"direction\":\"backward\",\"step\":2}\n{\"direction\":\"backward\",\"step\":3}\n");
}

TEST(TrainingLogTest, WritersAndOneThatDropsLinesLoseNothing) {
  const TemporaryFolder folder;
  const auto path = folder / "log.jsonl";
  constexpr int kWriters = 3, kLines = 200;
  {
    std::vector<std::jthread> threads;
    for (int w = 0; w < kWriters; ++w) {
      threads.emplace_back([&path, w] {
        const TrainingLog log(path);
        for (int i = 0; i < kLines; ++i) log.write({{"writer", w}, {"line", i}});
      });
    }
    threads.emplace_back([&path] {
      const TrainingLog log(path);
      for (int i = 0; i < 20; ++i) {
        log.write({{"drop", true}});
        log.retain([](const nlohmann::json& line) { return !line.contains("drop"); });
      }
    });
  }
  std::vector<int> next(kWriters);
  TrainingLog(path).retain([&](const nlohmann::json& line) {
    EXPECT_EQ(line.at("line"), next[line.at("writer").get<std::size_t>()]++);
    return true;
  });
  EXPECT_EQ(next, std::vector<int>(kWriters, kLines));
}

TEST(TrainingLogTest, SaysWhyItCanNotBeWritten) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_of([&] { TrainingLog(folder / "none" / "log.jsonl"); }),
              HasSubstr("log.jsonl: can't be written to: No such file"));
  const TrainingLog full("/dev/full");
  EXPECT_THAT(error_of([&] { full.write({{"step", 1}}); }), HasSubstr("No space left"));
}

}  // namespace
}  // namespace elmo
