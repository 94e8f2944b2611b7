// mote-trace: runs a program with its allocations recorded, and reports.
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "analysis.hpp"
#include "map_page.hpp"
#include "order_only.hpp"
#include "own_folder.hpp"
#include "report.hpp"
#include "run_tool.hpp"
#include "trace_input.hpp"

namespace mote {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> command;
  std::string program;
  std::string output;
  std::string read;
  std::string json;
  std::string map;
  unsigned stack_depth = 32;
  size_t rows_max = 10;
  bool has_times = true;
  bool has_children = false;
  bool is_order_only = false;
  size_t event_max = SIZE_MAX;
};

// A folder of our own, gone at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = fs::temp_directory_path() / "mote-trace-XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) {
      throw Failure(pattern + ": " + strerror(errno));
    }
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// Beside this program where it was built, in the libraries' folder where it was
// installed.
fs::path preload_library() {
  for (const char* place : {".", MOTE_LIBRARY_FOLDER}) {
    const fs::path path = own_folder() / place / "libmote-trace.so";
    if (fs::exists(path)) return fs::canonical(path);
  }
  throw Failure("libmote-trace.so is not beside " + own_folder().string());
}

void set(const char* name, const std::string& value) {
  setenv(name, value.c_str(), 1);
}

// In the child. Returns only if the program cannot be started.
void execute(const Options& options, const fs::path& library,
             const std::string& trace) {
  const char* const others = getenv("LD_PRELOAD");
  const bool has_others = others != nullptr && others[0] != 0;
  set("LD_PRELOAD",
      library.string() + (has_others ? ":" + std::string(others) : ""));
  set("MOTE_TRACE_FILE", trace);
  set("MOTE_TRACE_STACKS", std::to_string(options.stack_depth));
  set("MOTE_TRACE_TIMES", options.has_times ? "1" : "0");
  unsetenv("MOTE_TRACE_PROCESS");
  unsetenv("MOTE_TRACE_PROGRAM");
  if (!options.program.empty()) {
    set("MOTE_TRACE_PROGRAM", options.program);
  } else if (!options.has_children) {
    set("MOTE_TRACE_PROCESS", std::to_string(getpid()));
  }
  std::vector<char*> arguments;
  arguments.reserve(options.command.size() + 1);
  for (const std::string& argument : options.command) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
}

struct Run {
  pid_t process;
  int status;  // as of waitpid
};

Run run(const Options& options, const std::string& trace) {
  const fs::path library = preload_library();
  // A terminal's signals are the program's: it may go on, and so do we.
  signal(SIGINT, SIG_IGN);
  signal(SIGQUIT, SIG_IGN);
  const pid_t process = fork();
  if (process < 0) throw Failure(std::string("fork: ") + strerror(errno));
  if (process == 0) {
    signal(SIGINT, SIG_DFL);
    signal(SIGQUIT, SIG_DFL);
    execute(options, library, trace);
    fprintf(stderr, "mote-trace: %s: %s\n", options.command[0].c_str(),
            strerror(errno));
    _exit(errno == ENOENT ? 127 : 126);
  }
  Run result = {process, 0};
  while (waitpid(process, &result.status, 0) < 0 && errno == EINTR) {
  }
  return result;
}

// As the program ended: by the same signal, or with the same status.
[[noreturn]] void end_like(int status) {
  fflush(nullptr);
  if (WIFSIGNALED(status)) {
    const rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    signal(WTERMSIG(status), SIG_DFL);
    raise(WTERMSIG(status));
  }
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

// All traces of a run: `trace` itself, and those beside it.
std::vector<std::string> find_traces(const std::string& trace) {
  std::vector<std::string> traces;
  const fs::path path = trace;
  const std::string prefix = path.filename().string() + ".";
  for (const auto& entry : fs::directory_iterator(path.parent_path())) {
    const std::string name = entry.path().filename();
    const bool is_numbered =
        name.starts_with(prefix) &&
        name.find_first_not_of("0123456789.", prefix.size()) ==
            std::string::npos;
    if (is_numbered) traces.push_back(entry.path());
  }
  std::sort(traces.begin(), traces.end());
  if (fs::exists(path)) traces.insert(traces.begin(), trace);
  return traces;
}

// What may be overwritten: nothing, or traces.
void make_way(const std::string& trace) {
  for (const std::string& old : find_traces(trace)) {
    if (fs::file_size(old) > 0) read_trace(old);  // throws if it is no trace
    fs::remove(old);
  }
}

void write_file(const std::string& path, const std::string& text) {
  if (path == "-") {
    fwrite(text.data(), 1, text.size(), stdout);
    return;
  }
  std::ofstream file(path, std::ios::binary);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (!file) throw Failure(path + ": " + strerror(errno));
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words)
    text += (text.empty() ? "" : " ") + word;
  return text;
}

