#include "chain/outputs/find_json.h"

#include "text/trimmed.h"

namespace hanok::chain {
namespace {

using text::trimmed;

/// Behind the bracket that closes the one at text[0]; brackets in strings do not count.
size_t closed(std::string_view text) {
  size_t depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return i + 1;
    }
  }
  return text.size();
}

}  // namespace

std::string_view find_json(std::string_view answer) {
  std::string_view text = trimmed(answer);
  constexpr std::string_view kFence = "```";
  if (const size_t fence = text.find(kFence); fence != text.npos && text.find('{') >= fence) {
    const size_t line = text.find('\n', fence);
    if (line != text.npos) {
      const std::string_view inside = text.substr(line + 1);
      return trimmed(inside.substr(0, inside.find(kFence)));
    }
  }
  const size_t open = text.find_first_of("{[");
  if (open == text.npos) return text;
  text.remove_prefix(open);
  return text.substr(0, closed(text));
}

}  // namespace hanok::chain
