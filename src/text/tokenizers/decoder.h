// Token strings -> text.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "text/tokenizers/json_view.h"

namespace hanok::text::tokenizers {

/// Safe to call from several threads. The text is the tokens that come out, joined.
class Decoder {
 public:
  virtual ~Decoder() = default;
  virtual void apply(std::vector<std::string>& tokens) const = 0;
};

/// Sequence, ByteLevel, WordPiece, Metaspace, BPEDecoder, ByteFallback, Fuse, Strip, Replace. Throws Unsupported for
/// any other.
std::unique_ptr<Decoder> make_decoder(const JsonView& json, int depth = 0);

}  // namespace hanok::text::tokenizers
