// Markdown by md4c: the words without the marks; headings with levels; front matter gives the title. HTML inside is
// read as html.cpp reads it.
#include <md4c.h>

#include <array>
#include <charconv>
#include <exception>
#include <new>
#include <utility>

#include "base/ascii.h"
#include "text/loaders/html.h"
#include "text/loaders/parts.h"
#include "text/loaders/raised.h"
#include "text/loaders/writer.h"
#include "text/utf8.h"

namespace hanok::text {
namespace {

struct Walk {
  const Source& source;
  Writer& out;
  std::string heading;  // collects while in a heading
  std::string html;     // collects blocks of HTML that follow one another: a table may have blank lines in it
  std::string raised;   // collects inside <sup> and <sub>
  int side = 0;         // 1 inside <sup>, -1 inside <sub>
  bool in_heading = false;
  bool in_html = false;
  bool in_table = false;
  int cell = 0;
  int html_level = 0;        // of a heading written as <h2>
  std::exception_ptr error;  // C callbacks must not throw: it waits here
};

template <typename F>
int guarded(void* user, F body) {
  Walk& walk = *static_cast<Walk*>(user);
  try {
    body(walk);
    return 0;
  } catch (...) {
    walk.error = std::current_exception();
    return 1;
  }
}

// ---- HTML
// ------------------------------------------------------------------------------------------------------------

// "<td class=x>" -> "td"; "</SUP>" -> "/sup".
std::string tag_name(std::string_view tag) {
  if (!tag.starts_with('<')) return {};
  tag.remove_prefix(1);
  size_t end = tag.starts_with('/') ? 1 : 0;
  while (end < tag.size() && !is_blank(tag[end]) && tag[end] != '>' && tag[end] != '/') ++end;
  return base::lower(tag.substr(0, end));
}

void write_block(Walk& walk) {
  std::string html = std::exchange(walk.html, {});
  if (trim(html).empty()) return;
  const std::string first = tag_name(trim(html));
  for (const std::string_view part : {"tr", "td", "th", "tbody", "thead"})  // of a table that a paragraph interrupted
    if (first == part) html.insert(0, part == "td" || part == "th" ? "<table><tr>" : "<table>");
  walk.out.paragraph();
  Parts(walk.source, walk.out).read_extra([&] { write_html(walk.source, html, walk.out); });
  walk.out.paragraph();
}

void put(Walk& walk, std::string_view text) {
  if (walk.side != 0)
    walk.raised += text;
  else if (walk.in_heading)
    walk.heading += text;
  else
    walk.out.text(text);
}

void line_break(Walk& walk) {
  if (walk.in_heading || walk.in_table)
    put(walk, " ");
  else
    put(walk, "\n");
}

void end_heading(Walk& walk) {
  if (walk.html_level == 0) return;
  walk.in_heading = false;
  walk.out.heading(std::exchange(walk.html_level, 0), std::exchange(walk.heading, {}));
}

// A tag among words. md4c gives each by itself, and the words between as words.
void inline_tag(Walk& walk, std::string_view tag) {
  const std::string name = tag_name(tag);
  if (name == "br" || name == "br/") return line_break(walk);
  if (name == "sup" || name == "sub") {
    walk.side = name == "sup" ? 1 : -1;
  } else if ((name == "/sup" || name == "/sub") && walk.side != 0) {
    const std::string_view before = walk.in_heading ? std::string_view(walk.heading) : walk.out.written();
    const std::string raised = std::exchange(walk.raised, {});
    const std::string text = walk.side > 0 ? superscript(before, raised) : subscript(before, raised);
    walk.side = 0;
    put(walk, text);
  } else if (name.size() == 2 && name[0] == 'h' && name[1] >= '1' && name[1] <= '6' && !walk.in_heading &&
             !walk.in_table) {
    walk.in_heading = true;
    walk.html_level = name[1] - '0';
  } else if (name.starts_with("/h") && walk.html_level > 0) {
    end_heading(walk);
  } else if (name == "rt") {
    put(walk, "(");
  } else if (name == "/rt") {
    put(walk, ")");
  } else if (name == "img") {
    const size_t alt = base::lower(tag).find("alt=\"");
    if (alt == tag.npos) return;
    const auto text = tag.substr(alt + 5);
    put(walk, text.substr(0, text.find('"')));
  } else {
    for (const std::string_view apart :
         {"p", "/p", "div", "/div", "li", "/li", "td", "/td", "tr", "/tr", "/summary", "hr"})
      if (name == apart) return put(walk, " ");
  }
}

// A <sup> that is never closed must not swallow what follows its block.
void end_raised(Walk& walk) {
  if (walk.side == 0) return;
  walk.side = 0;
  put(walk, std::exchange(walk.raised, {}));
}

// ---- blocks
// ------------------------------------------------------------------------------------------------------------

void enter(Walk& walk, MD_BLOCKTYPE type, void* detail) {
  if (type != MD_BLOCK_HTML) write_block(walk);
  switch (type) {
    case MD_BLOCK_H:
      walk.in_heading = true;
      break;
    case MD_BLOCK_LI: {
      walk.out.line();
      const auto* item = static_cast<const MD_BLOCK_LI_DETAIL*>(detail);
      walk.out.text(item->is_task ? (item->task_mark == ' ' ? "- [ ] " : "- [x] ") : "- ");
      break;
    }
    case MD_BLOCK_TABLE:
      walk.in_table = true;
      walk.out.paragraph();  // its first row is the header: nothing may stand right above
      break;
    case MD_BLOCK_TR:
      walk.out.line(), walk.cell = 0;
      break;
    case MD_BLOCK_TH:
    case MD_BLOCK_TD:
      if (walk.cell++ > 0) walk.out.text(" | ");
      break;
    case MD_BLOCK_HTML:
      walk.in_html = true;
      break;
    case MD_BLOCK_P:
      break;
    default:
      walk.out.line();
  }
}

void leave(Walk& walk, MD_BLOCKTYPE type, void* detail) {
  if (type == MD_BLOCK_HTML) {
    walk.in_html = false;
    return;
  }
  write_block(walk);
  end_raised(walk);
  end_heading(walk);
  switch (type) {
    case MD_BLOCK_H:
      walk.in_heading = false;
      walk.out.heading(static_cast<int>(static_cast<const MD_BLOCK_H_DETAIL*>(detail)->level), walk.heading);
      walk.heading.clear();
      break;
    case MD_BLOCK_TABLE:
      walk.in_table = false;
      walk.out.paragraph();
      break;
    case MD_BLOCK_P:
    case MD_BLOCK_CODE:
    case MD_BLOCK_UL:
    case MD_BLOCK_OL:
      walk.out.paragraph();
      break;
    default:
      break;
  }
}

// ---- text
// ------------------------------------------------------------------------------------------------------------

std::string entity(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 24> kNamed{
      {{"&nbsp;", "\xC2\xA0"}, {"&amp;", "&"},   {"&lt;", "<"},     {"&gt;", ">"},     {"&quot;", "\""},
       {"&apos;", "'"},        {"&mdash;", "—"}, {"&ndash;", "–"},  {"&hellip;", "…"}, {"&copy;", "©"},
       {"&reg;", "®"},         {"&trade;", "™"}, {"&deg;", "°"},    {"&plusmn;", "±"}, {"&times;", "×"},
       {"&euro;", "€"},        {"&pound;", "£"}, {"&yen;", "¥"},    {"&middot;", "·"}, {"&bull;", "•"},
       {"&rarr;", "→"},        {"&larr;", "←"},  {"&frac12;", "½"}, {"&sup2;", "²"}}};
  for (const auto& [written, meant] : kNamed)
    if (name == written) return std::string(meant);
  if (!name.starts_with("&#")) return std::string(name);  // rare ones stay as written
  const bool hex = name.size() > 2 && (name[2] == 'x' || name[2] == 'X');
  const std::string_view digits = name.substr(hex ? 3 : 2);
  uint32_t code = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
  std::string out;
  append_utf8(out, code == 0 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000) ? 0xFFFD : code);
  return out;
}

void words(Walk& walk, MD_TEXTTYPE type, std::string_view text) {
  if (walk.in_html) {
    walk.html += type == MD_TEXT_NULLCHAR ? std::string_view() : text;
    return;
  }
  if (type == MD_TEXT_HTML) return inline_tag(walk, text);
  if (type == MD_TEXT_NULLCHAR) return;
  if (type == MD_TEXT_BR || type == MD_TEXT_SOFTBR) return line_break(walk);
  if (type == MD_TEXT_ENTITY) return put(walk, entity(text));
  put(walk, text);
}

// ---- what comes before md4c
// ------------------------------------------------------------------------------------------------------------

// "|--|:-:|": a line of a table's rule; `columns` with fewer than three hyphens, which md4c 0.4 does not take.
bool is_short_rule(std::string_view line) {
  line = trim(line);
  if (line.find('|') == line.npos || line.find_first_not_of("|-: ") != line.npos) return false;
  bool is_short = false;
  for (size_t at = line.find('-'); at != line.npos;) {
    const size_t end = std::min(line.find_first_not_of('-', at), line.size());
    is_short |= end - at < 3;
    at = line.find('-', end);
  }
  return is_short;
}

// Rules of tables with at least three hyphens a column; the rest as it was, code above all.
std::string widen_rules(std::string_view text) {
  std::string out;
  std::string_view last;  // the line before
  char fence = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    const std::string_view inside = trim(line);
    if (inside.starts_with("```") || inside.starts_with("~~~"))
      fence = fence == 0 ? inside[0] : fence == inside[0] ? 0 : fence;
    if (fence == 0 && last.find('|') != last.npos && !line.starts_with("    ") && is_short_rule(line)) {
      for (const char c : line) out += c == '-' ? "---" : std::string_view(&c, 1);
    } else {
      out += line;
    }
    if (end < text.size()) out += '\n';
    last = line;
    at = end + 1;
  }
  return out;
}

