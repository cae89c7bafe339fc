// Files -> documents -> chunks, one transaction a group, so that words find them at once; then vectors, block by block.
// Follows the ingest path of docs/architecture.md.
#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/threads.h"
#include "chain/ingest/known_vectors.h"
#include "chain/ingest/reembed.h"
#include "chain/ingest/source_texts.h"
#include "chain/ingest/sources.h"
#include "chain/pictures/kind.h"
#include "hanok/context.h"
#include "hanok/indexing.h"

namespace hanok::chain {
namespace {

namespace fs = std::filesystem;
using store::Json;

// A group is one transaction. Small at first, so that something is found soon; then as large as is read in a second or
// two, so that fsync does not dominate, and Ctrl-C and memory stay cheap.
constexpr size_t kFirstGroup = 8, kMostFiles = 256;
constexpr uint64_t kGroupBytes = 32ull << 20;
constexpr double kShortGroup = 0.5, kLongGroup = 2;  // seconds
constexpr size_t kLanguageSample = 2000;             // bytes of a document that are looked at
constexpr double kTrusted = 0.5;                     // EmbeddingModel::trust below this: it does not know the language

// Changes of these make stored chunks stale, whatever the file's hash. (A new analyzer does not: the store makes its
// keyword segments again from the texts.)
Json pipeline_settings(const IngestOptions& options) {
  return {{"max_tokens", options.split.max_tokens},
          {"overlap_tokens", options.split.overlap_tokens},
          {"counter", options.embedder ? options.embedder->space().fingerprint : "words"},
          {"chunker", text::chunker_version()}};
}

enum class Stale {
  No,
  Counter,  // tokens are counted by another model, so that some files are cut at other places
  Yes,
};
Stale staleness(Json stored, const Json& now) {
  if (stored.is_object()) stored.erase("analyzer");  // earlier versions kept it
  if (stored == now) return Stale::No;
  if (stored.is_object()) stored["counter"] = now.at("counter");
  return stored == now ? Stale::Counter : Stale::Yes;
}

struct Prepared {
  enum class State { Unchanged, Ready, Failed } state = State::Unchanged;
  bool replaces = false;
  store::NewDocument document;
  IngestFailure failure;
  std::string sample;  // the start of what the model reads for the first time
  bool had_text = true;
  std::vector<std::string> notes;  // what could not be read of it
};

// What becomes one document: a file, or a text.
struct Piece {
  std::string key;  // the document's path
  fs::path path;
  const SourceText* text = nullptr;

  uint64_t bytes() const {
    if (text) return text->text.size();
    std::error_code error;
    const auto size = fs::file_size(path, error);
    return error ? 0 : size;
  }
};

// What a call brings; what is stored besides may go, as options.cleanup says.
struct Brought {
  std::vector<Piece> pieces;  // by key
  bool texts = false;         // they are; else files
  Sources sources;            // of files
};

class Ingest {
 public:
  Ingest(store::Collection& collection, const IngestOptions& options, Cleanup cleanup, bool force)
      : collection_(collection), options_(options), cleanup_(cleanup), force_(force) {
    split_ = options.split;
    if (options.embedder && !split_.count)
      split_.count = [e = options.embedder](std::string_view t) { return e->count_tokens(t); };
  }

  IngestReport run(std::span<const fs::path> paths) {
    return run(paths.empty() ? nullptr : std::function<Brought()>([&] { return files_of(paths); }));
  }

  IngestReport run(std::span<const SourceText> texts) {
    return run([&] { return texts_of(texts); });
  }

 private:
  using Bring = std::function<Brought()>;  // none: nothing is read

  IngestReport run(const Bring& bring) {
    base::Stopwatch watch;
    try {
      work(bring);
    } catch (const Error& e) {
      if (e.code() == Code::Cancelled) throw Error(Code::Cancelled, how_far());
      throw;
    }
    finish_report();
    report_.seconds = watch.seconds();
    return std::move(report_);
  }

  Brought files_of(std::span<const fs::path> paths) {
    Brought out{.pieces = {},
                .texts = false,
                .sources = find_sources(paths, {options_.globs, options_.exclude, options_.load})};
    for (const SourceFile& f : out.sources.files) out.pieces.push_back({f.key, f.path});
    report_.failed = out.sources.failed;
    report_.skipped = out.sources.skipped;
    report_.ignored = out.sources.ignored;
    return out;
  }

