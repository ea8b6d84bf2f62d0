// The progress of a long job, shown on standard error.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace elmo {

struct ProgressOptions {
  // If standard error is not a terminal: a plain line is written whenever this many percent or
  // seconds have passed since the last one (0: never for this reason).
  double plain_percent = 5;
  double plain_seconds = 60;
  // Work done before this run, when it resumes; the remaining time is estimated from the work
  // since.
  std::uint64_t initial = 0;

  // For tests: whether there is a terminal, where lines go (a terminal's line each time it is
  // drawn), and the clock in seconds. If empty, the real ones.
  enum class Terminal { kDetect, kYes, kNo } terminal = Terminal::kDetect;
  std::function<void(std::string_view)> print;
  std::function<double()> seconds;
};

// On a terminal one line, redrawn at most 10 times a second; otherwise plain lines at intervals:
//   dump  43 % [########............] 8.2k words/s  0:12 left
// Thread-safe.
class Progress {
 public:
  // `total` has the unit of update()'s `done`. If it is 0 (unknown), neither percent nor remaining
  // time is shown.
  Progress(std::string title, std::uint64_t total, ProgressOptions options = {});
  // Ends the line on a terminal.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `text` follows the percentage, for example "epoch 1 loss 4.21 ppl 67.1 8.2k words/s".
  void update(std::uint64_t done, std::string_view text = {});
  // Shows the last line in any case: the total time and the text. Later updates do nothing.
  void finish(std::string_view text = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// "0:07", "12:34", "3:04:05"; rounded to whole seconds.
std::string format_duration(double seconds);
// "950", "8.2k", "1.3M".
std::string format_count(double count);

}  // namespace elmo
