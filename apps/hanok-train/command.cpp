#include "command.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>

#include "../hanok/flags.h"
#include "hanok/error.h"

namespace hanok::app {
namespace {

int report(const Session& session, Code code, const std::string& message) {
  if (session.json) {
    base::OrderedJson error = {{"error", {{"code", code_name(code)}, {"message", message}}}};
    std::cout << base::dump_json(error) << "\n";
  }
  std::cerr << "hanok-train: " << message << "\n";
  return exit_status(code);
}

// What libtorch throws says in the lines behind it where it was thrown.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

void build(CLI::App& app, Session& session) {
  app.require_subcommand(1);
  app.set_version_flag("-V,--version", std::string("hanok-train " HANOK_VERSION));
  app.set_help_flag("-h,--help", "this text; `hanok vision COMMAND --help` says more");
  app.get_formatter()->column_width(34);
  Command root(&app, &session);
  Command vision = root.group("vision", "Nets for pictures: train, try, compare.");
  for (const AddCommand add : vision_commands()) add(vision);
}

}  // namespace

void Session::print(const base::OrderedJson& value, const std::function<void(std::ostream&)>& human) const {
  if (json)
    std::cout << base::dump_json(value) << std::endl;
  else
    human(std::cout);
}

void Session::note(const std::string& line) const {
  if (!quiet) std::cerr << line << "\n";
}

bool Session::draws() const { return !quiet && ::isatty(2); }

Command Command::subcommand(const std::string& name, const std::string& help, const std::string& long_help) {
  CLI::App* sub = app_->add_subcommand(name, help);
  if (!long_help.empty()) sub->footer(long_help);
  sub->add_flag("--json", session_->json, "machine-readable output (docs/vision.md)");
  sub->add_flag("-q,--quiet", session_->quiet, "no progress, no notes");
  sub->add_option("--threads", session_->threads, "threads to use (HANOK_THREADS; default: all cores)")
      ->check(whole_number(0));
  return Command(sub, session_);
}

Command Command::group(const std::string& name, const std::string& help) {
  CLI::App* sub = app_->add_subcommand(name, help);
  sub->require_subcommand(1);
  return Command(sub, session_);
}

void Command::positional(const std::string& name, std::string& value, const std::string& help, bool required) {
  app_->add_option(name, value, help)->required(required)->check(not_empty());
}
void Command::positionals(const std::string& name, std::vector<std::string>& values, const std::string& help,
                          bool required) {
  app_->add_option(name, values, help)->required(required);
}
void Command::option(const std::string& flags, std::string& value, const std::string& help, bool required) {
  app_->add_option(flags, value, help)->check(not_empty())->required(required);
}
void Command::option(const std::string& flags, std::vector<std::string>& values, const std::string& help) {
  app_->add_option(flags, values, help)->allow_extra_args(false);
}
void Command::option(const std::string& flags, size_t& value, const std::string& help, size_t least, double most) {
  app_->add_option(flags, value, help)->check(whole_number(least))->check(number(least, most));
}
void Command::option(const std::string& flags, double& value, const std::string& help, double least, double most) {
  app_->add_option(flags, value, help)->check(number(least, most));
}
void Command::choice(const std::string& flags, std::string& value, const std::vector<std::string>& choices,
                     const std::string& help, bool required) {
  app_->add_option(flags, value, help)->check(CLI::IsMember(choices))->required(required);
}
void Command::flag(const std::string& flags, bool& value, const std::string& help) {
  app_->add_flag(flags, value, help);
}
void Command::device() {
  option("--device", session_->device, "auto (a GPU where there is one), cpu, cuda or cuda:NUMBER");
}

void Command::run(std::function<void(Session&)> action) {
  app_->callback([session = session_, action = std::move(action)] {
    const Context::Scope scope(Context().with_cancel(session->interrupts).with_threads(session->threads));
    action(*session);
  });
}

int run_program(int argc, char** argv, CancelSource interrupts) {
  Session session;
  session.interrupts = std::move(interrupts);
  try {
    CLI::App app("hanok-train trains nets on your own machine. `hanok vision` runs it.", "hanok-train");
    build(app, session);
    try {
      app.parse(argc, argv);
    } catch (const CLI::Success& e) {
      return app.exit(e);
    } catch (const CLI::ParseError& e) {
      const std::string unknown = unknown_name(&app, argc, argv);
      return report(session, Code::Invalid,
                    (unknown.empty() ? std::string(e.what()) : unknown) + "; see `hanok vision COMMAND --help`");
    }
    std::cout.flush();
    if (!std::cout) throw Error(Code::Unavailable, "cannot write the output: is the disk full or the reader gone?");
    return session.status;
  } catch (const Error& e) {
    return report(session, e.code(), e.what());
  } catch (const std::filesystem::filesystem_error& e) {
    return report(session, Code::Unavailable, e.path1().string() + ": " + e.code().message());
  } catch (const std::bad_alloc&) {
    return report(session, Code::Exhausted, "out of memory");
  } catch (const std::exception& e) {
    const std::string what = first_line(e.what());
    // libtorch's errors have no type of their own for it.
    if (what.find("allocate memory") != what.npos || what.find("size calculation overflowed") != what.npos)
      return report(session, Code::Exhausted,
                    "out of memory: take fewer, or smaller, pictures at once; libtorch says: " + what);
    return report(session, Code::Internal, "unexpected: " + what + "; please report this");
  }
}

}  // namespace hanok::app