  Brought texts_of(std::span<const SourceText> texts) {
    Brought out{.pieces = {}, .texts = true, .sources = {}};
    for (const SourceText& t : texts) out.pieces.push_back({source_text_key(t), {}, &t});
    const auto by_key = [](const Piece& a, const Piece& b) { return a.key < b.key; };
    const auto same_key = [](const Piece& a, const Piece& b) { return a.key == b.key; };
    std::stable_sort(out.pieces.begin(), out.pieces.end(), by_key);
    out.pieces.erase(std::unique(out.pieces.begin(), out.pieces.end(), same_key), out.pieces.end());
    repeated_ = texts.size() - out.pieces.size();
    return out;
  }

  // After a change of the model all chunks get new vectors first, of the text as it is cut now, while the old ones
  // answer: a file that is cut anew loses its vectors. Only then are files cut as the new model counts.
  void work(const Bring& bring) {
    check_holds_texts(collection_);
    if (embeds()) collection_.set_vector_space(options_.embedder->space());
    const bool model_changes = another_model();
    if (bring) read_and_forget(bring(), !model_changes);
    embed_what_is_missing();
    if (!model_changes || another_model() || !bring) return;
    again_ = true;
    read_and_forget(bring(), true);
    embed_what_is_missing();
  }

  bool embeds() const { return options_.embedder && options_.embed; }

  // True while vectors of another model answer, so that the cuts they were made of must stay.
  bool another_model() const {
    if (!options_.embedder) return false;
    const auto space = collection_.vector_space();
    return space && space->fingerprint != options_.embedder->space().fingerprint;
  }

  void read_and_forget(const Brought& brought, bool cut_anew) {
    stored_.clear();
    for (auto& info : collection_.documents()) stored_[info.path] = std::move(info);
    const Json now = pipeline_settings(options_);
    if (cut_anew) begin_cuts(now);
    const std::string& ocr = options_.load.ocr_languages;
    ocr_is_new_ = !ocr.empty() && collection_.settings().value("ocr", std::string()) != ocr;
    read_all(brought.pieces);
    forget_gone(brought);
    if (cut_anew) end_cuts(now);
    if (!ocr_is_new_) return;
    Json settings = collection_.settings();
    settings["ocr"] = ocr;
    collection_.set_settings(settings);
  }

  // Cuts of other settings are made again, file by file; what was made since this began is known by its time, so that
  // an interrupted run is not begun anew.
  void begin_cuts(const Json& now) {
    Json settings = collection_.settings();
    if (stored_.empty() && settings.value("pipeline", Json()) != now) {
      settings["pipeline"] = now;
      collection_.set_settings(settings);
    }
    stale_ = staleness(settings.value("pipeline", Json()), now);
    if (stale_ == Stale::No) return;
    const Json under_way = settings.value("pipeline_next", Json());
    if (under_way.is_object() && under_way.value("settings", Json()) == now) {
      stale_before_ms_ = under_way.value("since_ms", int64_t{0});
      return;
    }
    stale_before_ms_ = base::now_ms();
    settings["pipeline_next"] = {{"settings", now}, {"since_ms", stale_before_ms_}};
    collection_.set_settings(settings);
  }

  void end_cuts(const Json& now) {
    if (stale_ == Stale::No) return;
    Json settings = collection_.settings();
    settings["pipeline"] = now;
    settings.erase("pipeline_next");
    collection_.set_settings(settings);
    stale_ = Stale::No;
  }

  void read_all(std::span<const Piece> pieces) {
    size_t most = kFirstGroup;
    for (size_t begin = 0; begin < pieces.size();) {
      base::check_interrupt();
      size_t end = begin;
      for (uint64_t bytes = 0; end < pieces.size() && end - begin < most && (end == begin || bytes < kGroupBytes);
           ++end)
        bytes += pieces[end].bytes();
      const base::Stopwatch clock;
      read_group(pieces.subspan(begin, end - begin), begin, pieces.size());
      begin = end;
      if (clock.seconds() < kShortGroup) most = std::min(2 * most, kMostFiles);
      if (clock.seconds() > kLongGroup) most = std::max<size_t>(most / 2, 1);
    }
  }

