#include "text/tokenizers/pattern.h"

#include <utility>

namespace hanok::text::tokenizers {
namespace {

class Literal : public Pattern {
 public:
  explicit Literal(std::string text) : text_(std::move(text)) {}

  std::vector<Match> split(std::string_view text) const override {
    std::vector<Match> parts;
    size_t at = 0;
    if (!text_.empty()) {
      for (size_t found; (found = text.find(text_, at)) != std::string_view::npos; at = found + text_.size()) {
        if (found > at) parts.push_back({at, found, false});
        parts.push_back({found, found + text_.size(), true});
      }
    }
    if (at < text.size()) parts.push_back({at, text.size(), false});
    return parts;
  }

 private:
  std::string text_;
};

}  // namespace

std::unique_ptr<Pattern> make_literal(std::string text) { return std::make_unique<Literal>(std::move(text)); }

std::unique_ptr<Pattern> make_pattern(const JsonView& json) {
  if (json.value.is_string()) return make_literal(std::string(json.string()));
  if (const auto text = json.find("String")) return make_literal(std::string(text->string()));
  const auto regex = json.at("Regex");
  return make_regex(regex.string(), regex.where);
}

std::string replace_all(const Pattern& pattern, std::string_view text, std::string_view content) {
  std::string out;
  out.reserve(text.size());
  for (const Match& m : pattern.split(text)) out += m.matched ? content : text.substr(m.begin, m.end - m.begin);
  return out;
}

}  // namespace hanok::text::tokenizers
