#include "base/progress.h"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <mutex>

#include "base/terminal_line.h"

namespace elmo {
namespace {

constexpr double kRedrawSeconds = 0.1;
constexpr int kBarCells = 20;

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

bool on_terminal(ProgressOptions::Terminal choice) {
  if (choice == ProgressOptions::Terminal::kDetect) return isatty(STDERR_FILENO) == 1;
  return choice == ProgressOptions::Terminal::kYes;
}

// A longer line would wrap, and a wrapped line can't be redrawn.
std::string fit_to_terminal(std::string line) {
  winsize size = {};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return line;
  if (line.size() < size.ws_col) return line;
  std::size_t end = size.ws_col - 1u;
  while (end > 0 && (line[end] & 0xC0) == 0x80) --end;  // not inside a character
  line.resize(end);
  return line;
}

}  // namespace

std::string format_duration(double seconds) {
  const auto total = static_cast<long long>(std::llround(std::max(0.0, seconds)));
  const long long hours = total / 3600, minutes = total / 60 % 60, rest = total % 60;
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, rest);
  return fmt::format("{}:{:02}", minutes, rest);
}

std::string format_count(double count) {
  if (count >= 1e6) return fmt::format("{:.1f}M", count / 1e6);
  if (count >= 1e3) return fmt::format("{:.1f}k", count / 1e3);
  return fmt::format("{:.0f}", count);
}

struct Progress::Impl {
  std::mutex mutex;
  std::string title;
  std::uint64_t total;
  ProgressOptions options;
  bool terminal;
  double start;
  double last_shown;
  double last_percent;
  bool shown = false;
  bool finished = false;

  double now() const { return options.seconds ? options.seconds() : steady_seconds(); }

  double percent(std::uint64_t done) const {
    if (total == 0) return 0;
    return std::min(100.0, 100.0 * static_cast<double>(done) / static_cast<double>(total));
  }

  bool due(std::uint64_t done, double time) const {
    if (terminal) return !shown || time - last_shown >= kRedrawSeconds;
    const bool by_percent = options.plain_percent > 0 && total > 0 &&
                            percent(done) - last_percent >= options.plain_percent;
    const bool by_time = options.plain_seconds > 0 && time - last_shown >= options.plain_seconds;
    return by_percent || by_time;
  }

  std::string line(std::uint64_t done, double time, std::string_view text) const {
    std::string result = title;
    if (total > 0) {
      result += fmt::format(" {:3.0f} %", std::floor(percent(done)));
      if (terminal) {
        const int full = static_cast<int>(percent(done) / 100 * kBarCells);
        result += fmt::format(" [{:#<{}}{:.<{}}]", "", full, "", kBarCells - full);
      }
    }
    if (!text.empty()) result += fmt::format(" {}", text);
    const double elapsed = time - start;
    if (total == 0) {
      result += fmt::format("  {}", format_duration(elapsed));
    } else if (done > options.initial && done < total) {
      const double a_unit = elapsed / static_cast<double>(done - options.initial);
      result +=
          fmt::format("  {} left", format_duration(a_unit * static_cast<double>(total - done)));
    }
    return result;
  }

  void show(const std::string& text) {
    if (options.print) {
      options.print(text);
    } else if (terminal) {
      draw_line(fit_to_terminal(text));
    } else {
      print_above_line(text + "\n");
    }
    shown = true;
  }
};

Progress::Progress(std::string title, std::uint64_t total, ProgressOptions options)
    : impl_(std::make_unique<Impl>()) {
  impl_->title = std::move(title);
  impl_->total = total;
  impl_->options = std::move(options);
  impl_->terminal = on_terminal(impl_->options.terminal);
  impl_->start = impl_->last_shown = impl_->now();
  impl_->last_percent = impl_->percent(impl_->options.initial);
}

Progress::~Progress() {
  if (impl_->terminal && !impl_->options.print) end_line();
}

void Progress::update(std::uint64_t done, std::string_view text) {
  const std::lock_guard lock(impl_->mutex);
  const double time = impl_->now();
  if (impl_->finished || !impl_->due(done, time)) return;
  impl_->show(impl_->line(done, time, text));
  impl_->last_shown = time;
  impl_->last_percent = impl_->percent(done);
}

void Progress::finish(std::string_view text) {
  const std::lock_guard lock(impl_->mutex);
  if (impl_->finished) return;
  impl_->finished = true;
  impl_->show(fmt::format("{}: done in {}{}{}", impl_->title,
                          format_duration(impl_->now() - impl_->start), text.empty() ? "" : ", ",
                          text));
  if (impl_->terminal && !impl_->options.print) end_line();
}

}  // namespace elmo
