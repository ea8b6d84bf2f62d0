#include "io/resume_guard.h"

#include <gmock/gmock.h>

#include "elmo/error.h"
#include "tests/support/files.h"

namespace elmo {
namespace {

using testing::HasSubstr;

RunSettings begun() {
  RunSettings run;
  run.options = {{"seed", 1}, {"text", "ab"}, {"rate", nullptr}, {"dropout", 0.2}, {"crf", false}};
  run.derived = {{"rate", 0.003}};
  run.facts = {{"sums", 2}};
  return run;
}

std::string refusal(const RunSettings& before, const RunSettings& now) {
  return error_of([&] { check_resumable(before, now, "DIR", "start anew"); });
}

TEST(ResumeGuardTest, EqualSettingsAndThoseLeftToTheProgramGoOn) {
  EXPECT_EQ(refusal(begun(), begun()), "no error");
  RunSettings now = begun();
  now.options["dropout"] = nullptr;
  EXPECT_EQ(refusal(begun(), now), "no error");
  now.options["rate"] = 0.003;  // the value that was chosen, given by name
  EXPECT_EQ(refusal(begun(), now), "no error");
  // Converted to JSON and back.
  const auto json = nlohmann::json::parse(begun().to_json().dump());
  EXPECT_EQ(refusal(RunSettings::from_json(json), begun()), "no error");
}

TEST(ResumeGuardTest, ADifferenceIsRefusedByTheNameOfTheOption) {
  const auto refused = [](const char* name, const nlohmann::json& value) {
    RunSettings now = begun();
    now.options[name] = value;
    EXPECT_THROW(check_resumable(begun(), now, "DIR", "start anew"), UsageError);
    return refusal(begun(), now);
  };
  EXPECT_EQ(refused("seed", 2),
            "DIR: was begun with another --seed: 1, not 2; pass the same value, or start anew");
  EXPECT_THAT(refused("text", "cd"), HasSubstr("--text: ab, not cd;"));
  EXPECT_THAT(refused("rate", 0.01), HasSubstr("--rate: 0.003, not 0.01;"));
  EXPECT_THAT(refused("crf", true), HasSubstr("--crf: no, not yes;"));
  EXPECT_THAT(refused("new", 1), HasSubstr("--new: none, not 1;"));
}

TEST(ResumeGuardTest, OneThatIsNoLongerGivenIsRefusedAndTheFirstIsNamed) {
  RunSettings now = begun();
  now.options.erase("text");
  EXPECT_THAT(refusal(begun(), now), HasSubstr("--text: ab, not none;"));
  now.options["crf"] = true;
  now.options["seed"] = 5;
  EXPECT_THAT(refusal(begun(), now), HasSubstr("--seed: 1, not 5;"));
}

TEST(ResumeGuardTest, AnotherFactIsAnotherVersion) {
  RunSettings now = begun();
  now.facts["sums"] = 3;
  EXPECT_THAT(refusal(begun(), now), HasSubstr("whose sums is 2, this one's is 3"));
  RunSettings older = begun();
  older.facts.clear();
  EXPECT_THAT(refusal(older, now), HasSubstr("whose sums is 1, this one's is 3"));
}

}  // namespace
}  // namespace elmo
