// Standard output and error of the commands.
#pragma once

#include <exception>
#include <string_view>

namespace elmo {

// The reader of standard output is gone (`elmo score ... | head`): no more output is wanted.
class OutputClosed : public std::exception {
 public:
  const char* what() const noexcept override { return "standard output was closed"; }
};

// Writes to standard output, buffered. Throws OutputClosed, or Error (a full disk).
void print(std::string_view text);
// Writes what print() has buffered. Throws as print() does.
void flush_output();

// One line on standard error, "elmo COMMAND: TEXT"; never throws.
void print_message(std::string_view command, std::string_view text) noexcept;

// Call it first. Makes writing to a closed pipe an error instead of a signal, and opens closed
// standard streams on /dev/null, so that no output file gets their descriptors.
void guard_standard_streams();

}  // namespace elmo
