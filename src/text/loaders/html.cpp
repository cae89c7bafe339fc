#include "text/loaders/html.h"

#include <gumbo.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csetjmp>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "text/loaders/grid.h"
#include "text/loaders/raised.h"

namespace hanok::text {
namespace {

// ---- memory
// ----------------------------------------------------------------------------------------------------------

constexpr size_t kTreeBytesFloor = 64ull << 20;
constexpr size_t kTreeBytesPerByte = 100;  // plain pages need 5 to 20
constexpr size_t kTreeBytesMost = 2ull << 30;

// gumbo's memory, freed as a whole: its own destructor recurses once per level, which deep pages turn into a stack
// overflow. Repeated unclosed formatting tags make the tree quadratic in the input, so there is a budget.
class Arena {
 public:
  explicit Arena(size_t budget) : budget_(budget) {}

  void* allocate(size_t size) {
    size = (size + 15) & ~size_t{15};
    if (size > left_) {
      const size_t block = std::max(size, kBlock);
      if (block > budget_) std::longjmp(give_up, 1);
      budget_ -= block;
      std::unique_ptr<char[]> memory(new (std::nothrow) char[block]);
      if (!memory || !keep(memory)) std::longjmp(give_up, 1);
      at_ = blocks_.back().get();
      left_ = block;
    }
    char* p = at_;
    at_ += size;
    left_ -= size;
    return p;
  }

  std::jmp_buf give_up;  // gumbo is C and checks no allocation: this is the way out

