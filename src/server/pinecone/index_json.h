// An index as clients of all versions read it.
#pragma once

#include "server/pinecone/index_model.h"

namespace hanok::server::pinecone {

/// Where the data plane of an index is: "http://127.0.0.1:8000/i/INDEX". With a scheme, for every client puts https
/// before a host that has none.
std::string host_of(const Request& request, const std::string& index);
Reply shown(const Index& index, const Request& request, int status);

}  // namespace hanok::server::pinecone
