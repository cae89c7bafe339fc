// An index of Pinecone: a collection of records, and what its maker said beside dimension and metric.
//
// Until 2026-04 an index has `dimension`, `metric`, `vector_type` and `spec`; from 2026-07 on a `schema` of fields and
// a `deployment`. Either is made of the other here, and both are shown. A schema whose only fields are "_values" and
// "_sparse_values" means the same as `dimension`: an index of vectors. Any other is an index of documents.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hanok/records.h"
#include "server/pinecone/service.h"

namespace hanok::server::pinecone {

struct IndexModel {
  std::string metric = "cosine";  // cosine, euclidean, dotproduct
  std::optional<size_t> dimension = {};
  bool sparse = false;       // vector_type: it has sparse vectors only
  Json deployment = Json();  // {"deployment_type": "managed", "cloud", "region"} | pod | byoc
  Json fields = Json();      // of the schema: {NAME: {"type": ...}}
  Json embed = Json();       // of create-for-model: {"model", "field_map": {"text": FIELD}, ...}; else null
  Json read_capacity = Json();
  Json metadata_schema = Json();  // spec.serverless.schema, which metadata is indexed: all of it is, whatever it says
  std::map<std::string, std::string> tags = {};
  bool protected_from_deletion = false;
  std::string source_collection = {}, source_backup = {}, restore_job = {}, cmek = {};

  /// The one dense field of the schema: "_values", or what a document's maker called it; "": there is none.
  std::string dense_field() const;
  /// Whether its fields are reserved names only, so that the vectors' API writes it.
  bool of_vectors() const;
  /// The field whose text is embedded; "": none.
  std::string text_field() const;
  /// The names of string fields that are searched by words.
  std::vector<std::string> word_fields() const;
  bool pod() const { return deployment.is_object() && deployment.value("deployment_type", "") == "pod"; }
};

store::Metric metric_of(const IndexModel& model);

// -- what a request says --
struct NewIndex {
  std::string name;
  IndexModel model;
};
/// Of POST /indexes, in the shape of any version.
NewIndex read_create(const Json& body);
/// Of POST /indexes/create-for-model. The dimension is the model's.
NewIndex read_create_for_model(const Json& body);
/// Of PATCH /indexes/{name}.
void configure(IndexModel& model, const Json& body);
/// 1 to 45 of a-z, 0-9 and '-', no '-' at the ends.
void check_index_name(const std::string& name);

// -- kept and shown --
inline constexpr std::string_view kNote = "pinecone";
std::string to_note(const IndexModel& model);
/// The model of a collection, whoever made it.
IndexModel model_of(const store::Records& records, const store::RecordsInfo& info);
/// Of all versions; `host` is where its data plane is.
Json show(const IndexModel& model, const store::RecordsInfo& info, const std::string& host);

struct Index {
  std::shared_ptr<store::Records> records;
  store::RecordsInfo info;
  IndexModel model;
};
/// {index} of the path. `needed`: what the key must be allowed there.
Index index_of(const Request& request, const House& house, Scope needed);
Index find_index(const std::string& name, const Request& request, const House& house, Scope needed);
/// Calls `take` with every index that the request may read.
void each_index(const Request& request, House& house, const std::function<void(const Index&)>& take);
/// Makes the collection. 409 where the name is taken.
Index create(const NewIndex& index, const Request& request, House& house);

}  // namespace hanok::server::pinecone
