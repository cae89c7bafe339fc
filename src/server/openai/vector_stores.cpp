#include "server/openai/vector_stores.h"

#include <algorithm>
#include <filesystem>

#include "base/clock.h"
#include "hanok/text.h"
#include "server/body.h"

namespace hanok::server {
namespace {

using base::Json;
using base::OrderedJson;

constexpr size_t kUsualPage = 20, kMostPage = 100, kMostBatch = 2000;
constexpr int64_t kUsualChunk = 800, kUsualOverlap = 400, kLeastChunk = 100, kMostChunk = 4096;  // OpenAI's own

// Keys of notes.
constexpr const char *kAbout = "openai", *kOfFile = "openai.file/", *kFailed = "openai.failed/",
                     *kBatch = "openai.batch/";

[[noreturn]] void missing(const std::string& what, const std::string& id) {
  throw Refusal({.status = 404, .message = "there is no " + what + " '" + id + "'", .code = "not_found"});
}

Json read_note(const std::optional<std::string>& note) {
  return note ? base::parse_json(*note, "note of a vector store") : Json::object();
}

void write_note(store::Records& records, const std::string& key, const Json& note) {
  records.set_note(key, base::dump_json(note));
}

void remove_note(store::Records& records, const std::string& key) {
  if (records.note(key)) records.set_note(key, std::nullopt);
}

std::string name_of(const std::string& path) { return std::filesystem::path(path).filename().string(); }

struct Chunking {
  int64_t size = kUsualChunk, overlap = kUsualOverlap;
  Json json() const {
    return {{"type", "static"}, {"static", {{"max_chunk_size_tokens", size}, {"chunk_overlap_tokens", overlap}}}};
  }
};

Chunking read_chunking(const Json* strategy) {
  Chunking out;
  if (!strategy) return out;
  if (!strategy->is_object()) wrong_field("chunking_strategy", "an object with type auto or static", *strategy);
  const std::string type = text_field(*strategy, "type");
  if (type == "auto") return out;
  const Json* given = field(*strategy, "static");
  if (type != "static" || !given || !given->is_object())
    wrong_field("chunking_strategy", "{\"type\": \"auto\"} or {\"type\": \"static\", \"static\": {...}}", *strategy);
  out.size = whole_field(*given, "max_chunk_size_tokens", kLeastChunk, kMostChunk).value_or(kUsualChunk);
  out.overlap = whole_field(*given, "chunk_overlap_tokens", 0, out.size / 2).value_or(out.size / 2);
  return out;
}

constexpr size_t kMostPairs = 16;  // of metadata and attributes: OpenAI's own

Json read_metadata(const Json* metadata) {
  if (!metadata) return nullptr;
  if (!metadata->is_object() || metadata->size() > kMostPairs)
    wrong_field("metadata", "an object of at most " + std::to_string(kMostPairs) + " texts", *metadata);
  for (const auto& [key, value] : metadata->items())
    if (!value.is_string()) wrong_field("metadata." + key, "a text", value);
  return *metadata;
}

Json read_attributes(const Json* attributes) {
  if (!attributes) return Json::object();
  if (!attributes->is_object() || attributes->size() > kMostPairs)
    wrong_field("attributes", "an object of at most " + std::to_string(kMostPairs) + " texts, numbers and booleans",
                *attributes);
  for (const auto& [key, value] : attributes->items())
    if (!value.is_string() && !value.is_number() && !value.is_boolean())
      wrong_field("attributes." + key, "a text, a number or a boolean", value);
  return *attributes;
}

struct FileCounts {
  size_t in_progress = 0, completed = 0, failed = 0, cancelled = 0;
  OrderedJson json() const {
    return {{"in_progress", in_progress},
            {"completed", completed},
            {"failed", failed},
            {"cancelled", cancelled},
            {"total", in_progress + completed + failed + cancelled}};
  }
};

/// What is shown of a file that waits.
Json note_of(const WaitingFile& file) {
  return {{"created_at", file.created_ms / 1000},
          {"chunking", file.how.at("chunking")},
          {"attributes", file.how.at("attributes")}};
}

OrderedJson in_order(const Json& value) { return OrderedJson::parse(base::dump_json(value)); }

Json filter_condition(const Json& filter, size_t depth) {
  constexpr size_t kDeepest = 32;
  if (!filter.is_object() || depth > kDeepest) wrong_field("filters", "comparisons, and lists of them", filter);
  const std::string type = text_field(filter, "type");
  if (type == "and" || type == "or") {
    const Json* list = field(filter, "filters");
    if (!list || !list->is_array() || list->empty())
      wrong_field("filters", "a list that is not empty", list ? *list : Json());
    Json all = Json::array();
    for (const Json& one : *list) all.push_back(filter_condition(one, depth + 1));
    return {{"$" + type, all}};
  }
  static constexpr const char* known[] = {"eq", "ne", "gt", "gte", "lt", "lte", "in", "nin"};
  if (std::find_if(std::begin(known), std::end(known), [&](const char* k) { return type == k; }) == std::end(known))
    wrong_field("filters.type", "eq, ne, gt, gte, lt, lte, in, nin, and, or", type);
  if (!filter.contains("value")) wrong_field("filters.value", "a value", Json());
  return {{text_field(filter, "key"), {{"$" + type, filter["value"]}}}};
}

}  // namespace

OrderedJson list_page(std::vector<OrderedJson> rows, const Request& request) {
  const size_t limit = request.number("limit", kUsualPage, 1, 10'000);
  if (request.parameter("order").value_or("desc") == "asc") std::reverse(rows.begin(), rows.end());
  const auto at = [&](const std::string& id) {
    return std::find_if(rows.begin(), rows.end(), [&](const OrderedJson& row) { return row["id"] == id; });
  };
  if (const auto before = request.parameter("before"); before && at(*before) != rows.end())
    rows.erase(at(*before), rows.end());
  if (const auto after = request.parameter("after"); after && at(*after) != rows.end())
    rows.erase(rows.begin(), at(*after) + 1);
  const bool more = rows.size() > limit;
  if (more) rows.resize(limit);
  OrderedJson out = {
      {"object", "list"}, {"data", rows}, {"first_id", nullptr}, {"last_id", nullptr}, {"has_more", more}};
  if (!rows.empty()) out["first_id"] = rows.front()["id"], out["last_id"] = rows.back()["id"];
  return out;
}

store::Filter read_attribute_filter(const Json* filters) {
  return filters ? store::Filter(filter_condition(*filters, 0)) : store::Filter();
}

std::shared_ptr<store::Collection> VectorStores::open(const std::string& id) const {
  const auto names = house_.store->collections();
  if (std::find(names.begin(), names.end(), id) == names.end()) missing("vector store", id);
  return house_.store->collection(id);
}

std::shared_ptr<store::Records> VectorStores::noted(const std::string& id) const {
  auto records = house_.store->catalog().find(id);
  if (!records) missing("vector store", id);
  return records;
}

std::string VectorStores::file_id(const store::DocumentInfo& document) const {
  return shelf_.id_of(document.path).value_or("doc-" + std::to_string(document.id));
}

std::string VectorStores::id_of(const std::string& id, const std::string& path) const {
  const auto document = open(id)->snapshot()->find(path);
  return document ? file_id(*document) : path;
}

std::optional<store::DocumentInfo> VectorStores::find_document(const store::Snapshot& snapshot,
                                                               const std::string& file) const {
  if (const auto shelved = shelf_.find(file)) {
    for (const auto& path : shelf_.paths(*shelved))
      if (auto document = snapshot.find(text::nfc(path.string()))) return document;
    return std::nullopt;
  }
  for (auto& document : snapshot.documents())  // of a folder, or of a file that is no longer on the shelf
    if (file_id(document) == file) return document;
  return std::nullopt;
}

VectorStores::VectorStores(House& house, FileShelf& shelf)
    : house_(house),
      shelf_(shelf),
      queue_(std::filesystem::path(house.data_folder) / "files" / "waiting",
             [this](const WaitingFile& file) { read(file); }) {}

// ---- stores

OrderedJson VectorStores::create(const Request& request, const Json& body) {
  const std::string id = new_id("vs_");
  std::vector<WaitingFile> files;
  const auto ids = texts_field(body, "file_ids");
  if (ids.size() > kMostBatch) wrong_field("file_ids", "at most " + std::to_string(kMostBatch) + " files", ids.size());
  for (const auto& file : ids) files.push_back(waiting(request.access, id, {{"file_id", file}}, body));
  (void)read_chunking(field(body, "chunking_strategy"));
  const Json metadata = read_metadata(field(body, "metadata"));
  request.access.require(Scope::Write, id);
  house_.store->collection(id, true);
  Json about = {{"name", text_field_or_none(body, "name").value_or("")}, {"created_at", base::now_ms() / 1000}};
  about["metadata"] = metadata;
  write_note(*noted(id), kAbout, about);
  queue_.add(std::move(files));
  return show(id);
}

OrderedJson VectorStores::show(const std::string& id) const {
  const auto snapshot = open(id)->snapshot();
  const auto records = noted(id);
  const Json about = read_note(records->note(kAbout));
  const auto failed = records->notes(kFailed);
  const int64_t created = about.value("created_at", int64_t{0});
  FileCounts counts{.completed = snapshot->document_count(), .failed = failed.size()};
  for (const auto& file : queue_.of(id)) {
    ++counts.in_progress;
    if (find_document(*snapshot, file.file))
      --counts.completed;  // it is read once more
    else if (failed.contains(kFailed + file.file))
      --counts.failed;
  }
  return {{"id", id},
          {"object", "vector_store"},
          {"created_at", created},
          {"name", about.value("name", id)},
          {"usage_bytes", snapshot->statistics().value("bytes", uint64_t{0})},
          {"file_counts", counts.json()},
          {"status", counts.in_progress ? "in_progress" : "completed"},
          {"expires_after", nullptr},
          {"expires_at", nullptr},
          {"last_active_at", created},
          {"metadata", in_order(about.value("metadata", Json()))}};
}

// Only those of the page are looked into: there may be thousands.
OrderedJson VectorStores::list(const Request& request) const {
  std::vector<OrderedJson> rows;
  for (const auto& name : house_.store->collections())
    if (request.access.of(name) >= Scope::Read)
      rows.push_back(
          {{"id", name}, {"created_at", read_note(noted(name)->note(kAbout)).value("created_at", int64_t{0})}});
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return a["created_at"] > b["created_at"]; });
  OrderedJson page = list_page(std::move(rows), request);
  for (auto& row : page["data"]) row = show(row["id"].get<std::string>());
  return page;
}

