// The one line of the terminal that a progress bar redraws, shared with the log so that neither
// garbles the other. Thread-safe.
#pragma once

#include <string_view>

namespace elmo {

// Replaces the line on standard error; `text` has no newline.
void draw_line(std::string_view text);
// Ends the line, so that it stays on the screen. Does nothing if there is no line.
void end_line();
// Prints whole lines, above the line if there is one.
void print_above_line(std::string_view lines);

}  // namespace elmo
