#include <filesystem>
#include <iostream>

#include "base/file.h"
#include "command.h"

namespace hanok::app {
namespace {

void list(Session& session) {
  base::OrderedJson rows = base::OrderedJson::object();
  for (const auto& s : setting_table()) {
    const auto [value, from] = session.setting(s.key);
    rows[s.key] = {{"value", value}, {"from", from}, {"environment", s.environment}, {"help", s.help}};
  }
  session.print(rows, [&](std::ostream& out) {
    for (const auto& [key, row] : rows.items())
      out << key << " = " << row["value"].get<std::string>() << "   (" << row["from"].get<std::string>() << "; "
          << row["help"].get<std::string>() << ")\n";
  });
}

void set(Session& session, const std::string& key, const std::string& value) {
  session.setting(key);  // a key that is not there is an error with the list of those that are
  base::Json file = session.config_file();
  if (value.empty())
    file.erase(key);
  else
    file[key] = value;
  const std::filesystem::path path = session.config_path();
  std::filesystem::create_directories(path.parent_path());
  base::write_file_atomic(path, base::dump_json(file, 2) + "\n");
  session.print({{key, value}, {"file", path.string()}},
                [&](std::ostream& out) { out << key << " = " << value << "   (in " << path.string() << ")\n"; });
}

}  // namespace

void add_config(Command& root) {
  struct Flags {
    std::string key, value;
  };
  auto flags = std::make_shared<Flags>();
  Command group = root.group("config", "Settings that are kept: list, get, set.");
  group.subcommand("list", "Every setting, its value, and where the value comes from.").run(list);
  Command get = group.subcommand("get", "One value.");
  get.positional("KEY", flags->key, "setting");
  get.run([flags](Session& s) {
    const auto [value, from] = s.setting(flags->key);
    s.print({{flags->key, value}, {"from", from}}, [&, v = value](std::ostream& out) { out << v << "\n"; });
  });
  Command set_it = group.subcommand("set", "Keep a value in the configuration file; an empty VALUE removes it.");
  set_it.positional("KEY", flags->key, "setting");
  set_it.positional("VALUE", flags->value, "value");
  set_it.run([flags](Session& s) { set(s, flags->key, flags->value); });
}

}  // namespace hanok::app