OrderedJson VectorStores::update(const std::string& id, const Json& body) {
  const std::lock_guard lock(writing_);
  const auto records = noted(id);
  Json about = read_note(records->note(kAbout));
  if (const auto name = text_field_or_none(body, "name")) about["name"] = *name;
  if (body.contains("metadata")) about["metadata"] = read_metadata(field(body, "metadata"));
  write_note(*records, kAbout, about);
  return show(id);
}

void VectorStores::remove(const std::string& id) {
  queue_.forget(id);
  if (!house_.store->drop(id)) missing("vector store", id);
}

// ---- their files

WaitingFile VectorStores::waiting(const Access& access, const std::string& id, const Json& file,
                                  const Json& otherwise) const {
  const std::string file_id = text_field(file, "file_id");
  const auto shelved = shelf_.find(file_id);
  if (!shelved || !may_see(access, *shelved)) missing("file", file_id);
  const auto given = [&](const char* name) { return field(file, name) ? field(file, name) : field(otherwise, name); };
  const Chunking chunking = read_chunking(given("chunking_strategy"));
  const Json how = {{"chunking", chunking.json()}, {"attributes", read_attributes(given("attributes"))}};
  return {.store = id, .file = file_id, .created_ms = base::now_ms(), .how = how};
}

OrderedJson VectorStores::attach(const Access& access, const std::string& id, const Json& file, const Json& otherwise) {
  open(id);
  WaitingFile one = waiting(access, id, file, otherwise);
  const Json note = note_of(one);
  const std::string file_id = one.file;
  queue_.add({std::move(one)});
  return file_json(id, file_id, "in_progress", note);
}