 private:
  static constexpr size_t kBlock = 256 << 10;
  bool keep(std::unique_ptr<char[]>& memory) noexcept {
    try {
      blocks_.push_back(std::move(memory));
      return true;
    } catch (...) {
      return false;
    }
  }
  size_t budget_, left_ = 0;
  char* at_ = nullptr;
  std::vector<std::unique_ptr<char[]>> blocks_;
};

// nullptr when the budget is used up. Only trivial locals here: longjmp runs no destructors.
GumboOutput* parse(Arena& arena, const char* text, size_t size) {
  GumboOptions options = kGumboDefaultOptions;
  options.max_errors = 0;
  options.userdata = &arena;
  options.allocator = [](void* user, size_t bytes) { return static_cast<Arena*>(user)->allocate(bytes); };
  options.deallocator = [](void*, void*) {};
  if (setjmp(arena.give_up) != 0) return nullptr;
  return gumbo_parse_with_options(&options, text, size);
}

// ---- depth
// -----------------------------------------------------------------------------------------------------------

constexpr size_t kMaxDepth = 4096;  // gumbo walks its stack of open elements per tag: time is input times depth

// Elements that have no end tag or may go without one.
constexpr std::array<std::string_view, 30> kUnclosed{
    "area",  "base", "br",    "col",  "colgroup", "dd", "dt",    "embed", "hr",   "img",
    "input", "li",   "link",  "meta", "option",   "p",  "param", "rp",    "rt",   "source",
    "tbody", "td",   "tfoot", "th",   "thead",    "tr", "track", "wbr",   "body", "html"};

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == ':';
}

// An upper estimate by counting tags; comments and scripts are counted too, which is harmless at this limit.
bool too_deep(std::string_view html) {
  size_t depth = 0;
  for (size_t i = html.find('<'); i != html.npos && i + 1 < html.size(); i = html.find('<', i + 1)) {
    const bool closes = html[i + 1] == '/';
    size_t end = i + 1 + closes;
    while (end < html.size() && is_name(html[end])) ++end;
    const std::string name = base::lower(html.substr(i + 1 + closes, end - i - 1 - closes));
    if (name.empty() || std::find(kUnclosed.begin(), kUnclosed.end(), name) != kUnclosed.end()) continue;
    const size_t close = html.find_first_of("<>", end);
    const bool empty_element = close != html.npos && close > 0 && html[close] == '>' && html[close - 1] == '/';
    if (closes)
      depth -= depth > 0;
    else if (!empty_element && ++depth > kMaxDepth)
      return true;
  }
  return false;
}

// ---- text
// ------------------------------------------------------------------------------------------------------------

bool is_skipped(GumboTag tag) {
  switch (tag) {
    case GUMBO_TAG_SCRIPT:
    case GUMBO_TAG_STYLE:
    case GUMBO_TAG_NAV:
    case GUMBO_TAG_NOSCRIPT:
    case GUMBO_TAG_TEMPLATE:
    case GUMBO_TAG_IFRAME:
    case GUMBO_TAG_OBJECT:
    case GUMBO_TAG_SVG:
    case GUMBO_TAG_SELECT:
    case GUMBO_TAG_BUTTON:
    case GUMBO_TAG_TEXTAREA:
    case GUMBO_TAG_RP:  // brackets for browsers that know no ruby: enter() writes its own
      return true;
    default:
      return false;
  }
}

bool is_block(GumboTag tag) {
  switch (tag) {
    case GUMBO_TAG_P:
    case GUMBO_TAG_DIV:
    case GUMBO_TAG_SECTION:
    case GUMBO_TAG_ARTICLE:
    case GUMBO_TAG_HEADER:
    case GUMBO_TAG_FOOTER:
    case GUMBO_TAG_MAIN:
    case GUMBO_TAG_ASIDE:
    case GUMBO_TAG_BLOCKQUOTE:
    case GUMBO_TAG_PRE:
    case GUMBO_TAG_UL:
    case GUMBO_TAG_OL:
    case GUMBO_TAG_DL:
    case GUMBO_TAG_TABLE:
    case GUMBO_TAG_FIGURE:
    case GUMBO_TAG_FIELDSET:
    case GUMBO_TAG_ADDRESS:
    case GUMBO_TAG_DETAILS:
    case GUMBO_TAG_SUMMARY:
      return true;
    default:
      return false;
  }
}

bool is_line(GumboTag tag) {
  switch (tag) {
    case GUMBO_TAG_LI:
    case GUMBO_TAG_TR:
    case GUMBO_TAG_DT:
    case GUMBO_TAG_DD:
    case GUMBO_TAG_BR:
    case GUMBO_TAG_HR:
    case GUMBO_TAG_CAPTION:
    case GUMBO_TAG_FIGCAPTION:
    case GUMBO_TAG_OPTION:
    case GUMBO_TAG_LEGEND:
      return true;
    default:
      return false;
  }
}

int heading_level(GumboTag tag) { return tag >= GUMBO_TAG_H1 && tag <= GUMBO_TAG_H6 ? tag - GUMBO_TAG_H1 + 1 : 0; }

bool is_hidden(const GumboElement& element) {
  if (gumbo_get_attribute(&element.attributes, "hidden")) return true;
  const GumboAttribute* style = gumbo_get_attribute(&element.attributes, "style");
  return style && (std::strstr(style->value, "display:none") || std::strstr(style->value, "display: none"));
}

std::string_view value_of(const GumboElement& element, const char* name) {
  const GumboAttribute* attribute = gumbo_get_attribute(&element.attributes, name);
  return attribute ? std::string_view(attribute->value) : std::string_view();
}

bool is_element(const GumboNode* node, GumboTag tag) {
  return node->type == GUMBO_NODE_ELEMENT && node->v.element.tag == tag;
}

bool is_cell(const GumboNode* node) { return is_element(node, GUMBO_TAG_TD) || is_element(node, GUMBO_TAG_TH); }

// A link that is the mark of a note: EPUB 3 and ARIA say so, and Markdown's converters by their class.
bool is_note_link(const GumboElement& element) {
  if (element.tag != GUMBO_TAG_A) return false;
  return value_of(element, "epub:type").find("noteref") != std::string_view::npos ||
         value_of(element, "role") == "doc-noteref" ||
         value_of(element, "class").find("footnote-ref") != std::string_view::npos;
}

// Every node below `root` in document order, without recursion; `visit` says whether to go into a node.
template <typename F>
void each_node(const GumboNode* root, F visit) {
  const GumboNode* node = root;
  bool into = true;
  for (;;) {
    if (into && (node->type == GUMBO_NODE_ELEMENT || node->type == GUMBO_NODE_TEMPLATE) &&
        node->v.element.children.length > 0) {
      node = static_cast<const GumboNode*>(node->v.element.children.data[0]);
    } else {
      while (node != root && node->index_within_parent + 1 >= node->parent->v.element.children.length)
        node = node->parent;
      if (node == root) return;
      node = static_cast<const GumboNode*>(node->parent->v.element.children.data[node->index_within_parent + 1]);
    }
    into = visit(node);
  }
}

// A table of values rather than one that lays out a page: rows of several cells, no headings, no tables in it, no
// cell as long as a page.
bool is_data_table(const GumboNode* table) {
  constexpr size_t kLongCell = 2000;  // bytes
  size_t in_row = 0, most = 0, bytes = 0;
  bool plain = true;
  each_node(table, [&](const GumboNode* node) {
    if (!plain) return false;
    if (is_element(node, GUMBO_TAG_TR)) in_row = 0;
    if (is_cell(node)) ++in_row, bytes = 0;
    most = std::max(most, in_row);
    if (node->type == GUMBO_NODE_TEXT) bytes += std::strlen(node->v.text.text);
    if (node->type == GUMBO_NODE_ELEMENT)
      plain = node->v.element.tag != GUMBO_TAG_TABLE && heading_level(node->v.element.tag) == 0;
    plain = plain && bytes <= kLongCell;
    return plain;
  });
  return plain && most >= 2;
}

// "<dt>2009<dd>founded": what a term says is on its line. A question as a term stands above its answer, and so does a
// term above paragraphs.
bool says_what_follows(const GumboNode* term, std::string_view written) {
  constexpr std::string_view kEnds = ".:?!,;";
  if (written.empty() || is_blank(written.back()) || kEnds.find(written.back()) != kEnds.npos) return false;
  const GumboVector& siblings = term->parent->v.element.children;
  for (unsigned i = term->index_within_parent + 1; i < siblings.length; ++i) {
    const auto* next = static_cast<const GumboNode*>(siblings.data[i]);
    if (next->type != GUMBO_NODE_ELEMENT) continue;
    if (!is_element(next, GUMBO_TAG_DD)) return false;
    bool plain = true;
    each_node(next, [&](const GumboNode* node) {
      if (node->type == GUMBO_NODE_ELEMENT) plain = plain && !is_block(node->v.element.tag);
      return plain;
    });
    return plain;
  }
  return false;
}

class Reader {
 public:
  explicit Reader(Writer& out) : out_(out) {}

