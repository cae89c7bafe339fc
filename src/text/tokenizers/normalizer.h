// The first step: text -> text.
#pragma once

#include <memory>
#include <string>

#include "text/tokenizers/json_view.h"

namespace hanok::text::tokenizers {

/// Safe to call from several threads. Takes and leaves valid UTF-8.
class Normalizer {
 public:
  virtual ~Normalizer() = default;
  virtual void apply(std::string& text) const = 0;
};

/// Sequence, BertNormalizer, NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Strip, Replace, Prepend, Precompiled, Nmt,
/// ByteLevel. Throws Unsupported for any other.
std::unique_ptr<Normalizer> make_normalizer(const JsonView& json, int depth = 0);

}  // namespace hanok::text::tokenizers
