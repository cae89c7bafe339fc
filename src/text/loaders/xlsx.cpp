// Excel: a sheet is a page, its name a heading, a row a line of "header: value", numbers as the sheet shows them.
// ECMA-376 part 1, chapter 18.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "text/loaders/number_format.h"
#include "text/loaders/office_parts.h"
#include "text/loaders/raised.h"
#include "text/loaders/rows.h"
#include "text/loaders/xml.h"

namespace hanok::text {
namespace {

template <typename T>
T number(std::string_view text, T otherwise) {
  T value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// "AB12" -> 27; the letters of a reference as a number in base 26. XFD (16383) is the last.
uint32_t column_of(std::string_view reference, uint32_t otherwise) {
  uint32_t column = 0;
  size_t letters = 0;
  for (; letters < reference.size() && letters < 3 && reference[letters] >= 'A' && reference[letters] <= 'Z'; ++letters)
    column = column * 26 + static_cast<uint32_t>(reference[letters] - 'A' + 1);
  return letters == 0 ? otherwise : column - 1;
}

// "AB12" -> 12; rows count from 1.
uint32_t row_of(std::string_view reference) {
  const size_t digits = reference.find_first_of("0123456789");
  return digits == reference.npos ? 0 : number(reference.substr(digits), 0u);
}

// A string item: plain text or runs; not the phonetic guide (rPh) of Japanese and Korean.
std::string item_text(const pugi::xml_node& item) {
  RaisedText text;
  for (const auto& c : item.children()) {
    if (local_name(c) == "t") text.add(all_text(c));
    if (local_name(c) != "r") continue;
    const auto align = attribute(child(child(c, "rPr"), "vertAlign"), "val");
    text.add(all_text(child(c, "t")), align == "superscript" ? 1 : align == "subscript" ? -1 : 0);
  }
  return text.take();
}

bool is_true(std::string_view value) { return value == "1" || value == "true"; }

// What all sheets share.
struct Book {
  std::vector<std::string> strings;
  std::vector<NumberFormat> formats;  // by the style of a cell
  bool since_1904 = false;
};

void read_formats(const pugi::xml_node& root, Book& book) {
  std::map<int, std::string> codes;
  for (const auto& format : child(root, "numFmts").children())
    codes[number(attribute(format, "numFmtId"), -1)] = attribute(format, "formatCode");
  std::map<int, NumberFormat> read;  // a book has thousands of styles and a dozen formats
  for (const auto& style : child(root, "cellXfs").children()) {
    const int id = number(attribute(style, "numFmtId"), 0);
    const auto code = codes.find(id);
    const auto [format, added] = read.try_emplace(id, code == codes.end() ? builtin_number_format(id) : code->second);
    book.formats.push_back(format->second);
  }
}

// ---- merged cells
// ------------------------------------------------------------------------------------------------------------

struct Merge {
  uint32_t top = 0, bottom = 0, left = 0, right = 0;
  std::string text;  // of its first cell, once that was read
};

// The merged cells of a sheet, as its rows go by.
class Merges {
 public:
  explicit Merges(const pugi::xml_node& root) {
    constexpr size_t kMost = 100'000;
    for (const auto& node : child(root, "mergeCells").children()) {
      const auto range = attribute(node, "ref");
      const size_t colon = range.find(':');
      if (colon == range.npos || all_.size() >= kMost) continue;
      const auto from = range.substr(0, colon), to = range.substr(colon + 1);
      all_.push_back({row_of(from), row_of(to), column_of(from, 0), column_of(to, 0), {}});
    }
    std::sort(all_.begin(), all_.end(), [](const Merge& a, const Merge& b) { return a.top < b.top; });
  }

  // Fills the cells of row `number` that merged cells cover, up to `last`, the sheet's last column.
  void fill(uint32_t number, uint32_t last, Row& row) {
    constexpr size_t kMostOpen = 1000;  // merged cells do not overlap: a row of a sheet has far fewer
    std::erase_if(open_, [&](const Merge& m) { return m.bottom < number; });
    for (; next_ < all_.size() && all_[next_].top <= number; ++next_)
      if (all_[next_].top == number && open_.size() < kMostOpen) open_.push_back(all_[next_]);
    if (open_.empty()) return;
    std::map<uint32_t, Cell> cells;
    for (auto& c : row) cells[c.column] = std::move(c);
    for (auto& m : open_) {
      if (m.top == number && cells.contains(m.left)) m.text = cells[m.left].text;
      if (m.text.size() > kMostRepeated) continue;
      for (uint32_t c = m.left; c <= std::min(m.right, last); ++c)
        if (c != m.left || number != m.top) cells[c] = {c, m.text, c != m.left};
    }
    row.clear();
    for (auto& [column, cell] : cells) row.push_back(std::move(cell));
  }

 private:
  static constexpr size_t kMostRepeated = 1000;  // bytes
  std::vector<Merge> all_, open_;
  size_t next_ = 0;
};

// ----------------------------------------------------------------------------------------------------------------------

class Workbook {
 public:
  Workbook(const Source& source, Zip& zip, Writer& out)
      : source_(source), zip_(zip), out_(out), sheets_(source, out), parts_(source, zip, out) {}

  void write() {
    const std::string main = "xl/workbook.xml";
    const Xml workbook(source_, main, zip_.read(main));
    const Relationships relations(source_, zip_, main);
    book_.since_1904 = is_true(attribute(child(workbook.root(), "workbookPr"), "date1904"));
    if (zip_.has("xl/sharedStrings.xml"))
      parts_.extra("xl/sharedStrings.xml", [&](const pugi::xml_node& root) {
        for (const auto& item : root.children())
          if (local_name(item) == "si") book_.strings.push_back(item_text(item));
      });
    if (zip_.has("xl/styles.xml"))
      parts_.extra("xl/styles.xml", [&](const pugi::xml_node& root) { read_formats(root, book_); });
    int number = 0;
    for (const auto& entry : child(workbook.root(), "sheets").children()) {
      if (local_name(entry) != "sheet") continue;
      ++number;
      sheets_.read([&] { sheet(relations.by_id(attribute(entry, "id")), number, attribute(entry, "name")); });
    }
    sheets_.check();
    if (!any_cell_ && broken_cell_) source_.fail(Code::Corrupt, *broken_cell_);
  }

 private:
  void sheet(const std::string& part, int number, std::string_view name) {
    const Xml xml(source_, part, zip_.read(part));
    Relationships relations;
    sheets_.read_extra([&] { relations = Relationships(source_, zip_, part); });
    out_.page(number);
    out_.heading(1, name);
    std::map<std::string, std::string> notes = comments(relations);
    rows(xml.root(), notes);
    out_.paragraph();
    for (const auto& [cell, text] : notes) write_comment(cell, {}, text, out_);
    out_.paragraph();
    for (const auto& drawing : relations.all_by_type("/drawing")) draw(drawing);
    page_headers(xml.root());
  }

  void rows(const pugi::xml_node& root, std::map<std::string, std::string>& notes) {
    Merges merges(root);
    RowWriter writer(out_);
    uint32_t last_row = 0, last_column = 0;
    for (const auto& node : child(root, "sheetData").children()) {
      const uint32_t number = hanok::text::number(attribute(node, "r"), last_row + 1);
      if (number > last_row + 1 && last_row > 0) writer.add({});  // rows without cells are not in the file
      last_row = number;
      Row row;
      for (const auto& cell : node.children()) {
        const uint32_t column = column_of(attribute(cell, "r"), row.empty() ? 0 : row.back().column + 1);
        row.push_back({column, value(cell)});
        last_column = std::max(last_column, column);
        any_cell_ |= !row.back().text.empty();
      }
      annotate(number, row, notes);
      merges.fill(number, last_column, row);
      writer.add(row);
    }
    writer.finish();
  }

  // "A2" of a comment becomes "A2 (B-101)", so that it says what it is about.
  static void annotate(uint32_t number, const Row& row, std::map<std::string, std::string>& notes) {
    if (notes.empty()) return;
    for (const auto& cell : row) {
      const std::string text = collapse_blanks(cell.text);
      const auto note = notes.find(reference(cell.column) + std::to_string(number));
      if (note == notes.end() || text.empty() || text.size() > 80) continue;
      auto entry = notes.extract(note);
      entry.key() += " (" + text + ")";
      notes.insert(std::move(entry));
    }
  }

  static std::string reference(uint32_t column) {
    std::string out;
    for (uint64_t c = uint64_t{column} + 1; c > 0; c = (c - 1) / 26)
      out.insert(out.begin(), static_cast<char>('A' + (c - 1) % 26));
    return out;
  }

  // Comments by their cell. A threaded one has an older part beside it that tells to get a newer Excel.
  std::map<std::string, std::string> comments(const Relationships& relations) {
    std::map<std::string, std::string> out;
    for (const auto& part : relations.all_by_type("/threadedComment"))
      parts_.extra(part, [&](const pugi::xml_node& root) {
        for (const auto& comment : root.children()) {
          auto& text = out[std::string(attribute(comment, "ref"))];
          text += (text.empty() ? "" : " / ") + all_text(child(comment, "text"));
        }
      });
    for (const auto& part : relations.all_by_type("/comments"))
      parts_.extra(part, [&](const pugi::xml_node& root) {
        for (const auto& comment : child(root, "commentList").children())
          out.try_emplace(std::string(attribute(comment, "ref")), item_text(child(comment, "text")));
      });
    return out;
  }

  // Text boxes, charts and diagrams that lie over the cells.
  void draw(const std::string& part) {
    parts_.extra(part, [&](const pugi::xml_node& root) {
      Relationships relations;
      sheets_.read_extra([&] { relations = Relationships(source_, zip_, part); });
      each(root, "sp", [&](const pugi::xml_node& shape) {
        out_.paragraph();
        write_drawing_text(shape, out_);
      });
      out_.paragraph();
      parts_.graphics(root, relations);
    });
  }

  // "&LDraft&RPage &P" -> "Draft Page": what is printed at the top and foot, its codes taken out. 18.3.1.39
  void page_headers(const pugi::xml_node& root) {
    for (const auto& node : child(root, "headerFooter").children()) {
      const std::string code = all_text(node);
      std::string text;
      for (size_t i = 0; i < code.size(); ++i) {
        if (code[i] != '&') {
          text += code[i];
        } else if (++i < code.size() && code[i] == '"') {  // a font
          i = std::min(code.find('"', i + 1), code.size());
        } else if (i < code.size() && code[i] >= '0' && code[i] <= '9') {  // its size
          while (i + 1 < code.size() && code[i + 1] >= '0' && code[i + 1] <= '9') ++i;
        } else if (i < code.size()) {
          text += code[i] == '&' ? "&" : " ";
        }
      }
      text = collapse_blanks(text);
      if (text.find_first_not_of("0123456789 -–/|") == text.npos) continue;
      out_.paragraph();
      out_.text(text);
      out_.paragraph();
    }
  }

  std::string value(const pugi::xml_node& cell) {
    const auto type = attribute(cell, "t");
    const size_t style = number(attribute(cell, "s"), size_t{0});
    const NumberFormat* format = style < book_.formats.size() ? &book_.formats[style] : nullptr;
    const auto words = [&](const std::string& text) {
      return format && !text.empty() ? format->show_text(text) : text;
    };
    if (type == "inlineStr") return words(item_text(child(cell, "is")));
    const std::string text = all_text(child(cell, "v"));
    if (type == "s") return words(shared(text));
    if (type == "b") return text == "1" ? "TRUE" : "FALSE";
    if (type == "str") return words(text);          // a formula's text
    if (!type.empty() && type != "n") return text;  // e: an error; d: an ISO date
    double amount = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
    if (error != std::errc() || end != text.data() + text.size()) return text;
    return format ? format->show(amount, book_.since_1904) : general_number(amount);
  }

  std::string shared(std::string_view text) {
    const auto index = number(text, book_.strings.size());
    if (index < book_.strings.size()) return book_.strings[index];
    if (!broken_cell_)
      broken_cell_ =
          "a cell refers to shared string " + std::string(text) + ", there are " + std::to_string(book_.strings.size());
    out_.note("not all of it was read: " + *broken_cell_);
    return {};
  }

  const Source& source_;
  Zip& zip_;
  Writer& out_;
  Parts sheets_;
  OfficeParts parts_;
  Book book_;
  bool any_cell_ = false;
  std::optional<std::string> broken_cell_;
};

}  // namespace

Document load_xlsx(const Source& source) {
  Zip zip(source);
  Writer out(source);
  Parts(source, out).read_extra([&] { out.title(office_title(source, zip)); });
  Workbook(source, zip, out).write();
  return out.finish();
}

}  // namespace hanok::text
