#include "text/tokenizers/added_tokens.h"

#include <algorithm>
#include <functional>

#include "text/tokenizers/unicode.h"

namespace hanok::text::tokenizers {
namespace {

constexpr size_t kMaxContent = 256;  // bytes; the look-up at one place takes time in proportion

AddedToken read_token(const JsonView& json) {
  AddedToken token;
  token.id = static_cast<TokenId>(json.at("id").integer(0, kMaxTokenId));
  token.content = json.at("content").string();
  if (token.content.size() > kMaxContent)
    json.fail(Code::Unsupported, "an added token of more than " + std::to_string(kMaxContent) + " bytes");
  token.single_word = json.bool_or("single_word", false);
  token.lstrip = json.bool_or("lstrip", false);
  token.rstrip = json.bool_or("rstrip", false);
  token.special = json.bool_or("special", false);
  token.normalized = json.bool_or("normalized", !token.special);
  return token;
}

size_t blanks_before(std::string_view text, size_t end) {
  while (end > 0) {
    size_t at = unicode::previous(text, end);
    const size_t begin = at;
    if (!unicode::is_white_space(unicode::next(text, at))) break;
    end = begin;
  }
  return end;
}

size_t blanks_behind(std::string_view text, size_t begin) {
  for (size_t at = begin; begin < text.size(); begin = at)
    if (!unicode::is_white_space(unicode::next(text, at))) break;
  return begin;
}

}  // namespace

void AddedMatcher::add(std::string content, const AddedToken* token) {
  if (content.empty()) return;
  auto& lengths = lengths_[static_cast<unsigned char>(content[0])];
  const auto at = std::lower_bound(lengths.begin(), lengths.end(), content.size(), std::greater<>());
  if (at == lengths.end() || *at != content.size()) lengths.insert(at, content.size());
  tokens_[std::move(content)] = token;
}

const AddedToken* AddedMatcher::longest(std::string_view text, size_t at, size_t& length) const {
  for (const size_t n : lengths_[static_cast<unsigned char>(text[at])]) {
    if (n > text.size() - at) continue;
    const auto found = tokens_.find(std::string(text.substr(at, n)));
    if (found == tokens_.end()) continue;
    length = n;
    return found->second;
  }
  return nullptr;
}

bool AddedMatcher::edges_fit(const AddedToken& token, std::string_view text, size_t begin, size_t end) {
  if (!token.single_word) return true;
  if (begin > 0) {
    size_t at = unicode::previous(text, begin);
    if (unicode::is_word(unicode::next(text, at))) return false;
  }
  return end == text.size() || !unicode::is_word(unicode::next(text, end));
}

std::vector<Segment> AddedMatcher::split(std::string_view text) const {
  std::vector<Segment> out;
  size_t rest = 0;
  if (!tokens_.empty()) {
    for (size_t at = 0; at < text.size();) {
      size_t length = 0;
      const AddedToken* token = longest(text, at, length);
      if (!token) {
        ++at;
        continue;
      }
      size_t begin = at, end = at + length;
      at = end;
      if (begin < rest || !edges_fit(*token, text, begin, end)) continue;
      if (token->lstrip) begin = std::max(rest, blanks_before(text, begin));
      if (token->rstrip) end = blanks_behind(text, end);
      if (begin > rest) out.push_back({rest, begin, -1});
      out.push_back({begin, end, token->id});
      rest = end;
    }
  }
  if (rest < text.size()) out.push_back({rest, text.size(), -1});
  return out;
}

AddedTokens::AddedTokens(const std::optional<JsonView>& json, const Normalizer* normalizer) {
  if (json) {
    size_t i = 0;
    tokens_.reserve(json->array().size());
    for (const auto entry : json->array()) tokens_.push_back(read_token(json->item(i++, entry)));
  }
  for (const AddedToken& token : tokens_) {
    by_id_[token.id] = &token;
    by_content_[token.content] = &token;
    if (!token.normalized) {
      raw_.add(token.content, &token);
      continue;
    }
    std::string content = token.content;
    if (normalizer) normalizer->apply(content);
    normalized_.add(std::move(content), &token);
  }
}

const AddedToken* AddedTokens::find(TokenId id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

std::optional<TokenId> AddedTokens::find(std::string_view content) const {
  const auto found = by_content_.find(content);
  return found == by_content_.end() ? std::nullopt : std::optional<TokenId>(found->second->id);
}

bool AddedTokens::is_special(std::string_view content) const {
  const auto found = by_content_.find(content);
  return found != by_content_.end() && found->second->special;
}

}  // namespace hanok::text::tokenizers
