// Files -> what the net sees of them -> vectors -> documents, one transaction a group.
#include <algorithm>
#include <map>
#include <new>
#include <set>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/threads.h"
#include "chain/ingest/sources.h"
#include "chain/pictures/kind.h"

namespace hanok::chain {
namespace {

namespace fs = std::filesystem;

// A transaction; of the largest nets a minute's work, of small ones a tenth of a second's.
constexpr size_t kGroup = 64;

bool named_as_picture(const fs::path& path) {
  const std::string suffix = base::lower(path.extension().string());
  return suffix == ".png" || suffix == ".jpg" || suffix == ".jpeg";
}

// What words find a picture by: "IMG_2041-red_boot.jpg" -> "IMG 2041 red boot".
std::string words_of(const fs::path& path) {
  std::string out = text::nfc(path.stem().string());
  for (char& c : out)
    if (c == '_' || c == '-' || c == '.') c = ' ';
  return out;
}

struct Prepared {
  enum class State { Unchanged, VectorOnly, New, Changed, Failed } state = State::Unchanged;
  std::vector<float> seen;  // PictureModel::prepare
  store::NewDocument document;
  IngestFailure failure;
};

class PictureIngest {
 public:
  PictureIngest(store::Collection& collection, const PictureModel& model, const PictureIngestOptions& options)
      : collection_(collection), model_(model), space_(model.space()), options_(options) {}

  IngestReport run(std::span<const fs::path> paths) {
    const base::Stopwatch watch;
    check_holds_pictures(collection_);
    const auto now = collection_.vector_space(), pending = collection_.pending_space();
    if ((pending ? pending : now).value_or(store::VectorSpace()).fingerprint != space_.fingerprint)
      collection_.set_vector_space(space_);
    const Sources sources =
        find_sources(paths, {.globs = options_.globs, .exclude = options_.exclude, .takes = named_as_picture});
    report_.failed = sources.failed;
    report_.skipped = sources.skipped;
    report_.ignored = sources.ignored;
    look_at_stored();
    forget_gone(sources);
    const bool answered = answers_;
    read_all(sources);
    look_at_stored();
    report_.without_vector = missing_.size();
    // A new model gives vectors first, while the old ones answer; where they have taken over, it labels too.
    if (!answered && answers_) {
      const IngestReport first = report_;
      read_all(sources);
      report_ = first;
    }
    if (!answers_) warn_of_waiting();
    report_.seconds = watch.seconds();
    return std::move(report_);
  }

 private:
  void look_at_stored() {
    stored_.clear();
    for (auto& info : collection_.documents()) stored_[info.path] = std::move(info);
    const auto missing = collection_.missing_vectors(space_, SIZE_MAX);
    missing_ = {missing.begin(), missing.end()};
    const auto now = collection_.vector_space();
    answers_ = now && now->fingerprint == space_.fingerprint;
  }

  void warn_of_waiting() {
    report_.warnings.push_back(
        std::to_string(missing_.size()) + " pictures have no vector of " + space_.model +
        " yet; until they have, those of the net before answer. Ingest their folders too; what is damaged or gone for "
        "good: hanok documents remove PATH -c " +
        collection_.name());
  }

  void read_all(const Sources& sources) {
    const std::span files(sources.files);
    for (size_t first = 0; first < files.size(); first += kGroup)
      group(files.subspan(first, std::min(kGroup, files.size() - first)), first, files.size());
  }

  void group(std::span<const SourceFile> files, size_t done, size_t total) {
    base::check_interrupt();
    Context::current().tell({done, total, "reading pictures", files.front().key, {}});
    std::vector<Prepared> prepared(files.size());
    base::parallel_for(files.size(), 1, [&](size_t begin, size_t end, size_t) {
      for (size_t i = begin; i < end; ++i) {
        base::check_interrupt();
        prepared[i] = prepare(files[i]);
      }
    });
    std::vector<float> seen;
    for (const Prepared& p : prepared) seen.insert(seen.end(), p.seen.begin(), p.seen.end());
    if (!seen.empty()) keep(prepared, model_.read(seen));
    for (Prepared& p : prepared) {
      report_.added += p.state == Prepared::State::New;
      report_.changed += p.state == Prepared::State::Changed;
      report_.unchanged += p.state == Prepared::State::Unchanged || p.state == Prepared::State::VectorOnly;
      if (p.state == Prepared::State::Failed) report_.failed.push_back(std::move(p.failure));
    }
  }

