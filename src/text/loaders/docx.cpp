// Word: paragraphs, headings by style or outline level, tables, lists, notes, comments, charts, page headers.
// ECMA-376 part 1, chapter 17.
#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <utility>

#include "base/ascii.h"
#include "text/loaders/grid.h"
#include "text/loaders/office_parts.h"
#include "text/loaders/raised.h"
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

Styles read_styles(const pugi::xml_node& root) {
  Styles styles;
  for (const auto& style : root.children()) {
    const std::string name = base::lower(attribute(child(style, "name"), "val"));
    int level = outline_level(child(style, "pPr"));
    if (name.starts_with("heading ")) level = number(std::string_view(name).substr(8), 0);
    if (name == "title") level = kTitleStyle;
    if (level != 0) styles[std::string(attribute(style, "styleId"))] = level;
  }
  return styles;
}

bool is_on(const pugi::xml_node& property) {
  const auto value = attribute(property, "val");
  return property && value != "0" && value != "false" && value != "off";
}

std::string roman(int n) {
  if (n > 4000) return std::to_string(n);
  std::string out;
  constexpr std::pair<int, std::string_view> kSigns[] = {{1000, "m"}, {900, "cm"}, {500, "d"}, {400, "cd"}, {100, "c"},
                                                         {90, "xc"},  {50, "l"},   {40, "xl"}, {10, "x"},   {9, "ix"},
                                                         {5, "v"},    {4, "iv"},   {1, "i"}};
  for (const auto& [value, sign] : kSigns)
    for (; n >= value; n -= value) out += sign;
  return out;
}

// Numbers of notes in the order of their references; Word counts footnotes 1 2 3 and endnotes i ii iii.
class Notes {
 public:
  std::string mark(std::string_view kind, std::string_view id) {
    auto& numbers = kind == "endnoteReference" ? endnotes_ : footnotes_;
    const auto [entry, added] = numbers.try_emplace(std::string(id), static_cast<int>(numbers.size()) + 1);
    return kind == "endnoteReference" ? roman(entry->second) : std::to_string(entry->second);
  }
  // "[1] " before the note's text; empty for one that nothing refers to.
  std::string label(bool endnote, std::string_view id) const {
    const auto& numbers = endnote ? endnotes_ : footnotes_;
    const auto entry = numbers.find(id);
    if (entry == numbers.end()) return {};
    return "[" + (endnote ? roman(entry->second) : std::to_string(entry->second)) + "] ";
  }

 private:
  std::map<std::string, int, std::less<>> footnotes_, endnotes_;
};

class Body {
 public:
  Body(const Styles& styles, Notes& notes, const Relationships& relations, OfficeParts& parts, Writer& out)
      : styles_(styles), notes_(notes), relations_(relations), parts_(parts), out_(out) {}

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

  std::string text_of(const pugi::xml_node& parent) {
    std::string text;
    each(parent, "p", [&](const pugi::xml_node& p) { text += inline_text(p) + ' '; });
    return collapse_blanks(text);
  }

 private:
  void paragraph(const pugi::xml_node& p) {
    write_paragraph(p, inline_text(p));
    parts_.graphics(p, relations_);
  }

