// Hugging Face's tokenizer.json: text -> token ids -> text.
//
//   const auto tokenizer = text::Tokenizer::load("path/to/all-MiniLM-L6-v2");
//   auto ids = tokenizer.encode("A cat sits.", {.max_length = 256}).ids;
//
// The order of steps: added tokens are cut out -> normalizer -> pre-tokenizer -> model -> truncation -> post-processor.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hanok/error.h"
#include "text/tokenizers/post_processor.h"

namespace hanok::text {

using tokenizers::Encoding;
using tokenizers::TokenId;

struct EncodeOptions {
  bool add_special_tokens = true;
  size_t max_length = 0;  // tokens, special ones among them; the rest is cut off at the end. 0: no limit
};

/// What tokenizer.json and tokenizer_config.json say about length; encode() does not apply it by itself.
struct Truncation {
  size_t max_length = 0, stride = 0;
  std::string strategy, direction = "Right";
};
struct Padding {
  std::optional<size_t> fixed;  // nothing: to the longest of a batch
  std::string direction = "Right";
  size_t multiple_of = 0;
  TokenId id = 0, type_id = 0;
  std::string token;
};

/// Ids of the tokens with a role. By tokenizer_config.json, special_tokens_map.json or the usual names.
struct SpecialIds {
  std::optional<TokenId> unk, pad, cls, sep, bos, eos, mask;
};

/// Safe to call from several threads. Text that is not UTF-8 is read with U+FFFD in place of what is wrong.
class Tokenizer {
 public:
  /// A folder with tokenizer.json, or that file. Throws NotFound, Invalid (what, where in the file), Unsupported.
  static Tokenizer load(const std::filesystem::path& folder_or_file);
  /// tokenizer.json's text; `name` is for error messages.
  static Tokenizer parse(std::string_view json, std::string_view name);
  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;

  Encoding encode(std::string_view text, const EncodeOptions& options = {}) const;
  /// A pair is a pair even where b is empty. max_length is met by cutting the longer one first ("longest_first").
  Encoding encode_pair(std::string_view a, std::string_view b, const EncodeOptions& options = {}) const;
  /// Tokens without special ones.
  size_t count(std::string_view text) const;
  /// Ids that no token has are left out.
  std::string decode(std::span<const TokenId> ids, bool skip_special = true) const;

  /// Number of tokens, added ones among them.
  size_t vocab_size() const;
  std::optional<TokenId> token_id(std::string_view token) const;
  std::optional<std::string> token(TokenId id) const;
  bool is_special(TokenId id) const;
  const SpecialIds& special() const;
  /// Special tokens that encode or encode_pair adds.
  size_t added_by_encode(bool pair = false) const;
  const std::optional<Truncation>& truncation() const;
  const std::optional<Padding>& padding() const;
  /// tokenizer_config.json's model_max_length, where it is a sensible number.
  std::optional<size_t> model_max_length() const;

 private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace hanok::text
