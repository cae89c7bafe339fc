// Documents of Pinecone's 2026-07 API: an id and the fields of the index's schema.
//
// A document is a record: its dense field is the record's vector, its text to search by words is the record's document,
// and all other fields are metadata, sparse vectors among them. The text itself is metadata too, so that conditions and
// answers have it.
#pragma once

#include <vector>

#include "server/pinecone/vectors.h"

namespace hanok::server::pinecone {

/// patch: of an update, where fields may be missing and "_remove_fields" names those that go.
store::Record read_document(Object said, const std::string& ns, const IndexModel& model, std::string_view place,
                            bool patch);
/// The fields of a document, of those that are named ("*": all).
store::Json fields_of(const store::Record& record, const IndexModel& model, const std::vector<std::string>& names);
/// What is put into the record's document: the texts of the fields that are searched by words.
std::optional<std::string> words_of(const store::Json& metadata, const IndexModel& model);

}  // namespace hanok::server::pinecone
