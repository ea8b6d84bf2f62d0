// What stands in src/plot/page/, as CMake put it into the library.
#pragma once

namespace elmo {

struct PageParts {
  const char* style;
  const char* style_hash;  // "sha256-...", as a content security policy names it
  const char* body;
  const char* script;
  const char* script_hash;
};

// Of the map of words, and of lines over an axis.
extern const PageParts kWordsPage, kLinesPage;

}  // namespace elmo
