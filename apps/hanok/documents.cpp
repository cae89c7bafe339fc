#include <iostream>

#include "base/clock.h"
#include "chain/ingest/sources.h"
#include "command.h"
#include "hanok/error.h"
#include "show.h"

namespace hanok::app {
namespace {

base::OrderedJson to_json(const store::DocumentInfo& d) {
  return {{"path", d.path},
          {"format", d.format},
          {"title", d.title.empty() ? base::OrderedJson(nullptr) : base::OrderedJson(d.title)},
          {"chunks", d.chunks},
          {"bytes", d.size_bytes},
          {"modified", base::iso_time(d.modified_ms)},
          {"ingested", base::iso_time(d.ingested_ms)},
          {"sha256", d.content_hash},
          {"metadata", d.metadata}};
}

// A document as the user may name it: its stored path, or a path from the working folder.
store::DocumentInfo find(const store::Snapshot& snapshot, const std::string& name) {
  if (auto found = snapshot.find(name)) return *found;
  if (auto found = snapshot.find(chain::document_key(name))) return *found;
  throw Error(Code::NotFound,
              "'" + name + "' is not in collection '" + snapshot.name() + "'; see `hanok documents list`");
}

void list(Session& session) {
  const auto documents = session.collection(false).documents();
  base::OrderedJson rows = base::OrderedJson::array();
  for (const auto& d : documents) rows.push_back(to_json(d));
  session.print({{"documents", rows}}, [&](std::ostream& out) {
    for (const auto& d : documents)
      out << short_path(d.path) << "  " << d.format << ", " << with_commas(d.chunks) << " chunks, "
          << human_bytes(static_cast<double>(d.size_bytes)) << "\n";
  });
}

void show_one(Session& session, const std::string& name, bool with_text) {
  const auto snapshot = session.collection(false).snapshot();
  const auto info = find(*snapshot, name);
  base::OrderedJson value = to_json(info);
  base::OrderedJson chunks = base::OrderedJson::array();
  const auto ids = snapshot->chunk_ids(info.id);
  for (const auto& c : snapshot->chunks(ids))
    chunks.push_back({{"ordinal", c.ordinal},
                      {"page", c.page > 0 ? base::OrderedJson(c.page) : nullptr},
                      {"heading", c.heading},
                      {"start", c.span.start},
                      {"end", c.span.end}});
  value["passages"] = chunks;
  const std::string text = snapshot->document_text(info.path);
  if (with_text) value["text"] = text;
  session.print(value, [&](std::ostream& out) {
    if (with_text) {
      out << text << "\n";
      return;
    }
    for (const auto& [key, v] : value.items())
      if (key != "passages") out << key << ": " << (v.is_string() ? v.get<std::string>() : base::dump_json(v)) << "\n";
    for (const auto& c : chunks) out << "  " << base::dump_json(c) << "\n";
  });
}

void remove(Session& session, const std::vector<std::string>& names) {
  auto& collection = session.collection(true);
  size_t removed = 0;
  for (const auto& name : names) removed += collection.remove(find(*collection.snapshot(), name).path);
  session.print({{"removed", removed}},
                [&](std::ostream& out) { out << "removed " << removed << "; the files themselves are untouched\n"; });
}

}  // namespace

void add_documents(Command& root) {
  struct Flags {
    std::string name;
    std::vector<std::string> names;
    bool text = false;
  };
  auto flags = std::make_shared<Flags>();
  Command group = root.group("documents", "List, show or remove documents of a collection.");
  group.subcommand("list", "All documents.").run(list);
  Command shown = group.subcommand("show", "One document: where it came from, its passages, its text.");
  shown.positional("PATH", flags->name, "document");
  shown.flag("--text", flags->text, "print the extracted text that `start` and `end` point into");
  shown.run([flags](Session& s) { show_one(s, flags->name, flags->text); });
  Command removed = group.subcommand("remove", "Forget documents (their files stay).");
  removed.positionals("PATH", flags->names, "documents");
  removed.run([flags](Session& s) { remove(s, flags->names); });
}

}  // namespace hanok::app
