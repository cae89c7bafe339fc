#include "server/chroma/search_body.h"

#include <algorithm>
#include <array>

#include "server/chroma/service.h"
#include "server/chroma/where.h"

namespace hanok::server::chroma {
namespace {

// In the order in which an answer names them.
constexpr std::array<std::string_view, 4> kOwnKeys = {"#document", "#embedding", "#metadata", "#score"};

size_t place_of_key(std::string_view key) {
  return static_cast<size_t>(std::find(kOwnKeys.begin(), kOwnKeys.end(), key) - kOwnKeys.begin());
}

std::optional<Object> object_member(Object object, std::string_view name) {
  const auto value = member(object, name);
  if (!value) return std::nullopt;
  const Object out = object_of(*value, name);
  return out.size() == 0 ? std::nullopt : std::optional<Object>(out);
}

GroupBy read_groups(Object said) {
  GroupBy out;
  const auto keys = member(said, "keys"), by = member(said, "aggregate");
  if (keys) out.keys = texts_of(*keys, "group_by.keys");
  if (out.keys.empty() && !by) return out;  // the Rust client says so where nothing is grouped
  const Object aggregate = object_of(required(said, "aggregate"), "group_by.aggregate");
  if (out.keys.empty() || aggregate.size() != 1)
    refuse_argument("group_by keys and aggregate must both be specified or both be omitted");
  for (const auto& key : out.keys)
    if (key.empty() || key[0] == '#')
      refuse_argument("group_by keys must be metadata fields (cannot use #score, #document, #embedding, or #metadata)");
  const auto field = *aggregate.begin();
  if (field.key != "$min_k" && field.key != "$max_k")
    refuse_argument("group_by.aggregate: expected $min_k or $max_k, found '" + std::string(field.key) + "'");
  out.largest = field.key == "$max_k";
  const Object of = object_of(field.value, "group_by.aggregate");
  out.by = texts_of(required(of, "keys"), "group_by.aggregate.keys");
  out.k = static_cast<size_t>(whole_of(required(of, "k"), "group_by.aggregate.k", 1));
  if (out.by.empty()) refuse_argument("aggregate keys must not be empty");
  for (const auto& key : out.by)
    if (key.empty() || (key[0] == '#' && key != "#score"))
      refuse_argument(
          "aggregate keys must be metadata fields or #score (cannot use #document, #embedding, or #metadata)");
  return out;
}

std::vector<std::string> read_select(Object said) {
  std::vector<std::string> out;
  if (const auto keys = member(said, "keys")) out = texts_of(*keys, "select.keys");
  for (const auto& key : out)
    if (key.empty() || (key[0] == '#' && key != "#id" && place_of_key(key) == kOwnKeys.size()))
      refuse_argument("select.keys: unknown key '" + key + "'");
  std::sort(out.begin(), out.end(), [](const std::string& a, const std::string& b) {
    return std::pair(place_of_key(a), std::string_view(a)) < std::pair(place_of_key(b), std::string_view(b));
  });
  out.erase(std::unique(out.begin(), out.end()), out.end());
  std::erase(out, "#id");  // ids are always there
  return out;
}

}  // namespace

bool SearchRequest::selects(std::string_view key) const {
  return std::find(select.begin(), select.end(), key) != select.end();
}

bool SearchRequest::selects_metadata() const {
  return std::any_of(select.begin(), select.end(),
                     [](const std::string& key) { return key == "#metadata" || key[0] != '#'; });
}

SearchRequest read_search(Element search) {
  const Object said = object_of(search, "searches");
  SearchRequest out;
  if (const auto filter = member(said, "filter"); filter && object_member(said, "filter"))
    out.filter = read_condition(*filter);
  if (const auto rank = member(said, "rank"); rank && object_member(said, "rank")) out.rank = read_rank(*rank);
  if (const auto groups = object_member(said, "group_by")) out.groups = read_groups(*groups);
  if (const auto page = object_member(said, "limit")) {
    if (const auto limit = member(*page, "limit"))
      out.page.limit = static_cast<size_t>(whole_of(*limit, "limit.limit", 0));
    if (const auto offset = member(*page, "offset"))
      out.page.offset = static_cast<size_t>(whole_of(*offset, "limit.offset", 0));
  }
  if (const auto select = object_member(said, "select")) out.select = read_select(*select);
  if (!out.groups.keys.empty() && !out.rank) refuse_argument("group_by requires rank expression to be specified");
  return out;
}

}  // namespace hanok::server::chroma
