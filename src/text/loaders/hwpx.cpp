// HWPX, the open format of Hangul word processors: zip + OWPML. KS X 6101.
#include <algorithm>
#include <charconv>
#include <map>
#include <utility>
#include <vector>

#include "text/loaders/grid.h"
#include "text/loaders/office_parts.h"
#include "text/loaders/raised.h"
#include "text/loaders/writer.h"
#include "text/loaders/xml.h"

namespace hanok::text {
namespace {

// What the header says of the ids that paragraphs and runs refer to.
struct Header {
  std::map<std::string, int, std::less<>> levels;  // of styles that are headings
  std::map<std::string, int, std::less<>> sides;   // of character shapes: 1 a superscript, -1 a subscript
};

// Styles named "개요 1".."개요 10" (English "Outline 1") are the headings that Hangul's outline and contents use.
int outline_level(std::string_view name) {
  for (const std::string_view prefix : {"개요 ", "Outline "}) {
    if (!name.starts_with(prefix)) continue;
    int level = 0;
    std::from_chars(name.data() + prefix.size(), name.data() + name.size(), level);
    return level;
  }
  return 0;
}

Header read_header(const pugi::xml_node& root) {
  Header header;
  each(root, "style", [&](const pugi::xml_node& style) {
    int level = outline_level(attribute(style, "name"));
    if (level == 0) level = outline_level(attribute(style, "engName"));
    if (level > 0) header.levels.emplace(attribute(style, "id"), level);
  });
  each(root, "charPr", [&](const pugi::xml_node& shape) {
    const int side = child(shape, "supscript") ? 1 : child(shape, "subscript") ? -1 : 0;
    if (side != 0) header.sides.emplace(attribute(shape, "id"), side);
  });
  return header;
}

size_t count(const pugi::xml_node& node, std::string_view name, size_t otherwise) {
  size_t value = otherwise;
  const auto text = attribute(node, name);
  std::from_chars(text.data(), text.data() + text.size(), value);
  return std::min<size_t>(value, 1000);
}

void check_password(const Source& source, Zip& zip) {
  auto bytes = zip.find("META-INF/manifest.xml");
  if (!bytes) return;
  const Xml xml(source, "META-INF/manifest.xml", std::move(*bytes));
  each(xml.root(), "encryption-data", [&](const pugi::xml_node&) {
    source.fail(Code::Unsupported, "is protected by a password; save it without one");
  });
}

class Section {
 public:
  Section(const Header& header, OfficeParts& parts, Writer& out) : header_(header), parts_(parts), out_(out) {}

  void paragraph(const pugi::xml_node& p) {
    const auto level = header_.levels.find(attribute(p, "styleIDRef"));
    RaisedText text;
    const auto notes = std::exchange(notes_, {});
    if (level == header_.levels.end()) {
      inlines(p, text, Objects::InPlace, 0);
      flush(text);
    } else {
      const auto objects = std::exchange(objects_, {});
      inlines(p, text, Objects::After, 0);
      out_.heading(level->second, text.take());
      for (const auto& object : std::exchange(objects_, objects)) object_text(object);
    }
    for (const auto& [label, note] : std::exchange(notes_, notes)) write_note(label, note);
  }

  /// What stands at the top and foot of every page, once.
  void page_headers() {
    for (const auto& text : page_headers_) out_.paragraph(), out_.text(text), out_.paragraph();
  }

 private:
  enum class Objects {
    InPlace,  // a table or text box stands between what is before and after it
    After,    // behind the heading that they are anchored in
    Flat,     // inside a cell: their words among the others
  };

  // Character data with its control elements.
  void inlines(const pugi::xml_node& node, RaisedText& text, Objects objects, int side) {
    for (const auto& c : node.children()) {
      const auto name = local_name(c);
      if (name == "run") {
        const auto shape = header_.sides.find(attribute(c, "charPrIDRef"));
        inlines(c, text, objects, shape == header_.sides.end() ? 0 : shape->second);
      } else if (name == "t") {
        characters(c, text, side);
      } else if (name == "tbl" || name == "subList") {
        object(c, text, objects);
      } else if (name == "footNote" || name == "endNote") {
        const std::string number(attribute(c, "number"));
        if (!number.empty() && !deleting_) text.note(number);
        notes_.emplace_back(number.empty() ? "" : "[" + number + "] ", c);
      } else if (name == "header" || name == "footer") {
        page_header(c);
      } else if (!inline_object(c, name, text, side) && name != "secPr" && name != "shapeComment" &&
                 name != "hiddenComment") {
        if (name == "p") text.add(" ");
        inlines(c, text, objects, side);
      }
    }
  }

  // <t>: words, and marks among them. What a tracked change deleted is not shown; it may end in another paragraph.
  void characters(const pugi::xml_node& t, RaisedText& text, int side) {
    for (const auto& c : t.children()) {
      const auto name = local_name(c);
      if (name == "deleteBegin" || name == "deleteEnd")
        deleting_ = name == "deleteBegin";
      else if (deleting_)
        continue;
      else if (c.type() == pugi::node_pcdata || c.type() == pugi::node_cdata)
        text.add(c.value(), side);
      else if (name == "tab" || name == "nbSpace" || name == "fwSpace")
        text.add(" ");
      else if (name == "lineBreak")
        text.add("\n");
      else if (name == "hyphen")
        text.add("-", side);
      else
        characters(c, text, side);
    }
  }

