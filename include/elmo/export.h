// ELMO_API marks the symbols that the shared library exports.
#pragma once

#define ELMO_API __attribute__((visibility("default")))
