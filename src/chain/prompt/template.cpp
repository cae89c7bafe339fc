// "{name}" and Jinja behind one class.
#include <algorithm>
#include <optional>
#include <set>

#include "hanok/error.h"
#include "hanok/prompts.h"
#include "text/template/template.h"

namespace hanok::chain {
namespace {

/// A piece of a template of braces: a text, or the name of a gap.
struct Piece {
  bool gap = false;
  std::string text;
};

class BraceReader {
 public:
  explicit BraceReader(std::string_view text) : text_(text) {}

  std::vector<Piece> read() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if ((c == '{' || c == '}') && text_.substr(at_ + 1, 1) == std::string_view(&c, 1)) {
        add(c), at_ += 2;
      } else if (c == '{') {
        gap();
      } else if (c == '}') {
        fail("a '}' stands alone; write '}}' for a brace");
      } else {
        add(c), ++at_;
      }
    }
    return std::move(out_);
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    const auto line = 1 + std::count(text_.begin(), text_.begin() + static_cast<ptrdiff_t>(at_), '\n');
    throw Error(Code::Invalid, "prompt template, line " + std::to_string(line) + ": " + why);
  }

  void add(char c) {
    if (out_.empty() || out_.back().gap) out_.push_back({});
    out_.back().text += c;
  }

  void gap() {
    const size_t end = text_.find('}', at_);
    if (end == std::string_view::npos) fail("a '{' is not closed; write '{{' for a brace");
    const std::string_view name = text_.substr(at_ + 1, end - at_ - 1);
    const auto plain = [](char c) {
      return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
             static_cast<unsigned char>(c) >= 0x80;
    };
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    if (name.empty() || !std::all_of(name.begin(), name.end(), plain) || std::all_of(name.begin(), name.end(), digit))
      fail("'{" + std::string(name) +
           "}': a name of letters, digits and '_' was expected (no dots, brackets, format rules, or digits alone); "
           "write '{{' for a brace");
    out_.push_back({true, std::string(name)});
    at_ = end + 1;
  }

  std::string_view text_;
  size_t at_ = 0;
  std::vector<Piece> out_;
};

}  // namespace

struct PromptTemplate::Parsed {
  std::string text;
  std::vector<Piece> pieces;            // of braces
  std::optional<text::Template> jinja;  // else
  std::set<std::string, std::less<>> names;
};

PromptTemplate::PromptTemplate(std::string text, TemplateFormat format) {
  auto parsed = std::make_shared<Parsed>();
  parsed->text = std::move(text);
  if (format == TemplateFormat::Jinja) {
    // Blocks keep the blanks around them, as jinja2 does where nobody says otherwise.
    parsed->jinja =
        text::Template::parse(parsed->text, "prompt template", {.trim_blocks = false, .lstrip_blocks = false});
    for (auto& name : parsed->jinja->variables()) parsed->names.insert(std::move(name));
  } else {
    parsed->pieces = BraceReader(parsed->text).read();
    for (const Piece& p : parsed->pieces)
      if (p.gap) parsed->names.insert(p.text);
  }
  parsed_ = std::move(parsed);
}

const std::string& PromptTemplate::text() const { return parsed_->text; }

std::vector<std::string> PromptTemplate::variables() const {
  std::vector<std::string> out;
  for (const auto& name : parsed_->names)
    if (!partial_.count(name)) out.push_back(name);
  return out;
}

std::string PromptTemplate::format(const Values& values) const {
  Values filled;
  std::string missing;
  for (const auto& name : parsed_->names) {
    if (const auto given = values.find(name); given != values.end())
      filled[name] = given->second;
    else if (const auto known = partial_.find(name); known != partial_.end())
      filled[name] = known->second();
    else
      missing += (missing.empty() ? "" : ", ") + name;
  }
  if (!missing.empty()) {
    std::string had;
    for (const auto& [name, value] : values) had += (had.empty() ? "" : ", ") + name;
    throw Error(Code::Invalid, "prompt template: no value for " + missing +
                                   (had.empty() ? std::string("; none were given") : "; given were " + had));
  }
  if (parsed_->jinja) {
    text::jinja::Dict variables;  // those too that are asked for only by "is defined"
    for (const auto& [name, value] : values) variables.set(name, value);
    for (auto& [name, value] : filled) variables.set(name, std::move(value));
    return parsed_->jinja->render(variables);
  }
  std::string out;
  for (const Piece& p : parsed_->pieces) out += p.gap ? filled.at(p.text) : p.text;
  return out;
}

PromptTemplate PromptTemplate::partial(const Values& values) const {
  PromptTemplate out = *this;
  for (const auto& [name, value] : values) out = out.partial(name, [value = value] { return value; });
  return out;
}

PromptTemplate PromptTemplate::partial(const std::string& name, std::function<std::string()> value) const {
  if (!parsed_->names.count(name))
    throw Error(Code::Invalid, "prompt template: it has no gap '" + name + "' to fill beforehand");
  PromptTemplate out = *this;
  out.partial_[name] = std::move(value);
  return out;
}

}  // namespace hanok::chain
