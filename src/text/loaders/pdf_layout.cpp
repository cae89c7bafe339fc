// What pdftotext -bbox-layout prints, read and written as text.
#include <algorithm>
#include <charconv>

#include "text/loaders/grid.h"
#include "text/loaders/pdf.h"
#include "text/loaders/pdf_continued.h"

namespace hanok::text {
namespace {

float number_of(std::string_view tag, std::string_view name) {
  const size_t at = tag.find(name);
  if (at == tag.npos) return 0;
  float value = 0;
  const char* from = tag.data() + at + name.size();
  std::from_chars(from, tag.data() + tag.size(), value);
  constexpr float kFar = 1e6F;  // points; pages are smaller, and what is not a number must not get into sums
  return value >= -kFar && value <= kFar ? value : 0;
}

template <typename Box>
void read_box(std::string_view tag, Box& box) {
  box.left = number_of(tag, "xMin=\""), box.top = number_of(tag, "yMin=\"");
  box.right = number_of(tag, "xMax=\""), box.bottom = number_of(tag, "yMax=\"");
}

// The five entities that pdftotext writes.
std::string decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    bool found = false;
    if (text[i] == '&')
      for (const auto& [written, meant] : {std::pair<std::string_view, char>{"&amp;", '&'},
                                           {"&lt;", '<'},
                                           {"&gt;", '>'},
                                           {"&quot;", '"'},
                                           {"&apos;", '\''}})
        if (text.substr(i).starts_with(written)) {
          out += meant, i += written.size() - 1, found = true;
          break;
        }
    if (!found) out += text[i];
  }
  return out;
}

}  // namespace

std::vector<PdfPage> read_layout(std::string_view printed) {
  std::vector<PdfPage> pages;
  size_t flow = 0;
  for (size_t at = printed.find('<'); at != printed.npos; at = printed.find('<', at + 1)) {
    const std::string_view rest = printed.substr(at);
    const size_t end = rest.find('>');
    if (end == rest.npos) break;
    const std::string_view tag = rest.substr(0, end);
    if (tag.starts_with("<page ")) {
      pages.emplace_back();
    } else if (tag == "<flow") {
      ++flow;
    } else if (tag.starts_with("<line ") && !pages.empty()) {
      PdfLine line;
      read_box(tag, line);
      line.flow = flow;
      pages.back().push_back(std::move(line));
    } else if (tag.starts_with("<word ") && !pages.empty() && !pages.back().empty()) {
      PdfWord word;
      read_box(tag, word);
      const size_t close = std::min(rest.find("</word>", end), rest.size());
      word.text = decoded(rest.substr(end + 1, close - end - 1));
      at += close - 1;
      if (!trim(word.text).empty()) pages.back().back().words.push_back(std::move(word));
    }
  }
  for (auto& page : pages) std::erase_if(page, [](const PdfLine& line) { return line.words.empty(); });
  return pages;
}

namespace {

class PageWriter {
 public:
  PageWriter(const PdfPage& page, const Hyphens& hyphens, Writer& out) : page_(page), hyphens_(hyphens), out_(out) {}

  void write(const std::vector<PdfTable>& tables) {
    std::vector<const PdfTable*> table_of(page_.size(), nullptr);
    for (const auto& table : tables)
      for (const size_t line : table.lines) table_of[line] = &table;
    std::vector<const PdfTable*> written;
    for (size_t i = 0; i < page_.size(); ++i) {
      const PdfTable* table = table_of[i];
      if (!table) {
        line(i, i + 1 < page_.size() && !table_of[i + 1]);
      } else if (std::find(written.begin(), written.end(), table) == written.end()) {
        written.push_back(table);
        rows(*table);
      }
    }
  }

 private:
  void line(size_t i, bool next_is_text) {
    if (i > 0 && page_[i - 1].flow != page_[i].flow) out_.paragraph();
    const std::string text = line_text(page_[i].words);
    const bool goes_on = next_is_text && page_[i + 1].flow == page_[i].flow;
    const auto join = goes_on ? hyphens_.judge(text, page_[i + 1].words.front().text) : Hyphens::Join::No;
    out_.text(join == Hyphens::Join::Drop ? Hyphens::without_hyphen(text) : std::string_view(text));
    if (join == Hyphens::Join::No) out_.text("\n");
  }

  void rows(const PdfTable& table) {
    out_.paragraph();
    for (const auto& row : table.rows) {
      const std::string text = joined_row(row);
      if (text.empty()) continue;
      out_.text(text);
      out_.text("\n");
    }
    out_.paragraph();
  }

  const PdfPage& page_;
  const Hyphens& hyphens_;
  Writer& out_;
};

}  // namespace

void write_pages(const std::vector<PdfPage>& pages, int first, const Hyphens& hyphens, Writer& out) {
  TablesOverPages tables;
  for (const auto& page : pages) {
    out.page(first++);
    PageWriter(page, hyphens, out).write(tables.next(page));
  }
}

}  // namespace hanok::text