  // In document order without recursion. Each node knows its parent and its place there.
  void walk(const GumboNode* root) {
    const GumboNode* node = root;
    while (node) {
      if (enter(node)) {
        const GumboVector& children = node->v.element.children;
        if (children.length > 0) {
          node = static_cast<const GumboNode*>(children.data[0]);
          continue;
        }
        leave(node);
      }
      node = next(node, root);
    }
  }

 private:
  const GumboNode* next(const GumboNode* node, const GumboNode* root) {
    while (node != root) {
      const GumboNode* parent = node->parent;
      const GumboVector& siblings = parent->v.element.children;
      if (node->index_within_parent + 1 < siblings.length)
        return static_cast<const GumboNode*>(siblings.data[node->index_within_parent + 1]);
      leave(parent);
      node = parent;
    }
    return nullptr;
  }

  // True when the children of the node are to be read.
  bool enter(const GumboNode* node) {
    if (node->type == GUMBO_NODE_TEXT || node->type == GUMBO_NODE_CDATA || node->type == GUMBO_NODE_WHITESPACE) {
      words(node->v.text.text);
      return false;
    }
    if (node->type != GUMBO_NODE_ELEMENT) return false;
    const GumboElement& element = node->v.element;
    if (is_skipped(element.tag) || is_hidden(element)) return false;
    if (element.tag == GUMBO_TAG_TABLE && !in_heading_ && !cell_text_ && is_data_table(node)) return table(node), false;
    if (element.tag == GUMBO_TAG_TITLE) in_title_ = true;
    if (heading_level(element.tag)) in_heading_ = true, cell_ = false;
    if (element.tag == GUMBO_TAG_PRE) ++pre_;
    if (element.tag == GUMBO_TAG_IMG) picture(element);
    if (is_raised(element)) begin_raised(node);
    if (element.tag == GUMBO_TAG_RT) words("(");
    if (std::string* line = line_text()) {  // what is one line takes no breaks
      if (element.tag == GUMBO_TAG_LI && !trim(*line).empty())
        *line += "; ";
      else if (is_block(element.tag) || is_line(element.tag))
        *line += ' ';
      return true;
    }
    if (is_block(element.tag)) cell_ = false, out_.paragraph();
    if (element.tag == GUMBO_TAG_DD && std::exchange(after_term_, false))
      out_.space();
    else if (is_line(element.tag))
      out_.line();
    if (element.tag == GUMBO_TAG_LI) out_.text("- ");
    if (is_cell(node) && node->index_within_parent > 0) cell_ = true;
    return true;
  }

