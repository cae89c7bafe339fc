#include <iostream>

#include "command.h"
#include "hanok/error.h"

namespace hanok::app {
namespace {

void list(Session& session) {
  auto& store = session.store(false);
  base::OrderedJson rows = base::OrderedJson::array();
  for (const auto& name : store.collections()) {
    const auto& c = store.collection(name);
    rows.push_back({{"name", name}, {"documents", c.document_count()}, {"chunks", c.chunk_count()}});
  }
  session.print({{"collections", rows}}, [&](std::ostream& out) {
    for (const auto& r : rows)
      out << r["name"].get<std::string>() << "  " << with_commas(r["documents"].get<uint64_t>()) << " documents, "
          << with_commas(r["chunks"].get<uint64_t>()) << " chunks\n";
    if (rows.empty()) out << "no collections yet; begin with: hanok ingest FOLDER\n";
  });
}

void show(Session& session, const std::string& name) {
  const auto& c = session.store(false).collection(name);
  base::OrderedJson value = {{"name", name}};
  const auto statistics = c.statistics();
  for (const auto& [key, v] : statistics.items()) value[key] = v;
  value["settings"] = c.settings();
  const auto space = c.vector_space();
  value["embedding"] =
      space ? base::OrderedJson({{"model", space->model}, {"dim", space->dim}, {"fingerprint", space->fingerprint}})
            : base::OrderedJson(nullptr);
  session.print(value, [&](std::ostream& out) {
    for (const auto& [key, v] : value.items())
      out << key << ": " << (v.is_string() ? v.get<std::string>() : base::dump_json(v)) << "\n";
  });
}

void remove(Session& session, const std::string& name) {
  if (!session.store(true).drop(name)) throw Error(Code::NotFound, "there is no collection '" + name + "'");
  session.print({{"deleted", name}}, [&](std::ostream& out) { out << "deleted " << name << "\n"; });
}

}  // namespace

void add_collections(Command& root) {
  Command group = root.group("collections", "List, show, delete, export or import collections.");
  struct Flags {
    std::string name, file;
  };
  auto flags = std::make_shared<Flags>();
  group.subcommand("list", "All collections with their sizes.").run(list);
  Command shown = group.subcommand("show", "One collection: sizes, settings, embedding model.");
  shown.positional("NAME", flags->name, "collection");
  shown.run([flags](Session& s) { show(s, flags->name); });
  Command deleted = group.subcommand("delete", "Delete a collection and everything in it.");
  deleted.positional("NAME", flags->name, "collection");
  deleted.run([flags](Session& s) { remove(s, flags->name); });
  Command out = group.subcommand("export", "Write a collection into one file.");
  out.positional("NAME", flags->name, "collection");
  out.positional("FILE", flags->file, "file to write");
  out.run([flags](Session& s) {
    s.store(false).export_collection(flags->name, flags->file);
    s.print({{"exported", flags->name}, {"file", flags->file}},
            [&](std::ostream& o) { o << flags->name << " -> " << flags->file << "\n"; });
  });
  Command in = group.subcommand("import", "Read a collection from a file made by `export`.");
  in.positional("FILE", flags->file, "file made by `hanok collections export`");
  in.positional("NAME", flags->name, "name for the new collection");
  in.run([flags](Session& s) {
    s.store(true).import_collection(flags->file, flags->name);
    s.print({{"imported", flags->name}, {"file", flags->file}},
            [&](std::ostream& o) { o << flags->file << " -> " << flags->name << "\n"; });
  });
}

}  // namespace hanok::app