  void write_paragraph(const pugi::xml_node& p, const std::string& text) {
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

  std::string inline_text(const pugi::xml_node& node) {
    RaisedText line;
    inlines(node, line, 0);
    return line.take();
  }

  // side: 1 in a superscript, -1 in a subscript
  void inlines(const pugi::xml_node& node, RaisedText& line, int side) {
    for (const auto& c : node.children()) {
      const auto name = local_name(c);
      if (name == "t")
        line.add(all_text(c), side);
      else if (name == "tab")
        line.add("\t", side);
      else if (name == "br" || name == "cr")
        line.add("\n", side);
      else if (name == "noBreakHyphen")
        line.add("-", side);
      else if (name == "footnoteReference" || name == "endnoteReference")
        line.note(notes_.mark(name, attribute(c, "id")));
      else if (name == "pPr" || name == "rPr" || name == "Fallback" || name == "del" || name == "moveFrom")
        continue;
      else if (name == "r")
        run(c, line, side);
      else if (name == "ruby")
        line.add(inline_text(child(c, "rubyBase")) + "(" + inline_text(child(c, "rt")) + ")", side);
      else if (name == "sSup" || name == "sSub")  // of a formula
        inlines(child(c, "e"), line, 0),
            inlines(child(c, name == "sSup" ? "sup" : "sub"), line, name == "sSup" ? 1 : -1);
      else if (name == "f" && child(c, "den"))
        line.add(inline_text(child(c, "num")) + "/" + inline_text(child(c, "den")), side);
      else if (name == "p")
        line.add("\n"), inlines(c, line, 0), line.add("\n");  // a text box
      else
        inlines(c, line, side);
    }
  }

  void run(const pugi::xml_node& r, RaisedText& line, int side) {
    const auto properties = child(r, "rPr");
    if (is_on(child(properties, "vanish"))) return;  // hidden text is not shown
    const auto align = attribute(child(properties, "vertAlign"), "val");
    inlines(r, line, align == "superscript" ? 1 : align == "subscript" ? -1 : side);
  }

  void table(const pugi::xml_node& tbl) {
    Grid grid(out_);
    each(tbl, "tr", [&](const pugi::xml_node& row) {
      const auto properties = child(row, "trPr");
      if (child(properties, "del")) return;
      std::vector<GridCell> cells;
      size_t column =
          static_cast<size_t>(std::clamp(number(attribute(child(properties, "gridBefore"), "val"), 0), 0, 1000));
      each(row, "tc", [&](const pugi::xml_node& cell) {
        const auto own = child(cell, "tcPr");
        const auto merge = child(own, "vMerge");
        GridCell out{text_of(cell)};
        out.columns = static_cast<size_t>(std::clamp(number(attribute(child(own, "gridSpan"), "val"), 1), 1, 1000));
        out.column = column;
        out.continued = merge && attribute(merge, "val") != "restart";
        column += out.columns;
        cells.push_back(std::move(out));
      });
      grid.row(cells);
    });
    grid.finish();
    parts_.graphics(tbl, relations_);
  }

  const Styles& styles_;
  Notes& notes_;
  const Relationships& relations_;
  OfficeParts& parts_;
  Writer& out_;
};

class Word {
 public:
  Word(const Source& source, Zip& zip, Writer& out) : source_(source), zip_(zip), out_(out), parts_(source, zip, out) {}

  void write() {
    const std::string main = "word/document.xml";
    const Xml document(source_, main, zip_.read(main));
    if (zip_.has("word/styles.xml"))
      parts_.extra("word/styles.xml", [&](const pugi::xml_node& root) { styles_ = read_styles(root); });
    const Relationships relations = relations_of(main);
    Body(styles_, notes_, relations, parts_, out_).blocks(document.root());
    notes("word/footnotes.xml", false);
    notes("word/endnotes.xml", true);
    comments(relations.by_type("/comments"));
    page_headers(relations);
  }

 private:
  // A broken list of relationships loses what it leads to, not the text.
  Relationships relations_of(const std::string& part) {
    Relationships relations;
    Parts(source_, out_).read_extra([&] { relations = Relationships(source_, zip_, part); });
    return relations;
  }

  void notes(const std::string& part, bool endnotes) {
    if (!zip_.has(part)) return;
    parts_.extra(part, [&](const pugi::xml_node& root) {
      const Relationships relations = relations_of(part);
      Body body(styles_, notes_, relations, parts_, out_);
      for (const auto& note : root.children()) {
        out_.paragraph();
        const std::string label = notes_.label(endnotes, attribute(note, "id"));
        if (label.empty())
          body.blocks(note);
        else if (const std::string text = body.text_of(note); !text.empty())
          out_.text(label + text);
        out_.line();
      }
    });
  }

  void comments(const std::string& part) {
    parts_.extra(part, [&](const pugi::xml_node& root) {
      const Relationships relations;
      Body body(styles_, notes_, relations, parts_, out_);
      out_.paragraph();
      for (const auto& comment : root.children())
        write_comment({}, attribute(comment, "author"), body.text_of(comment), out_);
      out_.paragraph();
    });
  }

  // What stands at the top and foot of pages, once each; page numbers alone are nothing to read.
  void page_headers(const Relationships& relations) {
    std::set<std::string> seen;
    for (const char* type : {"/header", "/footer"})
      for (const auto& part : relations.all_by_type(type))
        parts_.extra(part, [&](const pugi::xml_node& root) {
          const Relationships own = relations_of(part);
          const std::string text = Body(styles_, notes_, own, parts_, out_).text_of(root);
          if (text.find_first_not_of("0123456789 -–/|") == text.npos || !seen.insert(text).second) return;
          out_.paragraph();
          out_.text(text);
          out_.paragraph();
        });
  }

  const Source& source_;
  Zip& zip_;
  Writer& out_;
  OfficeParts parts_;
  Styles styles_;
  Notes notes_;
};

}  // namespace

Document load_docx(const Source& source) {
  Zip zip(source);
  Writer out(source);
  Parts(source, out).read_extra([&] { out.title(office_title(source, zip)); });
  Word(source, zip, out).write();
  return out.finish();
}

}  // namespace hanok::text