  void leave(const GumboNode* node) {
    if (node->type != GUMBO_NODE_ELEMENT) return;
    const GumboTag tag = node->v.element.tag;
    if (tag == GUMBO_TAG_PRE) --pre_;
    if (tag == GUMBO_TAG_TITLE) in_title_ = false, out_.title(title_);
    if (tag == GUMBO_TAG_RT) words(")");
    if (node == raised_from_) end_raised(tag);
    if (const int level = heading_level(tag)) {
      in_heading_ = false;
      out_.heading(level, heading_);
      heading_.clear();
    }
    if (std::string* line = line_text()) {
      if (is_block(tag) || is_line(tag)) *line += ' ';
      return;
    }
    if (tag == GUMBO_TAG_TR) cell_ = false;
    if (is_block(tag)) out_.paragraph();
    if (tag == GUMBO_TAG_DT && says_what_follows(node, out_.written())) {
      out_.text(":");
      after_term_ = true;
      return;
    }
    if (is_line(tag) && tag != GUMBO_TAG_BR && tag != GUMBO_TAG_HR) out_.line();
  }

  // The string that collects a heading or a cell; nullptr where text goes to the document.
  std::string* line_text() { return in_heading_ ? &heading_ : cell_text_; }

  // ---- superscripts and subscripts

  static bool is_raised(const GumboElement& element) {
    return element.tag == GUMBO_TAG_SUP || element.tag == GUMBO_TAG_SUB || is_note_link(element);
  }

  void begin_raised(const GumboNode* node) {
    if (raised_from_) {
      raised_note_ |= is_note_link(node->v.element);
      return;
    }
    raised_from_ = node;
    raised_.clear();
    raised_note_ =
        is_note_link(node->v.element) || value_of(node->v.element, "class").find("reference") != std::string_view::npos;
  }

  void end_raised(GumboTag tag) {
    raised_from_ = nullptr;
    const std::string* line = line_text();
    const std::string_view before = line ? std::string_view(*line) : out_.written();
    const std::string text =
        tag == GUMBO_TAG_SUB ? subscript(before, raised_) : superscript(before, raised_, raised_note_);
    words(text);
  }

  // ---- tables

  static size_t span(const GumboNode* cell, const char* name) {
    size_t value = 1;
    const std::string_view text = trim(value_of(cell->v.element, name));
    std::from_chars(text.data(), text.data() + text.size(), value);
    return std::min<size_t>(value, 65534);  // HTML's limit for rows; Grid has one for columns
  }

  std::string text_of(const GumboNode* node) {
    std::string text;
    cell_text_ = &text;
    walk(node);
    cell_text_ = nullptr;
    return text;
  }

