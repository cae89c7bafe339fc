// Every loader on hostile bytes. The first byte selects the format, the rest is the file; for the zip formats a second
// kind of input is the XML of one part, put into an archive that is otherwise sound (bytes of a zip rarely survive
// mutation).
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "text/loaders/document_checks.h"
#include "text/loaders/pdf.h"
#include "text/loaders/zip_maker.h"

namespace {

using namespace hanok;
using namespace hanok::text;

const LoadOptions kOptions{.max_file_bytes = 1 << 20, .max_text_bytes = 1 << 20, .max_unpacked_bytes = 4 << 20};

// Not .pdf: its child process is not ours to fuzz.
constexpr std::array kWhole{"a.txt", "a.md",  "a.html", "a.csv",  "a.tsv",  "a.json", "a.jsonl", "a.srt",
                            "a.vtt", "a.eml", "a.docx", "a.pptx", "a.xlsx", "a.epub", "a.hwpx"};

struct Part {
  const char* file;
  const char* name;  // of the entry that the input becomes
};
constexpr std::array kParts{Part{"a.docx", "word/document.xml"},
                            Part{"a.docx", "word/styles.xml"},
                            Part{"a.pptx", "ppt/slides/s.xml"},
                            Part{"a.pptx", "ppt/presentation.xml"},
                            Part{"a.xlsx", "xl/worksheets/s.xml"},
                            Part{"a.xlsx", "xl/sharedStrings.xml"},
                            Part{"a.xlsx", "xl/styles.xml"},
                            Part{"a.epub", "b.opf"},
                            Part{"a.epub", "c.xhtml"},
                            Part{"a.hwpx", "Contents/section0.xml"},
                            Part{"a.hwpx", "Contents/header.xml"},
                            Part{"a.pptx", "ppt/c.xml"},
                            Part{"a.pptx", "ppt/d.xml"},
                            Part{"a.docx", "word/comments.xml"},
                            Part{"a.xlsx", "xl/comments.xml"}};

// The sound parts around it.
const std::vector<std::pair<std::string, std::string>> kAround{
    {"word/document.xml", "<d><body><p><pPr><pStyle val='1'/></pPr><r><t>x</t></r></p></body></d>"},
    {"ppt/presentation.xml", "<p><sldIdLst><sldId r:id='r1'/></sldIdLst></p>"},
    {"ppt/_rels/presentation.xml.rels", "<r><Relationship Id='r1' Type='/slide' Target='slides/s.xml'/></r>"},
    {"word/_rels/document.xml.rels", "<r><Relationship Id='r1' Type='/comments' Target='comments.xml'/></r>"},
    {"ppt/slides/s.xml",
     "<s><cSld><spTree><graphicFrame><chart r:id='c'/><relIds r:dm='d'/></graphicFrame></spTree></cSld></s>"},
    {"ppt/slides/_rels/s.xml.rels",
     "<r><Relationship Id='c' Type='/chart' Target='../c.xml'/><Relationship Id='d' Type='/diagramData' "
     "Target='../d.xml'/></r>"},
    {"xl/worksheets/_rels/s.xml.rels", "<r><Relationship Id='r1' Type='/comments' Target='../comments.xml'/></r>"},
    {"xl/workbook.xml", "<w><sheets><sheet name='S' r:id='r1'/></sheets></w>"},
    {"xl/_rels/workbook.xml.rels", "<r><Relationship Id='r1' Type='/worksheet' Target='worksheets/s.xml'/></r>"},
    {"xl/worksheets/s.xml",
     "<w><sheetData><row><c t='s' s='1'><v>0</v></c><c s='1'><v>45000.5</v></c></row></sheetData></w>"},
    {"META-INF/container.xml", "<c><rootfile full-path='b.opf'/></c>"},
    {"b.opf", "<p><manifest><item id='c' href='c.xhtml'/></manifest><spine><itemref idref='c'/></spine></p>"},
    {"c.xhtml", "<p>x"},
    {"Contents/section0.xml", "<s><p styleIDRef='1'><run><t>x</t></run></p></s>"}};

void check(const Document& document) {
  const std::string broken = broken_promise(document);
  if (broken.empty()) return;
  std::fprintf(stderr, "%s\n", broken.c_str());
  std::abort();
}

void load_part(const Part& part, std::string_view bytes) {
  std::vector<std::pair<std::string, std::string>> entries{{part.name, std::string(bytes)}};
  for (const auto& entry : kAround)
    if (entry.first != part.name) entries.push_back(entry);
  check(load_bytes(part.file, make_zip(entries), kOptions));
}

void printed_pages(std::string_view bytes) {
  const Source source{"a.pdf", bytes, kOptions};
  Writer out(source);
  Hyphens hyphens;
  hyphens.learn_text(bytes);
  write_pages(read_layout(bytes), 1, hyphens, out);
  check(out.finish());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const size_t kinds = kWhole.size() + kParts.size() + 1;
  const size_t kind = data[0] % kinds;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    if (kind < kWhole.size())
      check(load_bytes(kWhole[kind], bytes, kOptions));
    else if (kind < kinds - 1)
      load_part(kParts[kind - kWhole.size()], bytes);
    else
      printed_pages(bytes);
  } catch (const Error& e) {
    if (e.code() == Code::Internal) std::abort();
  }
  return 0;
}
