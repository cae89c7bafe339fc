// A collection as Chroma's clients read it.
#pragma once

#include "server/chroma/service.h"
#include "server/wire/json_writer.h"

namespace hanok::server::chroma {

void write_collection(JsonWriter& out, const Target& target);

}  // namespace hanok::server::chroma
