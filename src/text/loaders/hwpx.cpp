// HWPX, the open format of Hangul word processors: zip + OWPML. KS X 6101.
#include <charconv>
#include <map>

#include "text/loaders/writer.h"
#include "text/loaders/xml.h"

namespace hanok::text {
namespace {

using Levels = std::map<std::string, int, std::less<>>;  // id of a style -> heading level

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

Levels read_levels(const Source& source, Zip& zip) {
  Levels levels;
  auto bytes = zip.find("Contents/header.xml");
  if (!bytes) return levels;
  const Xml xml(source, "Contents/header.xml", std::move(*bytes));
  each(xml.root(), "style", [&](const pugi::xml_node& style) {
    int level = outline_level(attribute(style, "name"));
    if (level == 0) level = outline_level(attribute(style, "engName"));
    if (level > 0) levels.emplace(attribute(style, "id"), level);
  });
  return levels;
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
  Section(const Levels& levels, Writer& out) : levels_(levels), out_(out) {}

  void paragraph(const pugi::xml_node& p) {
    const auto level = levels_.find(attribute(p, "styleIDRef"));
    std::string text;
    for (const auto& run : p.children())
      if (local_name(run) == "run") inlines(run, text, level == levels_.end());
    if (level != levels_.end()) return out_.heading(level->second, text);
    flush(text);
  }

 private:
  // Character data with its control elements. A table or text box stands between what is before and after it.
  void inlines(const pugi::xml_node& node, std::string& text, bool may_break) {
    for (const auto& c : node.children()) {
      if (c.type() == pugi::node_pcdata || c.type() == pugi::node_cdata) {
        if (local_name(node) == "t" || text_depth_ > 0) text += c.value();
        continue;
      }
      const auto name = local_name(c);
      if (name == "t")
        ++text_depth_, inlines(c, text, may_break), --text_depth_;
      else if (name == "tab" || name == "nbSpace" || name == "fwSpace")
        text += ' ';
      else if (name == "lineBreak")
        text += '\n';
      else if (name == "hyphen")
        text += '-';
      else if (name == "tbl" && may_break)
        flush(text), table(c);
      else if (name == "subList" && may_break)
        flush(text), paragraphs(c);
      else if (name == "header" || name == "footer" || name == "secPr" || name == "shapeComment" ||
               name == "hiddenComment")
        continue;
      else
        inlines(c, text, may_break);
    }
  }

  void paragraphs(const pugi::xml_node& list) {
    const int depth = std::exchange(text_depth_, 0);
    for (const auto& c : list.children())
      if (local_name(c) == "p") paragraph(c);
    text_depth_ = depth;
  }

  void table(const pugi::xml_node& tbl) {
    out_.paragraph();
    each(tbl, "tr", [&](const pugi::xml_node& row) {
      out_.line();
      bool first = true;
      each(row, "tc", [&](const pugi::xml_node& cell) {
        std::string text;
        each(cell, "t", [&](const pugi::xml_node& t) { text += all_text(t) + ' '; });
        if (!first) out_.text(" | ");
        out_.text(collapse_blanks(text));
        first = false;
      });
    });
    out_.paragraph();
  }

  void flush(std::string& text) {
    const auto words = trim(text);
    if (!words.empty()) out_.paragraph(), out_.text(words), out_.paragraph();
    text.clear();
  }

  const Levels& levels_;
  Writer& out_;
  int text_depth_ = 0;
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
  if (auto bytes = zip.find("Contents/content.hpf")) {
    const Xml package(source, "Contents/content.hpf", std::move(*bytes));
    out.title(all_text(child(child(package.root(), "metadata"), "title")));
  }
  const auto parts = sections(zip);
  if (parts.empty()) zip.read("Contents/section0.xml");  // says that it is missing
  const Levels levels = read_levels(source, zip);
  for (const auto& [number, name] : parts) {
    const Xml xml(source, name, zip.read(name));
    Section section(levels, out);
    for (const auto& p : xml.root().children())
      if (local_name(p) == "p") section.paragraph(p);
  }
  return out.finish();
}

}  // namespace hanok::text
