// OpenDocument texts, sheets and slides: zip + XML. OASIS, "OpenDocument" 1.3, part 3.
#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "text/loaders/grid.h"
#include "text/loaders/margins.h"
#include "text/loaders/office_parts.h"
#include "text/loaders/raised.h"
#include "text/loaders/rows.h"
#include "text/loaders/writer.h"
#include "text/loaders/xml.h"

namespace hanok::text {
namespace {

size_t count(const pugi::xml_node& node, std::string_view name, size_t most) {
  const auto text = attribute(node, name);
  size_t value = 1;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return std::clamp<size_t>(value, 1, most);
}

bool is_any(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// What a paragraph or cell is not made of: lists of what was deleted, declarations, and tables of contents, which say
// the headings again.
bool is_apart(std::string_view name) {
  return name.ends_with("-decls") || name.ends_with("-index") ||
         is_any(name, {"tracked-changes", "forms", "table-of-content", "scripts", "font-face-decls", "notes",
                       "annotation-end", "page-number", "page-count", "event-listeners"});
}

bool is_shape(std::string_view name) {
  return is_any(name, {"frame", "custom-shape", "rect", "line", "polyline", "polygon", "path", "ellipse", "circle", "g",
                       "caption", "connector", "measure"});
}

// One row may be repeated a million times, and a cell 16,384 times: so sheets end. What has text is repeated as far as
// a person may have meant it.
constexpr size_t kMostColumns = 16'384, kMostRepeats = 1000;

// How often a text is repeated: a long one is not, or a short file would fill the memory.
size_t times(size_t repeated, const std::string& text) {
  constexpr size_t kMostBytes = 64 << 10;
  return std::min({repeated, kMostRepeats, 1 + kMostBytes / std::max<size_t>(text.size(), 1)});
}

class Odf {
 public:
  Odf(const Source& source, Zip& zip, Writer& out) : source_(source), zip_(zip), out_(out), parts_(source, out) {}

  void write() {
    const Xml content(source_, "content.xml", zip_.read("content.xml"));
    parts_.read_extra([&] { meta(); });
    if (zip_.has("styles.xml")) {
      parts_.read_extra([&] {
        const Xml styles(source_, "styles.xml", zip_.read("styles.xml"));
        read_styles(styles.root());
        page_heads(styles.root());
      });
    }
    read_styles(content.root());
    const auto body = child(content.root(), "body");
    if (!body) source_.fail(Code::Corrupt, "its content.xml has no body; download or export it again");
    for (const auto& c : body.children()) {
      const auto name = local_name(c);
      if (name == "spreadsheet")
        sheets(c);
      else if (name == "presentation" || name == "drawing")
        slides(c);
      else
        blocks(c), margins_.write(out_);  // sheets have "Page 1" at their foot by default
    }
  }

 private:
  void meta() {
    auto bytes = zip_.find("meta.xml");
    if (!bytes) return;
    const Xml xml(source_, "meta.xml", std::move(*bytes));
    out_.title(all_text(child(child(xml.root(), "meta"), "title")));
  }

  // style:text-position is "super 58%", "sub 58%", or a percentage up or down.
  void read_styles(const pugi::xml_node& root) {
    each(root, "style", [&](const pugi::xml_node& style) {
      const auto properties = child(style, "text-properties");
      const auto position = attribute(properties, "text-position");
      const std::string name(attribute(style, "name"));
      if (position.starts_with("sub") || position.starts_with('-')) sides_[name] = -1;
      if (position.starts_with("super") || (!position.empty() && position[0] >= '1' && position[0] <= '9'))
        sides_[name] = 1;
      if (attribute(properties, "display") == "none") hidden_[name] = true;
    });
  }

  void page_heads(const pugi::xml_node& root) {
    each(root, "master-page", [&](const pugi::xml_node& page) {
      for (const auto& c : page.children())
        if (local_name(c).starts_with("header") || local_name(c).starts_with("footer"))
          each(c, "p", [&](const pugi::xml_node& p) { margins_.add(flat_paragraph(p)); });
    });
  }

  // ---- blocks ----

  void blocks(const pugi::xml_node& parent) {
    for (const auto& c : parent.children()) {
      const auto name = local_name(c);
      if (name == "p" || name == "h")
        paragraph(c);
      else if (name == "list")
        list(c);
      else if (name == "table")
        table(c);
      else if (is_shape(name))
        shape(c);
      else if (!is_apart(name))
        blocks(c);
    }
  }

  void paragraph(const pugi::xml_node& p, bool listed = false) {
    const Around before = std::exchange(around_, {});
    RaisedText line;
    inlines(p, line, 0);
    const std::string text = line.take();
    if (local_name(p) == "h")
      out_.heading(static_cast<int>(count(p, "outline-level", 9)), text);
    else if (!trim(text).empty()) {
      listed ? out_.line() : out_.paragraph();
      out_.text((listed ? "- " : "") + std::string(trim(text)));
      listed ? out_.line() : out_.paragraph();
    }
    write_around(std::exchange(around_, before));
  }

  void list(const pugi::xml_node& list) {
    for (const auto& item : list.children())
      for (const auto& c : item.children()) {
        const auto name = local_name(c);
        if (name == "p")
          paragraph(c, true);
        else if (name == "h")
          paragraph(c);
        else if (name == "list")
          this->list(c);
      }
  }

  // A box with paragraphs, an object of another program, a picture with its description, or a group of these.
  void shape(const pugi::xml_node& node) {
    for (const auto& c : node.children()) {
      const auto name = local_name(c);
      if (name == "object")
        object(std::string(attribute(c, "href")));
      else if ((name == "title" || name == "desc") && child(node, "image"))
        write_line(all_text(c));
      else if (name == "p" || name == "h")
        paragraph(c);
      else if (name == "list")
        list(c);
      else if (name == "table")
        table(c);
      else if (is_shape(name))
        shape(c);
      else if (name == "text-box")
        blocks(c);
    }
  }

  void write_line(std::string_view text) {
    if (trim(text).empty()) return;
    out_.paragraph(), out_.text(collapse_blanks(text)), out_.paragraph();
  }

  // A chart: its titles and its table. A formula stands in its line; see formula().
  void object(const std::string& href) {
    const std::string part = resolve("", href) + "/content.xml";
    if (!zip_.has(part)) return;
    parts_.read_extra([&] {
      const Xml xml(source_, part, zip_.read(part));
      each(xml.root(), "chart", [&](const pugi::xml_node& chart) {
        each(chart, "chart", [&](const pugi::xml_node& inner) {
          each(inner, "title", [&](const pugi::xml_node& title) { write_line(all_text(title)); });
          each(inner, "table", [&](const pugi::xml_node& t) { table(t); });
        });
      });
    });
  }

  // Formulas keep what was typed: "E = m c^2" (StarMath) beside their MathML.
  std::string formula(const pugi::xml_node& frame) {
    std::string typed;
    const std::string part = resolve("", attribute(child(frame, "object"), "href")) + "/content.xml";
    if (!child(frame, "object") || !zip_.has(part)) return typed;
    parts_.read_extra([&] {
      const Xml xml(source_, part, zip_.read(part));
      if (local_name(xml.root()) == "math")
        each(xml.root(), "annotation", [&](const pugi::xml_node& a) { typed = collapse_blanks(all_text(a)); });
    });
    return typed;
  }

  // ---- words ----

  // What hangs on a paragraph and stands behind it.
  struct Around {
    std::vector<pugi::xml_node> shapes, comments;
    std::vector<std::pair<std::string, pugi::xml_node>> notes;  // with their labels
  };

  void inlines(const pugi::xml_node& node, RaisedText& line, int side) {
    for (const auto& c : node.children()) {
      const auto name = local_name(c);
      if (c.type() == pugi::node_pcdata || c.type() == pugi::node_cdata)
        line.add(one_space(c.value()), side);
      else if (name == "span")
        span(c, line, side);
      else if (name == "s")
        line.add(std::string(count(c, "c", 100), ' '), side);
      else if (name == "tab")
        line.add("\t", side);
      else if (name == "line-break")
        line.add("\n", side);
      else if (name == "note")
        note(c, line);
      else if (name == "annotation")
        around_.comments.push_back(c);
      else if (name == "ruby")
        ruby(c, line, side);
      else if (is_shape(name))
        anchored(c, line);
      else if (!is_apart(name))
        inlines(c, line, side);
    }
  }

  // White space counts as one blank; more of it is written as elements.
  static std::string one_space(std::string_view text) {
    std::string out;
    for (const char c : text)
      if (!is_blank(c))
        out.push_back(c);
      else if (out.empty() || out.back() != ' ')
        out.push_back(' ');
    return out;
  }

  void span(const pugi::xml_node& node, RaisedText& line, int side) {
    const std::string style(attribute(node, "style-name"));
    if (hidden_.contains(style)) return;
    const auto found = sides_.find(style);
    inlines(node, line, found == sides_.end() ? side : found->second);
  }

  void note(const pugi::xml_node& node, RaisedText& line) {
    const std::string mark = collapse_blanks(all_text(child(node, "note-citation")));
    if (!mark.empty()) line.note(mark);
    around_.notes.emplace_back(mark.empty() ? "" : "[" + mark + "] ", child(node, "note-body"));
  }

  void ruby(const pugi::xml_node& node, RaisedText& line, int side) {
    inlines(child(node, "ruby-base"), line, side);
    const std::string above = collapse_blanks(all_text(child(node, "ruby-text")));
    if (!above.empty()) line.add("(" + above + ")", side);
  }

  void anchored(const pugi::xml_node& node, RaisedText& line) {
    if (const std::string typed = formula(node); !typed.empty())
      line.add(" " + typed + " ");
    else
      around_.shapes.push_back(node);
  }

  void write_around(const Around& around) {
    for (const auto& node : around.shapes) shape(node);
    for (const auto& [label, body] : around.notes)
      if (const std::string text = flat(body); !text.empty()) write_line(label + text);
    for (const auto& node : around.comments)
      write_comment({}, collapse_blanks(all_text(child(node, "creator"))), comment_text(node), out_);
  }

  std::string comment_text(const pugi::xml_node& annotation) {
    std::string text;
    for (const auto& c : annotation.children())
      if (is_any(local_name(c), {"p", "list"})) text += flat(c) + ' ';
    return collapse_blanks(text);
  }

  std::string flat_paragraph(const pugi::xml_node& p) {
    const Around before = std::exchange(around_, {});
    RaisedText line;
    inlines(p, line, 0);
    std::string text = line.take();
    const Around inside = std::exchange(around_, before);
    for (const auto& node : inside.shapes) text += " " + flat(node);
    for (const auto& [label, body] : inside.notes) text += " " + label + flat(body);
    around_.comments.insert(around_.comments.end(), inside.comments.begin(), inside.comments.end());
    return collapse_blanks(text);
  }

  // All paragraphs below a node in one line.
  std::string flat(const pugi::xml_node& node) {
    if (is_any(local_name(node), {"p", "h"})) return flat_paragraph(node);
    std::string text;
    for (const auto& c : node.children())
      if (!is_apart(local_name(c)) && local_name(c) != "annotation") text += flat(c) + ' ';
    return collapse_blanks(text);
  }

  // ---- tables ----

  template <typename F>
  void each_row(const pugi::xml_node& table, F row) {
    for (const auto& c : table.children()) {
      const auto name = local_name(c);
      if (name == "table-row")
        row(c);
      else if (is_any(name, {"table-rows", "table-header-rows", "table-row-group"}))
        each_row(c, row);
    }
  }

  void table(const pugi::xml_node& table) {
    const Around before = std::exchange(around_, {});
    Grid grid(out_);
    each_row(table, [&](const pugi::xml_node& row) {
      std::vector<GridCell> cells;
      size_t column = 0;
      bool filled = false;
      for (const auto& c : row.children()) {
        const size_t repeated = count(c, "number-columns-repeated", kMostColumns);
        if (local_name(c) == "table-cell") {
          GridCell cell{flat(c), count(c, "number-columns-spanned", kMostRepeats),
                        count(c, "number-rows-spanned", kMostRepeats)};
          filled |= !cell.text.empty();
          for (size_t i = 0; i < (cell.text.empty() ? 1 : times(repeated, cell.text)); ++i) {
            cell.column = column + i;
            cells.push_back(cell);
          }
        }
        column += repeated;
      }
      const size_t times = filled ? count(row, "number-rows-repeated", kMostRepeats) : 1;
      for (size_t i = 0; i < times; ++i) grid.row(cells);
    });
    grid.finish();
    write_around(std::exchange(around_, before));
  }

  // ---- sheets ----

  struct Merged {
    std::string text;
    size_t rows;  // below the one at hand
    bool across;
  };

  void sheets(const pugi::xml_node& book) {
    int number = 0;
    for (const auto& c : book.children()) {
      if (local_name(c) != "table") continue;
      out_.page(++number);
      out_.heading(1, attribute(c, "name"));
      sheet(c);
    }
  }

  void sheet(const pugi::xml_node& sheet) {
    RowWriter rows(out_);
    std::map<uint32_t, Merged> merged;
    size_t number = 0;
    std::vector<std::pair<std::string, pugi::xml_node>> comments;  // with their cell: "B3"
    each_row(sheet, [&](const pugi::xml_node& row) {
      const size_t repeated = count(row, "number-rows-repeated", 1u << 20);
      const Row cells = sheet_row(row, number, merged, comments);
      for (size_t i = 0; i < (cells.empty() ? 1 : std::min(repeated, kMostRepeats)); ++i) rows.add(cells);
      number += repeated;
    });
    rows.finish();
    blocks(child(sheet, "shapes"));
    for (const auto& [place, node] : comments)
      write_comment(place, collapse_blanks(all_text(child(node, "creator"))), comment_text(node), out_);
  }

  Row sheet_row(const pugi::xml_node& row, size_t number, std::map<uint32_t, Merged>& merged,
                std::vector<std::pair<std::string, pugi::xml_node>>& comments) {
    Row cells;
    for (auto it = merged.begin(); it != merged.end();) {
      cells.push_back({it->first, it->second.text, it->second.across});
      it = --it->second.rows == 0 ? merged.erase(it) : std::next(it);
    }
    size_t column = 0;
    for (const auto& c : row.children()) {
      if (!is_any(local_name(c), {"table-cell", "covered-table-cell"})) continue;
      const size_t repeated = count(c, "number-columns-repeated", kMostColumns);
      if (local_name(c) == "table-cell" && column < kMostColumns) {
        if (const auto annotation = child(c, "annotation"))
          comments.emplace_back(column_letters(column) + std::to_string(number + 1), annotation);
        if (const std::string text = shown(c); !text.empty()) place(c, text, column, repeated, cells, merged);
      }
      column += repeated;
    }
    std::stable_sort(cells.begin(), cells.end(), [](const Cell& a, const Cell& b) { return a.column < b.column; });
    return cells;
  }

  static void place(const pugi::xml_node& node, const std::string& text, size_t column, size_t repeated, Row& cells,
                    std::map<uint32_t, Merged>& merged) {
    const size_t columns = count(node, "number-columns-spanned", kMostRepeats);
    const size_t rows = count(node, "number-rows-spanned", kMostRepeats);
    for (size_t i = 0; i < times(std::max(repeated, columns), text) && column + i < kMostColumns; ++i) {
      const auto at = static_cast<uint32_t>(column + i);
      const bool across = columns > 1 && i > 0;
      cells.push_back({at, text, across});
      if (rows > 1) merged[at] = {text, rows - 1, across};
    }
  }

  // The text as the sheet shows it, in its number format; the bare value where a writer left that out.
  std::string shown(const pugi::xml_node& cell) {
    std::string text;
    for (const auto& c : cell.children())
      if (is_any(local_name(c), {"p", "list"})) text += flat(c) + ' ';
    text = collapse_blanks(text);
    for (const auto name : {"string-value", "date-value", "time-value", "boolean-value", "value"})
      if (text.empty()) text = attribute(cell, name);
    return text;
  }

  // 0 -> "A", 27 -> "AB"
  static std::string column_letters(size_t column) {
    std::string out;
    for (size_t n = column + 1; n > 0; n = (n - 1) / 26) out.insert(out.begin(), static_cast<char>('A' + (n - 1) % 26));
    return out;
  }

  // ---- slides ----

  void slides(const pugi::xml_node& deck) {
    int number = 0;
    for (const auto& page : deck.children()) {
      if (local_name(page) != "page") continue;
      out_.page(++number);
      for (const auto& c : page.children())
        if (attribute(c, "class") == "title") out_.heading(1, flat(c));
      for (const auto& c : page.children())
        if (is_shape(local_name(c)) && attribute(c, "class") != "title") shape(c);
      for (const auto& c : child(page, "notes").children())
        if (attribute(c, "class") == "notes") shape(c);
      for (const auto& c : page.children())
        if (local_name(c) == "annotation")
          write_comment({}, collapse_blanks(all_text(child(c, "creator"))), comment_text(c), out_);
    }
  }

  const Source& source_;
  Zip& zip_;
  Writer& out_;
  Parts parts_;
  Margins margins_;
  Around around_;
  std::map<std::string, int> sides_;    // by style: above or below the line
  std::map<std::string, bool> hidden_;  // styles whose text is not shown
};

void check_password(const Source& source, Zip& zip) {
  auto bytes = zip.find("META-INF/manifest.xml");
  if (!bytes) return;
  const Xml xml(source, "META-INF/manifest.xml", std::move(*bytes));
  each(xml.root(), "encryption-data", [&](const pugi::xml_node&) {
    source.fail(Code::Unsupported, "is protected by a password; save it without one");
  });
}

}  // namespace

Document load_odf(const Source& source) {
  Zip zip(source);
  check_password(source, zip);
  Writer out(source);
  Odf(source, zip, out).write();
  return out.finish();
}

}  // namespace hanok::text
