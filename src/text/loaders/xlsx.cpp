// Excel: a sheet is a page, its name a heading, a row a line of "header: value". ECMA-376 part 1, chapter 18.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <set>

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

// A string item: plain text or runs; not the phonetic guide (rPh) of Japanese and Korean.
std::string item_text(const pugi::xml_node& item) {
  std::string text;
  for (const auto& c : item.children()) {
    if (local_name(c) == "t") text += all_text(c);
    if (local_name(c) == "r") text += all_text(child(c, "t"));
  }
  return text;
}

std::vector<std::string> shared_strings(const Source& source, Zip& zip) {
  std::vector<std::string> strings;
  auto bytes = zip.find("xl/sharedStrings.xml");
  if (!bytes) return strings;
  const Xml xml(source, "xl/sharedStrings.xml", std::move(*bytes));
  for (const auto& item : xml.root().children())
    if (local_name(item) == "si") strings.push_back(item_text(item));
  return strings;
}

// ---- dates: a cell holds days since 1900 and only its style says so
// --------------------------------------------------

bool is_date_format(int id) {
  return (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) || (id >= 50 && id <= 58);
}

bool is_date_format(std::string_view code) {
  bool quoted = false;
  for (const char c : code) {
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == 'y' || c == 'd')) return true;
    if (c == '[') return false;  // [Red], [h]: colours and durations
  }
  return false;
}

// Indexes of cellXfs that show dates.
std::set<uint32_t> date_styles(const Source& source, Zip& zip) {
  std::set<uint32_t> styles;
  auto bytes = zip.find("xl/styles.xml");
  if (!bytes) return styles;
  const Xml xml(source, "xl/styles.xml", std::move(*bytes));
  std::set<int> formats;
  for (const auto& format : child(xml.root(), "numFmts").children())
    if (is_date_format(attribute(format, "formatCode"))) formats.insert(number(attribute(format, "numFmtId"), -1));
  uint32_t index = 0;
  for (const auto& style : child(xml.root(), "cellXfs").children()) {
    const int format = number(attribute(style, "numFmtId"), 0);
    if (is_date_format(format) || formats.contains(format)) styles.insert(index);
    ++index;
  }
  return styles;
}

// Days since 1899-12-30 -> "2025-03-01" or "2025-03-01 09:30". Civil-from-days of H. Hinnant, chrono-compatible
// algorithms.
std::string date_text(double serial) {
  const auto minutes = static_cast<int64_t>(std::llround(serial * 1440));
  const int64_t z = minutes / 1440 - 25569 + 719468;
  const int64_t era = z / 146097;
  const int64_t doe = z - era * 146097;
  const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const int64_t mp = (5 * doy + 2) / 153;
  const int64_t day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;
  const int64_t year = yoe + era * 400 + (month <= 2), minute = minutes % 1440;
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02d-%02d", static_cast<int>(year), static_cast<int>(month),
                static_cast<int>(day));
  std::string out = text;
  std::snprintf(text, sizeof text, "%02d:%02d", static_cast<int>(minute / 60), static_cast<int>(minute % 60));
  if (serial < 1) return text;  // a time of day alone
  return minute == 0 ? out : out + " " + text;
}

// ----------------------------------------------------------------------------------------------------------------------

class Sheet {
 public:
  Sheet(const Source& source, const std::vector<std::string>& strings, const std::set<uint32_t>& dates)
      : source_(source), strings_(strings), dates_(dates) {}

  void write(const pugi::xml_node& root, Writer& out) const {
    RowWriter rows(out);
    for (const auto& node : child(root, "sheetData").children()) {
      Row row;
      for (const auto& cell : node.children())
        row.push_back({column_of(attribute(cell, "r"), row.empty() ? 0 : row.back().column + 1), value(cell)});
      rows.add(row);
    }
    rows.finish();
  }

 private:
  std::string value(const pugi::xml_node& cell) const {
    const auto type = attribute(cell, "t");
    if (type == "inlineStr") return item_text(child(cell, "is"));
    const std::string text = all_text(child(cell, "v"));
    if (type == "s") return shared(text);
    if (type == "b") return text == "1" ? "TRUE" : "FALSE";
    if (!type.empty() && type != "n") return text;  // str: a formula's text; e: an error; d: an ISO date
    const double amount = number(text, std::nan(""));
    constexpr double kLastDay = 2958466;  // 9999-12-31
    if (dates_.contains(number(attribute(cell, "s"), 0u)) && amount >= 0 && amount < kLastDay) return date_text(amount);
    return text;
  }

  std::string shared(std::string_view text) const {
    const auto index = number(text, strings_.size());
    if (index < strings_.size()) return strings_[index];
    source_.fail(Code::Corrupt, "a cell refers to shared string " + std::string(text) + ", there are " +
                                    std::to_string(strings_.size()));
  }

  const Source& source_;
  const std::vector<std::string>& strings_;
  const std::set<uint32_t>& dates_;
};

}  // namespace

Document load_xlsx(const Source& source) {
  Zip zip(source);
  Writer out(source);
  out.title(office_title(source, zip));
  const std::string main = "xl/workbook.xml";
  const Xml workbook(source, main, zip.read(main));
  const Relationships relations(source, zip, main);
  const auto strings = shared_strings(source, zip);
  const auto dates = date_styles(source, zip);
  const Sheet sheet(source, strings, dates);
  int number = 0;
  for (const auto& entry : child(workbook.root(), "sheets").children()) {
    if (local_name(entry) != "sheet") continue;
    const std::string name = relations.by_id(attribute(entry, "id"));
    out.page(++number);
    out.heading(1, attribute(entry, "name"));
    const Xml xml(source, name, zip.read(name));
    sheet.write(xml.root(), out);
  }
  return out.finish();
}

}  // namespace hanok::text
