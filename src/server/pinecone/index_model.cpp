#include "server/pinecone/index_model.h"

#include <algorithm>

#include "base/clock.h"
#include "base/json.h"

namespace hanok::server::pinecone {
namespace {

const Json* find(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto at = object.find(key);
  return at == object.end() || at->is_null() ? nullptr : &*at;
}

bool reserved(const std::string& field) { return field == "_values" || field == "_sparse_values"; }

Json spec_of(const IndexModel& model) {
  const std::string type = model.deployment.value("deployment_type", std::string("managed"));
  Json inner = model.deployment;
  inner.erase("deployment_type");
  if (type == "managed") {
    inner.erase("environment");
    inner["read_capacity"] = model.read_capacity;
    if (!model.metadata_schema.is_null()) inner["schema"] = model.metadata_schema;
    if (!model.source_collection.empty()) inner["source_collection"] = model.source_collection;
    return {{"serverless", inner}};
  }
  if (type == "byoc") {
    inner["read_capacity"] = model.read_capacity;
    return {{"byoc", inner}};
  }
  inner["pods"] = inner.value("replicas", 1) * inner.value("shards", 1);
  if (!model.source_collection.empty()) inner["source_collection"] = model.source_collection;
  return {{"pod", inner}};
}

/// What of `schema.fields` is shown: an embedding index has a field of kind semantic_text there.
Json shown_fields(const IndexModel& model) {
  if (!model.fields.is_null()) return model.fields;
  if (!model.embed.is_null()) {
    Json field = {{"type", "semantic_text"}, {"model", model.embed["model"]}, {"metric", model.metric}};
    for (const char* part : {"read_parameters", "write_parameters"})
      if (const Json* value = find(model.embed, part)) field[part] = *value;
    return {{model.text_field(), field}};
  }
  if (model.sparse) return {{"_sparse_values", {{"type", "sparse_vector"}}}};
  return {
      {"_values", {{"type", "dense_vector"}, {"dimension", model.dimension.value_or(0)}, {"metric", model.metric}}}};
}

const char* metric_name(store::Metric metric) {
  switch (metric) {
    case store::Metric::L2:
      return "euclidean";
    case store::Metric::InnerProduct:
      return "dotproduct";
    case store::Metric::Cosine:
      break;
  }
  return "cosine";
}

/// A collection that was not made by this API.
IndexModel foreign_model(const store::RecordsInfo& info) {
  IndexModel out{.metric = metric_name(info.metric), .dimension = info.dim};
  out.deployment = {{"deployment_type", "managed"}, {"cloud", "aws"}, {"region", "us-east-1"}};
  out.read_capacity = {{"mode", "OnDemand"}, {"status", {{"state", "Ready"}}}};
  return out;
}

}  // namespace

store::Metric metric_of(const IndexModel& model) {
  if (model.metric == "euclidean") return store::Metric::L2;
  return model.metric == "dotproduct" ? store::Metric::InnerProduct : store::Metric::Cosine;
}

std::string IndexModel::dense_field() const {
  if (fields.is_null()) return sparse ? "" : "_values";
  for (const auto& [name, field] : fields.items())
    if (field["type"] == "dense_vector" || find(field, "embed") != nullptr) return name;
  return "";
}

bool IndexModel::of_vectors() const {
  return fields.is_null() ||
         std::all_of(fields.items().begin(), fields.items().end(), [](const auto& f) { return reserved(f.key()); });
}

std::string IndexModel::text_field() const {
  if (const Json* map = find(embed, "field_map"))
    if (const Json* text = find(*map, "text"); text != nullptr && text->is_string()) return text->get<std::string>();
  if (!fields.is_null())
    for (const auto& [name, field] : fields.items())
      if (find(field, "embed") != nullptr) return name;
  return "";
}

std::vector<std::string> IndexModel::word_fields() const {
  std::vector<std::string> out;
  if (fields.is_null()) return out;
  for (const auto& [name, field] : fields.items())
    if (field["type"] == "string" && field.contains("full_text_search")) out.push_back(name);
  return out;
}

std::string to_note(const IndexModel& m) {
  const Json out = {{"metric", m.metric},
                    {"dimension", m.dimension ? Json(*m.dimension) : Json()},
                    {"sparse", m.sparse},
                    {"deployment", m.deployment},
                    {"fields", m.fields},
                    {"embed", m.embed},
                    {"read_capacity", m.read_capacity},
                    {"metadata_schema", m.metadata_schema},
                    {"tags", m.tags},
                    {"protected", m.protected_from_deletion},
                    {"source_collection", m.source_collection},
                    {"source_backup", m.source_backup},
                    {"restore_job", m.restore_job},
                    {"cmek", m.cmek}};
  return base::dump_json(out);
}

IndexModel model_of(const store::Records& records, const store::RecordsInfo& info) {
  const auto note = records.note(kNote);
  if (!note) return foreign_model(info);
  const Json all = base::parse_json(*note, "note of " + info.name);
  IndexModel out;
  out.metric = all.at("metric");
  if (const Json* dimension = find(all, "dimension")) out.dimension = dimension->get<size_t>();
  out.sparse = all.at("sparse");
  out.deployment = all.at("deployment");
  out.fields = all.at("fields");
  out.embed = all.at("embed");
  out.read_capacity = all.at("read_capacity");
  out.metadata_schema = all.at("metadata_schema");
  out.tags = all.at("tags").get<std::map<std::string, std::string>>();
  out.protected_from_deletion = all.at("protected");
  out.source_collection = all.at("source_collection");
  out.source_backup = all.at("source_backup");
  out.restore_job = all.at("restore_job");
  out.cmek = all.at("cmek");
  return out;
}

Json show(const IndexModel& model, const store::RecordsInfo& info, const std::string& host) {
  Json out = {{"name", info.name},
              {"id", info.uuid},
              {"host", host},
              {"metric", model.metric},
              {"vector_type", model.sparse ? "sparse" : "dense"},
              {"deletion_protection", model.protected_from_deletion ? "enabled" : "disabled"},
              {"tags", model.tags.empty() ? Json() : Json(model.tags)},
              {"status", {{"ready", true}, {"state", "Ready"}}},
              {"created_at", base::iso_time(info.created_ms)},
              {"spec", spec_of(model)},
              {"deployment", model.deployment},
              {"schema", {{"fields", shown_fields(model)}}}};
  if (model.dimension) out["dimension"] = *model.dimension;
  if (!model.read_capacity.is_null() && !model.pod()) out["read_capacity"] = model.read_capacity;
  if (!model.embed.is_null()) {
    out["embed"] = model.embed;
    out["embed"]["metric"] = model.metric;
    out["embed"]["vector_type"] = "dense";
    if (model.dimension) out["embed"]["dimension"] = *model.dimension;
  }
  if (!model.source_collection.empty()) out["source_collection"] = model.source_collection;
  if (!model.source_backup.empty()) out["source_backup_id"] = model.source_backup;
  if (!model.cmek.empty()) out["cmek_id"] = model.cmek;
  return out;
}

Index find_index(const std::string& name, const Request& request, const House& house, Scope needed) {
  Index out{.records = house.store->catalog().find(name)};
  if (!out.records) refuse(404, "Resource " + name + " not found");
  request.access.require(needed, name);
  out.info = out.records->info();
  out.model = model_of(*out.records, out.info);
  return out;
}

Index index_of(const Request& request, const House& house, Scope needed) {
  return find_index(request.capture("index"), request, house, needed);
}

void each_index(const Request& request, House& house, const std::function<void(const Index&)>& take) {
  each_collection({}, house, [&](const std::shared_ptr<store::Records>& records, store::RecordsInfo info) {
    if (request.access.of(info.name) < Scope::Read) return;
    IndexModel model = model_of(*records, info);
    take({.records = records, .info = std::move(info), .model = std::move(model)});
  });
}

Index create(const NewIndex& index, const Request& request, House& house) {
  request.access.require(Scope::Write, index.name);
  auto& catalog = house.store->catalog();
  const auto taken = [&] { refuse(409, "Resource " + index.name + " already exists"); };
  if (catalog.find(index.name)) taken();
  store::NewRecords fresh{.name = index.name, .metric = metric_of(index.model), .dim = index.model.dimension};
  if (const std::string field = index.model.text_field(); !field.empty()) {
    const Json& said = index.model.embed.is_null() ? index.model.fields[field]["embed"] : index.model.embed;
    const auto& embedder = house.models->embedder(said.value("model", ""))->model();
    fresh.model = embedder.space();
    fresh.dim = fresh.model.dim;
  }
  fresh.notes[std::string(kNote)] = to_note(index.model);
  Index out{.model = index.model};
  try {
    out.records = catalog.create(fresh);
  } catch (const Error& error) {  // another request was quicker
    if (error.code() != Code::Exists) throw;
    taken();
  }
  out.info = out.records->info();
  return out;
}

}  // namespace hanok::server::pinecone
