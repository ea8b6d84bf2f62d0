#include "tools/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "elmo/error.h"

namespace elmo {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

enum class Shape { kRound, kSquare };

// A command with one option of each kind.
struct Fields {
  std::vector<std::string> inputs = {"never"};
  std::filesystem::path output;
  std::uint64_t size = 100;
  int epochs = 10;
  float rate = 0.2f;
  double coverage = 0.9995;
  std::string type = "unigram";
  Shape shape = Shape::kRound;
  std::optional<std::int64_t> steps;
  bool map = true;
  bool json = false;
  bool resume = false;
  bool overwrite = false;
  std::string path;

  bool asked_for_work = false, steps_given = false;
};

Fields parse(const std::vector<std::string>& words) {
  Fields f;
  Options options({"try", "Try things.", words}, "elmo try it");
  options.positional("PATH", &f.path, "where");
  options.add("input", &f.inputs, "FILE...", "text").required();
  options.add("output", &f.output, "FILE", "result");
  options.add("size", &f.size, "N", "entries").at_least(4);
  options.add("epochs", &f.epochs, "N", "rounds");
  options.add("rate", &f.rate, "X", "step").above(0);
  options.add("coverage", &f.coverage, "X", "share").between(0.9, 1);
  options.add("type", &f.type, "WORD", "kind").choices({"unigram", "bpe"});
  options.choice("shape", &f.shape, {{"round", Shape::kRound}, {"square", Shape::kSquare}}, "form");
  options.add("steps", &f.steps, "N", "stop after").at_least(1);
  options.toggle("map", &f.map, "write the map");
  options.flag("json", &f.json, "as JSON");
  options.flag("resume", &f.resume, "go on");
  options.flag("overwrite", &f.overwrite, "anew");
  options.exclusive({"resume", "overwrite"});
  options.only_when({"steps", "rate"}, "with --shape square",
                    [&] { return f.shape == Shape::kSquare; });
  options.only_when({"rate"}, "without --resume", [&] { return !f.resume; });
  options.note("A note.");
  f.asked_for_work = options.parse();
  f.steps_given = options.given("steps");
  return f;
}

std::string help() {
  testing::internal::CaptureStdout();
  EXPECT_FALSE(parse({"--help"}).asked_for_work);
  return testing::internal::GetCapturedStdout();
}

// The message of the UsageError; "" without one.
std::string refusal(std::vector<std::string> words) {
  words.insert(words.end(), {"--input", "a"});
  try {
    parse(words);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(OptionsTest, SetsEachKindOfField) {
  const Fields f =
      parse({"--input", "a",    "b",        "--output", "x.h5",    "--size=7", "--epochs",   "-3",
             "--rate",  "1e-3", "--type",   "bpe",      "--shape", "square",   "--coverage", "0.9",
             "--steps", "5",    "--no-map", "--json",   "here",    "--input",  "-"});
  EXPECT_TRUE(f.asked_for_work);
  EXPECT_THAT(f.inputs, ElementsAre("a", "b", "-"));
  EXPECT_EQ(f.output, "x.h5");
  EXPECT_EQ(f.size, 7u);
  EXPECT_EQ(f.epochs, -3);
  EXPECT_FLOAT_EQ(f.rate, 1e-3f);
  EXPECT_EQ(f.coverage, 0.9);
  EXPECT_EQ(f.type, "bpe");
  EXPECT_EQ(f.shape, Shape::kSquare);
  EXPECT_EQ(f.steps, 5);
  EXPECT_TRUE(f.steps_given);
  EXPECT_FALSE(f.map);
  EXPECT_TRUE(f.json);
  EXPECT_EQ(f.path, "here");
}

TEST(OptionsTest, LeavesTheDefaultsAlone) {
  const Fields f = parse({"--input", "a"});
  EXPECT_EQ(f.size, 100u);
  EXPECT_EQ(f.type, "unigram");
  EXPECT_FALSE(f.steps.has_value());
  EXPECT_FALSE(f.steps_given);
  EXPECT_TRUE(f.map);
  EXPECT_FALSE(f.json);
}

TEST(OptionsTest, RefusesWhatIsNoNumber) {
  EXPECT_EQ(refusal({"--size", "-1"}), "--size takes a whole number (at least 4), not `-1`");
  EXPECT_EQ(refusal({"--size", "3"}), "--size takes a whole number (at least 4), not `3`");
  EXPECT_EQ(refusal({"--size", "12.5"}), "--size takes a whole number (at least 4), not `12.5`");
  EXPECT_EQ(refusal({"--size", "99999999999999999999"}),
            "--size takes a whole number (at least 4), not `99999999999999999999`");
  EXPECT_EQ(refusal({"--epochs", "3000000000"}),
            "--epochs takes a whole number (between -2147483648 and 2147483647), not `3000000000`");
  EXPECT_EQ(refusal({"--epochs", "ten"}), "--epochs takes a whole number, not `ten`");
  EXPECT_EQ(refusal({"--epochs", "10 "}), "--epochs takes a whole number, not `10 `");
  for (const std::string value : {"nan", "inf", "-inf", "1e999", "0", "0.1x", "0x10", "1,5"}) {
    EXPECT_EQ(refusal({"--rate", value}), "--rate takes a number (above 0), not `" + value + "`");
  }
  EXPECT_EQ(refusal({"--coverage", "1.01"}),
            "--coverage takes a number (between 0.9 and 1), not `1.01`");
  EXPECT_EQ(refusal({"--steps", "0"}), "--steps takes a whole number (at least 1), not `0`");
}

TEST(OptionsTest, NamesTheChoices) {
  EXPECT_EQ(refusal({"--type", "word"}), "--type is one of unigram or bpe, not `word`");
  EXPECT_EQ(refusal({"--shape", "flat"}), "--shape is one of round or square, not `flat`");
}

TEST(OptionsTest, SuggestsTheNearestName) {
  EXPECT_EQ(refusal({"--tpye", "bpe"}),
            "there is no option --tpye, did you mean --type?; `elmo try --help` lists them");
  // Abbreviations are not guessed.
  EXPECT_THAT(refusal({"--cov", "0.9"}), HasSubstr("no option --cov, did you mean --coverage?"));
  EXPECT_EQ(refusal({"--wholly-other=3"}),
            "there is no option --wholly-other; `elmo try --help` lists them");
  // Although the option before it would take it as its value.
  EXPECT_THAT(refusal({"--output", "--tpye"}), HasSubstr("no option --tpye, did you mean --type?"));
}

TEST(OptionsTest, RefusesStrayAndMissingValues) {
  EXPECT_EQ(refusal({"one", "two"}),
            "unexpected argument `two`: a value follows the name of its option");
  EXPECT_EQ(refusal({"--size", "--json"}), "--size needs a value after it");
  EXPECT_EQ(refusal({"--json=yes"}), "--json takes no value");
  EXPECT_EQ(refusal({"--output", ""}), "--output is given an empty value");
  EXPECT_EQ(refusal({"--size", "5", "--size", "6"}), "--size is given twice; it takes one value");
  EXPECT_EQ(refusal({"--resume", "--overwrite"}),
            "--resume and --overwrite exclude each other; give one of them");
  EXPECT_EQ(refusal({"--map", "--no-map"}),
            "--map and --no-map exclude each other; give one of them");
  try {
    parse({"--json"});
    FAIL() << "a required option was missing";
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(), "--input is missing; `elmo try --help` shows an example");
  }
}

TEST(OptionsTest, RefusesWhatHasNoEffect) {
  EXPECT_EQ(refusal({"--steps", "5"}),
            "--steps has an effect only with --shape square; leave it out otherwise");
  EXPECT_EQ(refusal({"--steps", "5", "--shape", "square"}), "");
  EXPECT_EQ(refusal({"--rate", "1", "--shape", "square", "--resume"}),
            "--rate has an effect only without --resume; leave it out otherwise");
  // A default is not a request.
  EXPECT_EQ(refusal({"--resume"}), "");
}

TEST(OptionsTest, HelpShowsUsageDefaultsAndLimits) {
  const std::string text = help();
  EXPECT_THAT(text, testing::StartsWith(
                        "usage: elmo try [PATH] --input FILE... [options]\n\nTry things.\n"));
  EXPECT_THAT(text, HasSubstr("Example:\n  elmo try it\n"));
  EXPECT_THAT(text, HasSubstr("entries; at least 4 (default: 100)"));
  EXPECT_THAT(text, HasSubstr("step; above 0 (default: 0.2)"));
  EXPECT_THAT(text, HasSubstr("share; between 0.9 and 1 (default: 0.9995)"));
  EXPECT_THAT(text, HasSubstr("kind; one of unigram or bpe (default: unigram)"));
  EXPECT_THAT(text, HasSubstr("form; one of round or square (default: round)"));
  EXPECT_THAT(text, HasSubstr("stop after; at least 1\n"));
  EXPECT_THAT(text, HasSubstr("write the map (the default)"));
  EXPECT_THAT(text, HasSubstr("--no-map"));
  EXPECT_THAT(text, AllOf(HasSubstr("A note."), HasSubstr("--help")));
  EXPECT_THAT(text, Not(HasSubstr("0.2000")));
  // A required option shows no default.
  EXPECT_THAT(text, Not(HasSubstr("never")));
}

TEST(OptionsTest, HelpWinsOverMistakes) {
  testing::internal::CaptureStdout();
  EXPECT_FALSE(parse({"--nonsense", "--help"}).asked_for_work);
  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("usage: elmo try"));
}

TEST(NearestNameTest, FindsSlipsOnly) {
  const std::vector<std::string> names = {"vocab", "pretrain", "info"};
  EXPECT_EQ(nearest_name("vocba", names), "vocab");
  EXPECT_EQ(nearest_name("pretrian", names), "pretrain");
  EXPECT_EQ(nearest_name("pre", names), "pretrain");
  EXPECT_EQ(nearest_name("dump", names), "");
  EXPECT_EQ(nearest_name("x", names), "");
}

}  // namespace
}  // namespace elmo
