// What rerankers are given, and the order that comes of it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/pinecone/service.h"
#include "server/wire/body.h"

namespace hanok::server::pinecone {

/// The texts of these fields, a line each; fields that are missing or no text are passed over.
std::string passage_of(const Json& document, const std::vector<std::string>& fields);

struct Ranked {
  size_t which = 0;  // of the passages
  float score = 0;
};
/// said: {"model", "top_n"?}. The best first, at most top_n. 404 where there is no such reranker.
std::vector<Ranked> rerank(Object said, std::string_view query, std::span<const std::string> passages, House& house);

}  // namespace hanok::server::pinecone