  // What stands in a line like a character. KS X 6101: 덧말 (dutmal), 글자 겹치기 (compose), formulas, form fields,
  // charts.
  bool inline_object(const pugi::xml_node& c, std::string_view name, RaisedText& text, int side) {
    if (deleting_ && (name == "dutmal" || name == "compose" || name == "equation")) return true;
    if (name == "dutmal") {
      const std::string above = collapse_blanks(all_text(child(c, "subText")));
      text.add(all_text(child(c, "mainText")) + (above.empty() ? "" : "(" + above + ")"), side);
    } else if (name == "compose") {
      text.add(attribute(c, "composeText"), side);
    } else if (name == "equation") {
      text.add(" " + collapse_blanks(all_text(child(c, "script"))) + " ");
    } else if (name == "checkBtn" || name == "radioBtn") {
      text.add(attribute(c, "value") == "CHECKED" ? "[x] " : "[ ] ");
      text.add(attribute(c, "caption"));
    } else if (name == "edit") {
      text.add(all_text(child(c, "text")));
    } else if (name == "chart" && !attribute(c, "chartIDRef").empty()) {
      flush(text);
      parts_.chart(std::string(attribute(c, "chartIDRef")));
    } else {
      return false;
    }
    return true;
  }

  void object(const pugi::xml_node& c, RaisedText& text, Objects objects) {
    if (objects == Objects::Flat)
      inlines(c, text, objects, 0);
    else if (objects == Objects::After)
      objects_.push_back(c);
    else
      flush(text), object_text(c);
  }

  void object_text(const pugi::xml_node& c) {
    if (local_name(c) == "tbl") return table(c);
    for (const auto& p : c.children())
      if (local_name(p) == "p") paragraph(p);
  }

  std::string flat(const pugi::xml_node& node) {
    RaisedText text;
    const auto notes = std::exchange(notes_, {});
    inlines(node, text, Objects::Flat, 0);
    for (const auto& [label, note] : std::exchange(notes_, notes)) text.add(" " + label + flat(note));
    return collapse_blanks(text.take());
  }

  void table(const pugi::xml_node& tbl) {
    const auto caption = child(tbl, "caption");
    const bool above = attribute(caption, "side") == "TOP";
    if (above) write_caption(caption);
    Grid grid(out_);
    each(tbl, "tr", [&](const pugi::xml_node& row) {
      std::vector<GridCell> cells;
      each(row, "tc", [&](const pugi::xml_node& cell) {
        const auto address = child(cell, "cellAddr"), span = child(cell, "cellSpan");
        GridCell out{flat(child(cell, "subList")), count(span, "colSpan", 1),
                     std::max<size_t>(count(span, "rowSpan", 1), 1)};
        if (address) out.column = count(address, "colAddr", 0);
        cells.push_back(std::move(out));
      });
      grid.row(cells);
    });
    grid.finish();
    if (!above) write_caption(caption);
  }

  void write_caption(const pugi::xml_node& caption) { write_paragraph(flat(caption)); }

  void write_note(const std::string& label, const pugi::xml_node& note) {
    const std::string text = flat(note);
    if (!text.empty()) write_paragraph(label + text);
  }

  void page_header(const pugi::xml_node& c) {
    const std::string text = flat(c);
    if (text.find_first_not_of("0123456789 -–/|") == text.npos) return;  // a page number is nothing to read
    if (std::find(page_headers_.begin(), page_headers_.end(), text) == page_headers_.end())
      page_headers_.push_back(text);
  }

  void write_paragraph(std::string_view text) {
    if (trim(text).empty()) return;
    out_.paragraph();
    out_.text(trim(text));
    out_.paragraph();
  }

  void flush(RaisedText& text) { write_paragraph(text.take()); }

  const Header& header_;
  OfficeParts& parts_;
  Writer& out_;
  bool deleting_ = false;
  std::vector<std::pair<std::string, pugi::xml_node>> notes_;  // of the paragraph at hand, with their labels
  std::vector<pugi::xml_node> objects_;
  std::vector<std::string> page_headers_;
};

// Contents/section0.xml, section1.xml, ..., section10.xml in the order of their numbers.
std::map<int, std::string> sections(const Zip& zip) {
  std::map<int, std::string> out;
  constexpr std::string_view kBefore = "Contents/section", kAfter = ".xml";
  for (const auto& name : zip.names()) {
    if (!name.starts_with(kBefore) || !name.ends_with(kAfter)) continue;
    int number = -1;
    const char* end = name.data() + name.size() - kAfter.size();
    const auto result = std::from_chars(name.data() + kBefore.size(), end, number);
    if (result.ec == std::errc() && result.ptr == end) out.emplace(number, name);
  }
  return out;
}

}  // namespace

Document load_hwpx(const Source& source) {
  Zip zip(source);
  check_password(source, zip);
  Writer out(source);
  OfficeParts extras(source, zip, out);
  if (zip.has("Contents/content.hpf"))
    extras.extra("Contents/content.hpf", [&](const pugi::xml_node& package) {
      out.title(all_text(child(child(package, "metadata"), "title")));
    });
  const auto names = sections(zip);
  if (names.empty()) zip.read("Contents/section0.xml");  // says that it is missing
  Header header;
  if (zip.has("Contents/header.xml"))
    extras.extra("Contents/header.xml", [&](const pugi::xml_node& root) { header = read_header(root); });
  Parts parts(source, out);
  Section section(header, extras, out);
  for (const auto& [number, name] : names)
    parts.read([&, part = name] {
      const Xml xml(source, part, zip.read(part));
      for (const auto& p : xml.root().children())
        if (local_name(p) == "p") section.paragraph(p);
    });
  parts.check();
  section.page_headers();
  return out.finish();
}

}  // namespace hanok::text
