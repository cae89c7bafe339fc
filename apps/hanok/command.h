// One subcommand's flags and action. CLI11 stays behind command.cpp, so a subcommand's file compiles fast.
//
//   void add_hello(Command& root) {
//     auto name = std::make_shared<std::string>("world");
//     Command hello = root.subcommand("hello", "Greets.");
//     hello.positional("NAME", *name, "whom");
//     hello.run([name](Session& session) {
//       session.print({{"hello", *name}}, [&](std::ostream& out) { out << "hello " << *name << "\n"; });
//     });
//   }
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "session.h"

namespace CLI {
class App;
}

namespace hanok::app {

/// Of text recognition, where none are named.
inline constexpr const char* kOcrLanguages = "kor+eng";

class Command {
 public:
  explicit Command(CLI::App* app, Session* session) : app_(app), session_(session) {}

  /// A subcommand with the flags that all have: --json, -c/--collection, --data, --quiet, --threads.
  Command subcommand(const std::string& name, const std::string& help, const std::string& long_help = "");
  /// A group such as `collections`, which needs a subcommand of its own.
  Command group(const std::string& name, const std::string& help);

  /// One that takes no flags of its own: all words after its name, as they stand, are the action's.
  void hands_on(const std::string& name, const std::string& help,
                std::function<void(Session&, const std::vector<std::string>&)> action);

  // The variables must live as long as the action: keep them in a shared_ptr that the action captures.
  void positional(const std::string& name, std::string& value, const std::string& help, bool required = true);
  /// One that must hold a word: empty and blank ones are usage errors.
  void words(const std::string& name, std::string& value, const std::string& help, bool required = true);
  void positionals(const std::string& name, std::vector<std::string>& values, const std::string& help,
                   bool required = true);
  /// An empty value is a usage error: `--where ""` is a mistake (a variable that is not set), not "no condition".
  void option(const std::string& flags, std::string& value, const std::string& help);
  void option(const std::string& flags, std::vector<std::string>& values, const std::string& help);
  /// A whole number from `least` to a thousand millions; anything else, signs and blanks too, is a usage error.
  void option(const std::string& flags, size_t& value, const std::string& help, size_t least = 0);
  /// A number from `least` to `most`; "nan" and "inf" are usage errors.
  void option(const std::string& flags, double& value, const std::string& help, double least = -1e12,
              double most = 1e12);
  /// One of `choices`, else a usage error that lists them.
  void choice(const std::string& flags, std::string& value, const std::vector<std::string>& choices,
              const std::string& help);
  /// -m, --model, over the setting embedding-model.
  void embedding_model();
  /// --precision, over the setting embedding-precision.
  void precision();
  /// --trace FILE: the action and all that chains, searches and models do in it is written down (hanok/traces.h).
  void trace();
  /// --cache on|off, over the setting cache.
  void cache();
  void flag(const std::string& flags, bool& value, const std::string& help);
  void run(std::function<void(Session&)> action);

 private:
  CLI::App* app_;
  Session* session_;
};

/// Every subcommand: one function a file, one line in commands.cpp.
using AddCommand = void (*)(Command& root);
const std::vector<AddCommand>& command_table();

/// Parses and runs; the process's exit status. Errors go to stderr, as JSON with --json.
/// Commands work under a context that `interrupts` ends.
/// A command or flag that does not exist is answered with the nearest that does.
int run_program(int argc, char** argv, CancelSource interrupts);
/// The whole tree of commands with their flags, for completions and docs: one line each, "search -k number of results".
std::string describe_commands();

}  // namespace hanok::app
