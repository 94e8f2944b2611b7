// How a tool ends.
#pragma once

#include <stdio.h>

#include <CLI/CLI.hpp>
#include <exception>

namespace mote {

// The status of `run()`, which comes after the arguments are read; 2 if they or
// anything else is wrong, which is said.
template <class Run>
int run_tool(CLI::App& app, int argument_count, char** arguments, Run run) {
  try {
    app.parse(argument_count, arguments);
    return run();
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    fprintf(stderr, "%s: %s\n", app.get_name().c_str(), error.what());
    return 2;
  }
}

}  // namespace mote
