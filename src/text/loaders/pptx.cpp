// PowerPoint: a slide is a page, its title a heading; tables, charts, diagrams, speaker notes and comments are kept.
// ECMA-376 part 1, chapter 19.
#include <algorithm>
#include <charconv>

#include "text/loaders/grid.h"
#include "text/loaders/office_parts.h"
#include "text/loaders/writer.h"
#include "text/loaders/xml.h"

namespace hanok::text {
namespace {

std::string placeholder(const pugi::xml_node& shape) {
  std::string type;
  each(shape, "ph", [&](const pugi::xml_node& ph) { type = attribute(ph, "type"); });
  return type;
}

void shape_text(const pugi::xml_node& shape, Writer& out) {
  out.paragraph();
  write_drawing_text(shape, out);
  out.paragraph();
}

size_t span(const pugi::xml_node& cell, std::string_view name) {
  size_t value = 1;
  const auto text = attribute(cell, name);
  std::from_chars(text.data(), text.data() + text.size(), value);
  return std::clamp<size_t>(value, 1, 1000);
}

bool is_true(std::string_view value) { return value == "1" || value == "true"; }

void table(const pugi::xml_node& node, Writer& out) {
  Grid grid(out);
  each(node, "tr", [&](const pugi::xml_node& row) {
    std::vector<GridCell> cells;
    size_t column = 0;
    each(row, "tc", [&](const pugi::xml_node& cell) {
      const size_t here = column++;  // a cell that another covers is there all the same, marked
      if (is_true(attribute(cell, "hMerge")) || is_true(attribute(cell, "vMerge"))) return;
      std::string text;
      each(cell, "p", [&](const pugi::xml_node& p) { text += drawing_paragraph(p) + ' '; });
      cells.push_back({text, span(cell, "gridSpan"), span(cell, "rowSpan"), here});
    });
    grid.row(cells);
  });
  grid.finish();
}

bool is_title(const pugi::xml_node& shape) {
  const std::string type = placeholder(shape);
  return type == "title" || type == "ctrTitle";
}

class Presentation {
 public:
  Presentation(const Source& source, Zip& zip, Writer& out)
      : source_(source), zip_(zip), out_(out), slides_(source, out), parts_(source, zip, out) {}

  void write() {
    const std::string main = "ppt/presentation.xml";
    const Xml presentation(source_, main, zip_.read(main));
    const Relationships relations(source_, zip_, main);
    int number = 0;
    each(presentation.root(), "sldId", [&](const pugi::xml_node& entry) {
      // The attribute r:id; "id" without a prefix is another one.
      std::string id;
      for (const auto& a : entry.attributes())
        if (std::string_view(a.name()).ends_with(":id")) id = a.value();
      ++number;
      slides_.read([&] { slide(relations.by_id(id), number); });
    });
    slides_.check();
  }

 private:
  void slide(const std::string& name, int number) {
    const Xml slide(source_, name, zip_.read(name));
    Relationships relations;
    slides_.read_extra([&] { relations = Relationships(source_, zip_, name); });
    out_.page(number);
    title_of(slide.root());
    each(slide.root(), "spTree", [&](const pugi::xml_node& tree) { shapes(tree, relations); });
    notes(relations.by_type("/notesSlide"));
    for (const auto& part : relations.all_by_type("/comments")) comments(part);
  }

  // Shapes in their order, groups opened; the title first, wherever it was drawn.
  void shapes(const pugi::xml_node& tree, const Relationships& relations) {
    for (const auto& node : tree.children()) {
      const auto name = local_name(node);
      if ((name == "sp" || name == "cxnSp") && !is_title(node)) {
        shape_text(node, out_);
      } else if (name == "graphicFrame") {
        each(node, "tbl", [&](const pugi::xml_node& t) { table(t, out_); });
        parts_.graphics(node, relations);
      } else if (name == "AlternateContent") {
        shapes(child(node, "Choice"), relations);
      } else if (name == "grpSp") {
        shapes(node, relations);
      }
    }
  }

  void title_of(const pugi::xml_node& root) {
    each(root, "sp", [&](const pugi::xml_node& shape) {
      if (!is_title(shape)) return;
      std::string text;
      each(shape, "p", [&](const pugi::xml_node& p) { text += drawing_paragraph(p) + ' '; });
      out_.heading(1, text);
    });
  }

  void notes(const std::string& part) {
    parts_.extra(part, [&](const pugi::xml_node& root) {
      each(root, "sp", [&](const pugi::xml_node& shape) {
        if (placeholder(shape) == "body") shape_text(shape, out_);  // not the slide's picture and number
      });
    });
  }

  // Both kinds: <p:cm><p:text>, and since 2018 <p188:cm><p188:txBody> with replies in it.
  void comments(const std::string& part) {
    parts_.extra(part, [&](const pugi::xml_node& root) {
      out_.paragraph();
      each(root, "cm", [&](const pugi::xml_node& comment) {
        each(comment, "text", [&](const pugi::xml_node& text) { write_comment({}, {}, all_text(text), out_); });
        write_drawing_text(comment, out_);
      });
      out_.paragraph();
    });
  }

  const Source& source_;
  Zip& zip_;
  Writer& out_;
  Parts slides_;
  OfficeParts parts_;
};

}  // namespace

Document load_pptx(const Source& source) {
  Zip zip(source);
  Writer out(source);
  Parts(source, out).read_extra([&] { out.title(office_title(source, zip)); });
  Presentation(source, zip, out).write();
  return out.finish();
}

}  // namespace hanok::text
