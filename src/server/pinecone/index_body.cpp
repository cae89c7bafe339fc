// What requests to make and to change an index say, in the shapes of all versions.
#include <algorithm>
#include <array>

#include "base/json.h"
#include "server/pinecone/index_model.h"

namespace hanok::server::pinecone {
namespace {

constexpr size_t kMostDimensions = 20'000, kLongestName = 45, kMostTags = 20, kLongestTag = 120;

const Json* find(const Json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto at = object.find(key);
  return at == object.end() || at->is_null() ? nullptr : &*at;
}

const Json& object_of(const Json& value, const std::string& place) {
  if (!value.is_object()) refuse_argument(place + ": expected an object, found " + std::string(value.type_name()));
  return value;
}

std::string text_of(const Json& object, const char* key, const std::string& otherwise = "") {
  const Json* value = find(object, key);
  if (value == nullptr) return otherwise;
  if (!value->is_string()) refuse_argument(std::string(key) + ": expected a string, found " + value->type_name());
  return value->get<std::string>();
}

std::string required_text(const Json& object, const char* key) {
  const std::string out = text_of(object, key);
  if (out.empty()) refuse(422, std::string("Failed to deserialize the JSON body: missing field `") + key + "`");
  return out;
}

size_t dimension_of(const Json& value, const std::string& place) {
  if (!value.is_number_integer() || value.get<int64_t>() < 1 ||
      value.get<int64_t>() > static_cast<int64_t>(kMostDimensions))
    refuse_argument(place + ": expected a whole number from 1 to 20000, found " + base::dump_json(value));
  return value.get<size_t>();
}

std::string metric_of_text(const std::string& text) {
  if (text != "cosine" && text != "euclidean" && text != "dotproduct")
    refuse_argument("metric: expected one of cosine, euclidean, dotproduct, found '" + text + "'");
  return text;
}

void read_protection(IndexModel& model, const Json& body) {
  const std::string said = text_of(body, "deletion_protection");
  if (said.empty()) return;
  if (said != "enabled" && said != "disabled")
    refuse_argument("deletion_protection: expected enabled or disabled, found '" + said + "'");
  model.protected_from_deletion = said == "enabled";
}

/// An empty value takes a tag away.
void read_tags(IndexModel& model, const Json& body) {
  const Json* tags = find(body, "tags");
  if (tags == nullptr) return;
  for (const auto& [key, value] : object_of(*tags, "tags").items()) {
    if (!value.is_string() || key.empty() || key.size() > kLongestTag ||
        value.get_ref<const std::string&>().size() > kLongestTag)
      refuse_argument("tags." + key + ": keys and values are strings of at most 120 bytes");
    if (value.get_ref<const std::string&>().empty())
      model.tags.erase(key);
    else
      model.tags[key] = value;
  }
  if (model.tags.size() > kMostTags) refuse_argument("tags: at most 20, found " + std::to_string(model.tags.size()));
}

Json capacity_of(const Json* said) {
  Json out = said == nullptr ? Json::object() : object_of(*said, "read_capacity");
  out["mode"] = text_of(out, "mode", "OnDemand");
  out["status"] = {{"state", "Ready"}};
  return out;
}

/// {"serverless": {...}} | {"pod": {...}} | {"byoc": {...}}
void read_spec(IndexModel& model, const Json& spec) {
  object_of(spec, "spec");
  if (const Json* serverless = find(spec, "serverless")) {
    model.deployment = {{"deployment_type", "managed"},
                        {"cloud", required_text(*serverless, "cloud")},
                        {"region", required_text(*serverless, "region")}};
    model.read_capacity = capacity_of(find(*serverless, "read_capacity"));
    if (const Json* schema = find(*serverless, "schema")) model.metadata_schema = *schema;
    model.source_collection = text_of(*serverless, "source_collection");
  } else if (const Json* pod = find(spec, "pod")) {
    model.deployment = {{"deployment_type", "pod"}, {"environment", required_text(*pod, "environment")}};
    for (const char* part : {"pod_type", "replicas", "shards"})
      if (const Json* value = find(*pod, part)) model.deployment[part] = *value;
    model.source_collection = text_of(*pod, "source_collection");
    model.read_capacity = capacity_of(nullptr);
  } else if (const Json* byoc = find(spec, "byoc")) {
    model.deployment = {{"deployment_type", "byoc"}, {"environment", required_text(*byoc, "environment")}};
    model.read_capacity = capacity_of(find(*byoc, "read_capacity"));
    if (const Json* schema = find(*byoc, "schema")) model.metadata_schema = *schema;
  } else {
    refuse(422, "spec: expected one of serverless, pod, byoc");
  }
}

constexpr int64_t kMostPods = 1000;

/// Of whatever shape it came: names are strings, and numbers of pods are numbers.
void check_deployment(IndexModel& model) {
  Json& deployment = model.deployment;
  const std::string type = text_of(deployment, "deployment_type", "managed");
  deployment["deployment_type"] = type;
  for (const char* name : {"cloud", "region", "environment", "pod_type"}) text_of(deployment, name);
  if (type == "managed") {
    required_text(deployment, "cloud");
    required_text(deployment, "region");
  } else if (type == "pod" || type == "byoc") {
    required_text(deployment, "environment");
  } else {
    refuse_argument("deployment.deployment_type: expected one of managed, pod, byoc, found '" + type + "'");
  }
  if (type != "pod") return;
  deployment["pod_type"] = text_of(deployment, "pod_type", "p1.x1");
  for (const char* part : {"replicas", "shards"}) {
    const Json* count = find(deployment, part);
    if (count != nullptr && (!count->is_number_integer() || *count < 1 || *count > kMostPods))
      refuse_argument(std::string(part) + ": expected a whole number from 1 to 1000, found " + base::dump_json(*count));
    if (count == nullptr) deployment[part] = 1;
  }
}

void read_deployment(IndexModel& model, const Json& body) {
  const Json* said = find(body, "deployment");
  model.deployment = said == nullptr ? Json{{"deployment_type", "managed"}, {"cloud", "aws"}, {"region", "us-east-1"}}
                                     : object_of(*said, "deployment");
  check_deployment(model);
  model.read_capacity = capacity_of(find(body, "read_capacity"));
}

constexpr std::array<std::string_view, 9> kFieldTypes = {"dense_vector", "sparse_vector", "string",
                                                         "string_list",  "boolean",       "integer",
                                                         "float",        "semantic_text", "unknown"};

void read_fields(IndexModel& model, const Json& schema) {
  const Json* fields = find(object_of(schema, "schema"), "fields");
  if (fields == nullptr || object_of(*fields, "schema.fields").empty())
    refuse(422, "schema.fields: at least one field is expected");
  size_t dense = 0, sparse = 0;
  for (const auto& [name, field] : fields->items()) {
    const std::string place = "schema.fields." + name;
    if (name.empty() || name == "_id" || name == "_score") refuse_argument(place + ": is a reserved name");
    const std::string type = text_of(object_of(field, place), "type", "unknown");
    if (std::find(kFieldTypes.begin(), kFieldTypes.end(), type) == kFieldTypes.end())
      refuse_argument(place + ".type: unknown '" + type + "'");
    if (type == "dense_vector") {
      const Json* dimension = find(field, "dimension");
      if (dimension == nullptr) refuse(422, place + ".dimension: is missing");
      model.dimension = dimension_of(*dimension, place + ".dimension");
      model.metric = metric_of_text(text_of(field, "metric", "cosine"));
      ++dense;
    }
    if (type == "sparse_vector") ++sparse;
    if (find(field, "sparse_embed") != nullptr)
      refuse_argument(place + ".sparse_embed: there is no sparse embedding model here; send sparse vectors");
    if (const Json* embed = find(field, "embed")) {
      required_text(object_of(*embed, place + ".embed"), "model");
      model.metric = metric_of_text(text_of(*embed, "metric", "cosine"));
      ++dense;
    }
  }
  if (dense > 1)
    refuse_argument("schema.fields: at most one dense vector field (or string field with embed) is served, found " +
                    std::to_string(dense));
  model.fields = *fields;
  for (auto& [name, field] : model.fields.items()) {
    if (!field.contains("type")) field["type"] = "unknown";
    if (field["type"] == "dense_vector") field["metric"] = model.metric;
  }
  model.sparse = dense == 0 && sparse > 0;
  if (model.sparse) model.metric = "dotproduct";
}

void read_dimension(IndexModel& model, const Json& body) {
  const std::string type = text_of(body, "vector_type", "dense");
  if (type != "dense" && type != "sparse")
    refuse_argument("vector_type: expected dense or sparse, found '" + type + "'");
  model.sparse = type == "sparse";
  const Json* dimension = find(body, "dimension");
  model.metric = metric_of_text(text_of(body, "metric", model.sparse ? "dotproduct" : "cosine"));
  if (model.sparse) {
    if (dimension != nullptr) refuse_argument("Dimension is not allowed for sparse indexes");
    if (model.metric != "dotproduct") refuse_argument("Sparse vector indexes must use the metric dotproduct");
    return;
  }
  if (dimension == nullptr) refuse(422, "Failed to deserialize the JSON body: missing field `dimension`");
  model.dimension = dimension_of(*dimension, "dimension");
}

}  // namespace

void check_index_name(const std::string& name) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  const bool fits = !name.empty() && name.size() <= kLongestName && plain(name.front()) && plain(name.back()) &&
                    std::all_of(name.begin(), name.end(), [&](char c) { return plain(c) || c == '-'; });
  if (!fits)
    refuse_argument(
        "Name must consist of lower case alphanumeric characters or '-', begin and end with an alphanumeric "
        "character, and have at most 45 of them, found '" +
        name + "'");
}

