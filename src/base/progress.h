// How far a long job is, on standard error.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace elmo {

struct ProgressOptions {
  // Off a terminal: a plain line whenever this many percent or seconds have passed since the
  // last one (0: that trigger is off).
  double plain_percent = 5;
  double plain_seconds = 60;
  // Work done before this run (a resumed one): the time left is reckoned from what follows.
  std::uint64_t initial = 0;

  // For tests: a terminal or not, where lines go (a terminal's are drawn again and again), and
  // the seconds that have passed. Empty: the real ones.
  enum class Terminal { kDetect, kYes, kNo } terminal = Terminal::kDetect;
  std::function<void(std::string_view)> print;
  std::function<double()> seconds;
};

// On a terminal one line, redrawn at most 10 times a second; elsewhere plain lines at intervals:
//   dump  43 % [########............] 8.2k words/s  0:12 left
// Thread-safe.
class Progress {
 public:
  // `total` in whatever unit update() counts; 0: not known, so neither percent nor time left.
  Progress(std::string title, std::uint64_t total, ProgressOptions options = {});
  // Ends the line on a terminal.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `text` stands behind the percent, for example "epoch 1 loss 4.21 ppl 67.1 8.2k words/s".
  void update(std::uint64_t done, std::string_view text = {});
  // The last line, always shown: the text and the time it all took. Updates after it do nothing.
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