OrderedJson VectorStores::change(const std::string& id, const std::string& file, const Json& body) {
  const OrderedJson now = show_file(id, file);
  Json all = body;
  all["file_id"] = file;
  if (const auto& cut = now["chunking_strategy"]; !field(body, "chunking_strategy") && cut["type"] == "static")
    all["chunking_strategy"] = Json::parse(base::dump_json(cut));
  queue_.add({waiting({}, id, all, Json::object())}, true);  // whoever uploaded it: it is in the store
  queue_.wait(id, file);
  return show_file(id, file);
}

// Reads a file into its collection; where it cannot be read, that is noted.
void VectorStores::read(const WaitingFile& file) {
  const auto names = house_.store->collections();
  if (std::find(names.begin(), names.end(), file.store) == names.end()) return;  // deleted meanwhile
  const auto collection = house_.store->collection(file.store);
  const auto there = find_document(*collection->snapshot(), file.file);
  if (file.left_over && there && there->ingested_ms >= file.created_ms) return;

  const Json &chunking = file.how.at("chunking"), &cuts = chunking.at("static"),
             &attributes = file.how.at("attributes");
  std::string error;
  if (const auto shelved = shelf_.find(file.file)) {
    chain::IngestOptions options;
    options.split.max_tokens = cuts.at("max_chunk_size_tokens").get<size_t>();
    options.split.overlap_tokens = cuts.at("chunk_overlap_tokens").get<size_t>();
    options.metadata = attributes;
    EmbedQueue* queue = house_.models->for_ingest(*collection->snapshot());
    std::optional<QueuedEmbedder> embedder;
    if (queue) embedder.emplace(*queue), options.embedder = &*embedder;
    const std::filesystem::path path = shelf_.path(*shelved);
    if (there) collection->remove(there->path);
    try {
      const auto report = chain::ingest(*collection, std::span(&path, 1), options);
      if (!report.failed.empty()) error = report.failed.front().error;
    } catch (const Error& e) {
      if (e.code() == Code::Cancelled) throw;
      error = e.what();
    }
  } else {
    error = "the file was deleted before it was read";
  }
  const auto records = house_.store->catalog().find(file.store);
  if (!records) return;  // deleted meanwhile
  const bool own_way = error.empty() && chunking != Chunking().json();
  if (own_way) write_note(*records, kOfFile + file.file, {{"chunking", chunking}});
  if (!error.empty())
    write_note(
        *records, kFailed + file.file,
        {{"created_at", base::now_ms() / 1000}, {"chunking", chunking}, {"attributes", attributes}, {"error", error}});
  if (!own_way) remove_note(*records, kOfFile + file.file);
  if (error.empty()) remove_note(*records, kFailed + file.file);
}