NewIndex read_create(const Json& body) {
  object_of(body, "body");
  NewIndex out{.name = text_of(body, "name")};
  if (out.name.empty()) refuse(422, "Failed to deserialize the JSON body: missing field `name`");
  check_index_name(out.name);
  if (const Json* schema = find(body, "schema")) {
    read_fields(out.model, *schema);
    read_deployment(out.model, body);
    out.model.source_collection = text_of(body, "source_collection");
    out.model.cmek = text_of(body, "cmek_id");
    // An index of vectors has its dimension in the reserved field; what is shown is made of it again.
    if (out.model.of_vectors() && out.model.fields.size() == 1) out.model.fields = nullptr;
  } else {
    read_dimension(out.model, body);
    const Json* spec = find(body, "spec");
    if (spec == nullptr) refuse(422, "Failed to deserialize the JSON body: missing field `spec`");
    read_spec(out.model, *spec);
    check_deployment(out.model);
  }
  read_protection(out.model, body);
  read_tags(out.model, body);
  return out;
}

NewIndex read_create_for_model(const Json& body) {
  object_of(body, "body");
  NewIndex out{.name = required_text(body, "name")};
  check_index_name(out.name);
  out.model.deployment = {{"deployment_type", "managed"},
                          {"cloud", required_text(body, "cloud")},
                          {"region", required_text(body, "region")}};
  out.model.read_capacity = capacity_of(find(body, "read_capacity"));
  const Json* embed = find(body, "embed");
  if (embed == nullptr) refuse(422, "Failed to deserialize the JSON body: missing field `embed`");
  required_text(object_of(*embed, "embed"), "model");
  out.model.embed = *embed;
  if (out.model.text_field().empty()) refuse_argument("embed.field_map: expected {\"text\": NAME OF THE TEXT'S FIELD}");
  out.model.metric = metric_of_text(text_of(*embed, "metric", "cosine"));
  for (const char* part : {"read_parameters", "write_parameters"})
    if (find(out.model.embed, part) == nullptr) out.model.embed[part] = Json::object();
  if (const Json* schema = find(body, "schema")) out.model.metadata_schema = *schema;
  read_protection(out.model, body);
  read_tags(out.model, body);
  return out;
}

void configure(IndexModel& model, const Json& body) {
  object_of(body, "body");
  read_protection(model, body);
  read_tags(model, body);
  if (const Json* spec = find(body, "spec"))
    if (const Json* pod = find(*spec, "pod")) {
      if (!model.pod()) refuse_argument("spec.pod: the index is not pod-based");
      model.deployment.update(object_of(*pod, "spec.pod"));
    }
  if (const Json* deployment = find(body, "deployment")) model.deployment.update(object_of(*deployment, "deployment"));
  check_deployment(model);
  if (const Json* capacity = find(body, "read_capacity")) model.read_capacity = capacity_of(capacity);
  if (const Json* embed = find(body, "embed")) {
    if (model.embed.is_null())
      refuse_argument("embed: the index was not made for a model; make one by /indexes/create-for-model");
    for (const char* part : {"read_parameters", "write_parameters"})
      if (const Json* value = find(*embed, part)) model.embed[part] = *value;
  }
}

}  // namespace hanok::server::pinecone
