#include <algorithm>
#include <filesystem>
#include <iostream>

#include "base/clock.h"
#include "command.h"
#include "hanok/chroma_folder.h"
#include "hanok/error.h"
#include "hanok/pictures.h"

namespace hanok::app {
namespace {

void list(Session& session) {
  auto& store = session.store(false);
  base::OrderedJson rows = base::OrderedJson::array();
  for (const auto& name : store.collections()) {
    const auto c = store.collection(name)->snapshot();
    rows.push_back({{"name", name}, {"documents", c->document_count()}, {"chunks", c->chunk_count()}});
  }
  session.print({{"collections", rows}}, [&](std::ostream& out) {
    for (const auto& r : rows)
      out << r["name"].get<std::string>() << "  " << with_commas(r["documents"].get<uint64_t>()) << " documents, "
          << with_commas(r["chunks"].get<uint64_t>()) << " chunks\n";
    if (rows.empty()) out << "no collections yet; begin with: hanok ingest FOLDER\n";
  });
}

// How many passages have a vector: of the model that is to answer, which may not be the one that does yet.
base::OrderedJson coverage(const store::Snapshot& c, const store::Json& statistics) {
  const auto passages = statistics["chunks"].get<uint64_t>();
  const auto pending = c.pending_space(), space = c.vector_space();
  const auto vectors =
      pending ? statistics["index"].at("pending").at("vectors").get<uint64_t>() : statistics["vectors"].get<uint64_t>();
  const auto model = pending ? pending : space;
  return {{"passages", passages},
          {"vectors", vectors},
          {"missing", passages - std::min(vectors, passages)},
          {"model", model ? base::OrderedJson(model->model) : base::OrderedJson(nullptr)}};
}

void show(Session& session, const std::string& name) {
  const auto c = session.store(false).collection(name)->snapshot();
  base::OrderedJson value = {{"name", name}};
  const auto statistics = c->statistics();
  for (const auto& [key, v] : statistics.items()) value[key] = v;
  value["settings"] = c->settings();
  const auto space = c->vector_space();
  value["embedding"] =
      space ? base::OrderedJson({{"model", space->model}, {"dim", space->dim}, {"fingerprint", space->fingerprint}})
            : base::OrderedJson(nullptr);
  value["meaning"] = coverage(*c, statistics);
  session.print(value, [&](std::ostream& out) {
    for (const auto& [key, v] : value.items())
      out << key << ": " << (v.is_string() ? v.get<std::string>() : base::dump_json(v)) << "\n";
    const auto& m = value["meaning"];
    const auto passages = m["passages"].get<uint64_t>(), vectors = m["vectors"].get<uint64_t>();
    out << with_commas(vectors) << " of " << with_commas(passages) << " passages have their vector";
    if (vectors < passages && space && chain::holds_pictures(*space))
      out << "; for the others, hanok ingest their folders once more";
    else if (vectors < passages)
      out << "; the others are found by their words. For meaning: hanok ingest --embed-only";
    out << "\n";
  });
}

void remove(Session& session, const std::string& name) {
  if (!session.store(true).drop(name)) throw Error(Code::NotFound, "there is no collection '" + name + "'");
  session.print({{"deleted", name}}, [&](std::ostream& out) { out << "deleted " << name << "\n"; });
}

// "index.type=hnsw" -> settings["index"]["type"]; an empty value removes it. The store checks what it knows.
void set_keys(Session& session, const std::string& name, const std::vector<std::string>& pairs) {
  auto& collection = *session.store(true).collection(name);
  auto settings = collection.settings();
  for (const auto& pair : pairs) {
    const size_t equals = pair.find('='), dot = pair.find('.');
    if (equals == std::string::npos || dot == std::string::npos || dot > equals)
      throw Error(Code::Invalid, "'" + pair + "': expected GROUP.KEY=VALUE, as in index.type=hnsw");
    const std::string group = pair.substr(0, dot), key = pair.substr(dot + 1, equals - dot - 1),
                      text = pair.substr(equals + 1);
    if (group != "index" && group != "bm25")
      throw Error(Code::Invalid, "'" + pair + "': there are index.type, index.exact_below, index.ef, bm25.k1, bm25.b");
    if (text.empty()) {
      if (settings.contains(group)) settings[group].erase(key);
      continue;
    }
    const auto parsed = store::Json::parse(text, nullptr, false);
    settings[group][key] = parsed.is_number() ? parsed : store::Json(text);
  }
  collection.set_settings(settings);
  session.print({{"name", name}, {"settings", settings}},
                [&](std::ostream& out) { out << name << ": " << base::dump_json(settings) << "\n"; });
}

void index(Session& session, const std::string& name, bool anew) {
  auto& collection = *session.store(true).collection(name);
  const base::Stopwatch clock;
  const bool built = session.build_index(collection, anew);
  const double seconds = clock.seconds();
  const auto about = collection.statistics()["index"];
  session.print({{"name", name}, {"built", built}, {"seconds", seconds}, {"index", about}}, [&](std::ostream& out) {
    out << name << ": " << about["kind"].get<std::string>()
        << (built ? ", built in " + human_seconds(seconds) : ", nothing to do") << "\n";
  });
}

void import_folder(Session& session, const std::string& folder, const std::string& only) {
  auto& store = session.store(true);
  const auto report = store::import_chroma(store.catalog(), folder, only);
  base::OrderedJson rows = base::OrderedJson::array();
  for (const auto& c : report.collections)
    rows.push_back({{"name", c.name},
                    {"tenant", c.place.tenant},
                    {"database", c.place.database},
                    {"records", c.records},
                    {"without_vector", c.without_vector}});
  session.print({{"imported", rows}, {"warnings", report.warnings}}, [&](std::ostream& out) {
    for (const auto& w : report.warnings) out << "warning: " << w << "\n";
    for (const auto& r : rows) {
      out << r["name"].get<std::string>() << "  " << with_commas(r["records"].get<uint64_t>()) << " records";
      if (r["without_vector"].get<uint64_t>() > 0)
        out << ", " << with_commas(r["without_vector"].get<uint64_t>()) << " of them without a vector";
      out << "\n";
    }
  });
}

}  // namespace

void add_collections(Command& root) {
  Command group = root.group("collections", "List, show, delete, export or import collections.");
  struct Flags {
    std::string name, file;
    std::vector<std::string> pairs;
    bool anew = false;
  };
  auto flags = std::make_shared<Flags>();
  group.subcommand("list", "All collections with their sizes.").run(list);
  Command shown = group.subcommand("show", "One collection: sizes, settings, embedding model.");
  shown.positional("NAME", flags->name, "collection");
  shown.run([flags](Session& s) { show(s, flags->name); });
  Command deleted = group.subcommand("delete", "Delete a collection and everything in it.");
  deleted.positional("NAME", flags->name, "collection");
  deleted.run([flags](Session& s) { remove(s, flags->name); });
  Command settings =
      group.subcommand("set", "Change settings of one collection.",
                       "  index.type         auto (default), flat (every search an exact scan), hnsw, ivf\n"
                       "  index.exact_below  so many vectors are scanned without an index; 0 (default): by dimension\n"
                       "  index.ef           how wide a walk through a graph is; 0 (default): as was measured\n"
                       "  bm25.k1, bm25.b    of keyword search\n\n"
                       "  hanok collections set default index.type=hnsw\n"
                       "  hanok collections set default index.type=          (back to the default)");
  settings.positional("NAME", flags->name, "collection");
  settings.positionals("KEY=VALUE", flags->pairs, "settings; an empty VALUE removes one");
  settings.run([flags](Session& s) { set_keys(s, flags->name, flags->pairs); });
  Command indexed =
      group.subcommand("index", "Make the index of a collection's vectors that is due, as `ingest` does.");
  indexed.positional("NAME", flags->name, "collection");
  indexed.flag("--anew", flags->anew, "build it from all vectors, also where the one there is would do");
  indexed.run([flags](Session& s) { index(s, flags->name, flags->anew); });
  Command out = group.subcommand("export", "Write a collection into one file.");
  out.positional("NAME", flags->name, "collection");
  out.positional("FILE", flags->file, "file to write");
  out.run([flags](Session& s) {
    s.store(false).export_collection(flags->name, flags->file);
    s.print({{"exported", flags->name}, {"file", flags->file}},
            [&](std::ostream& o) { o << flags->name << " -> " << flags->file << "\n"; });
  });
  Command in = group.subcommand("import", "Read a collection from a file made by `export`, or Chroma's own folder.",
                                "  hanok collections import notes.hanok notes\n"
                                "  hanok collections import ~/chroma             (every collection of chroma.sqlite3)\n"
                                "  hanok collections import ~/chroma recipes     (one of them)");
  in.positional("FILE", flags->file, "file made by `hanok collections export`, or a folder with chroma.sqlite3");
  in.positional("NAME", flags->name, "name for the new collection; of Chroma's: which one", false);
  in.run([flags](Session& s) {
    if (std::filesystem::is_directory(flags->file)) return import_folder(s, flags->file, flags->name);
    if (flags->name.empty()) throw Error(Code::Invalid, flags->file + ": needs a NAME for the new collection");
    s.store(true).import_collection(flags->file, flags->name);
    s.build_index(*s.store(true).collection(flags->name), false);
    s.print({{"imported", flags->name}, {"file", flags->file}},
            [&](std::ostream& o) { o << flags->file << " -> " << flags->name << "\n"; });
  });
}

}  // namespace hanok::app
