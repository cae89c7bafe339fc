#include "server/chroma/answers.h"

#include <algorithm>

#include "base/json.h"
#include "server/chroma/service.h"

namespace hanok::server::chroma {

Wanted read_wanted(Object body, bool distances) {
  Wanted out;
  if (const auto include = member(body, "include"))
    out.names = texts_of(*include, "include");
  else if (distances)
    out.names = {"documents", "metadatas", "distances"};
  else
    out.names = {"documents", "metadatas"};
  for (const auto& name : out.names) {
    if (name == "documents")
      out.documents = true;
    else if (name == "embeddings")
      out.embeddings = true;
    else if (name == "metadatas")
      out.metadatas = true;
    else if (name == "uris")
      out.uris = true;
    else if (name == "distances")
      out.distances = true;
    else
      refuse(422, "InvalidArgumentError",
             "include: unknown '" + name + "', expected some of distances, documents, embeddings, metadatas, uris");
  }
  return out;
}

void write_metadata(JsonWriter& out, const store::Json& metadata) {
  metadata.empty() ? out.null() : out.raw(base::dump_json(metadata));
}

void write_document(JsonWriter& out, const store::Record& record) {
  record.document ? out.value(*record.document) : out.null();
}

void write_uri(JsonWriter& out, const store::Record& record) { record.uri ? out.value(*record.uri) : out.null(); }

void write_embedding(JsonWriter& out, const store::Record& record) {
  record.vector.empty() ? out.null() : out.values(record.vector);
}

void write_include(JsonWriter& out, const Wanted& wanted) {
  out.key("include").open_array();
  for (const auto& name : wanted.names) out.value(name);
  out.close_array();
}

float distance_of(store::Metric metric, float score) {
  if (metric == store::Metric::L2) return score;
  const float distance = 1.0F - score;
  return metric == store::Metric::Cosine ? std::max(distance, 0.0F) : distance;
}

}  // namespace hanok::server::chroma