// Of one that is no document. note: created_at, chunking, attributes, and where it failed error.
OrderedJson VectorStores::file_json(const std::string& id, const std::string& file, const std::string& status,
                                    const Json& note) const {
  OrderedJson error;
  if (note.contains("error")) error = {{"code", "unsupported_file"}, {"message", note["error"].get<std::string>()}};
  return {{"id", file},
          {"object", "vector_store.file"},
          {"created_at", note.value("created_at", int64_t{0})},
          {"usage_bytes", 0},
          {"vector_store_id", id},
          {"status", status},
          {"last_error", error},
          {"attributes", in_order(note.value("attributes", Json::object()))},
          {"chunking_strategy", in_order(note.value("chunking", Json(nullptr)))}};
}

OrderedJson VectorStores::document_json(const std::string& id, const store::DocumentInfo& document,
                                        const std::optional<std::string>& note) const {
  OrderedJson chunking = {{"type", "other"}};
  if (shelf_.id_of(document.path)) chunking = in_order(Chunking().json());  // what is not noted
  if (note) chunking = in_order(read_note(note).at("chunking"));
  return {{"id", file_id(document)},
          {"object", "vector_store.file"},
          {"created_at", document.ingested_ms / 1000},
          {"usage_bytes", document.size_bytes},
          {"vector_store_id", id},
          {"status", "completed"},
          {"last_error", nullptr},
          {"attributes", in_order(document.metadata)},
          {"chunking_strategy", chunking}};
}