  // The documents with their vectors, and the vectors alone where only the model is new: two transactions at most.
  void keep(std::vector<Prepared>& prepared, PictureModel::Reading reading) {
    std::vector<store::NewDocument> documents;
    std::vector<store::ChunkId> ids;
    std::vector<float> rows;
    size_t at = 0;
    for (Prepared& p : prepared) {
      if (p.seen.empty()) continue;
      const auto row = reading.vectors.row(at);
      const PictureLabel& label = reading.labels[at++];
      ++report_.embedded;
      if (p.state == Prepared::State::VectorOnly) {
        const auto of_document = collection_.chunk_ids(stored_.at(p.document.info.path).id);
        ids.push_back(of_document.front());
        rows.insert(rows.end(), row.begin(), row.end());
        continue;
      }
      p.document.vectors.assign(row.begin(), row.end());
      p.document.info.metadata["label"] = label.name;
      p.document.info.metadata["label_probability"] = label.probability;
      p.document.info.metadata["label_model"] = label_model();
      ++report_.chunks;
      documents.push_back(std::move(p.document));
    }
    if (!documents.empty()) collection_.put_many(std::move(documents));
    if (!ids.empty()) collection_.put_vectors(space_, ids, rows);
  }

  Prepared prepare(const SourceFile& file) const {
    Prepared out;
    try {
      const std::string bytes = base::read_file(file.path, options_.limits.max_file_bytes);
      const std::string hash = base::sha256_hex(bytes);
      const auto before = stored_.find(file.key);
      const bool known = before != stored_.end(), same = known && before->second.content_hash == hash;
      out.state = !known ? Prepared::State::New : Prepared::State::Changed;
      if (same && !answers_)  // the document stays as it is: replacing it would take its old vector away
        out.state = lacks_vector(before->second) ? Prepared::State::VectorOnly : Prepared::State::Unchanged;
      else if (same && !lacks_vector(before->second) &&
               before->second.metadata.value("label_model", "") == label_model())
        out.state = Prepared::State::Unchanged;
      if (out.state == Prepared::State::Unchanged) return out;
      const image::Image picture = image::read(bytes, file.path.string(), options_.limits);
      out.seen = model_.prepare(picture);
      describe(out.document, file, picture);
      out.document.info.format = bytes[0] == '\x89' ? "png" : "jpeg";
      out.document.info.content_hash = hash;
      out.document.info.size_bytes = static_cast<int64_t>(bytes.size());
    } catch (const Error& e) {
      if (e.code() == Code::Cancelled) throw;
      out.state = Prepared::State::Failed;
      out.seen.clear();
      out.failure = {file.path.string(), e.what(), e.code()};
    } catch (const std::bad_alloc&) {
      out.state = Prepared::State::Failed;
      out.seen.clear();
      out.failure = {file.path.string(), file.path.string() + ": no memory is left to read it", Code::Exhausted};
    }
    return out;
  }

  // Enough of the fingerprint to tell models apart.
  std::string label_model() const { return space_.fingerprint.substr(space_.fingerprint.size() - 12); }

  bool lacks_vector(const store::DocumentInfo& info) const {
    const auto ids = missing_.empty() ? std::vector<store::ChunkId>() : collection_.chunk_ids(info.id);
    return std::any_of(ids.begin(), ids.end(), [&](store::ChunkId id) { return missing_.count(id) > 0; });
  }

  void describe(store::NewDocument& document, const SourceFile& file, const image::Image& picture) const {
    document.info.path = file.key;
    document.info.title = file.path.filename().string();
    document.info.modified_ms = modified_ms(file.path);
    document.info.metadata = options_.metadata;
    document.info.metadata["width"] = picture.width;
    document.info.metadata["height"] = picture.height;
    document.text = words_of(file.path);
    document.chunks = {{.span = {0, document.text.size()}, .tokens = text::count_tokens(document.text)}};
  }

  void forget_gone(const Sources& sources) {
    std::vector<std::string> keys;
    for (const auto& [key, info] : stored_) keys.push_back(key);
    const auto gone = gone_keys(sources, keys, {.prune = options_.prune}, report_.warnings);
    base::check_interrupt();
    report_.gone = collection_.remove_many(gone);
    for (const auto& key : gone) stored_.erase(key);
  }

  store::Collection& collection_;
  const PictureModel& model_;
  const store::VectorSpace space_;
  const PictureIngestOptions& options_;
  std::map<std::string, store::DocumentInfo> stored_;
  std::set<store::ChunkId> missing_;  // chunks without a vector of this model
  bool answers_ = true;               // false: another model's vectors do, until none of this one's is missing
  IngestReport report_;
};

}  // namespace

IngestReport ingest_pictures(store::Collection& collection, std::span<const fs::path> paths, const PictureModel& model,
                             const PictureIngestOptions& options) {
  return PictureIngest(collection, model, options).run(paths);
}

}  // namespace hanok::chain
