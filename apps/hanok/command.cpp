#include "command.h"

#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>

#include "base/log.h"
#include "base/threads.h"
#include "flags.h"
#include "hanok/context.h"
#include "hanok/error.h"
#include "hanok/traces.h"

namespace hanok::app {
namespace {

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

/// All that a command does under one span, so that it is one trace.
void under_span(const std::string& command, const std::function<void()>& work) {
  chain::OpenSpan span("hanok " + command);
  try {
    work();
  } catch (const std::exception& e) {
    span.fail(e.what());
    throw;
  }
}

/// With --trace: writes it, also of what failed.
void traced(const Session& session, const std::string& command, const std::function<void()>& work) {
  if (session.trace_flag.empty()) return work();
  if (session.trace_flag != "-") {
    const chain::Tracing scope(chain::Trace::to_file(session.trace_flag));
    return under_span(command, work);
  }
  std::vector<chain::TraceSpan> spans;
  const auto trace = std::make_shared<chain::Trace>([&](const chain::TraceSpan& span) { spans.push_back(span); });
  const chain::Tracing scope(trace);
  try {
    under_span(command, work);
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

void Command::hands_on(const std::string& name, const std::string& help,
                       std::function<void(Session&, const std::vector<std::string>&)> action) {
  CLI::App* sub = app_->add_subcommand(name, help);
  sub->set_help_flag();  // also --help is for whoever takes the words
  sub->prefix_command();
  sub->callback([session = session_, sub, action = std::move(action)] { action(*session, sub->remaining()); });
}

void Command::positional(const std::string& name, std::string& value, const std::string& help, bool required) {
  app_->add_option(name, value, help)->required(required);
}
void Command::words(const std::string& name, std::string& value, const std::string& help, bool required) {
  const auto has_words = [](const std::string& text) {
    const bool blank = text.find_first_not_of(" \t\r\n") == text.npos;
    return blank ? std::string("is empty; say what you look for") : std::string();
  };
  app_->add_option(name, value, help)->required(required)->check(CLI::Validator(has_words, "", ""));
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

void Command::embedding_model() {
  option("-m,--model", session_->embedding_flag,
         "embedding model: a folder, ORG/NAME, or none (default: the collection's, for a new one the setting "
         "embedding-model)");
}

void Command::precision() {
  choice("--precision", session_->precision_flag, {"float32", "int8"},
         "what the embedding model computes in (default: the setting embedding-precision)");
}

void Command::trace() {
  option("--trace", session_->trace_flag,
         "write what chains, searches and models did into this file (OpenTelemetry's JSON lines); -: a tree to stderr");
}

void Command::cache() {
  choice("--cache", session_->cache_flag, {"on", "off"},
         "give answers at temperature 0 or with a seed, and vectors, again where they were made before (default: the "
         "setting cache)");
}

void Command::flag(const std::string& flags, bool& value, const std::string& help) {
  app_->add_flag(flags, value, help);
}
void Command::run(std::function<void(Session&)> action) {
  app_->callback([session = session_, name = app_->get_name(), action = std::move(action)] {
    const Context::Scope scope(Context().with_cancel(session->interrupts).with_threads(session->threads_flag));
    traced(*session, name, [&] { action(*session); });
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