  void table(const GumboNode* table) {
    out_.paragraph();
    each_node(table, [&](const GumboNode* node) {
      if (!is_element(node, GUMBO_TAG_CAPTION)) return !is_element(node, GUMBO_TAG_TR);
      out_.line();
      out_.text(collapse_blanks(text_of(node)));
      out_.line();
      return false;
    });
    Grid grid(out_);
    each_node(table, [&](const GumboNode* node) {
      if (!is_element(node, GUMBO_TAG_TR)) return !is_element(node, GUMBO_TAG_CAPTION);
      if (is_hidden(node->v.element)) return false;
      std::vector<GridCell> cells;
      const GumboVector& children = node->v.element.children;
      for (unsigned i = 0; i < children.length; ++i) {
        const auto* cell = static_cast<const GumboNode*>(children.data[i]);
        if (is_cell(cell)) cells.push_back({text_of(cell), span(cell, "colspan"), span(cell, "rowspan")});
      }
      grid.row(cells);
      return false;
    });
    grid.finish();
  }

  void picture(const GumboElement& element) {
    if (const GumboAttribute* alt = gumbo_get_attribute(&element.attributes, "alt")) words(alt->value);
  }

  void words(std::string_view text) {
    if (in_title_)
      title_ += text;
    else if (raised_from_)
      raised_ += text;
    else if (std::string* line = line_text())
      *line += text;
    else if (pre_ > 0)
      out_.text(text);
    else
      flow(text);
  }

  // Text outside <pre>: runs of blanks are one space, none at the start of a line.
  void flow(std::string_view text) {
    const std::string flat = collapse_blanks(text);
    if (flat.empty()) {
      if (!text.empty()) out_.space();
      return;
    }
    if (cell_)
      out_.text(" | "), cell_ = false;
    else if (is_blank(text.front()))
      out_.space();
    out_.text(flat);
    if (is_blank(text.back())) out_.space();
  }

  Writer& out_;
  std::string title_, heading_, raised_;
  std::string* cell_text_ = nullptr;        // collects the cell that is being read
  const GumboNode* raised_from_ = nullptr;  // the outermost <sup>, <sub> or link to a note that is open
  bool raised_note_ = false;
  bool in_title_ = false, in_heading_ = false, cell_ = false;
  bool after_term_ = false;  // the next <dd> goes on with the line of its <dt>
  int pre_ = 0;
};

}  // namespace

std::string_view declared_charset(std::string_view bytes) {
  const std::string head = base::lower(bytes.substr(0, 4096));
  for (size_t meta = head.find("<meta"); meta != head.npos; meta = head.find("<meta", meta + 1)) {
    const size_t end = std::min(head.find('>', meta), head.size());
    size_t at = head.find("charset=", meta);
    if (at == head.npos || at > end) continue;
    at += 8;
    while (at < end && (head[at] == '"' || head[at] == '\'' || head[at] == ' ')) ++at;
    size_t stop = at;
    while (stop < end && std::string_view("\"' ;/").find(head[stop]) == std::string_view::npos) ++stop;
    return bytes.substr(at, stop - at);
  }
  return {};
}

void write_html(const Source& source, std::string_view utf8, Writer& out) {
  if (too_deep(utf8))
    source.fail(Code::Corrupt,
                "HTML elements nest deeper than " + std::to_string(kMaxDepth) + "; the page is damaged or hostile");
  const size_t budget = std::min(kTreeBytesMost, kTreeBytesFloor + utf8.size() * kTreeBytesPerByte);
  Arena arena(budget);
  const GumboOutput* page = parse(arena, utf8.data(), utf8.size());
  if (!page)
    source.fail(Code::Exhausted, "the HTML tree takes more than " + std::to_string(budget >> 20) +
                                     " MiB; the page is damaged or hostile");
  Reader(out).walk(page->root);
}

Document load_html(const Source& source) {
  const std::string text = decode_text(source, declared_charset(source.bytes));
  Writer out(source);
  write_html(source, text, out);
  return out.finish();
}

}  // namespace hanok::text
