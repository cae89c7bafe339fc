// Jupyter notebooks (nbformat 3 and 4): the text, the code, and what it printed. Pictures in them (base64) are dropped.
#include <algorithm>

#include "base/json.h"
#include "text/loaders/writer.h"

namespace hanok::text {
namespace {

using base::OrderedJson;

constexpr int kMaxDepth = 512;  // of the JSON
// Deeper than any heading of a notebook's own text: "In [3]" is a part of the section that it stands in.
constexpr int kCellLevel = 7;

OrderedJson parse(const Source& source, std::string_view text) {
  const auto bounded = [&](int depth, OrderedJson::parse_event_t, OrderedJson&) {
    if (depth > kMaxDepth) source.fail(Code::Corrupt, "JSON nested deeper than " + std::to_string(kMaxDepth));
    return true;
  };
  try {
    return OrderedJson::parse(text, bounded);
  } catch (const OrderedJson::exception&) {
    source.fail(Code::Corrupt, "is not a notebook: no valid JSON; download or export it again");
  }
}

// A string, or the list of its lines; empty for everything else.
std::string joined(const OrderedJson& value) {
  if (value.is_string()) return value.get<std::string>();
  std::string out;
  if (value.is_array())
    for (const auto& line : value)
      if (line.is_string()) out += line.get<std::string>();
  return out;
}

const OrderedJson& member(const OrderedJson& object, const char* key) {
  static const OrderedJson none;
  if (!object.is_object()) return none;
  const auto found = object.find(key);
  return found == object.end() ? none : *found;
}

// Colours of terminals, in tracebacks and logs: ESC [ ... letter (ECMA-48, 5.4).
std::string without_colours(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\x1B') {
      out.push_back(text[i]);
      continue;
    }
    if (i + 1 < text.size() && text[i + 1] == '[')
      for (i += 2; i < text.size() && (text[i] < '@' || text[i] > '~');) ++i;
  }
  return out;
}

class Notebook {
 public:
  Notebook(const Source& source, Writer& out) : source_(source), out_(out) {}

  void cell(const OrderedJson& cell) {
    const std::string type = joined(member(cell, "cell_type"));
    if (type == "code") return code(cell);
    const std::string text = joined(member(cell, "source"));
    if (trim(text).empty()) return;
    if (type == "heading") {  // nbformat 3
      const auto& level = member(cell, "level");
      out_.heading(level.is_number_integer() ? std::clamp(level.get<int>(), 1, 6) : 1, text);
    } else if (type == "markdown") {
      markdown(text);
    } else {
      section("Text"), paragraph(text);
    }
  }

 private:
  // A part of its own, unless it begins with a heading: words under a piece of code do not belong to it.
  void section(const std::string& name) {
    if (in_code_) out_.heading(kCellLevel, name);
    in_code_ = false;
  }

  void paragraph(std::string_view text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
    out_.paragraph(), out_.text(text), out_.paragraph();
  }

  void markdown(const std::string& text) {
    const Source source{source_.name, text, source_.options};
    const Document part = load_markdown(source);
    if (part.headings.empty() || part.headings.front().start > 0) section("Text");
    in_code_ = false;
    size_t at = 0;
    out_.paragraph();
    for (const auto& heading : part.headings) {
      out_.text(std::string_view(part.text).substr(at, heading.start - at));
      out_.heading(heading.level, heading.title);
      at = heading.start + heading.title.size();
      while (at < part.text.size() && part.text[at] == '\n') ++at;
    }
    out_.text(std::string_view(part.text).substr(at));
    out_.paragraph();
  }

  void code(const OrderedJson& cell) {
    std::string text = joined(member(cell, "source"));
    if (text.empty()) text = joined(member(cell, "input"));  // nbformat 3
    const auto& count =
        member(cell, "execution_count").is_null() ? member(cell, "prompt_number") : member(cell, "execution_count");
    const std::string number = "[" + (count.is_number_integer() ? base::dump_json(count) : " ") + "]";
    if (!trim(text).empty()) {
      out_.heading(kCellLevel, "In " + number);
      paragraph(text);
      in_code_ = true;
    }
    std::string printed;
    const auto& outputs = member(cell, "outputs");
    if (outputs.is_array())
      for (const auto& output : outputs) printed += output_text(output);
    if (trim(printed).empty()) return;
    out_.heading(kCellLevel, "Out " + number);
    paragraph(printed);
    in_code_ = true;
  }

  // What a cell shows as text, with a line end; of several forms of the same thing the plainest.
  static std::string output_text(const OrderedJson& output) {
    std::string text = joined(member(output, "text"));
    const auto& forms = member(output, "data");
    for (const char* type : {"text/plain", "text/markdown", "text/latex"})
      if (text.empty()) text = joined(member(forms, type));
    const std::string error = joined(member(output, "ename"));
    if (text.empty() && !error.empty()) text = error + ": " + joined(member(output, "evalue"));
    text = without_colours(text);
    if (!text.empty() && text.back() != '\n') text += '\n';
    return text;
  }

  const Source& source_;
  Writer& out_;
  bool in_code_ = false;
};

}  // namespace

Document load_ipynb(const Source& source) {
  const OrderedJson book = parse(source, decode_text(source));
  const OrderedJson* cells = &member(book, "cells");
  const auto& sheets = member(book, "worksheets");  // nbformat 3
  if (cells->is_null() && sheets.is_array() && !sheets.empty()) cells = &member(sheets.front(), "cells");
  if (!cells->is_array()) source.fail(Code::Corrupt, "is not a notebook: its JSON has no list of cells");
  Writer out(source);
  out.title(joined(member(member(book, "metadata"), "title")));
  Notebook notebook(source, out);
  for (const auto& cell : *cells) notebook.cell(cell);
  return out.finish();
}

}  // namespace hanok::text
