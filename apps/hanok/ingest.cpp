#include <iostream>

#include "base/threads.h"
#include "command.h"
#include "hanok/chain.h"
#include "models_in_use.h"
#include "show.h"

namespace hanok::app {
namespace {

struct Flags {
  std::string ocr_languages;
  std::vector<std::string> paths, globs, metadata;
  bool watch = false, prune = false, ocr = false;
};

// The vectors' index: what there are enough of for a scan to be slow is indexed before the process ends.
void index_vectors(Session& session, store::Collection& collection) {
  try {
    collection.build_index(session.index_build(false));
  } catch (const Error& e) {
    if (e.code() == Code::Cancelled) throw;
    session.note(std::string("hanok: the vectors could not be indexed, searches look at all of them: ") + e.what());
  }
}

base::OrderedJson to_json(const chain::IngestReport& report) {
  base::OrderedJson failed = base::OrderedJson::array();
  for (const auto& f : report.failed) failed.push_back({{"path", f.path}, {"error", f.error}});
  return {{"files",
           {{"new", report.added},
            {"changed", report.changed},
            {"unchanged", report.unchanged},
            {"gone", report.gone},
            {"failed", failed}}},
          {"chunks", report.chunks},
          {"seconds", report.seconds},
          {"warnings", report.warnings}};
}

void show(std::ostream& out, const chain::IngestReport& report) {
  out << with_commas(report.added) << " new, " << with_commas(report.changed) << " changed, "
      << with_commas(report.unchanged) << " unchanged, " << with_commas(report.gone) << " gone; "
      << with_commas(report.chunks) << " chunks in " << human_seconds(report.seconds) << "\n";
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

void run(Session& session, const Flags& flags) {
  session.background = flags.watch;
  auto& collection = session.collection(true, true);
  const auto models = ModelsInUse::for_ingest(session, collection);
  chain::IngestOptions options;
  options.globs = flags.globs;
  options.prune = flags.prune;
  if (flags.ocr || !flags.ocr_languages.empty()) {
    options.load.ocr_languages = flags.ocr_languages.empty() ? kOcrLanguages : flags.ocr_languages;
    text::check_ocr(options.load.ocr_languages);
  }
  options.metadata = parse_metadata(flags.metadata);
  options.split.max_tokens = number_setting(session, "max-tokens");
  options.split.overlap_tokens = number_setting(session, "overlap-tokens");
  options.embedder = models.embedder();
  if (const auto bar = session.progress_bar())
    options.on_progress = [bar](uint64_t done, uint64_t total, std::string_view path) {
      bar({done, total, "files", std::string(path)});
    };
  const std::vector<std::filesystem::path> paths(flags.paths.begin(), flags.paths.end());
  auto print = [&](const chain::IngestReport& report) {
    session.print(to_json(report), [&](std::ostream& out) { show(out, report); });
  };
  if (!flags.watch) {
    const auto report = chain::ingest(collection, paths, options);
    options.on_progress = {};
    index_vectors(session, collection);
    print(report);
    const size_t read = report.added + report.changed + report.unchanged;
    if (read == 0 && !report.failed.empty()) {
      session.note("hanok: nothing could be read; the first reason: " + report.failed.front().error);
      session.status = exit_status(report.failed.front().code);
    }
    return;
  }
  session.note("watching; Ctrl-C ends it");
  chain::watch(
      collection, paths, options,
      [&](const chain::IngestReport& report) {
        if (report.added + report.changed + report.gone + report.failed.size() > 0) print(report);
      },
      [] { return Context::current().ended(); });
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
      "  hanok ingest ~/Documents\n"
      "  hanok ingest notes -c work --glob '*.md' --meta team=red\n"
      "  hanok ingest ~/Documents --watch");
  c.positionals("PATH", flags->paths, "files or folders");
  c.flag("--watch", flags->watch, "stay, and read again whenever something changes");
  c.option("--glob", flags->globs, "only files whose name or path matches, for example '*.pdf' (repeatable)");
  c.flag("--ocr", flags->ocr,
         "read the text in pictures, and in pages of PDFs that have none, with tesseract (a few seconds a page)");
  c.option("--ocr-languages", flags->ocr_languages, "for --ocr, as tesseract names them (kor+eng)");
  c.option("--meta", flags->metadata, "KEY=VALUE kept with each document, for --where (repeatable)");
  c.flag("--prune", flags->prune, "also forget the documents of folders that are empty or not there");
  c.run([flags](Session& session) { run(session, *flags); });
}

}  // namespace hanok::app
