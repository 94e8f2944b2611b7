// How a tool begins and ends.
#pragma once

#include <stdio.h>

#include <CLI/CLI.hpp>
#include <exception>

namespace mote {

// The status of `run()`, which comes after the arguments are read; 2 if they
// are wrong, which is said.
template <class Run>
int run_with_arguments(CLI::App& app, int argument_count, char** arguments,
                       Run run) {
  try {
    app.parse(argument_count, arguments);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return run();
}

// The status of the tool; 2 if anything else is wrong, which is said.
inline int run_tool(const char* name, int (*tool)(int, char**),
                    int argument_count, char** arguments) {
  try {
    return tool(argument_count, arguments);
  } catch (const std::exception& error) {
    fprintf(stderr, "%s: %s\n", name, error.what());
    return 2;
  }
}

}  // namespace mote
