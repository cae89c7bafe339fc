// Which parts of records a request asks for, and the lists of an answer.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "hanok/records.h"
#include "server/wire/body.h"
#include "server/wire/json_writer.h"

namespace hanok::server::chroma {

/// "include" of a body: in the client's order, for the answer shows it again.
struct Wanted {
  std::vector<std::string> names;
  bool documents = false, embeddings = false, metadatas = false, uris = false, distances = false;

  store::Include parts() const {
    return {.document = documents, .uri = uris, .metadata = metadatas, .vector = embeddings};
  }
};
/// `distances`: whether they are given where the body says nothing.
Wanted read_wanted(Object body, bool distances);

// One record's part, or null where it has none.
void write_metadata(JsonWriter& out, const store::Json& metadata);
void write_document(JsonWriter& out, const store::Record& record);
void write_uri(JsonWriter& out, const store::Record& record);
void write_embedding(JsonWriter& out, const store::Record& record);

/// [part of the first, part of the second, ...]
template <typename WritePart>
void write_list(JsonWriter& out, std::span<const store::Record> records, WritePart write) {
  out.open_array();
  for (const auto& record : records) write(out, record);
  out.close_array();
}
/// "NAME": null where it is not wanted, else what `write` writes.
template <typename Write>
void write_part(JsonWriter& out, std::string_view name, bool wanted, Write write) {
  out.key(name);
  if (wanted)
    write();
  else
    out.null();
}
void write_include(JsonWriter& out, const Wanted& wanted);

/// Chroma's distance of a score: squared for l2, 1 - cosine, 1 - product. Less is nearer.
float distance_of(store::Metric metric, float score);

}  // namespace hanok::server::chroma
