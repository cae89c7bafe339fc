// An embedder that remembers: an evaluation meets the same sentences thousands of times, and the next one again.
#pragma once

#include <filesystem>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "hanok/chain.h"

namespace hanok::chain {

/// Safe for several threads. `file` keeps the vectors from run to run: it is read where it is there and of the same
/// model (by fingerprint; another's is replaced), and written when the object goes.
///
/// The file: "hanok vectors 1\n", the fingerprint and a line break, u32 dim, u64 count, then for each text u32 length,
/// a 'q', 'n' or 'p' (asked as query, without a prompt, or as passage) and the text, dim floats; at the end the SHA-256
/// of all that, in hexadecimal digits. Little endian.
class CachedEmbedder : public EmbeddingModel {
 public:
  explicit CachedEmbedder(const EmbeddingModel& inner, std::filesystem::path file = {});
  ~CachedEmbedder() override;
  CachedEmbedder(const CachedEmbedder&) = delete;
  CachedEmbedder& operator=(const CachedEmbedder&) = delete;

  store::VectorSpace space() const override { return inner_.space(); }
  size_t count_tokens(std::string_view text) const override { return inner_.count_tokens(text); }
  double trust(std::string_view text) const override { return inner_.trust(text); }
  Matrix embed(std::span<const std::string> texts, Prompt prompt) const override;

 private:
  void load();
  void save() const;

  const EmbeddingModel& inner_;
  const std::filesystem::path file_;
  size_t loaded_ = 0;
  mutable std::mutex mutex_;
  mutable std::unordered_map<std::string, std::vector<float>> vectors_;
};

}  // namespace hanok::chain