OrderedJson VectorStores::show_file(const std::string& id, const std::string& file) const {
  const auto collection = open(id);
  if (const auto waits = queue_.find(id, file)) return file_json(id, file, "in_progress", note_of(*waits));
  const auto records = noted(id);
  if (const auto document = find_document(*collection->snapshot(), file))
    return document_json(id, *document, records->note(kOfFile + file));
  if (const auto note = records->note(kFailed + file)) return file_json(id, file, "failed", read_note(note));
  missing("file in this vector store", file);
}

std::vector<OrderedJson> VectorStores::list_files(const std::string& id, const std::set<std::string>& only) const {
  const auto collection = open(id);
  std::set<std::string> seen;
  const auto wanted = [&](const std::string& file) {
    return (only.empty() || only.count(file)) && seen.insert(file).second;
  };
  std::vector<OrderedJson> rows;
  for (const auto& waits : queue_.of(id))
    if (wanted(waits.file)) rows.push_back(file_json(id, waits.file, "in_progress", note_of(waits)));
  const auto records = noted(id);
  const auto own_ways = records->notes(kOfFile);
  for (const auto& document : collection->snapshot()->documents()) {
    const std::string file = file_id(document);
    if (!wanted(file)) continue;
    const auto note = own_ways.find(kOfFile + file);
    rows.push_back(document_json(id, document, note == own_ways.end() ? std::nullopt : std::optional(note->second)));
  }
  for (const auto& [key, note] : records->notes(kFailed))
    if (const std::string file = key.substr(std::string_view(kFailed).size()); wanted(file))
      rows.push_back(file_json(id, file, "failed", read_note(note)));
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return a["created_at"] > b["created_at"]; });
  return rows;
}

OrderedJson VectorStores::content(const std::string& id, const std::string& file) const {
  const auto snapshot = open(id)->snapshot();
  const auto document = find_document(*snapshot, file);
  if (!document) missing("file in this vector store", file);
  OrderedJson data = OrderedJson::array();
  for (const auto& chunk : snapshot->chunks(snapshot->chunk_ids(document->id)))
    data.push_back({{"type", "text"}, {"text", chunk.text}});
  return {{"object", "vector_store.file_content.page"}, {"data", data}, {"has_more", false}, {"next_page", nullptr}};
}

void VectorStores::detach(const std::string& id, const std::string& file) {
  const auto collection = open(id);
  const bool waited = !queue_.forget(id, {file}).empty();
  const auto document = find_document(*collection->snapshot(), file);
  const auto records = noted(id);
  if (!document && !waited && !records->note(kFailed + file)) missing("file in this vector store", file);
  if (document) collection->remove(document->path);
  for (const char* kind : {kOfFile, kFailed}) remove_note(*records, kind + file);
}

// ---- batches

