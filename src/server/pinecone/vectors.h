// Vectors as Pinecone's clients send and read them: {"id", "values", "sparseValues": {"indices", "values"},
// "metadata"}.
#pragma once

#include <string>
#include <vector>

#include "server/pinecone/index_model.h"
#include "server/wire/body.h"
#include "server/wire/json_writer.h"

namespace hanok::server::pinecone {

struct Namespace {
  std::string shown;  // as the client said it
  std::string name;   // as the store calls it
};
/// "namespace" of a body or a query; the default one where nothing is said.
Namespace namespace_said(Object body);
Namespace namespace_said(const Request& request);

/// 1 to 512 bytes.
std::string read_id(Element value, std::string_view place);
void check_id(std::string_view id, std::string_view place);
/// Strings, numbers, booleans, lists of strings; at most 40 KiB. Refused with Pinecone's words otherwise.
store::Json read_metadata(Object fields, std::string_view place);
store::Json read_metadata(Element value, std::string_view place);
/// {"indices": [...], "values": [...]}: as many of one as of the other, every index once.
store::SparseVector read_sparse(Element value, std::string_view place);
/// The same from lists: "sparse_indices" and "sparse_values" of the documents' and records' API.
store::SparseVector make_sparse(Element indices, Element values, std::string_view place);
/// What make_sparse() and read_dense() refuse of numbers that were read already.
void check_sparse(const store::SparseVector& sparse, std::string_view place);
void check_dense(const std::vector<float>& values, const IndexModel& model);
/// Of the index's dimension.
std::vector<float> read_dense(Element value, const IndexModel& model, std::string_view place);
/// Refuses sparse vectors where the index takes none: the metric must be dotproduct.
void require_sparse(const IndexModel& model);

/// Refuses a vector without the parts that the index wants, or with those that it does not take.
void check_vector(const store::Record& record, const IndexModel& model, std::string_view place);
/// One vector of an upsert.
store::Record read_vector(Element value, const std::string& ns, const IndexModel& model, std::string_view place);

/// A condition over metadata in Pinecone's language: $eq $ne $gt $gte $lt $lte $in $nin $exists $and $or (and $not).
/// An empty one is refused unless `empty_is_all`.
store::Filter read_filter(Element value, bool empty_is_all);

/// Members "values", "sparseValues", "metadata" of an open object. The last two are left out where there is nothing.
void write_values(JsonWriter& out, const store::Record& record);
void write_metadata(JsonWriter& out, const store::Record& record, const IndexModel& model);
/// What clients see as metadata: for an index that embeds, the text too.
store::Json metadata_of(const store::Record& record, const IndexModel& model);
/// "usage": {"readUnits": 1}
void write_usage(JsonWriter& out);

}  // namespace hanok::server::pinecone
