// POST /hanok/ingest: what `hanok ingest` does while a server has the data directory. It reads the server's own files,
// and so needs the scope admin.
#pragma once

#include "base/json.h"
#include "hanok/chain.h"
#include "server/house.h"
#include "server/http/router.h"

namespace hanok::server {

/// What `hanok ingest --json` prints.
base::OrderedJson to_json(const chain::IngestReport& report);
/// And back.
chain::IngestReport ingest_report_of(const base::Json& json);

/// The body: {"collection", "paths" or "texts", "globs", "exclude", "cleanup", "prune", "force", "metadata", "embed",
/// "max_tokens", "overlap_tokens", "ocr_languages"}; all but the first two may be missing. Paths are absolute; texts
/// are lines of JSON (chain::read_source_texts).
void add_ingest_route(Router::Group& group, House& house);

}  // namespace hanok::server
