#include "server/chroma/batch.h"

#include "server/chroma/names.h"
#include "server/chroma/service.h"

namespace hanok::server::chroma {
namespace {

using store::Json;
using store::Record;

/// Calls `take` with every element of a list that is as long as ids; nothing where the list is missing.
template <typename Take>
void side_by_side(Object body, std::string_view name, std::vector<Record>& records, Take take) {
  const auto list = member(body, name);
  if (!list) return;
  size_t at = 0;
  for (const Element value : array_of(*list, name)) {
    if (at < records.size() && !value.is_null()) take(records[at], value, at);
    ++at;
  }
  if (at != records.size())
    refuse_argument("Inconsistent number of IDs, embeddings, documents, URIs and metadatas: " +
                    std::to_string(records.size()) + " ids, " + std::to_string(at) + " " + std::string(name));
}

std::string place(std::string_view list, size_t at) { return std::string(list) + "[" + std::to_string(at) + "]"; }

void read_vector(Record& record, Element value, size_t at, std::optional<size_t>& dim) {
  const std::string where = place("embeddings", at);
  if (dim) record.vector.reserve(*dim);
  append_vector(value, where, record.vector);
  if (record.vector.empty())
    refuse_argument("Validation error: embeddings: Each embedding must have at least 1 dimension (" + where + ")");
  if (!dim) dim = record.vector.size();
  if (record.vector.size() != *dim) refuse_dimension(*dim, record.vector.size());
}

/// null deletes a key in an update; in what is new there is nothing to delete.
Json read_metadata(Element value, size_t at, bool keep_null) {
  Json out = Json::object();
  for (const auto field : object_of(value, place("metadatas", at))) {
    check_metadata_key(field.key, "Validation error: " + place("metadatas", at));
    if (field.value.is_null() && !keep_null) continue;
    out[std::string(field.key)] = json_of(field.value);
  }
  return out;
}

}  // namespace

void append_vector(Element value, std::string_view place, std::vector<float>& row) {
  if (std::string_view text; value.get(text) == simdjson::SUCCESS)
    append_base64_floats(text, place, row);
  else
    append_floats(value, place, row);
}

void refuse_dimension(size_t expected, size_t found) {
  refuse_argument("Collection expecting embedding with dimension of " + std::to_string(expected) + ", got " +
                  std::to_string(found));
}

std::vector<Record> read_batch(Object body, BatchKind kind, std::optional<size_t> dim) {
  std::vector<Record> records;
  const Array ids = array_of(required(body, "ids"), "ids");
  records.reserve(ids.size());
  for (const Element id : ids) {
    const std::string_view text = text_of(id, place("ids", records.size()));
    if (text.empty()) refuse_argument("Empty ID, ID must have at least one character");
    records.emplace_back().id = text;
  }
  if (kind != BatchKind::Update) required(body, "embeddings");
  side_by_side(body, "embeddings", records,
               [&](Record& record, Element value, size_t at) { read_vector(record, value, at, dim); });
  side_by_side(body, "metadatas", records, [&](Record& record, Element value, size_t at) {
    record.metadata = read_metadata(value, at, kind != BatchKind::Add);
  });
  side_by_side(body, "documents", records, [](Record& record, Element value, size_t at) {
    record.document = std::string(text_of(value, place("documents", at)));
  });
  side_by_side(body, "uris", records, [](Record& record, Element value, size_t at) {
    record.uri = std::string(text_of(value, place("uris", at)));
  });
  if (kind != BatchKind::Update)
    for (size_t i = 0; i < records.size(); ++i)
      if (records[i].vector.empty())
        refuse(422, "InvalidArgumentError", place("embeddings", i) + ": expected a list of numbers, found null");
  return records;
}

}  // namespace hanok::server::chroma
