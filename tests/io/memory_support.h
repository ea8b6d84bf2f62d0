// Measures the memory that writers of dumps take.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "io/dump_file.h"

namespace elmo {

// The peak memory of a process that runs `work`.
template <typename Work>
std::uint64_t peak_of(Work&& work) {
  int result[2];
  if (pipe(result) != 0) return 0;
  const pid_t child = fork();
  if (child == 0) {
    try {
      work();
    } catch (...) {
      _exit(1);  // must not run the other tests
    }
    const std::uint64_t peak = peak_memory_bytes();
    _exit(write(result[1], &peak, sizeof peak) == sizeof peak ? 0 : 1);
  }
  close(result[1]);  // so that reading ends if the child ends without an answer
  std::uint64_t peak = 0;
  if (read(result[0], &peak, sizeof peak) != sizeof peak) peak = 0;
  int status;
  waitpid(child, &status, 0);
  close(result[0]);
  return peak;
}

inline DumpOptions options_of(DumpLayout layout, int dimension) {
  DumpOptions options;
  options.layout = layout;
  options.layered = false;
  options.layers = 1;
  options.dimension = dimension;
  options.map = false;
  options.segment_sentences = 50'000;
  return options;
}

// Writes lines of one word.
inline void write_lines(DumpWriter& writer, int lines, int dimension) {
  const std::vector<std::string_view> words = {"word"};
  const std::vector<float> vector(static_cast<std::size_t>(dimension), 1.0f);
  for (int i = 0; i < lines; ++i) writer.append("word", words, vector);
  writer.finish();
}

}  // namespace elmo
