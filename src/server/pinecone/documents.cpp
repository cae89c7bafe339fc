#include "server/pinecone/documents.h"

#include <algorithm>

namespace hanok::server::pinecone {
namespace {

constexpr const char* kSparseType = "sparse_vector";

const Json* field_of(const IndexModel& model, const std::string& name) {
  if (model.fields.is_null()) return nullptr;
  const auto at = model.fields.find(name);
  return at == model.fields.end() ? nullptr : &*at;
}

bool is_sparse_field(const IndexModel& model, const std::string& name) {
  if (name == "_sparse_values") return true;
  const Json* field = field_of(model, name);
  return field != nullptr && (*field)["type"] == kSparseType;
}

[[noreturn]] void wrong_type(const std::string& place, const char* expected, Element found) {
  refuse_argument(place + ": expected " + expected + ", found " + std::string(kind_of(found)));
}

void check_type(const IndexModel& model, const std::string& name, Element value, const std::string& place) {
  const Json* field = field_of(model, name);
  if (field == nullptr) return;
  const std::string type = (*field)["type"];
  if (type == "string" && !value.is_string()) wrong_type(place, "a string", value);
  if (type == "boolean" && !value.is_bool()) wrong_type(place, "true or false", value);
  if ((type == "float" || type == "integer") && !value.is_number()) wrong_type(place, "a number", value);
  if (type == "string_list" && !value.is_array()) wrong_type(place, "a list of strings", value);
}

store::Json sparse_json(const store::SparseVector& sparse) {
  return {{"#type", kSparseType}, {"indices", sparse.indices}, {"values", sparse.values}};
}

}  // namespace

std::optional<std::string> words_of(const store::Json& metadata, const IndexModel& model) {
  std::string out;
  for (const auto& name : model.word_fields())
    if (const auto at = metadata.find(name); at != metadata.end() && at->is_string())
      out += (out.empty() ? "" : "\n\n") + at->get<std::string>();
  if (out.empty()) return std::nullopt;
  return out;
}

store::Record read_document(Object said, const std::string& ns, const IndexModel& model, std::string_view place,
                            bool patch) {
  const std::string here(place);
  store::Record out{.ns = ns};
  const auto id = member(said, "_id");
  if (!id) refuse_argument(here + ": _id is missing");
  out.id = read_id(*id, here + "._id");
  const std::string dense = model.text_field().empty() ? model.dense_field() : "";
  for (const auto member_of : said) {
    const std::string name(member_of.key), field = here + "." + name;
    const Element value = member_of.value;
    if (name == "_id" || name == "_remove_fields" || value.is_null()) continue;
    if (!dense.empty() && name == dense) {
      out.vector = read_dense(value, model, field);
    } else if (is_sparse_field(model, name)) {
      const auto sparse = read_sparse(value, field);
      if (name == "_sparse_values")
        out.sparse = sparse;
      else
        out.metadata[name] = sparse_json(sparse);
    } else {
      if (name.empty() || name[0] == '_' || name[0] == '$') refuse_argument(field + ": is a reserved name");
      check_type(model, name, value, field);
      const bool list = value.is_array();
      if (!list && !value.is_string() && !value.is_number() && !value.is_bool())
        refuse_argument(field + ": expected a string, a number, true or false, or a list of strings, found " +
                        std::string(kind_of(value)));
      out.metadata[name] = list ? store::Json(texts_of(value, field)) : json_of(value);
    }
  }
  if (const auto removed = member(said, "_remove_fields"))
    for (const auto& name : texts_of(*removed, here + "._remove_fields")) {
      if (!patch) refuse_argument(here + "._remove_fields: only an update removes fields");
      if (out.metadata.contains(name)) refuse_argument(here + ": sets and removes '" + name + "'");
      out.metadata[name] = nullptr;
    }
  if (!patch && !dense.empty() && out.vector.empty())
    refuse_argument(here + ": the field '" + dense + "' of the index's schema is missing");
  if (!patch) out.document = words_of(out.metadata, model);
  return out;
}

store::Json fields_of(const store::Record& record, const IndexModel& model, const std::vector<std::string>& names) {
  store::Json all = record.metadata;
  for (auto& [name, value] : all.items())
    if (value.is_object()) value.erase("#type");
  const std::string dense = model.dense_field();
  if (!record.vector.empty() && model.text_field().empty() && !dense.empty()) all[dense] = record.vector;
  if (!record.sparse.empty())
    all["_sparse_values"] = {{"indices", record.sparse.indices}, {"values", record.sparse.values}};
  if (std::find(names.begin(), names.end(), "*") != names.end()) return all;
  store::Json out = store::Json::object();
  for (const auto& name : names)
    if (const auto at = all.find(name); at != all.end()) out[name] = *at;
  return out;
}

}  // namespace hanok::server::pinecone