  void read_group(std::span<const Piece> pieces, size_t done, size_t total) {
    std::vector<Prepared> prepared(pieces.size());
    std::mutex progress_mutex;
    size_t finished = 0;
    base::parallel_for(pieces.size(), 1, [&](size_t begin, size_t end, size_t) {
      for (size_t i = begin; i < end; ++i) {
        base::check_interrupt();
        prepared[i] = prepare(pieces[i]);
        std::lock_guard lock(progress_mutex);
        ++finished;
        Context::current().tell({done + finished, total, kReading, pieces[i].key, {}});
      }
    });
    std::vector<store::NewDocument> group;
    std::vector<std::string> replaced;
    for (size_t i = 0; i < pieces.size(); ++i) {
      Prepared& p = prepared[i];
      if (!p.sample.empty()) check_language(pieces[i].key, p.sample);
      if (p.state == Prepared::State::Failed) report_.failed.push_back(std::move(p.failure));
      if (p.state == Prepared::State::Unchanged) outcomes_.emplace(pieces[i].key, Outcome::Unchanged);
      if (p.state != Prepared::State::Ready) continue;
      note(pieces[i].key, p.replaces ? Outcome::Changed : Outcome::Added);
      report_.chunks += p.document.chunks.size();
      if (!p.had_text)
        report_.warnings.push_back(p.document.info.path + ": has no text (a scan without OCR?); only its name is kept");
      for (const auto& note : p.notes) report_.warnings.push_back(p.document.info.path + ": " + note);
      if (p.replaces) replaced.push_back(p.document.info.path);
      group.push_back(std::move(p.document));
    }
    if (group.empty()) return;
    const auto before = replaced.empty() ? nullptr : collection_.snapshot();
    collection_.put_many(std::move(group));
    if (before) keep_vectors(collection_, *before, replaced);
  }

  // What became of a file; one that is read twice, with a change of the model between, is counted once.
  enum class Outcome { Unchanged, Changed, Added };
  void note(const std::string& key, Outcome outcome) {
    auto& known = outcomes_.try_emplace(key, outcome).first->second;
    known = std::max(known, outcome);
  }

  Prepared prepare(const Piece& piece) const {
    Prepared out;
    try {
      const std::string bytes = piece.text ? std::string() : base::read_file(piece.path, options_.load.max_file_bytes);
      const std::string hash = piece.text ? source_text_hash(*piece.text) : base::sha256_hex(bytes);
      const auto before = stored_.find(piece.key);
      out.replaces = before != stored_.end();
      const bool same_bytes = out.replaces && before->second.content_hash == hash;
      const bool forced = force_ && !again_;
      if (same_bytes && !forced && !is_stale(before->second) && !may_need_ocr(before->second)) return out;
      text::Document document = piece.text ? as_document(*piece.text)
                                           : text::load_bytes(piece.path.filename().string(), bytes, options_.load);
      auto& d = out.document;
      out.sample = document.text.substr(0, kLanguageSample);
      d.chunks = text::split(document, split_);
      if (same_bytes && !forced && stale_ == Stale::Counter && same_cuts(before->second.id, d.chunks)) return out;
      d.info.path = piece.key;
      d.info.format = document.format;
      d.info.title = document.title;
      d.info.content_hash = hash;
      d.info.size_bytes = static_cast<int64_t>(piece.text ? piece.text->text.size() : bytes.size());
      d.info.modified_ms = piece.text ? base::now_ms() : modified_ms(piece.path);
      d.info.metadata = options_.metadata;
      if (piece.text) d.info.metadata.update(source_text_metadata(*piece.text));
      out.notes = std::move(document.notes);
      d.pages = std::move(document.pages);
      d.text = std::move(document.text);
      out.had_text = !d.chunks.empty();
      out.state = Prepared::State::Ready;
    } catch (const Error& e) {
      if (e.code() == Code::Cancelled) throw;
      out.state = Prepared::State::Failed;
      out.failure = {piece.text ? piece.key : piece.path.string(), e.what(), e.code()};
    } catch (const std::bad_alloc&) {
      out.state = Prepared::State::Failed;
      const std::string name = piece.text ? piece.key : piece.path.string();
      out.failure = {name, name + ": not enough memory to read it", Code::Exhausted};
    }
    return out;
  }

  // A PDF that was read without text recognition, or in other languages, and has pages without text.
  bool may_need_ocr(const store::DocumentInfo& info) const {
    if (!ocr_is_new_ || info.format != "pdf") return false;
    const std::string text = collection_.document_text(info.path);
    const auto pages = collection_.document_pages(info.path);
    return std::any_of(pages.begin(), pages.end(), [&](const text::Page& page) {
      return std::string_view(text)
                 .substr(page.span.start, page.span.end - page.span.start)
                 .find_first_not_of(" \t\n") == std::string_view::npos;
    });
  }

  bool same_cuts(store::DocumentId id, const std::vector<text::Chunk>& chunks) const {
    const auto stored = collection_.chunks(collection_.chunk_ids(id));
    return std::equal(stored.begin(), stored.end(), chunks.begin(), chunks.end(), [](const auto& a, const auto& b) {
      return a.span.start == b.span.start && a.span.end == b.span.end && a.heading == b.heading;
    });
  }

