// hanok keys: the API keys of a data directory's server.
#include <filesystem>
#include <iostream>
#include <map>

#include "command.h"
#include "hanok/error.h"
#include "server/auth/keys.h"

namespace hanok::app {
namespace {

namespace fs = std::filesystem;

struct KeyFlags {
  std::string name, scope = "read";
  std::vector<std::string> on;
};

fs::path keys_file(const Session& session) { return fs::path(session.data_folder()) / "keys.json"; }

void add_key(Session& session, const KeyFlags& flags) {
  std::map<std::string, server::Scope> collections;
  for (const auto& text : flags.on) {
    const size_t equals = text.rfind('=');
    collections[text.substr(0, equals)] =
        server::scope_named(equals == text.npos ? flags.scope : text.substr(equals + 1));
  }
  server::Keys keys = server::Keys::load(keys_file(session));
  const std::string key = keys.add(flags.name, server::scope_named(flags.scope), collections);
  fs::create_directories(session.data_folder());
  keys.save(keys_file(session));
  session.print({{"name", flags.name}, {"key", key}}, [&](std::ostream& out) { out << key << "\n"; });
  session.note("This is shown once: only its hash is kept. A server that runs reads it on SIGHUP");
}

void list_keys(Session& session) {
  base::OrderedJson rows = base::OrderedJson::array();
  const server::Keys keys = server::Keys::load(keys_file(session));
  for (const auto& key : keys.list()) {
    base::OrderedJson row = {{"name", key.name}, {"scope", server::scope_name(key.scope)}};
    row["collections"] = base::OrderedJson::object();
    for (const auto& [name, scope] : key.collections) row["collections"][name] = server::scope_name(scope);
    rows.push_back(std::move(row));
  }
  session.print({{"keys", rows}}, [&](std::ostream& out) {
    for (const auto& row : rows) {
      out << row["name"].get<std::string>() << "\t";
      if (row["collections"].empty()) out << row["scope"].get<std::string>();
      for (const auto& [name, scope] : row["collections"].items())
        out << name << "=" << scope.get<std::string>() << " ";
      out << "\n";
    }
  });
}

void remove_key(Session& session, const KeyFlags& flags) {
  server::Keys keys = server::Keys::load(keys_file(session));
  if (!keys.remove(flags.name))
    throw Error(Code::NotFound, "there is no key '" + flags.name + "'; see hanok keys list");
  keys.save(keys_file(session));
  session.print({{"removed", flags.name}}, [&](std::ostream& out) { out << "removed " << flags.name << "\n"; });
}

}  // namespace

void add_keys(Command& root) {
  Command group = root.group("keys", "API keys of the server: add, list, remove.");
  auto flags = std::make_shared<KeyFlags>();
  Command add = group.subcommand("add", "Makes a key and shows it, once.",
                                 "  hanok keys add app --scope write\n"
                                 "  hanok keys add team --on notes=write --on handbook=read");
  add.positional("NAME", flags->name, "what to call it");
  add.choice("--scope", flags->scope, {"read", "write", "admin"}, "what it may do (default read)");
  add.option("--on", flags->on, "only with this collection, NAME or NAME=SCOPE; may be given several times");
  add.run([flags](Session& session) { add_key(session, *flags); });
  group.subcommand("list", "Names and scopes.").run([](Session& session) { list_keys(session); });
  Command remove = group.subcommand("remove", "Removes a key.");
  remove.positional("NAME", flags->name, "its name");
  remove.run([flags](Session& session) { remove_key(session, *flags); });
}

}  // namespace hanok::app