OrderedJson VectorStores::create_batch(const Access& access, const std::string& id, const Json& body) {
  std::vector<Json> files;
  if (const Json* list = field(body, "files")) {
    if (!list->is_array()) wrong_field("files", "a list of objects with file_id", *list);
    for (const Json& one : *list) files.push_back(one);
  }
  for (const auto& file : texts_field(body, "file_ids")) files.push_back({{"file_id", file}});
  if (files.empty() || files.size() > kMostBatch)
    wrong_field("file_ids", "1 to " + std::to_string(kMostBatch) + " files", files.size());
  open(id);
  std::vector<WaitingFile> all;
  Json ids = Json::array();
  for (const Json& file : files) {
    if (!file.is_object()) missing("file", file.dump());
    all.push_back(waiting(access, id, file, body));
    ids.push_back(file["file_id"]);
  }
  const std::string batch = new_id("vsfb_");
  write_note(*noted(id), kBatch + batch, {{"created_at", base::now_ms() / 1000}, {"files", ids}});
  queue_.add(std::move(all));
  return show_batch(id, batch);
}

Json VectorStores::batch_note(const std::string& id, const std::string& batch) const {
  const auto note = noted(id)->note(kBatch + batch);
  if (!note) missing("file batch", batch);
  return read_note(note);
}

OrderedJson VectorStores::cancel_batch(const std::string& id, const std::string& batch) {
  {
    const std::lock_guard lock(writing_);
    Json about = batch_note(id, batch);
    Json cancelled = about.value("cancelled", Json::array());
    for (const auto& file : queue_.drop(id, about["files"].get<std::vector<std::string>>())) cancelled.push_back(file);
    about["cancelled"] = cancelled;
    write_note(*noted(id), kBatch + batch, about);
  }
  return show_batch(id, batch);
}

std::vector<OrderedJson> VectorStores::batch_files(const std::string& id, const std::string& batch) const {
  const Json about = batch_note(id, batch);
  auto rows = list_files(id, about["files"].get<std::set<std::string>>());
  std::set<std::string> seen;
  for (const auto& row : rows) seen.insert(row["id"].get<std::string>());
  for (const auto& file : about.value("cancelled", std::set<std::string>()))
    if (!seen.count(file)) rows.push_back(file_json(id, file, "cancelled", {{"created_at", about["created_at"]}}));
  return rows;
}

OrderedJson VectorStores::show_batch(const std::string& id, const std::string& batch) const {
  const auto files = batch_files(id, batch);
  const Json about = batch_note(id, batch);
  FileCounts counts;
  for (const auto& file : files) {
    const std::string status = file["status"];
    ++(status == "in_progress" ? counts.in_progress
       : status == "failed"    ? counts.failed
       : status == "cancelled" ? counts.cancelled
                               : counts.completed);
  }
  return {{"id", batch},
          {"object", "vector_store.file_batch"},
          {"created_at", about["created_at"].get<int64_t>()},
          {"vector_store_id", id},
          {"status", counts.in_progress            ? "in_progress"
                     : about.contains("cancelled") ? "cancelled"
                                                   : "completed"},
          {"file_counts", counts.json()}};
}

// ---- search

std::vector<FoundPassage> VectorStores::search(const std::string& id, const std::string& query,
                                               const store::Filter& filter, size_t k) const {
  const auto snapshot = open(id)->snapshot();
  EmbedQueue* queue = house_.models->maker(*snapshot);
  std::optional<QueuedEmbedder> embedder;
  if (queue) embedder.emplace(*queue);
  const auto result =
      chain::search(*snapshot, query, {.k = k, .filter = filter, .embedder = embedder ? &*embedder : nullptr});
  std::vector<FoundPassage> out;
  for (const auto& hit : result.hits) {
    const auto document = snapshot->find(hit.chunk.path);
    if (!document) continue;
    out.push_back({file_id(*document), name_of(hit.chunk.path), hit.chunk.text, hit.score, document->metadata});
  }
  return out;
}

}  // namespace hanok::server
