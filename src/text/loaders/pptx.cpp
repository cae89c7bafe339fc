// PowerPoint: a slide is a page, its title a heading; tables and speaker notes are kept. ECMA-376 part 1, chapter 19.
#include "text/loaders/writer.h"
#include "text/loaders/xml.h"

namespace hanok::text {
namespace {

std::string paragraph_text(const pugi::xml_node& p) {
  std::string text;
  for (const auto& c : p.children()) {
    const auto name = local_name(c);
    if (name == "r" || name == "fld") text += all_text(child(c, "t"));
    if (name == "br") text += '\n';
  }
  return text;
}

std::string placeholder(const pugi::xml_node& shape) {
  std::string type;
  each(shape, "ph", [&](const pugi::xml_node& ph) { type = attribute(ph, "type"); });
  return type;
}

void shape_text(const pugi::xml_node& shape, Writer& out) {
  out.paragraph();
  each(shape, "p", [&](const pugi::xml_node& p) {
    const std::string text = paragraph_text(p);
    if (trim(text).empty()) return;
    out.line();
    out.text(trim(text));
  });
  out.paragraph();
}

void table(const pugi::xml_node& node, Writer& out) {
  out.paragraph();
  each(node, "tr", [&](const pugi::xml_node& row) {
    out.line();
    bool first = true;
    each(row, "tc", [&](const pugi::xml_node& cell) {
      std::string text;
      each(cell, "p", [&](const pugi::xml_node& p) { text += paragraph_text(p) + ' '; });
      if (!first) out.text(" | ");
      out.text(collapse_blanks(text));
      first = false;
    });
  });
  out.paragraph();
}

bool is_title(const pugi::xml_node& shape) {
  const std::string type = placeholder(shape);
  return type == "title" || type == "ctrTitle";
}

// Shapes in their order, groups opened; the title first, wherever it was drawn.
void shapes(const pugi::xml_node& tree, Writer& out) {
  for (const auto& node : tree.children()) {
    const auto name = local_name(node);
    if (name == "sp" && !is_title(node))
      shape_text(node, out);
    else if (name == "graphicFrame")
      each(node, "tbl", [&](const pugi::xml_node& t) { table(t, out); });
    else if (name == "grpSp")
      shapes(node, out);
  }
}

void title_of(const pugi::xml_node& root, Writer& out) {
  each(root, "sp", [&](const pugi::xml_node& shape) {
    if (!is_title(shape)) return;
    std::string text;
    each(shape, "p", [&](const pugi::xml_node& p) { text += paragraph_text(p) + ' '; });
    out.heading(1, text);
  });
}

void notes(const Source& source, Zip& zip, const std::string& slide, Writer& out) {
  const std::string name = Relationships(source, zip, slide).by_type("/notesSlide");
  if (name.empty()) return;
  const Xml xml(source, name, zip.read(name));
  each(xml.root(), "sp", [&](const pugi::xml_node& shape) {
    if (placeholder(shape) == "body") shape_text(shape, out);  // not the slide's picture and number
  });
}

}  // namespace

Document load_pptx(const Source& source) {
  Zip zip(source);
  Writer out(source);
  out.title(office_title(source, zip));
  const std::string main = "ppt/presentation.xml";
  const Xml presentation(source, main, zip.read(main));
  const Relationships relations(source, zip, main);
  int number = 0;
  each(presentation.root(), "sldId", [&](const pugi::xml_node& entry) {
    // The attribute r:id; "id" without a prefix is another one.
    std::string id;
    for (const auto& a : entry.attributes())
      if (std::string_view(a.name()).ends_with(":id")) id = a.value();
    const std::string name = relations.by_id(id);
    const Xml slide(source, name, zip.read(name));
    out.page(++number);
    title_of(slide.root(), out);
    each(slide.root(), "spTree", [&](const pugi::xml_node& tree) { shapes(tree, out); });
    notes(source, zip, name, out);
  });
  return out.finish();
}

}  // namespace hanok::text
