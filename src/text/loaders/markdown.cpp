// Markdown by md4c: the words without the marks; headings with levels; front matter gives the title.
#include <md4c.h>

#include <exception>
#include <new>

#include "text/loaders/writer.h"

namespace hanok::text {
namespace {

struct Walk {
  Writer& out;
  std::string heading;  // collects while in a heading
  bool in_heading = false;
  bool quiet = false;  // inside raw HTML
  int cell = 0;
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

void enter(Walk& walk, MD_BLOCKTYPE type, void* detail) {
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
    case MD_BLOCK_TR:
      walk.out.line(), walk.cell = 0;
      break;
    case MD_BLOCK_TH:
    case MD_BLOCK_TD:
      if (walk.cell++ > 0) walk.out.text(" | ");
      break;
    case MD_BLOCK_HTML:
      walk.quiet = true;
      break;
    case MD_BLOCK_P:
      break;
    default:
      walk.out.line();
  }
}

void leave(Walk& walk, MD_BLOCKTYPE type, void* detail) {
  switch (type) {
    case MD_BLOCK_H:
      walk.in_heading = false;
      walk.out.heading(static_cast<int>(static_cast<const MD_BLOCK_H_DETAIL*>(detail)->level), walk.heading);
      walk.heading.clear();
      break;
    case MD_BLOCK_HTML:
      walk.quiet = false;
      break;
    case MD_BLOCK_P:
    case MD_BLOCK_CODE:
    case MD_BLOCK_TABLE:
    case MD_BLOCK_UL:
    case MD_BLOCK_OL:
      walk.out.paragraph();
      break;
    default:
      break;
  }
}

std::string_view entity(std::string_view name) {
  if (name == "&nbsp;") return "\xC2\xA0";
  if (name == "&amp;") return "&";
  if (name == "&lt;") return "<";
  if (name == "&gt;") return ">";
  if (name == "&quot;") return "\"";
  return name;  // rare ones stay as written
}

void words(Walk& walk, MD_TEXTTYPE type, std::string_view text) {
  if (type == MD_TEXT_HTML || walk.quiet) return;
  if (type == MD_TEXT_NULLCHAR) return;
  if (type == MD_TEXT_BR || type == MD_TEXT_SOFTBR) text = walk.in_heading ? " " : "\n";
  if (type == MD_TEXT_ENTITY) text = entity(text);
  if (walk.in_heading)
    walk.heading += text;
  else
    walk.out.text(text);
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
  const std::string_view body = strip_front_matter(text, out);
  Walk walk{out};
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
  return out.finish();
}

}  // namespace hanok::text
