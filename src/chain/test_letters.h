// An embedding model that a test can follow by hand.
#pragma once

#include <algorithm>
#include <string>

#include "hanok/chain.h"

namespace hanok::test {

/// A text's vector: how often a, b and c stand in it.
class Letters : public chain::EmbeddingModel {
 public:
  store::VectorSpace space() const override { return {"letters", "letters", 3, 0}; }
  size_t count_tokens(std::string_view text) const override { return text.size(); }
  double trust(std::string_view) const override { return 1; }
  Matrix embed(std::span<const std::string> texts, hanok::Prompt) const override {
    embedded += texts.size();
    Matrix out{texts.size(), 3, {}};
    for (const auto& t : texts)
      for (const char c : {'a', 'b', 'c'}) out.data.push_back(static_cast<float>(std::count(t.begin(), t.end(), c)));
    return out;
  }
  mutable size_t embedded = 0;
};

}  // namespace hanok::test
