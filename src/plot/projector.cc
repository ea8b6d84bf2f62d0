#include "plot/projector.h"

#include <fmt/core.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "elmo/error.h"
#include "plot/occurrences.h"

namespace elmo {
namespace {

// Words shown on each side of a word.
constexpr std::size_t kContext = 4;

// A text file that is written whole or not at all.
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
    throw Error(file_.final_path().string() + ": can't be written; is the disk full?");
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
      metadata.write(
          fmt::format("{}\t{}\t{}\n", words[w], context_of(words, w, kContext).marked(), w));
    }
  }
  vectors.commit();
  metadata.commit();
}

}  // namespace elmo
