// What a program on the board may ask of it.
#pragma once

#include <stddef.h>

// The exit status of a program that the processor stopped.
constexpr int board_faulted = 77;

extern "C" int main();
void print(const char* text);
void print(size_t number);
[[noreturn]] void exit_with(int status);
