#include "plot/word_map.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>

#include "base/file.h"
#include "compute/random.h"
#include "elmo/error.h"
#include "embed/word_vectors.h"

namespace elmo {
namespace {

// Words shown on each side of a word.
constexpr std::size_t kContext = 4;

std::string context_of(const std::vector<std::string>& words, std::size_t at) {
  const std::size_t first = at > kContext ? at - kContext : 0;
  const std::size_t last = std::min(words.size(), at + kContext + 1);
  std::string text = first > 0 ? "... " : "";
  for (std::size_t i = first; i < last; ++i) {
    if (i > first) text += ' ';
    text += i == at ? "[" + words[i] + "]" : words[i];
  }
  return text + (last < words.size() ? " ..." : "");
}

using Matrix = std::vector<std::vector<double>>;

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t k = 0; k < a.size(); ++k) sum += a[k] * b[k];
  return sum;
}

void subtract(double factor, const std::vector<double>& from, std::vector<double>& a) {
  for (std::size_t k = 0; k < a.size(); ++k) a[k] -= factor * from[k];
}

// The unit vector along which the rows vary most (power iteration on X^T X), zero where they do
// not vary. The sign is the one that makes its largest number positive.
std::vector<double> main_direction(const Matrix& rows, std::uint64_t which) {
  const std::size_t width = rows.front().size();
  const Random random(1, RandomUse::kInitialise, which);
  std::vector<double> direction(width);
  for (std::size_t k = 0; k < width; ++k) direction[k] = random.normal(k);
  for (int step = 0; step < 300; ++step) {
    std::vector<double> next(width, 0.0);
    for (const auto& row : rows) subtract(-dot(row, direction), row, next);
    const double length = std::sqrt(dot(next, next));
    if (length < 1e-12) return std::vector<double>(width, 0.0);
    for (double& value : next) value /= length;
    direction = std::move(next);
  }
  const double largest = *std::ranges::max_element(
      direction, [](double a, double b) { return std::abs(a) < std::abs(b); });
  if (largest < 0) {
    for (double& value : direction) value = -value;
  }
  return direction;
}

std::vector<std::string> required_words(const DumpReader& dump, std::int64_t i) {
  auto words = dumped_words(dump, i);
  if (!words) {
    throw Error(
        fmt::format("the dump does not tell the words of its sentence {}; dump with "
                    "--layout matrix, which keeps them",
                    i));
  }
  return *std::move(words);
}

}  // namespace

WordMap map_word(const DumpReader& dump, std::string_view word, int layer, std::size_t count) {
  if (layer >= dump.layers()) {
    throw Error(fmt::format("there is no layer {} in the dump, it holds {}", layer, dump.layers()));
  }
  const auto layers = static_cast<std::size_t>(dump.layers());
  const auto dimension = static_cast<std::size_t>(dump.dimension());
  const std::size_t chosen = layer < 0 ? layers - 1 : static_cast<std::size_t>(layer);
  WordMap map;
  Matrix rows;
  for (std::int64_t i = 0; i < dump.sentences() && rows.size() < count; ++i) {
    if (dump.word_count(i) == 0) continue;
    const std::vector<std::string> words = required_words(dump, i);
    if (std::ranges::find(words, word) == words.end()) continue;
    const std::vector<float> vectors = dump.vectors(i);
    for (std::size_t w = 0; w < words.size() && rows.size() < count; ++w) {
      if (words[w] != word) continue;
      const auto from =
          vectors.begin() + static_cast<std::ptrdiff_t>((w * layers + chosen) * dimension);
      rows.emplace_back(from, from + static_cast<std::ptrdiff_t>(dimension));
      map.occurrences.push_back({0, 0, context_of(words, w)});
    }
  }
  if (rows.size() < 3) {
    throw Error(fmt::format("'{}' occurs {} times in the dump; a picture needs three and more",
                            word, rows.size()));
  }
  std::vector<double> mean(dimension, 0.0);
  for (const auto& row : rows) subtract(-1.0 / static_cast<double>(rows.size()), row, mean);
  double total = 0;
  for (auto& row : rows) {
    subtract(1, mean, row);
    total += dot(row, row);
  }
  for (std::uint64_t axis = 0; axis < 2; ++axis) {
    const std::vector<double> direction = main_direction(rows, axis);
    double along = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const double place = dot(rows[i], direction);
      (axis == 0 ? map.occurrences[i].x : map.occurrences[i].y) = place;
      along += place * place;
      subtract(place, direction, rows[i]);
    }
    map.shares[axis] = total > 0 ? along / total : 0;
  }
  return map;
}

namespace {

// A text file that becomes whole or is not there.
class TableWriter {
 public:
  explicit TableWriter(const std::filesystem::path& path)
      : file_(path), stream_(std::fopen(file_.temporary_path().c_str(), "w"), &std::fclose) {
    if (stream_ == nullptr) fail();
  }
  void write(const std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), stream_.get()) != text.size()) fail();
  }
  void commit() {
    if (std::fflush(stream_.get()) != 0) fail();
    file_.commit();
  }

 private:
  [[noreturn]] void fail() {
    throw Error(file_.final_path().string() + ": can't write; is the disk full?");
  }
  PendingFile file_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream_;
};

}  // namespace

void write_projector(const DumpReader& dump, const std::filesystem::path& folder) {
  make_folder(folder);
  TableWriter vectors(folder / "vectors.tsv"), metadata(folder / "metadata.tsv");
  metadata.write("word\tsentence\tindex\n");
  const auto width = static_cast<std::size_t>(dump.layers() * dump.dimension());
  for (std::int64_t i = 0; i < dump.sentences(); ++i) {
    if (dump.word_count(i) == 0) continue;
    const std::vector<std::string> words = required_words(dump, i);
    const std::vector<float> values = dump.vectors(i);
    for (std::size_t w = 0; w < words.size(); ++w) {
      std::string row;
      for (std::size_t k = 0; k < width; ++k) {
        row += fmt::format("{}{}", k == 0 ? "" : "\t", values[w * width + k]);
      }
      vectors.write(row + "\n");
      metadata.write(fmt::format("{}\t{}\t{}\n", words[w], context_of(words, w), w));
    }
  }
  vectors.commit();
  metadata.commit();
}

}  // namespace elmo
