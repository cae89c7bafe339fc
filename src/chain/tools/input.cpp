#include "chain/tools/input.h"

namespace hanok::chain {

std::string cut_bytes(const std::string& text, size_t most) {
  if (text.size() <= most) return text;
  size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "\n[cut here: " + std::to_string(text.size() - end) + " bytes more]";
}

std::string one_text(const std::string& name, const std::string& description) {
  constexpr size_t kLongest = 300;  // characters: what a small model needs to come to an end
  return base::OrderedJson{
      {"type", "object"},
      {"properties",
       {{name, {{"type", "string"}, {"description", description}, {"minLength", 1}, {"maxLength", kLongest}}}}},
      {"required", {name}},
      {"additionalProperties", false}}
      .dump();
}

}  // namespace hanok::chain
