// A batch of records as clients send it: lists side by side, {"ids": [...], "embeddings": [...], "metadatas": [...],
// "documents": [...], "uris": [...]}.
#pragma once

#include <vector>

#include "hanok/records.h"
#include "server/wire/body.h"

namespace hanok::server::chroma {

enum class BatchKind { Add, Upsert, Update };

/// Embeddings are lists of numbers or base64 of 32-bit floats. In an update every part may be missing or null. `dim`:
/// of the collection, where it is known. Everything is refused that is not as long as ids, of another dimension, or no
/// metadata.
std::vector<store::Record> read_batch(Object body, BatchKind kind, std::optional<size_t> dim);
/// Appends one vector: a list of numbers or base64 of 32-bit floats.
void append_vector(Element value, std::string_view place, std::vector<float>& row);
/// "Collection expecting embedding with dimension of D, got F".
[[noreturn]] void refuse_dimension(size_t expected, size_t found);

}  // namespace hanok::server::chroma
