// Tokens that are cut out of a text before anything else sees it: [MASK], <|im_end|>, and what users add.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/tokenizers/json_view.h"
#include "text/tokenizers/normalizer.h"
#include "text/tokenizers/vocabulary.h"

namespace hanok::text::tokenizers {

struct AddedToken {
  TokenId id = 0;
  std::string content;
  bool single_word = false, lstrip = false, rstrip = false, normalized = true, special = false;
};

/// A part of a text: an added token, or (id -1) what lies between two.
struct Segment {
  size_t begin = 0, end = 0;
  TokenId id = -1;
};

/// The longest of several strings that begins at a place: one hash look-up for each length in use.
class AddedMatcher {
 public:
  void add(std::string content, const AddedToken* token);
  std::vector<Segment> split(std::string_view text) const;

 private:
  const AddedToken* longest(std::string_view text, size_t at, size_t& length) const;
  static bool edges_fit(const AddedToken& token, std::string_view text, size_t begin, size_t end);
  std::unordered_map<std::string, const AddedToken*> tokens_;
  std::array<std::vector<size_t>, 256> lengths_;  // by first byte, the longest first
};

class AddedTokens {
 public:
  /// json may be absent. Contents of tokens marked "normalized" are looked for in normalised text, themselves
  /// normalised.
  AddedTokens(const std::optional<JsonView>& json, const Normalizer* normalizer);
  AddedTokens(const AddedTokens&) = delete;
  AddedTokens& operator=(const AddedTokens&) = delete;

  const std::vector<AddedToken>& tokens() const { return tokens_; }
  const AddedToken* find(TokenId id) const;
  std::optional<TokenId> find(std::string_view content) const;
  bool is_special(std::string_view content) const;
  const AddedMatcher& raw() const { return raw_; }                // looked for in the user's text
  const AddedMatcher& normalized() const { return normalized_; }  // looked for in normalised text

 private:
  std::vector<AddedToken> tokens_;
  std::unordered_map<TokenId, const AddedToken*> by_id_;
  std::unordered_map<std::string_view, const AddedToken*> by_content_;
  AddedMatcher raw_, normalized_;
};

}  // namespace hanok::text::tokenizers
