#include "chain/ingest/known_vectors.h"

#include <algorithm>
#include <cmath>

namespace hanok::chain {

DocumentCopies::DocumentCopies(const store::Snapshot& snapshot) {
  std::map<std::string, std::vector<store::DocumentId>> by_hash;
  for (const auto& info : snapshot.documents())
    if (!info.content_hash.empty() && info.chunks > 0) by_hash[info.content_hash].push_back(info.id);
  for (const auto& [hash, documents] : by_hash) {
    if (documents.size() < 2) continue;
    Group group;
    for (const auto id : documents) {
      group_of_[id] = groups_.size();
      group.copies.push_back(snapshot.chunk_ids(id));
    }
    groups_.push_back(std::move(group));
  }
}

std::vector<store::ChunkId> DocumentCopies::of(const store::ChunkRecord& chunk) const {
  std::vector<store::ChunkId> out;
  const auto group = group_of_.find(chunk.document);
  if (group == group_of_.end()) return out;
  for (const auto& copy : groups_[group->second].copies)
    if (chunk.ordinal < copy.size() && copy[chunk.ordinal] != chunk.id) out.push_back(copy[chunk.ordinal]);
  return out;
}

VectorsByText::VectorsByText(const store::Snapshot& snapshot, const store::VectorSpace& space,
                             std::span<const store::ChunkId> ids)
    : dim_(space.dim) {
  const auto chunks = snapshot.chunks(ids);
  std::vector<store::ChunkId> there;
  for (const auto& chunk : chunks) there.push_back(chunk.id);
  const auto rows = snapshot.vectors(space, there);
  for (size_t i = 0; i < chunks.size(); ++i)
    if (!std::isnan(rows[i * dim_]))
      add(passage_text(chunks[i].heading, chunks[i].text), std::span(rows).subspan(i * dim_, dim_));
}

void VectorsByText::add(const std::string& text, std::span<const float> row) {
  rows_.try_emplace(text, row.begin(), row.end());
}

std::span<const float> VectorsByText::find(const std::string& text) const {
  const auto found = rows_.find(text);
  return found == rows_.end() ? std::span<const float>() : found->second;
}

std::optional<store::ChunkId> EmbeddedTexts::find(const std::string& text) const {
  const auto found = chunks_.find(std::hash<std::string>{}(text));
  return found == chunks_.end() ? std::nullopt : std::optional(found->second);
}

namespace {

std::vector<store::VectorSpace> spaces_of(const store::Snapshot& snapshot) {
  std::vector<store::VectorSpace> out;
  for (const auto& space : {snapshot.vector_space(), snapshot.pending_space()})
    if (space) out.push_back(*space);
  return out;
}

void keep_vectors_of_space(store::Collection& collection, const store::VectorSpace& space,
                           const store::Snapshot& before, const store::Snapshot& now,
                           std::span<const std::string> paths) {
  std::vector<store::ChunkId> ids;
  std::vector<float> rows;
  for (const auto& path : paths) {
    const auto old_one = before.find(path), new_one = now.find(path);
    if (!old_one || !new_one) continue;
    const VectorsByText known(before, space, before.chunk_ids(old_one->id));
    for (const auto& chunk : now.chunks(now.chunk_ids(new_one->id))) {
      const auto row = known.find(passage_text(chunk.heading, chunk.text));
      if (row.empty()) continue;
      ids.push_back(chunk.id);
      rows.insert(rows.end(), row.begin(), row.end());
    }
  }
  if (!ids.empty()) collection.put_vectors(space, ids, rows);
}

}  // namespace

void keep_vectors(store::Collection& collection, const store::Snapshot& before, std::span<const std::string> paths) {
  const auto now = collection.snapshot();
  for (const auto& space : spaces_of(*now)) {
    try {
      keep_vectors_of_space(collection, space, before, *now, paths);
    } catch (const Error&) {
      // Another model may have taken over meanwhile, and then the vectors of this one are wanted no more.
      const auto spaces = spaces_of(*collection.snapshot());
      if (std::any_of(spaces.begin(), spaces.end(), [&](const auto& s) { return s.fingerprint == space.fingerprint; }))
        throw;
    }
  }
}

}  // namespace hanok::chain
