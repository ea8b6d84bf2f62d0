// Pictures as HTML pages. A page is one file that loads nothing else. Its content security policy
// forbids all requests and all scripts except its own, which it identifies by hash.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "plot/chart.h"
#include "plot/word_picture.h"

namespace elmo {

// Data as JSON for a <script type="application/json">. Characters that HTML could take for markup
// (<, > and &) and U+2028, U+2029 are written as \uXXXX; invalid UTF-8 becomes U+FFFD.
std::string script_json(const nlohmann::ordered_json& data);

// Escapes text for use between tags or in a quoted attribute.
std::string escape_html(std::string_view text);

// Write a page, whole or not at all. `source` is the name of the dump, which the page shows. Throw
// Error if the file can't be written or there is nothing to draw.
void write_page(const WordPicture& picture, const std::string& source,
                const std::filesystem::path& path);
void write_page(const LineChart& chart, const std::filesystem::path& path);

}  // namespace elmo
