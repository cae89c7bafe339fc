// How hits, citations and places are shown, to people and as JSON (docs/cli.md).
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "base/json.h"
#include "hanok/chain.h"
#include "session.h"

namespace hanok::app {

base::OrderedJson to_json(const chain::SearchResult& result, bool explain);
base::OrderedJson to_json(const chain::Answer& answer);
void show(std::ostream& out, const Session& session, const chain::SearchResult& result, bool explain);
/// Everything below the answer's text: sources, dropped passages, warnings.
void show_sources(std::ostream& out, const Session& session, const chain::Answer& answer);
/// The path as a person types it: relative to the working folder where it lies below, "~/..." below home.
std::string short_path(const std::string& path);
/// "prices.pdf, page 2, Rooms > Winter".
std::string place(const std::string& path, int page, const std::string& heading);
/// "also in a.txt, b.txt": other documents with the same passage; empty without any.
std::string also_in(const std::vector<std::string>& paths);

}  // namespace hanok::app
