#include "elmo/installed_models.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "elmo/error.h"
#include "tests/support/files.h"

namespace elmo {
namespace {

namespace fs = std::filesystem;

class InstalledModels : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_.path() / "path" / "ko-small");
    fs::create_directories(folder_.path() / "data" / "elmo" / "models" / "ko-small");
    fs::create_directories(folder_.path() / "data" / "elmo" / "models" / "en-small");
    setenv("ELMO_MODEL_PATH",
           (folder_.path() / "none")
               .string()
               .append(":")
               .append((folder_.path() / "path").string())
               .c_str(),
           1);
    setenv("XDG_DATA_HOME", (folder_.path() / "data").c_str(), 1);
  }
  void TearDown() override {
    unsetenv("ELMO_MODEL_PATH");
    unsetenv("XDG_DATA_HOME");
  }
  TemporaryFolder folder_;
};

TEST_F(InstalledModels, TheFirstFolderThatHasTheNameWins) {
  EXPECT_EQ(find_model("ko-small"), (folder_.path() / "path" / "ko-small").string());
  EXPECT_EQ(find_model("en-small"),
            (folder_.path() / "data" / "elmo" / "models" / "en-small").string());
}

TEST_F(InstalledModels, APathThatExistsWinsOverAName) {
  const fs::path before = fs::current_path();
  fs::current_path(folder_.path() / "data" / "elmo" / "models");
  const std::string found = find_model("ko-small");
  fs::current_path(before);
  EXPECT_EQ(found, "ko-small");
}

TEST_F(InstalledModels, APathWithASlashIsLeftToWhoeverOpensIt) {
  EXPECT_EQ(find_model("out/ko-small"), "out/ko-small");
}

TEST_F(InstalledModels, WhatIsNowhereNamesTheFoldersSearched) {
  try {
    find_model("fr-small");
    FAIL();
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("fr-small: there is no such file"), std::string::npos);
    EXPECT_NE(message.find((folder_.path() / "path").string()), std::string::npos);
    EXPECT_NE(message.find("share/elmo/models"), std::string::npos);
  }
}

TEST_F(InstalledModels, WithoutXdgTheHomeFolderIsSearched) {
  unsetenv("XDG_DATA_HOME");
  EXPECT_EQ(model_folders().back(),
            fs::path(std::getenv("HOME")) / ".local" / "share" / "elmo" / "models");
}

}  // namespace
}  // namespace elmo