// "---\ntitle: X\n---\n" (Jekyll, Hugo, Obsidian): taken off; its title kept.
std::string_view strip_front_matter(std::string_view text, Writer& out) {
  const bool lf = text.starts_with("---\n"), crlf = text.starts_with("---\r\n");
  if (!lf && !crlf) return text;
  std::string_view title;
  for (size_t at = lf ? 4 : 5; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = trim(text.substr(at, end - at));
    at = std::min(end + 1, text.size());
    if (line == "---" || line == "...") {
      if (title.size() > 1 && (title.front() == '"' || title.front() == '\'') && title.back() == title.front())
        title = title.substr(1, title.size() - 2);
      out.title(title);
      return text.substr(at);
    }
    if (line.starts_with("title:")) title = trim(line.substr(6));
  }
  return text;  // never closed: a rule, not front matter
}

}  // namespace

Document load_markdown(const Source& source) {
  const std::string text = decode_text(source);
  Writer out(source);
  const std::string body = widen_rules(strip_front_matter(text, out));
  Walk walk{source, out};
  MD_PARSER parser{};
  parser.flags = MD_DIALECT_GITHUB;
  parser.enter_block = [](MD_BLOCKTYPE type, void* detail, void* user) {
    return guarded(user, [&](Walk& w) { enter(w, type, detail); });
  };
  parser.leave_block = [](MD_BLOCKTYPE type, void* detail, void* user) {
    return guarded(user, [&](Walk& w) { leave(w, type, detail); });
  };
  parser.enter_span = [](MD_SPANTYPE, void*, void*) { return 0; };
  parser.leave_span = [](MD_SPANTYPE, void*, void*) { return 0; };
  parser.text = [](MD_TEXTTYPE type, const MD_CHAR* text, MD_SIZE size, void* user) {
    return guarded(user, [&](Walk& w) { words(w, type, {text, size}); });
  };
  const int failed = md_parse(body.data(), static_cast<MD_SIZE>(body.size()), &parser, &walk);
  if (walk.error) std::rethrow_exception(walk.error);
  if (failed) throw std::bad_alloc();  // md4c's only other failure
  write_block(walk);
  return out.finish();
}

}  // namespace hanok::text
