#include "chain/search/copies.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <tuple>
#include <unordered_set>

namespace hanok::chain {
namespace {

constexpr double kSameCosine = 1e-5;  // the same text embedded in another batch

/// Chunks that may be copies: another candidate has the same score by words, or, where words say nothing, by meaning.
std::vector<store::ChunkId> suspects(const std::vector<ScoredChunk>& candidates) {
  std::vector<size_t> order(candidates.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const auto &x = candidates[a], &y = candidates[b];
    return std::tuple(x.keyword, std::isnan(x.dense) ? -2 : x.dense) <
           std::tuple(y.keyword, std::isnan(y.dense) ? -2 : y.dense);
  });
  const auto alike = [](const ScoredChunk& a, const ScoredChunk& b) {
    if (a.keyword != b.keyword) return false;
    if (std::isnan(a.dense) || std::isnan(b.dense)) return a.keyword > 0;
    return std::abs(a.dense - b.dense) < kSameCosine;
  };
  std::vector<store::ChunkId> out;
  for (size_t i = 0; i < order.size(); ++i) {
    const auto& c = candidates[order[i]];
    if ((i > 0 && alike(c, candidates[order[i - 1]])) || (i + 1 < order.size() && alike(c, candidates[order[i + 1]])))
      out.push_back(c.chunk);
  }
  return out;
}

}  // namespace

void take_copies_together(std::vector<ScoredChunk>& candidates, const ReadChunks& read) {
  const auto ids = suspects(candidates);
  if (ids.empty()) return;
  std::map<store::ChunkId, store::ChunkRecord> records;
  for (auto& record : read(ids)) records.emplace(record.id, std::move(record));
  using Key = std::tuple<std::string_view, std::string_view>;
  std::map<Key, std::vector<ScoredChunk*>> first;
  std::unordered_set<store::ChunkId> copies;
  for (auto& c : candidates) {  // best first
    const auto record = records.find(c.chunk);
    if (record == records.end()) continue;
    auto& same = first[{record->second.heading, record->second.text}];
    const auto in_document = [&](const ScoredChunk* other) {
      return records.at(other->chunk).document == record->second.document;
    };
    if (!same.empty() && std::none_of(same.begin(), same.end(), in_document)) {
      same.front()->copies.push_back(c.chunk);
      copies.insert(c.chunk);
    }
    same.push_back(&c);
  }
  std::erase_if(candidates, [&](const ScoredChunk& c) { return copies.count(c.chunk) > 0; });
}

}  // namespace hanok::chain
