#include "server/chroma/configuration.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/json.h"
#include "server/chroma/names.h"

namespace hanok::server::chroma {
namespace {

struct HnswField {
  const char* name;
  const char* legacy;  // its key in metadata
  double otherwise;    // the default
  double least;
  bool shown;       // in `configuration`; the others are in the schema only
  bool changeable;  // by a request to modify
};
// In the order in which they are shown.
constexpr std::array<HnswField, 7> kHnsw = {{
    {"ef_construction", "hnsw:construction_ef", 100, 0, true, false},
    {"max_neighbors", "hnsw:M", 16, 0, true, true},
    {"ef_search", "hnsw:search_ef", 100, 0, true, true},
    {"num_threads", "hnsw:num_threads", 2, 0, false, true},
    {"batch_size", "hnsw:batch_size", 100, 2, false, true},
    {"sync_threshold", "hnsw:sync_threshold", 1000, 2, true, true},
    {"resize_factor", "hnsw:resize_factor", 1.2, 0, true, true},
}};
constexpr double kLargest = 1e12;  // no number of an index is larger

const char* space_name(store::Metric metric) {
  switch (metric) {
    case store::Metric::Cosine:
      return "cosine";
    case store::Metric::InnerProduct:
      return "ip";
    case store::Metric::L2:
      break;
  }
  return "l2";
}

std::string checked_space(const Tree& value, const std::string& place) {
  if (value.is_string() && (value == "l2" || value == "cosine" || value == "ip")) return value.get<std::string>();
  refuse_argument(place + ": expected one of l2, cosine, ip, found " + base::dump_json(value));
}

Tree checked_number(const HnswField& field, const Tree& value, const std::string& place) {
  const bool whole = std::string_view(field.name) != "resize_factor";
  if (!value.is_number() || (whole && !value.is_number_integer()) || value.get<double>() < field.least ||
      value.get<double>() > kLargest)
    refuse_argument(place + ": invalid value " + base::dump_json(value) + ", expected a " +
                    (whole ? "whole number" : "number") + " from " + std::to_string(static_cast<int>(field.least)));
  return value;
}

Tree default_hnsw() {
  Tree out = Tree::object();
  for (const auto& field : kHnsw) {
    if (std::string_view(field.name) == "resize_factor")
      out[field.name] = field.otherwise;
    else
      out[field.name] = static_cast<int64_t>(field.otherwise);
  }
  return out;
}

/// Space and numbers of an index, from wherever they were said.
struct Index {
  std::string space = "l2";
  Tree hnsw = default_hnsw();
  bool usual() const { return space == "l2" && hnsw == default_hnsw(); }
};

Index legacy_index(const Tree& metadata) {
  Index out;
  if (!metadata.is_object()) return out;
  for (const auto& [key, value] : metadata.items()) {
    if (key.rfind("hnsw:", 0) != 0) continue;
    const std::string place = "metadata." + key;
    if (key == "hnsw:space") {
      out.space = checked_space(value, place);
      continue;
    }
    const auto field = std::find_if(kHnsw.begin(), kHnsw.end(), [&](const HnswField& f) { return key == f.legacy; });
    if (field == kHnsw.end()) refuse_argument("Failed to parse hnsw parameters from segment metadata: unknown " + key);
    out.hnsw[field->name] = checked_number(*field, value, place);
  }
  return out;
}

void read_hnsw(const Tree& hnsw, const std::string& place, bool modify, Tree& numbers, std::string* space) {
  if (!hnsw.is_object()) refuse_argument(place + ": expected an object, found " + std::string(hnsw.type_name()));
  for (const auto& [key, value] : hnsw.items()) {
    if (key == "space" && space != nullptr) {
      if (!value.is_null()) *space = checked_space(value, place + ".space");
      continue;
    }
    const auto field = std::find_if(kHnsw.begin(), kHnsw.end(), [&](const HnswField& f) { return key == f.name; });
    if (field == kHnsw.end() || (modify && !field->changeable))
      refuse(422, "InvalidArgumentError",
             place + ": unknown field `" + key +
                 "`, expected one of `space`, `ef_construction`, `ef_search`, `max_neighbors`, `num_threads`, "
                 "`resize_factor`, `sync_threshold`, `batch_size`");
    if (!value.is_null()) numbers[field->name] = checked_number(*field, value, place + "." + key);
  }
}

/// Of SPANN, an index that needs a cluster, the space is taken.
void read_spann(const Tree& spann, const std::string& place, std::string& space) {
  if (!spann.is_object()) refuse_argument(place + ": expected an object, found " + std::string(spann.type_name()));
  for (const auto& [key, value] : spann.items()) {
    if (value.is_null()) continue;
    if (key == "space")
      space = checked_space(value, place + ".space");
    else if (!value.is_number() && key != "quantize")
      refuse_argument(place + "." + key + ": expected a number, found " + std::string(value.type_name()));
  }
}

Tree checked_embedder(const Tree& value, const std::string& place) {
  const Tree* type = find(value, "type");
  if (type == nullptr || !type->is_string() || (*type != "legacy" && *type != "known" && *type != "unknown"))
    refuse(422, "InvalidArgumentError",
           place + ": expected {\"type\": \"known\", \"name\": ..., \"config\": ...}, found " + base::dump_json(value));
  if (*type == "known" && (find(value, "name") == nullptr || !value["name"].is_string()))
    refuse(422, "InvalidArgumentError", place + ".name: is missing");
  return value;
}

bool usual_embedder(const Tree& embedder) {
  return embedder.is_null() || embedder["type"] == "unknown" ||
         (embedder["type"] == "known" && embedder["name"] == "default");
}

Tree switched(const char* index, bool on) { return Tree{{index, {{"enabled", on}, {"config", Tree::object()}}}}; }

Tree vector_index(const Index& index, bool on, const Tree& embedder) {
  Tree config = Tree::object();
  config["space"] = index.space;
  if (!embedder.is_null()) config["embedding_function"] = embedder;
  if (on) config["source_key"] = "#document";
  config["hnsw"] = index.hnsw;
  return Tree{{"vector_index", {{"enabled", on}, {"config", config}}}};
}

/// What a collection has whose client said nothing but this.
Tree usual_schema(const Index& index, const Tree& embedder) {
  Tree defaults = Tree::object();
  defaults["string"] = switched("fts_index", false);
  defaults["string"].update(switched("string_inverted_index", true));
  defaults["float_list"] = vector_index(index, false, embedder);
  defaults["sparse_vector"] = {
      {"sparse_vector_index",
       {{"enabled", false}, {"config", {{"embedding_function", {{"type", "unknown"}}}, {"bm25", false}}}}}};
  defaults["int"] = switched("int_inverted_index", true);
  defaults["float"] = switched("float_inverted_index", true);
  defaults["bool"] = switched("bool_inverted_index", true);
  Tree keys = Tree::object();
  keys["#embedding"] = {{"float_list", vector_index(index, true, embedder)}};
  keys["#document"] = {{"string", switched("fts_index", true)}};
  keys["#document"]["string"].update(switched("string_inverted_index", false));
  Tree out = Tree::object();
  out["defaults"] = std::move(defaults);
  out["keys"] = std::move(keys);
  return out;
}

/// Lays what a client said over what is usual; null says nothing.
void lay_over(Tree& base, const Tree& said) {
  for (const auto& [key, value] : said.items()) {
    if (value.is_null()) continue;
    const auto at = base.find(key);
    if (at != base.end() && at->is_object() && value.is_object() && key != "embedding_function")
      lay_over(*at, value);
    else
      base[key] = value;
  }
}

void drop_nulls(Tree& value) {
  if (!value.is_object()) return;
  for (auto at = value.begin(); at != value.end();) {
    drop_nulls(*at);
    if (at->is_null())
      at = value.erase(at);
    else
      ++at;
  }
}

constexpr std::array<std::string_view, 6> kKinds = {"string", "float", "int", "bool", "float_list", "sparse_vector"};

void check_kinds(const Tree& kinds, const std::string& place, bool of_key, const std::string& key) {
  if (!kinds.is_object()) refuse(422, "InvalidArgumentError", place + ": expected an object");
  for (const auto& [kind, indexes] : kinds.items()) {
    if (std::find(kKinds.begin(), kKinds.end(), kind) == kKinds.end())
      refuse(422, "InvalidArgumentError", place + ": unknown kind of value '" + kind + "'");
    if (indexes.is_null()) continue;
    if (!indexes.is_object()) refuse(422, "InvalidArgumentError", place + "." + kind + ": expected an object");
    for (const auto& [name, index] : indexes.items()) {
      if (index.is_null()) continue;
      const std::string here = place + "." + kind + "." + name;
      const Tree* on = find(index, "enabled");
      if (on == nullptr || !on->is_boolean())
        refuse(422, "InvalidArgumentError", here + ".enabled: expected true or false");
      const Tree* config = find(index, "config");
      if (config != nullptr && !config->is_object())
        refuse(422, "InvalidArgumentError", here + ".config: expected an object");
      if (name == "vector_index" && *on && key != "#embedding")
        refuse_argument(of_key
                            ? "Validation error: schema: Vector index can only be enabled on #embedding field: " + key
                            : "Validation error: schema: Vector index cannot be enabled by default. It can only be "
                              "enabled on #embedding field.");
      if (name == "sparse_vector_index" && *on && !of_key)
        refuse_argument(
            "Validation error: schema: Sparse vector index cannot be enabled by default. Please enable sparse vector "
            "index on specific keys.");
      if (name == "fts_index" && *on && key != "#document")
        refuse_argument(
            "Validation error: schema: Full text search / regular expression index can only be enabled on "
            "#document field: " +
            key);
      if (config == nullptr) continue;
      if (find(*config, "hnsw") != nullptr && find(*config, "spann") != nullptr)
        refuse_argument("Validation error: schema: Both spann and hnsw config cannot be present at the same time.");
      if (const Tree* source = find(*config, "source_key");
          source != nullptr && source->is_string() && name == "sparse_vector_index") {
        const auto text = source->get<std::string>();
        if (!text.empty() && text[0] == '#' && text != "#document")
          refuse_argument(
              "Validation error: schema: source_key cannot begin with '#'. The only valid key starting with '#' is "
              "Key.DOCUMENT or '#document'.");
        if (*on && find(*config, "embedding_function") == nullptr)
          refuse_argument(
              "Validation error: schema: If source_key is provided then embedding_function must also be provided since "
              "there is no default embedding function.");
      }
      if (const Tree* hnsw = find(*config, "hnsw")) {
        Tree numbers = Tree::object();
        read_hnsw(*hnsw, here + ".config.hnsw", false, numbers, nullptr);
      }
      if (const Tree* space = find(*config, "space")) checked_space(*space, here + ".config.space");
      if (const Tree* embedder = find(*config, "embedding_function")) checked_embedder(*embedder, here);
    }
  }
}

void check_schema(const Tree& schema) {
  const Tree* defaults = find(schema, "defaults");
  const Tree* keys = find(schema, "keys");
  if (defaults == nullptr || keys == nullptr || !keys->is_object())
    refuse(422, "InvalidArgumentError", "schema: expected {\"defaults\": {...}, \"keys\": {...}}");
  check_kinds(*defaults, "schema.defaults", false, "");
  for (const auto& [key, kinds] : keys->items()) {
    if (!key.empty() && key[0] == '#' && key != "#document" && key != "#embedding")
      refuse_argument(
          "Validation error: schema: key cannot begin with '#'. Keys starting with '#' are reserved for system use: " +
          key);
    check_kinds(kinds, "schema.keys." + key, true, key);
  }
}

Tree& embedding_config(Tree& schema) { return schema["keys"]["#embedding"]["float_list"]["vector_index"]["config"]; }
const Tree& embedding_config(const Tree& schema) {
  return schema.at("keys").at("#embedding").at("float_list").at("vector_index").at("config");
}

/// A client's schema, over what is usual. SPANN, which needs a cluster, becomes HNSW with the same space.
Tree reconciled(const Tree& said) {
  check_schema(said);
  Tree out = usual_schema({}, nullptr);
  Tree plain = said;
  drop_nulls(plain);
  lay_over(out, plain);
  for (Tree* place : {&out["defaults"], &out["keys"]["#embedding"]})
    (*place)["float_list"]["vector_index"]["config"].erase("spann");
  return out;
}

Tree without_embedders(Tree schema) {
  embedding_config(schema).erase("embedding_function");
  auto& defaults = schema["defaults"];
  defaults["float_list"]["vector_index"]["config"].erase("embedding_function");
  auto& sparse = defaults["sparse_vector"]["sparse_vector_index"]["config"];
  sparse.erase("embedding_function");
  sparse.erase("bm25");
  return schema;
}

/// Whether a schema says no more than the usual one (the order of keys aside).
bool says_nothing(const Tree& schema) {
  const auto plain = [](const Tree& tree) { return base::parse_json(base::dump_json(tree), "schema"); };
  const Tree* embedder = find(embedding_config(schema), "embedding_function");
  return (embedder == nullptr || usual_embedder(*embedder) || (*embedder)["type"] == "legacy") &&
         plain(without_embedders(schema)) == plain(without_embedders(usual_schema({}, nullptr)));
}

/// Of a collection that another API made.
Description describe_metric(store::Metric metric) {
  Index index;
  index.space = space_name(metric);
  return {.schema = usual_schema(index, nullptr)};
}

/// Of a folder of Chroma from before there were schemas: {"metadata", "configuration"}, either of them perhaps null.
Description describe_imported(store::Metric metric, std::string_view note) {
  const Tree all = Tree::parse(note);
  Description out = describe_metric(metric);
  Tree& config = embedding_config(out.schema);
  if (const Tree* metadata = find(all, "metadata")) out.metadata = *metadata;
  const Tree* said = find(all, "configuration");
  const Tree* hnsw = said == nullptr ? nullptr : find(*said, "hnsw");
  for (const auto& field : kHnsw)
    for (const Tree* from : {find(out.metadata, field.legacy), hnsw == nullptr ? nullptr : find(*hnsw, field.name)})
      if (from != nullptr && from->is_number()) config["hnsw"][field.name] = *from;
  const Tree* embedder = said == nullptr ? nullptr : find(*said, "embedding_function");
  if (embedder != nullptr && embedder->is_object()) config["embedding_function"] = *embedder;
  return out;
}

}  // namespace

store::Metric Description::metric() const {
  const std::string space = embedding_config(schema).value("space", std::string("l2"));
  if (space == "cosine") return store::Metric::Cosine;
  return space == "ip" ? store::Metric::InnerProduct : store::Metric::L2;
}

size_t Description::ef() const {
  const Tree numbers = embedding_config(schema).value("hnsw", default_hnsw());
  const auto said = numbers.at("ef_search").get<uint64_t>();
  return said == default_hnsw().at("ef_search") ? 0 : std::min<uint64_t>(said, UINT32_MAX);
}

Tree Description::configuration() const {
  const Tree& config = embedding_config(schema);
  Tree hnsw = Tree::object();
  hnsw["space"] = config.at("space");
  const Tree numbers = config.value("hnsw", default_hnsw());
  for (const char* name : {"ef_construction", "ef_search", "max_neighbors", "resize_factor", "sync_threshold"})
    hnsw[name] = numbers.at(name);
  Tree out = Tree::object();
  out["hnsw"] = std::move(hnsw);
  out["spann"] = nullptr;
  const Tree* embedder = find(config, "embedding_function");
  out["embedding_function"] = embedder == nullptr ? Tree(nullptr) : *embedder;
  return out;
}

Description describe(const Tree& configuration, const Tree& schema, const Tree& metadata) {
  check_collection_metadata(metadata, "metadata");
  Index index = legacy_index(metadata);
  Tree embedder = nullptr;
  if (!configuration.is_null()) {
    if (!configuration.is_object()) refuse(422, "InvalidArgumentError", "configuration: expected an object");
    const Tree *hnsw = find(configuration, "hnsw"), *spann = find(configuration, "spann");
    if (hnsw != nullptr && spann != nullptr)
      refuse_argument("Multiple vector index configurations provided: hnsw and spann cannot both be there");
    Index said;
    if (hnsw != nullptr) read_hnsw(*hnsw, "configuration.hnsw", false, said.hnsw, &said.space);
    if (spann != nullptr) read_spann(*spann, "configuration.spann", said.space);
    // What is said here goes before metadata, but that hnsw's defaults say nothing; a space that spann gives always
    // does.
    const bool given = spann != nullptr && find(*spann, "space") != nullptr;
    if (given || !said.usual()) index = said;
    if (const Tree* e = find(configuration, "embedding_function"))
      embedder = checked_embedder(*e, "configuration.embedding_function");
  }
  Description out{.metadata = metadata};
  const bool plain = index.usual() && usual_embedder(embedder);
  if (schema.is_null()) {
    out.schema = usual_schema(index, embedder);
    return out;
  }
  Tree said = reconciled(schema);
  if (says_nothing(said)) {
    out.schema = usual_schema(index, embedder);
  } else {
    if (!plain) refuse_argument("Cannot set both collection config and schema simultaneously");
    out.schema = std::move(said);
  }
  return out;
}

void update(Description& description, const Tree& configuration) {
  if (!configuration.is_object()) refuse(422, "InvalidArgumentError", "new_configuration: expected an object");
  const Tree *hnsw = find(configuration, "hnsw"), *spann = find(configuration, "spann");
  if (hnsw != nullptr && spann != nullptr)
    refuse_argument("Multiple vector index configurations provided: hnsw and spann cannot both be there");
  if (spann != nullptr)
    refuse_argument("Invalid configuration update: the collection's index is hnsw, spann cannot be changed");
  Tree& defaults = description.schema["defaults"]["float_list"]["vector_index"]["config"];
  Tree& own = embedding_config(description.schema);
  for (Tree* config : {&defaults, &own}) {
    if (hnsw != nullptr) read_hnsw(*hnsw, "new_configuration.hnsw", true, (*config)["hnsw"], nullptr);
    if (const Tree* embedder = find(configuration, "embedding_function"))
      (*config)["embedding_function"] = checked_embedder(*embedder, "new_configuration.embedding_function");
  }
}

void check_collection_metadata(const Tree& metadata, const std::string& place) {
  if (metadata.is_null()) return;
  if (!metadata.is_object())
    refuse(422, "InvalidArgumentError", place + ": expected an object, found " + std::string(metadata.type_name()));
  if (metadata.empty()) refuse_argument("Validation error: " + place + ": Metadata cannot be empty");
  for (const auto& [key, value] : metadata.items()) check_metadata_key(key, "Validation error: " + place);
}

std::string to_note(const Description& description) {
  Tree out = Tree::object();
  out["metadata"] = description.metadata;
  out["schema"] = description.schema;
  if (!description.lineage.empty()) out["lineage"] = description.lineage;
  return base::dump_json(out);
}

Description from_note(std::string_view note) {
  Tree all = Tree::parse(note);
  Description out{.metadata = all.at("metadata"), .schema = all.at("schema")};
  if (const Tree* lineage = find(all, "lineage")) out.lineage = lineage->get<std::string>();
  return out;
}

Description description_of(const store::Records& records, const store::RecordsInfo& info) {
  if (const auto note = records.note(kNote)) return from_note(*note);
  const auto imported = records.note(kImported);
  return imported ? describe_imported(info.metric, *imported) : describe_metric(info.metric);
}

}  // namespace hanok::server::chroma
