// Hybrid search: ranks of several searches put together, grouped, and cut to a page. Chroma's own server answers 501
// here on a single node.
#include <algorithm>
#include <map>

#include "server/chroma/answers.h"
#include "server/chroma/batch.h"
#include "server/chroma/restrictions.h"
#include "server/chroma/search_body.h"
#include "server/chroma/service.h"
#include "server/wire/told.h"

namespace hanok::server::chroma {
namespace {

constexpr size_t kMostSearches = 100;  // of one request

struct Hit {
  store::Record record;
  std::optional<float> score;
};

Nearest nearest(const store::RecordSnapshot& now, const Knn& knn, const store::Selection& among) {
  const store::Near how{.k = knn.limit, .among = among};
  std::vector<store::Match> matches;
  if (!knn.sparse.empty()) {
    matches = now.nearest_sparse(knn.sparse, how, knn.key);
  } else if (now.dim()) {
    if (knn.vector.size() != *now.dim()) refuse_dimension(*now.dim(), knn.vector.size());
    matches = now.nearest(knn.vector, how);
  }
  Nearest out;
  for (const auto& match : matches)
    out.emplace_back(match.chunk, knn.sparse.empty() ? distance_of(now.metric(), match.score) : 1.0F - match.score);
  return out;
}

/// What groups are made and ordered by; kinds in the order: missing, numbers, booleans, strings, the rest.
store::Json key_of(const Hit& hit, const std::string& key) {
  if (key == "#score") return hit.score ? store::Json(*hit.score) : store::Json();
  const auto at = hit.record.metadata.find(key);
  return at == hit.record.metadata.end() ? store::Json() : *at;
}
store::Json keys_of(const Hit& hit, const std::vector<std::string>& keys) {
  store::Json out = store::Json::array();
  for (const auto& key : keys) out.push_back(key_of(hit, key));
  return out;
}

/// The k best of every group, again by score.
std::vector<Hit> grouped(std::vector<Hit> hits, const GroupBy& groups) {
  std::map<store::Json, std::vector<size_t>> members;
  for (size_t i = 0; i < hits.size(); ++i) members[keys_of(hits[i], groups.keys)].push_back(i);
  std::vector<size_t> kept;
  for (auto& [key, group] : members) {
    std::stable_sort(group.begin(), group.end(), [&](size_t a, size_t b) {
      const auto left = keys_of(hits[a], groups.by), right = keys_of(hits[b], groups.by);
      return groups.largest ? right < left : left < right;
    });
    group.resize(std::min(group.size(), groups.k));
    kept.insert(kept.end(), group.begin(), group.end());
  }
  std::sort(kept.begin(), kept.end());  // hits were by score
  std::vector<Hit> out;
  for (const size_t i : kept) out.push_back(std::move(hits[i]));
  return out;
}

template <typename T>
std::vector<T> page_of(std::vector<T> all, const store::Page& page) {
  const size_t begin = std::min(page.offset, all.size());
  const size_t end = begin + std::min(page.limit, all.size() - begin);
  all.erase(all.begin() + static_cast<std::ptrdiff_t>(end), all.end());
  all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(begin));
  return all;
}

std::vector<Hit> hits_of(const store::RecordSnapshot& now, const Nearest& ranked, const store::Include& parts) {
  std::vector<store::ChunkId> numbers;
  for (const auto& [number, score] : ranked) numbers.push_back(number);
  auto records = now.fetch(numbers, parts);
  std::vector<Hit> out;
  for (size_t i = 0; i < records.size(); ++i) out.push_back({std::move(records[i]), ranked[i].second});
  return out;
}

std::vector<Hit> run(const store::RecordSnapshot& now, const SearchRequest& search) {
  const store::Selection among{.where = store::Filter(search.filter), .into_lists = false};
  store::Include parts{.document = search.selects("#document"),
                       .uri = false,
                       .metadata = search.selects_metadata() || !search.groups.keys.empty(),
                       .vector = search.selects("#embedding")};
  std::vector<Hit> out;
  if (!search.rank) {
    for (auto& record : now.get(among, search.page, parts)) out.push_back({std::move(record), std::nullopt});
    return out;
  }
  Nearest ranked = evaluate(*search.rank, [&](const Knn& knn) { return nearest(now, knn, among); });
  if (search.groups.keys.empty()) return hits_of(now, page_of(std::move(ranked), search.page), parts);
  return page_of(grouped(hits_of(now, ranked, parts), search.groups), search.page);
}

store::Json selected_metadata(const Hit& hit, const SearchRequest& search) {
  if (search.selects("#metadata")) return hit.record.metadata;
  store::Json out = store::Json::object();
  for (const auto& key : search.select)
    if (const auto at = hit.record.metadata.find(key); at != hit.record.metadata.end()) out[key] = *at;
  return out;
}

/// "NAME": [[part of every hit] or null, for every search]
template <typename Wanted, typename Write>
void write_parts(JsonWriter& out, std::string_view name, const std::vector<SearchRequest>& searches,
                 const std::vector<std::vector<Hit>>& hits, Wanted wanted, Write write) {
  out.key(name).open_array();
  for (size_t i = 0; i < searches.size(); ++i) {
    if (!wanted(searches[i])) {
      out.null();
      continue;
    }
    out.open_array();
    for (const Hit& hit : hits[i]) write(hit, searches[i]);
    out.close_array();
  }
  out.close_array();
}

Reply search(const Request& request, House& house) {
  const Target target = target_of(request, house, Scope::Read);
  const Body body(request.body);
  std::vector<SearchRequest> searches;
  for (const Element one : array_of(required(body.object(), "searches"), "searches"))
    searches.push_back(read_search(one));
  if (searches.size() > kMostSearches)
    refuse_argument("searches: at most " + std::to_string(kMostSearches) + ", found " +
                    std::to_string(searches.size()));
  const auto now = target.records->read();
  std::vector<std::vector<Hit>> hits;
  for (const auto& one : searches) {
    check_allowed(*target.records, one.filter);
    hits.push_back(run(*now, one));
  }

  JsonWriter out;
  out.open_object();
  write_parts(
      out, "ids", searches, hits, [](const auto&) { return true; },
      [&](const Hit& hit, const auto&) { out.value(hit.record.id); });
  write_parts(
      out, "documents", searches, hits, [](const auto& s) { return s.selects("#document"); },
      [&](const Hit& hit, const auto&) { write_document(out, hit.record); });
  write_parts(
      out, "embeddings", searches, hits, [](const auto& s) { return s.selects("#embedding"); },
      [&](const Hit& hit, const auto&) { write_embedding(out, hit.record); });
  write_parts(
      out, "metadatas", searches, hits, [](const auto& s) { return s.selects_metadata(); },
      [&](const Hit& hit, const auto& s) { write_metadata(out, selected_metadata(hit, s)); });
  write_parts(
      out, "scores", searches, hits, [](const auto& s) { return s.selects("#score"); },
      [&](const Hit& hit, const auto&) { hit.score ? out.value(*hit.score) : out.null(); });
  out.key("select").open_array();
  for (const auto& one : searches) {
    out.open_array();
    for (const auto& key : one.select) out.value(key);
    out.close_array();
  }
  out.close_array();
  return Reply::json(out.close_object().take());
}

}  // namespace

void add_search_routes(Routes& routes, House& house) {
  routes.add(
      "POST", "/tenants/{tenant}/databases/{database}/collections/{collection}/search",
      [&house](const Request& request) { return search(request, house); },
      told("Hybrid search: ranks put together, groups, pages"));
}

}  // namespace hanok::server::chroma
