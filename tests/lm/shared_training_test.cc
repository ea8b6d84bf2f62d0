// Training by several processes, simulated by threads, has the bits of one process.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/file.h"
#include "compute/random.h"
#include "lm/pretraining.h"
#include "tests/lm/lm_support.h"
#include "tests/support/files.h"
#include "tests/support/thread_processes.h"

namespace elmo {
namespace {

namespace fs = std::filesystem;

constexpr int kPieces = 511;

// Writes lines of words of one or two CJK characters, some rare and some frequent.
void write_text(const fs::path& path, int lines) {
  std::ofstream file(path);
  const Random random(3, RandomUse::kInitialise);
  std::uint64_t at = 0;
  for (int line = 0; line < lines; ++line) {
    const int words = 1 + static_cast<int>(9 * random.uniform(at++));
    for (int word = 0; word < words; ++word) {
      for (int k = 0; k <= word % 2; ++k) {
        const float u = random.uniform(at++);
        const int i = 3 + static_cast<int>(u * u * (kPieces - 4));
        file << character(i);
      }
      file << (word + 1 == words ? "\n" : " ");
    }
  }
}

struct Case {
  const char* name;
  Encoder encoder;
  OptimizerKind optimizer;
  const char* precision;
  std::int64_t samples;  // 0: full softmax
  bool shared;           // both directions share a token encoder
  bool tied = false;
};

// A model folder with both directions, of sizes that blocks and groups do not divide evenly.
void write_models(const fs::path& folder, const fs::path& words, Encoder encoder, bool tied) {
  fs::create_directories(folder);
  for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
    ModelSettings settings;
    settings.encoder = encoder;
    settings.direction = direction;
    settings.hidden = 64;
    settings.projection = 144;
    settings.tied = tied;
    if (encoder == Encoder::kCharacters) {
      apply_preset("tiny", settings);
      settings.layers = 2;
      LanguageModel model(settings, std::make_shared<const WordVocabulary>(
                                        WordVocabulary::from_file(words.string())));
      model.initialise(5);
      model.save(LanguageModel::file(folder, direction));
      continue;
    }
    LanguageModel model(settings, vocabulary_of(kPieces));
    model.initialise(5);
    model.save(LanguageModel::file(folder, direction));
  }
}

class SharedTraining : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    write_text(folder_.path() / "text", 400);
    write_text(folder_.path() / "dev", 20);
    std::ofstream words(folder_.path() / "words");
    words << "<S>\n</S>\n<UNK>\n";
    for (int i = 3; i < kPieces; ++i) words << character(i) << '\n';
    words.close();
    write_models(folder_.path() / "start", folder_.path() / "words", GetParam().encoder,
                 GetParam().tied);
  }

  PretrainingOptions options(const std::string& output, std::uint64_t steps) const {
    PretrainingOptions result;
    result.directions = {Direction::kForward};
    if (GetParam().shared) result.directions.push_back(Direction::kBackward);
    result.share_encoder = GetParam().shared;
    result.inputs = {(folder_.path() / "text").string()};
    result.dev = {(folder_.path() / "dev").string()};
    result.dev_every = 3;
    result.output = folder_.path() / output;
    result.init = folder_.path() / "start";
    result.samples = GetParam().samples;
    result.optimizer = GetParam().optimizer;
    // The rate must not depend on the number of steps.
    result.schedule = Schedule::kConstant;
    result.warmup = 0;
    // Slow enough that every measurement is an improvement, however many there are.
    if (GetParam().tied || GetParam().optimizer == OptimizerKind::kAdam) {
      result.learning_rate = 3e-4;
    }
    result.precision = GetParam().precision;
    result.steps = steps;
    result.batch_size = 256 + 5;  // 8 groups of unequal size
    result.unroll = 3;
    result.dropout = 0.1;
    result.clip = 1;
    result.threads = 1;
    result.checkpoint_every = 2;
    result.report_every = 2;
    return result;
  }

  // Returns the bytes that the processes sent.
  std::uint64_t train(int processes, const PretrainingOptions& options) const {
    return ThreadProcesses::run(processes, [&](Processes& all) { pretrain(options, all); });
  }

  void expect_equal(const std::string& first, const std::string& second) const {
    std::vector<std::string> names = {"forward.h5", "forward.checkpoint.h5"};
    if (GetParam().shared) names.insert(names.end(), {"backward.h5", "backward.checkpoint.h5"});
    for (const std::string& name : names) {
      EXPECT_EQ(read_file(folder_.path() / first / name), read_file(folder_.path() / second / name))
          << second << "/" << name;
    }
  }

  TemporaryFolder folder_;
};

