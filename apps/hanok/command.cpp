#include "command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <exception>
#include <iostream>
#include <numeric>
#include <string_view>

#include "base/log.h"
#include "base/threads.h"
#include "hanok/context.h"
#include "hanok/error.h"
#include "hanok/traces.h"

namespace hanok::app {
namespace {

// ---- values

constexpr size_t kMostCount = 1'000'000'000;

template <typename T>
bool parses(const std::string& text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

CLI::Validator whole_number(size_t least) {
  return CLI::Validator(
      [least](const std::string& text) {
        size_t value = 0;
        if (parses(text, value) && value >= least && value <= kMostCount) return std::string();
        return "'" + text + "': a whole number from " + std::to_string(least) + " to " + std::to_string(kMostCount) +
               " was expected";
      },
      "", "");
}

std::string plain(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

CLI::Validator number(double least, double most) {
  return CLI::Validator(
      [least, most](const std::string& text) {
        double value = 0;
        if (parses(text, value) && std::isfinite(value) && value >= least && value <= most) return std::string();
        return "'" + text + "': a number from " + plain(least) + " to " + plain(most) + " was expected";
      },
      "", "");
}

CLI::Validator not_empty() {
  return CLI::Validator(
      [](const std::string& text) {
        return text.empty() ? std::string("is empty; give a value, or leave the flag out") : std::string();
      },
      "", "");
}

// ---- names that do not exist

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t changed = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row[b.size()];
}

// The nearest of `names`, when it differs in no more than a third of its letters; empty otherwise.
std::string nearest(std::string_view word, const std::vector<std::string>& names) {
  std::string best;
  size_t least = word.size();
  for (const auto& name : names)
    if (const size_t distance = edit_distance(word, name); distance < least) least = distance, best = name;
  return 3 * least <= std::max<size_t>(word.size(), 3) + 1 ? best : std::string();
}

std::vector<std::string> command_names(const CLI::App* app) {
  std::vector<std::string> names;
  for (const CLI::App* sub : app->get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(sub->get_name());
  return names;
}

std::vector<std::string> flag_names(const CLI::App* app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app->get_options())
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

// What a parse error is about, in better words: "'serch' is no command; did you mean 'search'?". Empty when every name
// that was given exists.
std::string unknown_name(const CLI::App* app, int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--") break;
    const std::vector<std::string> commands = command_names(app);
    std::vector<std::string> names;
    std::string kind = "command";
    std::string name = word;
    if (word.starts_with("--")) {
      name = word.substr(0, word.find('='));
      names = flag_names(app), kind = "flag";
    } else if (word.starts_with("-") || commands.empty()) {
      continue;  // a value, or a short flag
    } else {
      names = commands;
    }
    if (std::find(names.begin(), names.end(), name) != names.end()) {
      if (kind == "command") app = app->get_subcommand(name);
      continue;
    }
    const std::string near = nearest(name, names);
    return "'" + name + "' is no " + kind + (near.empty() ? "" : "; did you mean '" + near + "'?");
  }
  return {};
}

void add_shared_flags(CLI::App* app, Session* session) {
  app->add_flag("--json", session->json, "machine-readable output (docs/cli.md)");
  app->add_option("-c,--collection", session->collection_flag, "collection to use (default: default)")
      ->check(not_empty());
  app->add_option("--data", session->data_flag, "data directory (HANOK_DATA; default ~/.local/share/hanok)")
      ->check(not_empty());
  app->add_flag("-q,--quiet", session->quiet, "no progress, no notes");
  app->add_option("--threads", session->threads_flag, "threads to use (HANOK_THREADS; default: all cores)")
      ->check(whole_number(0));
}

int report(const Session& session, Code code, const std::string& message) {
  if (session.json) {
    base::OrderedJson error = {{"error", {{"code", code_name(code)}, {"message", message}}}};
    std::cout << base::dump_json(error) << "\n";
  }
  std::cerr << "hanok: " << message << "\n";
  return exit_status(code);
}

/// With --trace: writes it, also of what failed.
void traced(const Session& session, const std::function<void()>& work) {
  if (session.trace_flag.empty()) return work();
  if (session.trace_flag != "-") {
    const chain::Tracing scope(chain::Trace::to_file(session.trace_flag));
    return work();
  }
  std::vector<chain::TraceSpan> spans;
  const auto trace = std::make_shared<chain::Trace>([&](const chain::TraceSpan& span) { spans.push_back(span); });
  const chain::Tracing scope(trace);
  try {
    work();
  } catch (...) {
    std::cerr << chain::trace_tree(spans);
    throw;
  }
  std::cerr << chain::trace_tree(spans);
}

void describe(const CLI::App* app, const std::string& path, std::string& out) {
  for (const CLI::App* sub : app->get_subcommands([](const CLI::App*) { return true; })) {
    const std::string name = path.empty() ? sub->get_name() : path + " " + sub->get_name();
    out += name + "\t\t" + sub->get_description() + "\n";
    for (const CLI::Option* option : sub->get_options())
      if (option->nonpositional())
        out += name + "\t" + option->get_name(false, true) + "\t" + option->get_description() + "\n";
    describe(sub, name, out);
  }
}

void build(CLI::App& app, Session& session) {
  app.require_subcommand(1);
  app.set_version_flag("-V,--version", std::string("hanok " HANOK_VERSION));
  app.set_help_flag("-h,--help", "this text; `hanok COMMAND --help` says more");
  app.get_formatter()->column_width(34);
  Command root(&app, &session);
  for (const AddCommand add : command_table()) add(root);
  app.footer(
      "Begin here:\n"
      "  hanok ingest ~/Documents          read your files\n"
      "  hanok ask \"what did we decide?\"   an answer with its sources\n"
      "  hanok search \"회의 결과\" -k 5       the passages themselves\n"
      "Settings come from flags, then the environment (HANOK_DATA ...), then `hanok config`.");
}

}  // namespace

Command Command::subcommand(const std::string& name, const std::string& help, const std::string& long_help) {
  CLI::App* sub = app_->add_subcommand(name, help);
  if (!long_help.empty()) sub->footer(long_help);
  add_shared_flags(sub, session_);
  return Command(sub, session_);
}

Command Command::group(const std::string& name, const std::string& help) {
  CLI::App* sub = app_->add_subcommand(name, help);
  sub->require_subcommand(1);
  return Command(sub, session_);
}

void Command::positional(const std::string& name, std::string& value, const std::string& help, bool required) {
  app_->add_option(name, value, help)->required(required);
}
void Command::words(const std::string& name, std::string& value, const std::string& help) {
  const auto has_words = [](const std::string& text) {
    const bool blank = text.find_first_not_of(" \t\r\n") == text.npos;
    return blank ? std::string("is empty; say what you look for") : std::string();
  };
  app_->add_option(name, value, help)->required()->check(CLI::Validator(has_words, "", ""));
}
void Command::positionals(const std::string& name, std::vector<std::string>& values, const std::string& help,
                          bool required) {
  app_->add_option(name, values, help)->required(required);
}
void Command::option(const std::string& flags, std::string& value, const std::string& help) {
  app_->add_option(flags, value, help)->check(not_empty());
}
void Command::option(const std::string& flags, std::vector<std::string>& values, const std::string& help) {
  app_->add_option(flags, values, help)->allow_extra_args(false);
}
void Command::option(const std::string& flags, size_t& value, const std::string& help, size_t least) {
  app_->add_option(flags, value, help)->check(whole_number(least));
}
void Command::option(const std::string& flags, double& value, const std::string& help, double least, double most) {
  app_->add_option(flags, value, help)->check(number(least, most));
}
void Command::choice(const std::string& flags, std::string& value, const std::vector<std::string>& choices,
                     const std::string& help) {
  app_->add_option(flags, value, help)->check(CLI::IsMember(choices));
}
void Command::precision() {
  choice("--precision", session_->precision_flag, {"float32", "int8"},
         "what the embedding model computes in (default: the setting embedding-precision)");
}

void Command::trace() {
  option("--trace", session_->trace_flag,
         "write what chains, searches and models did into this file (OpenTelemetry's JSON lines); -: a tree to stderr");
}

void Command::flag(const std::string& flags, bool& value, const std::string& help) {
  app_->add_flag(flags, value, help);
}
void Command::run(std::function<void(Session&)> action) {
  app_->callback([session = session_, action = std::move(action)] {
    const Context::Scope scope(Context().with_cancel(session->interrupts).with_threads(session->threads_flag));
    traced(*session, [&] { action(*session); });
  });
}

int run_program(int argc, char** argv, CancelSource interrupts) {
  Session session;
  session.interrupts = std::move(interrupts);
  try {
    CLI::App app("hanok answers from your own files, with sources, on your own machine.", "hanok");
    build(app, session);
    try {
      app.parse(argc, argv);
    } catch (const CLI::Success& e) {
      return app.exit(e);
    } catch (const CLI::ParseError& e) {
      const std::string unknown = unknown_name(&app, argc, argv);
      return report(
          session, Code::Invalid,
          (unknown.empty() ? std::string(e.what()) : unknown) + "; see `hanok --help` or `hanok COMMAND --help`");
    }
    std::cout.flush();
    if (!std::cout) throw Error(Code::Unavailable, "cannot write the output: is the disk full or the reader gone?");
    return session.status;
  } catch (const Error& e) {
    return report(session, e.code(), e.what());
  } catch (const std::bad_alloc&) {
    return report(session, Code::Exhausted, "out of memory");
  } catch (const std::exception& e) {
    return report(session, Code::Internal, std::string("unexpected: ") + e.what() + "; please report this");
  }
}

std::string describe_commands() {
  Session session;
  CLI::App app("", "hanok");
  build(app, session);
  std::string out;
  describe(&app, "", out);
  return out;
}

}  // namespace hanok::app