void report(const Options& options, const std::string& trace_path,
            const std::string& title) {
  const std::vector<uint8_t> trace = read_trace(trace_path);
  const Analysis analysis = analyse(trace);
  Symbols symbols(analysis.modules);
  const Places places = find_places(analysis, symbols);
  fprintf(stderr, "mote-trace: %s\n%s", title.c_str(),
          text_report(analysis, places, options.rows_max).c_str());
  if (!options.json.empty()) {
    auto json = json_report(analysis, places);
    json["title"] = title;
    // Names of functions and files need not be UTF-8.
    write_file(
        options.json,
        json.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) +
            "\n");
  }
  if (!options.map.empty()) write_file(options.map, map_page(trace, title));
}

void keep_order_only(const Options& options, const std::string& path) {
  const auto bytes = order_only(read_trace(path), options.event_max);
  write_file(path, {bytes.begin(), bytes.end()});
}

// The trace that the report is about: of the program's last image, since what
// was asked for may have been a script that executes it.
std::string choose_trace(const Options& options,
                         const std::vector<std::string>& traces,
                         pid_t process) {
  if (!options.program.empty() && !traces.empty()) return traces.front();
  std::string chosen;
  for (const std::string& path : traces) {
    const auto bytes = read_trace(path);
    const TraceDecoder decoder(bytes.data(), bytes.size());
    if (decoder.header().process_id == static_cast<uint32_t>(process)) {
      chosen = path;
    }
  }
  return chosen;
}

int trace_program(const Options& options) {
  const TemporaryFolder temporary;
  const std::string trace = options.output.empty()
                                ? temporary.path() / "trace"
                                : fs::absolute(options.output);
  make_way(trace);
  const Run ran = run(options, trace);
  const auto traces = find_traces(trace);
  const std::string chosen = choose_trace(options, traces, ran.process);
  if (chosen.empty()) {
    if (WIFEXITED(ran.status) && WEXITSTATUS(ran.status) >= 126) {
      return ran.status;  // it did not start, as was said
    }
    fprintf(stderr,
            "mote-trace: %s left no trace: a program that is linked "
            "statically, or has rights of its own, cannot be traced\n",
            options.command[0].c_str());
  } else {
    report(
        options, chosen,
        joined(options.command) + ", process " + std::to_string(ran.process));
  }
  if (!options.output.empty()) {
    for (const std::string& path : traces) {
      if (options.is_order_only) keep_order_only(options, path);
      fprintf(stderr, "\ntrace %s%s", path.c_str(),
              path == chosen && traces.size() > 1 ? ", reported above" : "");
    }
    fprintf(stderr, "\n");
  }
  return ran.status;
}

int report_or_trace(Options& options) {
  if (!options.command.empty() && options.command[0] == "--") {
    options.command.erase(options.command.begin());
  }
  if (!options.read.empty()) {
    report(options, options.read, options.read);
    return 0;
  }
  if (options.command.empty()) {
    throw Failure("no program to run; --help tells more");
  }
  if (options.is_order_only) {
    options.has_times = false;
    options.stack_depth = 0;
  }
  end_like(trace_program(options));
}

class Help : public CLI::Formatter {
  std::string make_usage(const CLI::App*, std::string) const override {
    return "usage: mote-trace [OPTIONS] PROGRAM [ARGUMENTS...]\n"
           "       mote-trace [OPTIONS] --read TRACE\n";
  }
};

int main(int argument_count, char** arguments) {
  Options options;
  CLI::App app("Runs a program and reports what it allocated.", "mote-trace");
  app.formatter(std::make_shared<Help>());
  app.set_help_flag("-h,--help", "This text");
  app.prefix_command();
  app.add_option("-o,--output", options.output,
                 "Keep the trace in this file; those of other processes get "
                 "names with their numbers behind it");
  app.add_option("--read", options.read,
                 "Report on a trace that was kept, do not run anything");
  app.add_option("--json", options.json,
                 "Write the report as JSON too; - is standard output");
  app.add_option("--map", options.map,
                 "Write a page that shows the heap over time, the trace in it");
  app.add_option("--stacks", options.stack_depth,
                 "Callers to record for each allocation, 0 for none (at most "
                 "128)")
      ->capture_default_str();
  app.add_option("--rows", options.rows_max, "Call sites and leaks to print")
      ->capture_default_str();
  app.add_flag("--children", options.has_children,
               "Trace the processes that the program starts, too");
  app.add_option("--program", options.program,
                 "Trace the processes of this name alone, such as the cc1plus "
                 "that g++ runs; the report is about the first");
  app.add_flag("--order-only", options.is_order_only,
               "Of the trace that is kept, leave out times, threads, stacks "
               "and addresses: small, and the same in every run");
  app.add_option("--events", options.event_max,
                 "With --order-only: so many events at most");
  return run_with_arguments(app, argument_count, arguments, [&] {
    options.command = app.remaining();
    return report_or_trace(options);
  });
}

}  // namespace
}  // namespace mote

int main(int argument_count, char** arguments) {
  return mote::run_tool("mote-trace", mote::main, argument_count, arguments);
}
