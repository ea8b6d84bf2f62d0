// ELMO_API marks what programs may use of the shared library; it shows nothing else.
#pragma once

#define ELMO_API __attribute__((visibility("default")))
