// The body of Chroma's search: {"searches": [{"filter", "rank", "group_by", "limit": {"limit", "offset"}, "select":
// {"keys": [...]}}]}.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/chroma/rank.h"
#include "server/wire/body.h"

namespace hanok::server::chroma {

struct GroupBy {
  std::vector<std::string> keys;  // of metadata; empty: no groups
  bool largest = false;           // $max_k, else $min_k
  std::vector<std::string> by;    // keys of metadata, or #score
  size_t k = 0;                   // how many of a group stay
};

struct SearchRequest {
  store::Json filter = nullptr;
  std::optional<Rank> rank = {};  // nothing: all that satisfy the filter, in the order in which they were written
  GroupBy groups = {};
  store::Page page = {};
  std::vector<std::string> select =
      {};  // sorted as Chroma sorts them: #document #embedding #metadata #score, then keys

  bool selects(std::string_view key) const;
  /// All of the metadata, or some keys of it.
  bool selects_metadata() const;
};

SearchRequest read_search(Element search);

}  // namespace hanok::server::chroma
