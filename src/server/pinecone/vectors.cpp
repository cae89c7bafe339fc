#include "server/pinecone/vectors.h"

#include <algorithm>
#include <limits>

#include "base/json.h"

namespace hanok::server::pinecone {
namespace {

constexpr size_t kLongestId = 512;                  // bytes
constexpr size_t kMostMetadata = size_t{40} << 10;  // bytes of JSON
constexpr size_t kMostSparse = 2048;                // pairs of a sparse vector

using simdjson::dom::element_type;

bool list_of_texts(Element value) {
  const Array list(value);
  return std::all_of(list.begin(), list.end(), [](Element item) { return item.is_string(); });
}

/// What a value takes of the room for metadata.
size_t bytes_of(Element value) {
  if (value.is_string()) return std::string_view(value).size();
  if (!value.is_array()) return sizeof(double);
  size_t out = 0;
  for (const Element item : Array(value)) out += bytes_of(item);
  return out;
}

bool scalar(Element value) { return value.is_string() || value.is_number() || value.is_bool(); }

}  // namespace

Namespace namespace_said(Object body) {
  const auto value = member(body, "namespace");
  const std::string said(value ? text_of(*value, "namespace") : "");
  return {said, namespace_of(said)};
}

Namespace namespace_said(const Request& request) {
  const std::string said = request.parameter("namespace").value_or("");
  return {said, namespace_of(said)};
}

std::string read_id(Element value, std::string_view place) {
  const std::string_view id = text_of(value, place);
  check_id(id, place);
  return std::string(id);
}

void check_id(std::string_view id, std::string_view place) {
  if (id.empty() || id.size() > kLongestId)
    refuse_argument(std::string(place) + ": Vector ID must have 1 to 512 bytes, found " + std::to_string(id.size()));
}

store::Json read_metadata(Element value, std::string_view place) {
  return read_metadata(object_of(value, place), place);
}

store::Json read_metadata(Object fields, std::string_view place) {
  store::Json out = store::Json::object();
  size_t bytes = 0;
  for (const auto field : fields) {
    const std::string key(field.key);
    if (key.empty() || key[0] == '$')
      refuse_argument(std::string(place) + ": Metadata keys must not be empty or begin with '$', found '" + key + "'");
    const bool fits = scalar(field.value) || (field.value.is_array() && list_of_texts(field.value));
    if (!fits)
      refuse_argument("Metadata value must be a string, number, boolean or list of strings, got '" +
                      simdjson::minify(field.value) + "' for field '" + key + "'");
    out[key] = json_of(field.value);
    bytes += key.size() + bytes_of(field.value);
  }
  if (bytes > kMostMetadata)
    refuse_argument("Metadata size is " + std::to_string(bytes) +
                    " bytes, which exceeds the limit of 40960 bytes per vector");
  return out;
}

void check_sparse(const store::SparseVector& sparse, std::string_view place) {
  const std::string name(place);
  if (sparse.indices.size() != sparse.values.size())
    refuse_argument(name + ": Sparse vector indices and values must have as many elements, found " +
                    std::to_string(sparse.indices.size()) + " and " + std::to_string(sparse.values.size()));
  if (sparse.indices.size() > kMostSparse)
    refuse_argument(name + ": Sparse vector size " + std::to_string(sparse.indices.size()) +
                    " exceeds the limit of 2048 non-zero values");
  auto sorted = sparse.indices;
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
    refuse_argument(name + ": Sparse vector contains a duplicate index");
}

store::SparseVector make_sparse(Element indices, Element values, std::string_view place) {
  store::SparseVector out;
  const std::string name(place);
  for (const Element index : array_of(indices, name + ".indices"))
    out.indices.push_back(
        static_cast<uint32_t>(whole_of(index, name + ".indices", 0, std::numeric_limits<uint32_t>::max())));
  append_floats(values, name + ".values", out.values);
  check_sparse(out, place);
  return out;
}

store::SparseVector read_sparse(Element value, std::string_view place) {
  const Object object = object_of(value, place);
  return make_sparse(required(object, "indices"), required(object, "values"), place);
}

void check_dense(const std::vector<float>& values, const IndexModel& model) {
  if (model.sparse) refuse_argument("Index configuration does not support dense values: its vectors are sparse");
  if (model.dimension && values.size() != *model.dimension)
    refuse_argument("Vector dimension " + std::to_string(values.size()) +
                    " does not match the dimension of the index " + std::to_string(*model.dimension));
}

std::vector<float> read_dense(Element value, const IndexModel& model, std::string_view place) {
  std::vector<float> out;
  if (model.dimension) out.reserve(*model.dimension);
  append_floats(value, place, out);
  if (out.empty()) return out;
  check_dense(out, model);
  return out;
}

void require_sparse(const IndexModel& model) {
  if (model.metric != "dotproduct")
    refuse_argument(
        "Index configuration does not support sparse values - only indexes that are sparse or using dotproduct are "
        "supported");
}

void check_vector(const store::Record& record, const IndexModel& model, std::string_view place) {
  if (!record.sparse.empty()) require_sparse(model);
  if (record.vector.empty() && !model.sparse)
    refuse_argument("Vector dimension 0 does not match the dimension of the index " +
                    std::to_string(model.dimension.value_or(0)));
  if (record.sparse.empty() && model.sparse)
    refuse_argument("Sparse vector must contain at least one value (" + std::string(place) + ")");
}

store::Record read_vector(Element value, const std::string& ns, const IndexModel& model, std::string_view place) {
  const Object said = object_of(value, place);
  const std::string name(place);
  store::Record out{.ns = ns, .id = read_id(required(said, "id"), name + ".id")};
  if (const auto values = member(said, "values")) out.vector = read_dense(*values, model, name + ".values");
  if (const auto sparse = member(said, "sparseValues")) out.sparse = read_sparse(*sparse, name + ".sparseValues");
  check_vector(out, model, name);
  if (const auto metadata = member(said, "metadata")) out.metadata = read_metadata(*metadata, name + ".metadata");
  return out;
}

store::Filter read_filter(Element value, bool empty_is_all) {
  if (object_of(value, "filter").size() == 0 && !empty_is_all)
    refuse_argument("filter: must not be empty; to mean every record say so by deleteAll");
  return store::Filter(json_of(value));
}

void write_values(JsonWriter& out, const store::Record& record) {
  out.key("values").values(record.vector);
  if (record.sparse.empty()) return;
  out.key("sparseValues").open_object().key("indices").values(record.sparse.indices);
  out.key("values").values(record.sparse.values).close_object();
}

store::Json metadata_of(const store::Record& record, const IndexModel& model) {
  store::Json out = record.metadata;
  if (const std::string field = model.text_field(); record.document && !field.empty()) out[field] = *record.document;
  return out;
}

void write_metadata(JsonWriter& out, const store::Record& record, const IndexModel& model) {
  const auto metadata = metadata_of(record, model);
  if (!metadata.empty()) out.key("metadata").raw(base::dump_json(metadata));
}

void write_usage(JsonWriter& out) { out.key("usage").open_object().member("readUnits", 1).close_object(); }

}  // namespace hanok::server::pinecone