  // An English model on Korean gives vectors that look fine and mean nothing: say so once, loudly.
  void check_language(const std::string& path, const std::string& sample) {
    if (!options_.embedder || language_warned_ || options_.embedder->trust(text::nfc(sample)) >= kTrusted) return;
    language_warned_ = true;
    report_.warnings.push_back(
        options_.embedder->space().model + " does not know the language of " + path +
        "; its vectors will be of no use there and keywords decide. A multilingual model does better (hanok doctor)");
  }

  bool is_stale(const store::DocumentInfo& info) const {
    return stale_ != Stale::No && info.ingested_ms < stale_before_ms_;
  }

  void embed_what_is_missing() {
    if (!embeds()) return;
    const size_t made_before = report_.embedded;
    size_t first = SIZE_MAX;
    embed_missing(collection_, *options_.embedder, [&](const Reembedding::Progress& p) {
      if (first == SIZE_MAX) first = p.done;
      report_.embedded = made_before + (p.done > first ? p.done - first : 0);
      Context::current().tell({p.done, p.total, kEmbedding, {}, p.seconds_left});
      base::check_interrupt();
      return true;
    });
  }

  void finish_report() {
    for (const auto& [key, outcome] : outcomes_)
      ++(outcome == Outcome::Added ? report_.added : outcome == Outcome::Changed ? report_.changed : report_.unchanged);
    report_.unchanged += repeated_;
    if (options_.embedder && !options_.embed)
      report_.without_vector = collection_.missing_vectors(options_.embedder->space(), SIZE_MAX).size();
    std::sort(report_.failed.begin(), report_.failed.end(),
              [](const auto& a, const auto& b) { return a.path < b.path; });
  }

  // For the message of an interrupted run.
  std::string how_far() const {
    const Context::Scope scope{Context()};  // reads go on although the caller's has ended
    std::string out =
        "interrupted; kept: " + std::to_string(collection_.document_count()) + " documents, found by their words";
    if (embeds()) {
      const size_t all = collection_.chunk_count(),
                   missing = collection_.missing_vectors(options_.embedder->space(), SIZE_MAX).size();
      out += ", and the vectors of " + std::to_string(all - std::min(missing, all)) + " of " + std::to_string(all) +
             " passages";
    }
    return out + ". The same command goes on from here";
  }

  // Files and texts do not forget each other.
  void forget_gone(const Brought& brought) {
    std::vector<std::string> keys;
    for (const auto& [key, info] : stored_)
      if ((info.format == kTextFormat) == brought.texts) keys.push_back(key);
    std::vector<std::string> gone;
    if (brought.texts) {
      std::set<std::string> present;
      for (const Piece& piece : brought.pieces) present.insert(piece.key);
      gone = gone_texts(keys, present, cleanup_, options_.prune, report_.warnings);
    } else {
      gone = gone_keys(brought.sources, keys, {cleanup_, options_.prune}, report_.warnings);
    }
    base::check_interrupt();
    report_.gone += collection_.remove_many(gone);
  }

  store::Collection& collection_;
  const IngestOptions& options_;
  const Cleanup cleanup_;
  const bool force_;
  text::SplitOptions split_;
  std::map<std::string, store::DocumentInfo> stored_;
  std::map<std::string, Outcome> outcomes_;  // by key
  size_t repeated_ = 0;                      // texts that the call brings twice
  bool again_ = false;                       // all is read a second time, after a change of the model
  Stale stale_ = Stale::No;
  bool ocr_is_new_ = false;      // text recognition is asked for, and was not, or in other languages, the last time
  int64_t stale_before_ms_ = 0;  // documents that were read later are cut as they should be
  bool language_warned_ = false;
  IngestReport report_;
};

}  // namespace

std::string passage_text(std::string_view heading, std::string_view text) {
  return heading.empty() ? std::string(text) : std::string(heading) + "\n" + std::string(text);
}

IngestReport ingest(store::Collection& collection, std::span<const fs::path> paths, const IngestOptions& options) {
  return Ingest(collection, options, Cleanup::Incremental, false).run(paths);
}

IngestReport index_files(store::Collection& collection, std::span<const fs::path> paths,
                         const IndexingOptions& options) {
  return Ingest(collection, options.ingest, options.cleanup, options.force).run(paths);
}

IngestReport index_texts(store::Collection& collection, std::span<const SourceText> texts,
                         const IndexingOptions& options) {
  return Ingest(collection, options.ingest, options.cleanup, options.force).run(texts);
}

}  // namespace hanok::chain
