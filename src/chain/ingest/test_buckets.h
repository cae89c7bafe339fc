// An embedding model for tests of ingest.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "hanok/chain.h"

namespace hanok::chain {

/// Words in 64 buckets; counts what it embeds.
class Buckets : public EmbeddingModel {
 public:
  store::VectorSpace space() const override { return {"buckets", "buckets", 64, text::chunker_version()}; }
  size_t count_tokens(std::string_view text) const override { return text::count_tokens(text); }
  double trust(std::string_view) const override { return 1; }
  Matrix embed(std::span<const std::string> texts, Prompt prompt) const override {
    if (prompt == Prompt::Passage) embedded += texts.size();
    Matrix out{texts.size(), 64, std::vector<float>(texts.size() * 64)};
    for (size_t i = 0; i < texts.size(); ++i) {
      for (const auto& term : text::analyze(texts[i])) out.row(i)[std::hash<std::string>{}(term.form) % 64] += 1;
      out.row(i)[0] += 1e-3f;
    }
    return out;
  }
  mutable size_t embedded = 0;
};

}  // namespace hanok::chain
