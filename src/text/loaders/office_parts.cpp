#include "text/loaders/office_parts.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <vector>

#include "text/loaders/grid.h"
#include "text/loaders/number_format.h"
#include "text/loaders/raised.h"

namespace hanok::text {
namespace {

constexpr size_t kMostPoints = 10'000;  // of a series: a chart with more is not read by eye

int baseline(const pugi::xml_node& run) {
  int value = 0;
  const auto text = attribute(child(run, "rPr"), "baseline");
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// Values of a series by their index: strRef/strCache/pt, numRef/numCache/pt, numLit/pt.
using Points = std::map<size_t, std::string>;

Points points(const pugi::xml_node& node) {
  Points out;
  NumberFormat format;
  each(node, "formatCode", [&](const pugi::xml_node& code) { format = NumberFormat(all_text(code)); });
  pugi::xml_node holder = node;
  each(node, "lvl",
       [&](const pugi::xml_node& level) {  // of several levels of categories the first, which is the finest
         if (holder == node) holder = level;
       });
  each(holder, "pt", [&](const pugi::xml_node& point) {
    if (out.size() >= kMostPoints) return;
    size_t index = 0;
    const auto text = attribute(point, "idx");
    std::from_chars(text.data(), text.data() + text.size(), index);
    const std::string raw = all_text(child(point, "v"));
    double value = 0;
    const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), value);
    const bool is_number = error == std::errc() && end == raw.data() + raw.size();
    const bool is_text =
        std::string_view(local_name(point.parent())).starts_with("str") || local_name(point.parent()) == "lvl";
    out[index] = is_number && !is_text ? format.show(value) : raw;
  });
  return out;
}

std::string first_of(const Points& points) { return points.empty() ? std::string() : points.begin()->second; }

std::string series_name(const pugi::xml_node& series) {
  const auto tx = child(series, "tx");
  const std::string cached = first_of(points(tx));
  return cached.empty() ? all_text(child(tx, "v")) : cached;
}

std::string plain_text(const pugi::xml_node& node) {
  std::string text;
  each(node, "p", [&](const pugi::xml_node& p) { text += drawing_paragraph(p) + ' '; });
  return collapse_blanks(text);
}

void write_line(std::string_view text, Writer& out) {
  if (trim(text).empty()) return;
  out.line();
  out.text(trim(text));
  out.line();
}

void write_chart(const pugi::xml_node& root, Writer& out) {
  out.paragraph();
  each(root, "title", [&](const pugi::xml_node& title) {  // the chart's and its axes'
    const std::string rich = plain_text(title);
    write_line(rich.empty() ? first_of(points(title)) : rich, out);
  });
  std::vector<GridCell> names(1);
  std::vector<Points> columns;
  Points categories;
  each(root, "ser", [&](const pugi::xml_node& series) {
    for (const char* kind : {"cat", "xVal"})
      if (categories.empty()) categories = points(child(series, kind));
    for (const char* kind : {"val", "yVal", "bubbleSize"}) {
      const auto values = child(series, kind);
      if (!values) continue;
      names.push_back({series_name(series)});
      columns.push_back(points(values));
    }
  });
  if (columns.empty()) return out.paragraph();
  Grid grid(out);
  if (std::any_of(names.begin(), names.end(), [](const GridCell& c) { return !c.text.empty(); })) grid.row(names);
  std::map<size_t, bool> indexes;
  for (const auto& [index, text] : categories) indexes[index] = true;
  for (const auto& column : columns)
    for (const auto& [index, text] : column) indexes[index] = true;
  for (const auto& [index, here] : indexes) {
    const auto at = [&, index = index](const Points& p) { return p.contains(index) ? p.at(index) : std::string(); };
    std::vector<GridCell> row{{at(categories)}};
    for (const auto& column : columns) row.push_back({at(column)});
    grid.row(row);
  }
  grid.finish();
}

}  // namespace

std::string drawing_paragraph(const pugi::xml_node& p) {
  RaisedText text;
  for (const auto& c : p.children()) {
    const auto name = local_name(c);
    if (name == "br")
      text.add("\n");
    else if (name == "r" || name == "fld")
      text.add(all_text(child(c, "t")), baseline(c));
    else if (name == "m" || name == "AlternateContent")  // a formula
      each(name == "m" ? c : child(c, "Choice"), "t", [&](const pugi::xml_node& t) { text.add(all_text(t)); });
  }
  return text.take();
}

void write_drawing_text(const pugi::xml_node& node, Writer& out) {
  each(node, "p", [&](const pugi::xml_node& p) { write_line(drawing_paragraph(p), out); });
}

void OfficeParts::extra(const std::string& part, const std::function<void(const pugi::xml_node&)>& read) {
  if (part.empty()) return;
  parts_.read_extra([&] {
    const Xml xml(source_, part, zip_.read(part));
    read(xml.root());
  });
}

void OfficeParts::chart(const std::string& part) {
  extra(part, [&](const pugi::xml_node& root) { write_chart(root, out_); });
}

void OfficeParts::graphics(const pugi::xml_node& node, const Relationships& relations) {
  each(node, "chart", [&](const pugi::xml_node& chart) { this->chart(relations.by_id(attribute(chart, "id"))); });
  each(node, "relIds", [&](const pugi::xml_node& ids) {
    extra(relations.by_id(attribute(ids, "dm")), [&](const pugi::xml_node& root) {
      out_.paragraph();
      write_drawing_text(root, out_);
      out_.paragraph();
    });
  });
}

void write_comment(std::string_view where, std::string_view author, std::string_view text, Writer& out) {
  if (trim(text).empty()) return;
  std::string head(where);
  if (!trim(author).empty()) head += (head.empty() ? "" : ", ") + std::string(trim(author));
  if (!head.empty()) head += ": ";
  out.line();
  out.text(head + collapse_blanks(text));
  out.line();
}

}  // namespace hanok::text
