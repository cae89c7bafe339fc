// One subcommand's flags and action, as in apps/hanok/command.h, for the program that trains: no collections and no
// data directory, so --data is the data set's. CLI11 stays behind command.cpp.
#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "hanok/context.h"

namespace CLI {
class App;
}

namespace hanok::app {

class Session {
 public:
  // Filled by the flags that all subcommands share.
  bool json = false, quiet = false;
  size_t threads = 0;  // 0: all cores
  CancelSource interrupts;
  std::string device = "auto";  // of commands with `device()`
  int status = 0;               // the process's exit status after an action that printed its result all the same

  /// With --json: the object on one line; otherwise what `human` writes.
  void print(const base::OrderedJson& value, const std::function<void(std::ostream&)>& human) const;
  void note(const std::string& line) const;  // to stderr, unless --quiet
  bool draws() const;                        // stderr is a terminal that wants progress
};

class Command {
 public:
  explicit Command(CLI::App* app, Session* session) : app_(app), session_(session) {}

  /// A subcommand with the flags that all have: --json, --quiet, --threads.
  Command subcommand(const std::string& name, const std::string& help, const std::string& long_help = "");
  /// A group such as `vision`, which needs a subcommand of its own.
  Command group(const std::string& name, const std::string& help);

  // The variables must live as long as the action: keep them in a shared_ptr that the action captures.
  void positional(const std::string& name, std::string& value, const std::string& help, bool required = true);
  void positionals(const std::string& name, std::vector<std::string>& values, const std::string& help,
                   bool required = true);
  /// An empty value is a usage error.
  void option(const std::string& flags, std::string& value, const std::string& help, bool required = false);
  void option(const std::string& flags, std::vector<std::string>& values, const std::string& help);
  /// A whole number from `least` to `most`.
  void option(const std::string& flags, size_t& value, const std::string& help, size_t least = 0, double most = 1e9);
  /// A number from `least` to `most`.
  void option(const std::string& flags, double& value, const std::string& help, double least = -1e12,
              double most = 1e12);
  /// One of `choices`, else a usage error that lists them.
  void choice(const std::string& flags, std::string& value, const std::vector<std::string>& choices,
              const std::string& help, bool required = false);
  void flag(const std::string& flags, bool& value, const std::string& help);
  /// --device, into the session: where the command computes.
  void device();
  void run(std::function<void(Session&)> action);

 private:
  CLI::App* app_;
  Session* session_;
};

/// Every subcommand of `vision`: one function a file, one line in commands.cpp.
using AddCommand = void (*)(Command& vision);
const std::vector<AddCommand>& vision_commands();

/// Parses and runs; the process's exit status. Errors go to stderr, as JSON with --json.
int run_program(int argc, char** argv, CancelSource interrupts);

}  // namespace hanok::app
