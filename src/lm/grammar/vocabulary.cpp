#include "lm/grammar/vocabulary.h"

#include <algorithm>

#include "text/tokenizers/byte_level.h"

namespace hanok::lm::grammar {
namespace {

constexpr size_t kLongestToken = UINT16_MAX;  // bytes; a longer token is never allowed

enum class Alphabet { Bytes, Marks, Text };  // GPT-2's, SentencePiece's, anything else

Alphabet alphabet_of(const text::Tokenizer& tokenizer) {
  const auto blank = tokenizer.token_id("\u0120");
  if (blank) {
    const int32_t ids[] = {*blank};
    if (tokenizer.decode(ids) == " ") return Alphabet::Bytes;
  }
  return tokenizer.token_id("<0x0A>") ? Alphabet::Marks : Alphabet::Text;
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string with_blanks(const std::string& token) {
  if (token.size() == 6 && token.starts_with("<0x") && token[5] == '>' && hex(token[3]) >= 0 && hex(token[4]) >= 0)
    return {static_cast<char>(hex(token[3]) * 16 + hex(token[4]))};
  static constexpr std::string_view kMark = "\u2581";
  std::string out;
  for (size_t i = 0; i < token.size();) {
    if (std::string_view(token).substr(i).starts_with(kMark))
      out += ' ', i += kMark.size();
    else
      out += token[i++];
  }
  return out;
}

}  // namespace

Vocabulary::Vocabulary(std::vector<std::string> bytes) : bytes_(std::move(bytes)) {
  for (size_t i = 0; i < bytes_.size(); ++i)
    if (!bytes_[i].empty() && bytes_[i].size() <= kLongestToken) ids_.push_back(static_cast<int32_t>(i));
  std::sort(ids_.begin(), ids_.end(), [&](int32_t a, int32_t b) {
    const auto &x = bytes_[static_cast<size_t>(a)], &y = bytes_[static_cast<size_t>(b)];
    return x != y ? x < y : a < b;  // std::string compares bytes without their signs
  });
  nodes_.push_back({});
  std::vector<uint32_t> way{0};  // the nodes of the token before
  const std::string* before = nullptr;
  const auto close = [&](size_t depth) {
    while (way.size() > depth + 1) {
      nodes_[way.back()].end = static_cast<uint32_t>(nodes_.size());
      way.pop_back();
    }
  };
  for (size_t i = 0; i < ids_.size(); ++i) {
    const std::string& token = bytes_[static_cast<size_t>(ids_[i])];
    size_t common = 0;
    if (before)
      common = static_cast<size_t>(std::mismatch(before->begin(), before->end(), token.begin(), token.end()).first -
                                   before->begin());
    if (!before || common < token.size() || common < before->size()) {
      close(common);
      for (size_t d = common; d < token.size(); ++d) {
        way.push_back(static_cast<uint32_t>(nodes_.size()));
        nodes_.push_back({.byte = static_cast<uint8_t>(token[d]),
                          .depth = static_cast<uint16_t>(d + 1),
                          .tokens = static_cast<uint32_t>(i)});
      }
    }
    before = &token;
  }
  close(0);
  nodes_[0].end = static_cast<uint32_t>(nodes_.size());
}

Vocabulary Vocabulary::of(const text::Tokenizer& tokenizer, size_t size) {
  const Alphabet alphabet = alphabet_of(tokenizer);
  std::vector<std::string> bytes(size);
  const auto anchor = tokenizer.token_id("a");
  const std::string alone = anchor ? tokenizer.decode({&*anchor, 1}) : "";
  for (size_t i = 0; i < size; ++i) {
    const auto id = static_cast<int32_t>(i);
    const auto token = tokenizer.token(id);
    if (!token || token->empty() || tokenizer.is_special(id)) continue;
    if (alphabet == Alphabet::Bytes) {
      if (!text::tokenizers::append_bytes(bytes[i], *token)) bytes[i] = *token;
    } else if (alphabet == Alphabet::Marks) {
      bytes[i] = with_blanks(*token);
    } else if (anchor) {  // what it adds behind another
      const int32_t two[] = {*anchor, id};
      const std::string text = tokenizer.decode(two);
      if (text.starts_with(alone)) bytes[i] = text.substr(alone.size());
    }
  }
  return Vocabulary(std::move(bytes));
}

}  // namespace hanok::lm::grammar