TEST_P(SharedTraining, HasTheBitsOfOneProcess) {
  pretrain(options("one", 5));
  for (const int processes : {3, 8}) {
    const std::string name = "of" + std::to_string(processes);
    train(processes, options(name, 5));
    expect_equal("one", name);
  }
}

class ResumedTraining : public SharedTraining {};

TEST_P(ResumedTraining, IsThatOfOneProcessWhateverTheirNumbers) {
  pretrain(options("straight", 5));
  PretrainingOptions chain = options("chain", 1);
  pretrain(chain);
  chain.resume = true;
  for (const int processes : {4, 2, 3, 1}) {
    ++chain.steps;
    train(processes, chain);
  }
  expect_equal("straight", "chain");
}

class CostsOfTraining : public SharedTraining {};

// The formula of tests/reference/cluster_costs.py: gradients to their owners, values to all, rows
// of the embedding's gradient to their owners. Little else.
TEST_P(CostsOfTraining, AreBytesAsOnPaper) {
  const auto model = LanguageModel::load(folder_.path() / "start/forward.h5");
  double values = 0;
  model->for_each_parameter(
      [&](const Parameter& parameter) { values += static_cast<double>(parameter.value.size()); });
  const auto table = static_cast<double>(model->embedding.table.value.size());
  const int rows = 261 * 3;
  for (const int processes : {2, 4}) {
    std::uint64_t sent[2];
    for (const bool more : {false, true}) {
      PretrainingOptions run = options(fmt::format("{}of{}", more, processes), more ? 6 : 2);
      run.dev.clear();
      run.dev_every = 0;
      run.checkpoint_every = 100;
      sent[more] = train(processes, run);
    }
    const double others = processes - 1;
    const double of_rows = rows * 4.0 * model->settings.projection / processes;
    const double expected = others * (4 * (values - table) + 4 * values + of_rows);
    const double a_step = static_cast<double>(sent[1] - sent[0]) / 4;
    EXPECT_GT(a_step, 0.97 * expected) << processes << " processes";
    EXPECT_LT(a_step, 1.03 * expected) << processes << " processes";
  }
}

std::string name_of(const testing::TestParamInfo<Case>& info) { return info.param.name; }

constexpr Case kPlain = {"Pieces", Encoder::kPieces, OptimizerKind::kAdagrad, "f32", 0, false};
constexpr Case kManySided = {
    "CharactersSampledAdamBf16", Encoder::kCharacters, OptimizerKind::kAdam, "bf16", 40, false};
constexpr Case kTied = {"TiedPieces", Encoder::kPieces, OptimizerKind::kAdam, "f32", 0, false,
                        true};
constexpr Case kCommon = {
    "SharedPieces", Encoder::kPieces, OptimizerKind::kAdagrad, "f32", 0, true};

INSTANTIATE_TEST_SUITE_P(
    Kinds, SharedTraining,
    testing::Values(
        kPlain, kManySided, kCommon, kTied,
        Case{"PiecesAdamBf16", Encoder::kPieces, OptimizerKind::kAdam, "bf16", 0, false},
        Case{"Sampled", Encoder::kPieces, OptimizerKind::kAdagrad, "f32", 40, false},
        Case{"Characters", Encoder::kCharacters, OptimizerKind::kAdagrad, "f32", 0, false},
        Case{"SharedCharacters", Encoder::kCharacters, OptimizerKind::kAdagrad, "f32", 40, true}),
    name_of);
INSTANTIATE_TEST_SUITE_P(Kinds, CostsOfTraining,
                         testing::Values(Case{"PiecesAdam", Encoder::kPieces, OptimizerKind::kAdam,
                                              "f32", 0, false}),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Kinds, ResumedTraining,
                         testing::Values(kPlain, kManySided, kCommon, kTied), name_of);

}  // namespace
}  // namespace elmo
