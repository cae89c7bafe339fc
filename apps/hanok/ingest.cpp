#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <map>

#include "base/file.h"
#include "base/json.h"
#include "base/threads.h"
#include "chain/http/http.h"
#include "command.h"
#include "hanok/indexing.h"
#include "models_in_use.h"
#include "pictures.h"
#include "server/admin/ingest.h"
#include "show.h"

namespace hanok::app {
namespace {

struct Flags {
  std::string ocr_languages, image_model, texts, cleanup = "incremental";
  std::vector<std::string> paths, globs, exclude, metadata;
  bool watch = false, prune = false, force = false, no_embed = false, embed_only = false, ocr = false;
};

// The vectors' index: what there are enough of for a scan to be slow is indexed before the process ends.
void index_vectors(Session& session, store::Collection& collection) {
  try {
    session.build_index(collection, false);
  } catch (const Error& e) {
    if (e.code() == Code::Cancelled) throw;
    session.note(std::string("hanok: the vectors could not be indexed, searches look at all of them: ") + e.what());
  }
}

// "3 .hwp, 1 without a suffix"
std::string counted(const std::map<std::string, size_t>& counts) {
  std::vector<std::pair<std::string, size_t>> rows(counts.begin(), counts.end());
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string out;
  for (const auto& [name, n] : rows)
    out += (out.empty() ? "" : ", ") + with_commas(n) + " " + (name.empty() ? "without a suffix" : name);
  return out;
}

// A report on pictures says in its warnings what those without a vector need.
void show(std::ostream& out, const chain::IngestReport& report, bool pictures = false) {
  out << with_commas(report.added) << " new, " << with_commas(report.changed) << " changed, "
      << with_commas(report.unchanged) << " unchanged, " << with_commas(report.gone) << " gone; "
      << with_commas(report.chunks) << " chunks";
  if (report.embedded > 0) out << ", " << with_commas(report.embedded) << " embedded";
  out << " in " << human_seconds(report.seconds) << "\n";
  if (report.without_vector > 0 && !pictures)
    out << "  " << with_commas(report.without_vector)
        << " passages are found by their words alone; for meaning: hanok ingest --embed-only\n";
  if (!report.skipped.empty()) out << "  not read, no loader takes them: " << counted(report.skipped) << "\n";
  if (!report.ignored.empty()) out << "  passed over: " << counted(report.ignored) << "\n";
  for (const auto& f : report.failed) out << "  failed: " << f.error << "\n";
  for (const auto& w : report.warnings) out << "  note: " << w << "\n";
}

store::Json parse_metadata(const std::vector<std::string>& pairs) {
  store::Json out = store::Json::object();
  for (const auto& pair : pairs) {
    const size_t at = pair.find('=');
    if (at == std::string::npos || at == 0) throw Error(Code::Invalid, "--meta " + pair + ": KEY=VALUE was expected");
    const std::string value = pair.substr(at + 1);
    const auto parsed = store::Json::parse(value, nullptr, false);
    out[pair.substr(0, at)] =
        parsed.is_number() || parsed.is_boolean() || parsed.is_array() ? parsed : store::Json(value);
  }
  return out;
}

void check(const Flags& flags) {
  if (flags.embed_only && flags.no_embed)
    throw Error(Code::Invalid, "--embed-only and --no-embed: one of them at most was expected");
  if (flags.embed_only && (!flags.paths.empty() || flags.watch))
    throw Error(Code::Invalid,
                "--embed-only reads no files, it embeds what a collection has without vectors: leave out " +
                    (flags.watch ? std::string("--watch") : "'" + flags.paths.front() + "'"));
  if (!flags.texts.empty() && (!flags.paths.empty() || flags.watch || flags.embed_only || !flags.image_model.empty()))
    throw Error(Code::Invalid, "--texts reads one file of texts, and no files and folders besides: leave out " +
                                   (flags.watch                  ? std::string("--watch")
                                    : flags.embed_only           ? "--embed-only"
                                    : !flags.image_model.empty() ? "--image-model"
                                                                 : "'" + flags.paths.front() + "'"));
  if (flags.watch && (flags.force || flags.cleanup != "incremental"))
    throw Error(Code::Invalid, "--watch follows what folders hold: leave out " +
                                   std::string(flags.force ? "--force" : "--cleanup " + flags.cleanup));
  if (!flags.embed_only && flags.paths.empty() && flags.texts.empty())
    throw Error(Code::Invalid, "which files or folders? For example: hanok ingest ~/Documents");
}

void check_for_pictures(const Session& session, const Flags& flags) {
  const char* flag = flags.watch                                 ? "--watch"
                     : flags.no_embed                            ? "--no-embed"
                     : flags.embed_only                          ? "--embed-only"
                     : flags.force                               ? "--force"
                     : flags.cleanup != "incremental"            ? "--cleanup"
                     : !flags.texts.empty()                      ? "--texts"
                     : flags.ocr || !flags.ocr_languages.empty() ? "--ocr"
                     : !session.embedding_flag.empty()           ? "--model"
                                                                 : nullptr;
  if (flag) throw Error(Code::Invalid, std::string(flag) + " is for texts; this ingest reads pictures: leave it out");
}

chain::IngestOptions options_of(Session& session, const Flags& flags, const chain::EmbeddingModel* embedder) {
  chain::IngestOptions options;
  options.globs = flags.globs;
  options.exclude = flags.exclude;
  options.prune = flags.prune;
  if (flags.ocr || !flags.ocr_languages.empty()) {
    options.load.ocr_languages = flags.ocr_languages.empty() ? kOcrLanguages : flags.ocr_languages;
    text::check_ocr(options.load.ocr_languages);
  }
  options.metadata = parse_metadata(flags.metadata);
  options.split.max_tokens = number_setting(session, "max-tokens");
  options.split.overlap_tokens = number_setting(session, "overlap-tokens");
  options.embedder = embedder;
  options.embed = !flags.no_embed;
  return options;
}

constexpr uint64_t kMostTexts = 512ull << 20;  // bytes, as of any file that is read

std::string lines_of(const Flags& flags) {
  if (flags.texts != "-") return base::read_file(flags.texts, kMostTexts);
  return {std::istreambuf_iterator<char>(std::cin), {}};
}

// The server that has the data directory does it: the same files, the same report.
chain::IngestReport ingest_through(Session& session, const Flags& flags, const std::string& url) {
  const chain::IngestOptions options = options_of(session, flags, nullptr);
  std::vector<std::string> paths;
  for (const auto& path : flags.paths) paths.push_back(std::filesystem::absolute(path).lexically_normal().string());
  base::Json asked{{"collection", session.collection_name()},
                   {"globs", options.globs},
                   {"exclude", options.exclude},
                   {"cleanup", flags.cleanup},
                   {"prune", options.prune},
                   {"force", flags.force},
                   {"metadata", options.metadata},
                   {"embed", options.embed},
                   {"max_tokens", options.split.max_tokens},
                   {"overlap_tokens", options.split.overlap_tokens},
                   {"ocr_languages", options.load.ocr_languages}};
  if (flags.texts.empty())
    asked["paths"] = paths;
  else
    asked["texts"] = lines_of(flags);
  const std::string body = base::dump_json(asked);
  const char* key = std::getenv("HANOK_API_KEY");
  const auto reply =
      chain::http({.url = url + "/hanok/ingest", .token = key ? key : "", .post = body, .stall_seconds = 0},
                  [](const chain::HttpReply&, std::string_view) { return chain::Piece::Keep; });
  const auto json = base::Json::parse(reply.body, nullptr, false);
  if (reply.status == 200 && json.is_object()) return server::ingest_report_of(json);
  const bool told = json.is_object() && json.contains("error") && json["error"].is_object();
  const bool theirs = reply.status >= 400 && reply.status < 500;
  throw Error(reply.status == 404 ? Code::NotFound
              : theirs            ? Code::Invalid
                                  : Code::Unavailable,
              "the server at " + url +
                  ", which has this data directory: " + (told ? json["error"].value("message", "") : reply.problem) +
                  (reply.status == 401 || reply.status == 403 ? " (HANOK_API_KEY, with the scope admin)" : ""));
}

// After one round: the index, the report, and a bad exit status where there were files and none could be read.
void finish(Session& session, store::Collection& collection, const chain::IngestReport& report) {
  index_vectors(session, collection);
  const auto space = collection.vector_space();
  const bool pictures = space && chain::holds_pictures(*space);
  session.print(server::to_json(report), [&](std::ostream& out) { show(out, report, pictures); });
  if (report.added + report.changed + report.unchanged > 0 || report.failed.empty()) return;
  session.note("hanok: nothing could be read; the first reason: " + report.failed.front().error);
  session.status = exit_status(report.failed.front().code);
}

void run(Session& session, const Flags& flags) {
  check(flags);
  session.background = flags.watch;
  if (const std::string url = flags.watch ? "" : session.server_of_data(); !url.empty()) {
    auto& store = session.store(false);
    const auto names = store.collections();
    const bool there = std::find(names.begin(), names.end(), session.collection_name()) != names.end();
    if (!flags.image_model.empty() || (there && reads_pictures("", *store.collection(session.collection_name()))))
      throw Error(Code::Unavailable, "the server at " + url +
                                         " has this data directory and does not take pictures; stop it, ingest, start "
                                         "it again");
    if (!session.embedding_flag.empty())
      throw Error(Code::Unavailable, "the server at " + url +
                                         " has this data directory and embeds by its own model; leave out --model, or "
                                         "stop the server first");
    session.note("through the server at " + url);
    const auto report = ingest_through(session, flags, url);
    session.print(server::to_json(report), [&](std::ostream& out) { show(out, report); });
    return;
  }
  auto& collection = session.collection(true, !flags.embed_only);
  if (reads_pictures(flags.image_model, collection)) {
    check_for_pictures(session, flags);
    finish(session, collection,
           ingest_pictures(session, collection, flags.image_model, flags.paths,
                           {.globs = flags.globs,
                            .exclude = flags.exclude,
                            .prune = flags.prune,
                            .metadata = parse_metadata(flags.metadata)}));
    return;
  }
  const auto models = ModelsInUse::for_ingest(session, collection, !flags.no_embed);
  if (flags.embed_only && !models.embedder())
    throw Error(Code::Unavailable, "--embed-only: there is no embedding model; " + model_advice());
  const chain::IndexingOptions options{.cleanup = chain::cleanup_named(flags.cleanup),
                                       .force = flags.force,
                                       .ingest = options_of(session, flags, models.embedder())};
  const std::vector<std::filesystem::path> paths(flags.paths.begin(), flags.paths.end());
  auto print = [&](const chain::IngestReport& report) {
    session.print(server::to_json(report), [&](std::ostream& out) { show(out, report); });
  };
  if (!flags.texts.empty()) {
    const auto texts = chain::read_source_texts(lines_of(flags), flags.texts == "-" ? "stdin" : flags.texts);
    finish(session, collection, session.with_bar([&] { return chain::index_texts(collection, texts, options); }));
    return;
  }
  if (!flags.watch) {
    finish(session, collection, session.with_bar([&] { return chain::index_files(collection, paths, options); }));
    return;
  }
  session.note("watching; Ctrl-C ends it");
  session.with_bar([&] {
    chain::watch(
        collection, paths, options.ingest,
        [&](const chain::IngestReport& report) {
          if (report.added + report.changed + report.gone + report.failed.size() > 0) print(report);
        },
        [] { return Context::current().ended(); });
  });
}

}  // namespace

void add_ingest(Command& root) {
  auto flags = std::make_shared<Flags>();
  Command c = root.subcommand(
      "ingest", "Read files and folders into a collection; run it again after changes.",
      "Reads txt md html pdf docx pptx xlsx odt ods odp rtf epub hwp hwpx csv json srt eml mbox ipynb and source code;\n"
      "doc xls ppt where LibreOffice is installed, pictures and scanned pages with --ocr. Only new and changed files\n"
      "(by content) are read again, files that are gone are forgotten. A folder that has become empty is kept unless --prune.\n"
      "A file that cannot be read is listed under `failed` with the reason; the others go on.\n\n"
      "All files are read first, and found by their words from then on; then passages are embedded, and found by their\n"
      "meaning one after another. Ctrl-C keeps what is done; the same command goes on from there.\n\n"
      "Passed over in folders: what --exclude and a file .hanokignore say (lines as in .gitignore), in a git repository\n"
      "what .gitignore says, hidden files, folders that programs fill (node_modules, venv, __pycache__, caches), and links\n"
      "to what is read anyway. The report counts them.\n\n"
      "  hanok ingest ~/Documents\n"
      "  hanok ingest notes -c work --glob '*.md' --exclude drafts/ --meta team=red\n"
      "  hanok ingest ~/Documents --no-embed; hanok ingest --embed-only\n"
      "  hanok ingest ~/Documents -m sentence-transformers/all-MiniLM-L6-v2     embedded by this model\n"
      "  hanok ingest ~/Documents --cleanup none             forgets nothing; full: also what is elsewhere\n"
      "  hanok ingest --texts pages.jsonl                    a line a text: {\"text\", \"source\", \"metadata\"}\n"
      "  hanok ingest ~/Documents --watch\n"
      "  hanok ingest ~/Pictures -c photos --image-model runs/cifar      PNG and JPEG, for hanok search --image");
  c.positionals("PATH", flags->paths, "files or folders", false);
  c.option("--image-model", flags->image_model,
           "read pictures, not texts, by this net: a run folder of hanok vision train, or torchvision's weights");
  c.flag("--watch", flags->watch, "stay, and read again whenever something changes");
  c.option("--glob", flags->globs, "only files whose name or path matches, for example '*.pdf' (repeatable)");
  c.flag("--ocr", flags->ocr,
         "read the text in pictures, and in pages of PDFs that have none, with tesseract (a few seconds a page)");
  c.option("--ocr-languages", flags->ocr_languages, "for --ocr, as tesseract names them (kor+eng)");
  c.option("--exclude", flags->exclude,
           "no file or folder that matches: a pattern as in .gitignore, for example 'old/' or '*.log' (repeatable)");
  c.flag("--no-embed", flags->no_embed, "only read: passages are found by their words until they are embedded");
  c.flag("--embed-only", flags->embed_only, "read nothing; embed the passages of the collection that have no vector");
  c.embedding_model();
  c.precision();
  c.option("--meta", flags->metadata, "KEY=VALUE kept with each document, for --where (repeatable)");
  c.option("--texts", flags->texts,
           "read texts in place of files: JSON lines {\"text\", \"source\", \"metadata\"}, or - for stdin");
  c.choice(
      "--cleanup", flags->cleanup, {"none", "incremental", "full"},
      "what is forgotten: nothing; what these folders (of texts: these sources) no longer hold; all that this call "
      "does not bring (default incremental)");
  c.flag("--prune", flags->prune, "also forget the documents of folders that are empty or not there");
  c.flag("--force", flags->force, "read again also what has not changed: for other --meta, for example");
  c.cache();
  c.run([flags](Session& session) { run(session, *flags); });
}

}  // namespace hanok::app
