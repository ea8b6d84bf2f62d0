// Pictures as HTML pages: one file that needs nothing else and asks for nothing. Its content
// security policy forbids every request and every script but its own, which it names by its hash.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "plot/chart.h"
#include "plot/word_picture.h"

namespace elmo {

// Data as it stands in a <script type="application/json">: what HTML could take for markup (<, >
// and &) and U+2028, U+2029 are written as \uXXXX; text that is not UTF-8 gets U+FFFD.
std::string script_json(const nlohmann::ordered_json& data);

// Text between tags or in a quoted attribute.
std::string escape_html(std::string_view text);

// Write a page, whole or not at all. `source` is the dump's name, as the page shows it. Throw
// Error: the file can't be written, nothing to draw.
void write_page(const WordPicture& picture, const std::string& source,
                const std::filesystem::path& path);
void write_page(const LineChart& chart, const std::filesystem::path& path);

}  // namespace elmo
