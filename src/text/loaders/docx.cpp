// Word: paragraphs, headings by style or outline level, tables, lists, footnotes. ECMA-376 part 1, chapter 17.
#include <charconv>
#include <map>

#include "text/loaders/writer.h"
#include "text/loaders/xml.h"

namespace hanok::text {
namespace {

// Level 1..9 of a heading style; 0 for others. Word's ids are translated ("berschrift1", "1"), its names are not.
using Styles = std::map<std::string, int, std::less<>>;
constexpr int kTitleStyle = -1;

int number(std::string_view text, int otherwise) {
  int value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

int outline_level(const pugi::xml_node& paragraph_properties) {
  const auto outline = child(paragraph_properties, "outlineLvl");
  const int level = outline ? number(attribute(outline, "val"), 9) : 9;
  return level >= 0 && level < 9 ? level + 1 : 0;  // 9 is body text
}

Styles read_styles(const Source& source, Zip& zip) {
  Styles styles;
  auto bytes = zip.find("word/styles.xml");
  if (!bytes) return styles;
  const Xml xml(source, "word/styles.xml", std::move(*bytes));
  for (const auto& style : xml.root().children()) {
    const std::string name = lower_ascii(attribute(child(style, "name"), "val"));
    int level = outline_level(child(style, "pPr"));
    if (name.starts_with("heading ")) level = number(std::string_view(name).substr(8), 0);
    if (name == "title") level = kTitleStyle;
    if (level != 0) styles[std::string(attribute(style, "styleId"))] = level;
  }
  return styles;
}

class Body {
 public:
  Body(const Styles& styles, Writer& out) : styles_(styles), out_(out) {}

  // Block level: paragraphs and tables, also inside content controls and tracked insertions.
  void blocks(const pugi::xml_node& parent) {
    for (const auto& node : parent.children()) {
      const auto name = local_name(node);
      if (name == "p")
        paragraph(node);
      else if (name == "tbl")
        table(node);
      else if (name != "sectPr" && name != "del" && name != "moveFrom")
        blocks(node);
    }
  }

 private:
  void paragraph(const pugi::xml_node& p) {
    std::string text;
    inlines(p, text);
    const auto properties = child(p, "pPr");
    const int level = level_of(properties);
    if (level > 0) return out_.heading(level, text);
    if (level == kTitleStyle) out_.title(text);
    if (trim(text).empty()) return;
    const bool listed = static_cast<bool>(child(properties, "numPr"));
    if (listed)
      out_.line(), out_.text("- ");
    else
      out_.paragraph();
    out_.text(trim(text));
    out_.line();
  }

  int level_of(const pugi::xml_node& properties) const {
    if (const int level = outline_level(properties)) return level;
    const auto id = attribute(child(properties, "pStyle"), "val");
    if (const auto style = styles_.find(id); style != styles_.end()) return style->second;
    return id.starts_with("Heading") ? number(id.substr(7), 0) : 0;
  }

  static void inlines(const pugi::xml_node& node, std::string& text) {
    for (const auto& c : node.children()) {
      const auto name = local_name(c);
      if (name == "t")
        text += all_text(c);
      else if (name == "tab")
        text += '\t';
      else if (name == "br" || name == "cr")
        text += '\n';
      else if (name == "noBreakHyphen")
        text += '-';
      else if (name == "pPr" || name == "rPr" || name == "Fallback" || name == "del" || name == "moveFrom")
        continue;
      else if (name == "p")
        text += '\n', inlines(c, text), text += '\n';  // a text box
      else
        inlines(c, text);
    }
  }

  void table(const pugi::xml_node& tbl) {
    out_.paragraph();
    each(tbl, "tr", [&](const pugi::xml_node& row) {
      out_.line();
      bool first = true;
      each(row, "tc", [&](const pugi::xml_node& cell) {
        std::string text;
        each(cell, "p", [&](const pugi::xml_node& p) { inlines(p, text), text += ' '; });
        if (!first) out_.text(" | ");
        out_.text(collapse_blanks(text));
        first = false;
      });
    });
    out_.paragraph();
  }

  const Styles& styles_;
  Writer& out_;
};

}  // namespace

Document load_docx(const Source& source) {
  Zip zip(source);
  Writer out(source);
  out.title(office_title(source, zip));
  const Styles styles = read_styles(source, zip);
  Body body(styles, out);
  for (const char* part : {"word/document.xml", "word/footnotes.xml", "word/endnotes.xml"}) {
    auto bytes = part == std::string_view("word/document.xml") ? zip.read(part) : zip.find(part);
    if (bytes) body.blocks(Xml(source, part, std::move(*bytes)).root());
  }
  return out.finish();
}

}  // namespace hanok::text
