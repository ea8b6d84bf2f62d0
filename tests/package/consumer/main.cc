#include <elmo/version.h>

#include <cstdio>

int main() { std::printf("built with elmo %s\n", elmo::version()); }
