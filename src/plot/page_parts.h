// The files of src/plot/page/, which CMake puts into the library.
#pragma once

namespace elmo {

struct PageParts {
  const char* style;
  const char* style_hash;  // "sha256-...", as a content security policy names it
  const char* body;
  const char* script;
  const char* script_hash;
};

// The page of a word picture, and that of a line chart.
extern const PageParts kWordsPage, kLinesPage;

}  // namespace elmo
