#include "server/admin/ingest.h"

#include "hanok/indexing.h"
#include "server/body.h"

namespace hanok::server {
namespace {

using base::Json;
using base::OrderedJson;

constexpr int64_t kMostTokens = 100'000;  // of a chunk

chain::IngestReport ingest(House& house, const Request& request) {
  const Json body = json_body(request);
  const std::string name = text_field(body, "collection");
  request.access.require(Scope::Admin, name);
  const auto lines = text_field_or_none(body, "texts");
  if (lines && field(body, "paths")) wrong_field("texts", "paths or texts, one of them", "both");
  std::vector<std::filesystem::path> paths;
  if (!lines)
    for (const auto& path : texts_field(body, "paths")) {
      paths.emplace_back(path);
      if (!paths.back().is_absolute()) wrong_field("paths", "absolute paths", path);
    }
  const auto collection = house.store->collection(name, lines || !paths.empty());
  chain::IndexingOptions indexing;
  chain::IngestOptions& options = indexing.ingest;
  options.globs = texts_field(body, "globs");
  options.exclude = texts_field(body, "exclude");
  options.prune = flag_field(body, "prune", false);
  indexing.force = flag_field(body, "force", false);
  if (const auto cleanup = text_field_or_none(body, "cleanup")) indexing.cleanup = chain::cleanup_named(*cleanup);
  options.embed = flag_field(body, "embed", true);
  options.load.ocr_languages = text_field_or_none(body, "ocr_languages").value_or("");
  if (const Json* metadata = field(body, "metadata")) {
    if (!metadata->is_object()) wrong_field("metadata", "an object", *metadata);
    options.metadata = *metadata;
  }
  if (const auto n = whole_field(body, "max_tokens", 1, kMostTokens))
    options.split.max_tokens = static_cast<size_t>(*n);
  if (const auto n = whole_field(body, "overlap_tokens", 0, kMostTokens))
    options.split.overlap_tokens = static_cast<size_t>(*n);
  EmbedQueue* queue = house.models->for_ingest(*collection->snapshot());
  std::optional<QueuedEmbedder> embedder;
  if (queue) embedder.emplace(*queue), options.embedder = &*embedder;
  return lines ? chain::index_texts(*collection, chain::read_source_texts(*lines, "texts"), indexing)
               : chain::index_files(*collection, paths, indexing);
}

}  // namespace

OrderedJson to_json(const chain::IngestReport& report) {
  OrderedJson failed = OrderedJson::array();
  for (const auto& f : report.failed) failed.push_back({{"path", f.path}, {"error", f.error}});
  return {{"files",
           {{"new", report.added},
            {"changed", report.changed},
            {"unchanged", report.unchanged},
            {"gone", report.gone},
            {"failed", failed},
            {"skipped", report.skipped},
            {"ignored", report.ignored}}},
          {"chunks", report.chunks},
          {"embedded", report.embedded},
          {"without_vector", report.without_vector},
          {"seconds", report.seconds},
          {"warnings", report.warnings}};
}

chain::IngestReport ingest_report_of(const Json& json) {
  chain::IngestReport out;
  const Json& files = json.at("files");
  out.added = files.at("new"), out.changed = files.at("changed");
  out.unchanged = files.at("unchanged"), out.gone = files.at("gone");
  for (const Json& f : files.at("failed")) out.failed.push_back({f.at("path"), f.at("error"), Code::Unavailable});
  files.at("skipped").get_to(out.skipped);
  files.at("ignored").get_to(out.ignored);
  out.chunks = json.at("chunks"), out.embedded = json.at("embedded");
  out.without_vector = json.at("without_vector"), out.seconds = json.at("seconds");
  json.at("warnings").get_to(out.warnings);
  return out;
}

void add_ingest_route(Router::Group& group, House& house) {
  group.add("POST", "/hanok/ingest",
            [&house](const Request& request) { return Reply::json(base::dump_json(to_json(ingest(house, request)))); },
            {.scope = Scope::Admin,
             .lane = Lane::Write,
             .summary = "Brings a collection up to date with files and folders of the server's machine",
             .request_schema =
                 R"({"type":"object","required":["collection"],"properties":{"collection":{"type":"string"},
"paths":{"type":"array","items":{"type":"string"}},"texts":{"type":"string"},"globs":{"type":"array"},"exclude":{"type":"array"},
"cleanup":{"enum":["none","incremental","full"]},"prune":{"type":"boolean"},"force":{"type":"boolean"},"metadata":{"type":"object"},"embed":{"type":"boolean"},"max_tokens":{"type":"integer"},"overlap_tokens":{"type":"integer"},
"ocr_languages":{"type":"string"}}})",
             .json_only = true});
}

}  // namespace hanok::server
