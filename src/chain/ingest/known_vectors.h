// Passages whose vector is known before they are embedded: they stand in a copy of their document, or stood in it
// before it changed.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "hanok/chain.h"

namespace hanok::chain {

/// Documents with the same bytes, which are cut at the same places.
class DocumentCopies {
 public:
  explicit DocumentCopies(const store::Snapshot& snapshot);
  /// The chunk at the same place of every other copy; none where the document is the only one.
  std::vector<store::ChunkId> of(const store::ChunkRecord& chunk) const;

 private:
  struct Group {
    std::vector<std::vector<store::ChunkId>> copies;  // the chunks of each, by ordinal
  };
  std::vector<Group> groups_;
  std::map<store::DocumentId, size_t> group_of_;
};

/// Vectors by what was embedded (passage_text).
class VectorsByText {
 public:
  explicit VectorsByText(size_t dim) : dim_(dim) {}
  /// The texts of these chunks, as far as they have a vector in `space`.
  VectorsByText(const store::Snapshot& snapshot, const store::VectorSpace& space, std::span<const store::ChunkId> ids);
  /// row: [dim]. A text that is known keeps its vector.
  void add(const std::string& text, std::span<const float> row);
  /// Empty: not known.
  std::span<const float> find(const std::string& text) const;

 private:
  size_t dim_;
  std::unordered_map<std::string, std::vector<float>> rows_;
};

/// What was embedded so far in this run, by a hash of its text: where a passage stands that says the same. Forty bytes
/// a text.
class EmbeddedTexts {
 public:
  void add(const std::string& text, store::ChunkId chunk) {
    chunks_.try_emplace(std::hash<std::string>{}(text), chunk);
  }
  /// A chunk that may say the same: the hash of its text is equal.
  std::optional<store::ChunkId> find(const std::string& text) const;

 private:
  std::unordered_map<size_t, store::ChunkId> chunks_;
};

/// Documents that were replaced since `before`: what they still say keeps its vectors, in the space that answers and in
/// the one that is being filled.
void keep_vectors(store::Collection& collection, const store::Snapshot& before, std::span<const std::string> paths);

}  // namespace hanok::chain
