#include "base/usable_cores.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "base/numbers.h"
#include "elmo/error.h"

namespace elmo {
namespace {

// The words of a file's first line.
std::vector<std::string> first_line(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string line, word;
  std::getline(in, line);
  std::istringstream stream(line);
  std::vector<std::string> words;
  while (stream >> word) words.push_back(word);
  return words;
}

// One group's own quota in cores: quota / period, both in microseconds.
std::optional<double> ratio(const std::optional<double>& quota,
                            const std::optional<double>& period) {
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  return *quota / *period;
}

std::optional<double> quota_of(const std::filesystem::path& group, bool version_2) {
  if (version_2) {  // "max 100000" or "150000 100000"
    const auto words = first_line(group / "cpu.max");
    return words.size() == 2 ? ratio(parse_number<double>(words[0]), parse_number<double>(words[1]))
                             : std::nullopt;
  }
  const auto quota = first_line(group / "cpu.cfs_quota_us");  // -1: none
  const auto period = first_line(group / "cpu.cfs_period_us");
  if (quota.size() != 1 || period.size() != 1) return std::nullopt;
  return ratio(parse_number<double>(quota[0]), parse_number<double>(period[0]));
}

bool has_cpu(std::string_view list) {
  while (!list.empty()) {
    const std::string_view one = list.substr(0, list.find(','));
    if (one == "cpu") return true;
    list.remove_prefix(std::min(one.size() + 1, list.size()));
  }
  return false;
}

// The path of this process's cgroup, in the hierarchy of version 2 or in version 1's cpu hierarchy.
std::optional<std::string> own_group(const std::filesystem::path& root, bool version_2) {
  std::ifstream in(root / "proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {  // HIERARCHY:CONTROLLERS:PATH
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (version_2 ? controllers.empty() && line.starts_with("0:") : has_cpu(controllers)) {
      return line.substr(second + 1);
    }
  }
  return std::nullopt;
}

// nullopt on the largest machines, whose mask does not fit a cpu_set_t.
std::optional<cpu_set_t> affinity_mask() {
  cpu_set_t mask;
  if (sched_getaffinity(0, sizeof mask, &mask) != 0) return std::nullopt;
  return mask;
}

}  // namespace

std::optional<double> cgroup_quota(const std::filesystem::path& root) {
  std::optional<double> least;
  std::ifstream in(root / "proc/self/mountinfo");
  for (std::string line; std::getline(in, line);) {
    // ID PARENT DEVICE MOUNTED-FOLDER PLACE OPTIONS... - TYPE SOURCE SUPER-OPTIONS
    std::istringstream stream(line);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (words.size() < 6 || words.end() - dash < 4) continue;
    const bool version_2 = dash[1] == "cgroup2";
    if (!version_2 && (dash[1] != "cgroup" || !has_cpu(dash[3]))) continue;
    auto group = own_group(root, version_2);
    if (!group) continue;
    // In a container the mount may show only a subtree, whose root the group's path still includes.
    const std::string& shown = words[3];
    if (shown != "/" && group->starts_with(shown)) group->erase(0, shown.size());
    const std::filesystem::path top = root / words[4].substr(1);
    auto relative = std::filesystem::path(*group).lexically_normal().relative_path();
    if (!std::filesystem::exists(top / relative)) relative.clear();
    while (true) {
      const auto quota = quota_of(top / relative, version_2);
      if (quota && (!least || *quota < *least)) least = quota;
      if (relative.empty()) break;
      relative = relative.parent_path();
    }
  }
  return least;
}

std::optional<int> openmp_threads(std::string_view value) {
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  int threads = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), threads);
  if (error != std::errc() || end == value.data() || threads < 1) return std::nullopt;
  return threads;
}

std::string allowed_cores() {
  std::string result;
  const auto mask = affinity_mask();
  for (int core = 0; mask && core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &*mask)) continue;
    if (!result.empty()) result += ',';
    result += std::to_string(core);
  }
  return result;
}

int usable_cores() {
  int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  if (const auto mask = affinity_mask()) cores = std::max(1, CPU_COUNT(&*mask));
  if (const auto quota = cgroup_quota()) {
    cores = std::min(cores, std::max(1, static_cast<int>(std::ceil(std::min(*quota, 1e6)))));
  }
  if (const char* value = std::getenv("OMP_NUM_THREADS")) {
    cores = std::min(cores, openmp_threads(value).value_or(cores));
  }
  return cores;
}

int thread_count(int asked) {
  if (asked < 0) throw UsageError("threads must be 0 (as many as there are usable cores) or more");
  return asked > 0 ? asked : usable_cores();
}

}  // namespace elmo
