// Standard output of the commands.
#pragma once

#include <exception>
#include <string_view>

namespace elmo {

// The reader of standard output went away (`elmo score ... | head`): nothing more is wanted.
class OutputClosed : public std::exception {
 public:
  const char* what() const noexcept override { return "standard output was closed"; }
};

// Writes to standard output, buffered. Throws OutputClosed, or Error (a full disk).
void print(std::string_view text);
// Writes what print() holds back; same errors.
void flush_output();

// One line on standard error, "elmo COMMAND: TEXT"; never throws.
void print_message(std::string_view command, std::string_view text) noexcept;

// To be called first: makes a write to a pipe without reader an error instead of a signal, and
// gives closed standard streams a harmless file, lest an output file get their number.
void guard_standard_streams();

}  // namespace elmo
