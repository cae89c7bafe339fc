// PDF through pdftotext (poppler) in a child process with limits: a hostile file can hurt only the child.
// Korean and other CJK files without embedded character maps need the package poppler-data.
#include "text/loaders/pdf.h"

#include <algorithm>
#include <charconv>

#include "base/clock.h"
#include "base/process.h"
#include "text/loaders/ocr.h"
#include "text/loaders/parts.h"

namespace hanok::text {
namespace {

constexpr uint64_t kChildMemory = 2ull << 30;
constexpr uint64_t kMostLayout = 1ull << 30;  // bytes of words with their places, of kPagesAtOnce pages
constexpr double kTitleSeconds = 5;

base::ProcessResult run(const Source& source, const std::vector<std::string>& argv, double seconds) {
  const base::ProcessLimits limits{.seconds = seconds,
                                   .memory_bytes = kChildMemory,
                                   .output_bytes = std::min(kMostLayout, source.options.max_text_bytes * 24 + 65536)};
  try {
    return base::run_process(argv, source.bytes, limits);
  } catch (const Error& e) {
    if (e.code() != Code::NotFound) throw;
    source.fail(Code::Unavailable, argv[0] + " is not installed; install the packages poppler-utils and poppler-data");
  }
}

bool says(const base::ProcessResult& result, std::string_view words) {
  return result.err.find(words) != std::string::npos;
}

// The child's last words, short enough for a message.
std::string last_line(const std::string& err) {
  const std::string_view text = trim(err);
  const size_t start = text.rfind('\n');
  return std::string(text.substr(start == text.npos ? 0 : start + 1).substr(0, 200));
}

void check(const Source& source, const base::ProcessResult& result) {
  if (result.timed_out)
    source.fail(Code::Exhausted,
                "pdftotext took longer than " + std::to_string(source.options.timeout_seconds) + " seconds");
  if (result.output_cut)
    source.fail(Code::Exhausted, "more than " + std::to_string(source.options.max_text_bytes) +
                                     " bytes of text in it; split the file or raise the limit (max_text_bytes)");
  if (result.exit_status == 0) return;
  if (says(result, "Incorrect password"))
    source.fail(Code::Unsupported, "is protected by a password; save it without one");
  if (says(result, "security handler") || says(result, "encryption"))
    source.fail(Code::Unsupported, "is encrypted in a way that pdftotext does not know: " + last_line(result.err));
  if (result.exit_status == 3) source.fail(Code::Unsupported, "its owner forbids copying text from it");
  if (says(result, "ut of memory") || result.exit_status > 128)
    source.fail(Code::Corrupt,
                "pdftotext ended with status " + std::to_string(result.exit_status) + " on it; the PDF is damaged");
  source.fail(Code::Corrupt,
              "is not a PDF that can be read (" + last_line(result.err) + "); download or export it again");
}

struct Info {
  std::string title;
  int pages = 0;  // 0: not known
};

Info read_info(const Source& source) {
  const auto result =
      run(source, {"pdfinfo", "-enc", "UTF-8", "-"}, std::min(kTitleSeconds, source.options.timeout_seconds));
  Info info;
  if (result.exit_status != 0) return info;
  std::string_view text = result.out;
  constexpr std::string_view kTitle = "Title:", kPages = "Pages:";
  if (text.starts_with(kTitle))  // it is the first line where there is one
    info.title = text.substr(kTitle.size(), text.find('\n') - kTitle.size());
  for (size_t at = text.find(kPages); at != text.npos; at = text.find(kPages, at + 1)) {
    if (at > 0 && text[at - 1] != '\n') continue;  // inside a title
    const std::string_view number = trim(text.substr(at + kPages.size(), 24));
    std::from_chars(number.data(), number.data() + number.size(), info.pages);
  }
  return info;
}

// Pages `from`..`to` with the places of their words, which take about twenty times the bytes of the text.
base::ProcessResult print_layout(const Source& source, int from, int to, double seconds) {
  std::vector<std::string> argv{"pdftotext", "-bbox-layout", "-enc", "UTF-8"};
  if (to > 0) argv.insert(argv.end(), {"-f", std::to_string(from), "-l", std::to_string(to)});
  argv.insert(argv.end(), {"-", "-"});
  auto result = run(source, argv, seconds);
  check(source, result);
  return result;
}

// A page that is a picture. One that cannot be read is noted, the others are still worth having.
void write_picture_page(const Source& source, int number, Writer& out) {
  out.page(number);
  Parts(source, out).read_extra([&] { out.text(trim(recognise_page(source, number))); });
  out.line();
}

}  // namespace

Document load_pdf(const Source& source) {
  constexpr int kPagesAtOnce = 100;  // bounds the memory for a book; a start of pdftotext takes 5 ms
  const Info info = read_info(source);
  const base::Stopwatch watch;
  std::vector<PdfPage> pages;
  std::string said;
  int from = 1;
  do {
    const int to = info.pages == 0 ? 0 : std::min(info.pages, from + kPagesAtOnce - 1);
    const double left = source.options.timeout_seconds - watch.seconds();
    auto result = print_layout(source, from, to, std::max(left, 0.001));
    said += result.err;
    for (auto& page : read_layout(result.out)) pages.push_back(std::move(page));
    from = to + 1;
  } while (from > 1 && from <= info.pages);
  Hyphens hyphens;
  bool any = false;
  for (const auto& page : pages)
    for (const auto& line : page) {
      any = true;
      for (const auto& word : line.words)
        if (&word != &line.words.back() || !word.text.ends_with('-')) hyphens.learn(word.text);
    }
  const bool ocr = !source.options.ocr_languages.empty();
  if (!any && !ocr)
    source.fail(Code::Unsupported,
                said.find("poppler-data") != said.npos || said.find("language pack") != said.npos
                    ? "needs the package poppler-data: its text uses a character map that is not here"
                    : "none of its " + std::to_string(pages.size()) +
                          " pages has text (they are pictures?); hanok ingest --ocr reads them");
  Writer out(source);
  out.title(info.title);
  for (size_t i = 0; i < pages.size();) {
    size_t end = i;
    while (end < pages.size() && (!pages[end].empty() || !ocr)) ++end;
    write_pages({pages.begin() + static_cast<ptrdiff_t>(i), pages.begin() + static_cast<ptrdiff_t>(end)},
                static_cast<int>(i) + 1, hyphens, out);
    if (end < pages.size()) write_picture_page(source, static_cast<int>(end) + 1, out);
    i = end + 1;
  }
  const auto empty = std::count_if(pages.begin(), pages.end(), [](const PdfPage& page) { return page.empty(); });
  if (empty > 0 && !ocr)
    out.note(std::to_string(empty) + " of " + std::to_string(pages.size()) +
             " pages have no text (they are pictures, or blank); hanok ingest --ocr reads them");
  return out.finish();
}

}  // namespace hanok::text
