// PDF through pdftotext (poppler) in a child process with limits: a hostile file can hurt only the child.
// Korean and other CJK files without embedded character maps need the package poppler-data.
#include "text/loaders/pdf.h"

#include <algorithm>

#include "base/process.h"

namespace hanok::text {
namespace {

constexpr uint64_t kChildMemory = 2ull << 30;
constexpr double kTitleSeconds = 5;

base::ProcessResult run(const Source& source, const std::vector<std::string>& argv, double seconds) {
  const base::ProcessLimits limits{
      .seconds = seconds, .memory_bytes = kChildMemory, .output_bytes = source.options.max_text_bytes + 1};
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

std::string info_title(const Source& source) {
  const auto result =
      run(source, {"pdfinfo", "-enc", "UTF-8", "-"}, std::min(kTitleSeconds, source.options.timeout_seconds));
  constexpr std::string_view kKey = "Title:";
  if (result.exit_status != 0 || !result.out.starts_with(kKey)) return {};  // it is the first line where there is one
  return result.out.substr(kKey.size(), result.out.find('\n') - kKey.size());
}

}  // namespace

void write_pages(std::string_view printed, Writer& out) {
  int number = 0;
  while (!printed.empty()) {
    const size_t end = std::min(printed.find('\f'), printed.size());
    out.page(++number);
    out.text(printed.substr(0, end));
    printed.remove_prefix(std::min(end + 1, printed.size()));
  }
}

Document load_pdf(const Source& source) {
  const auto result =
      run(source, {"pdftotext", "-enc", "UTF-8", "-eol", "unix", "-", "-"}, source.options.timeout_seconds);
  check(source, result);
  if (std::all_of(result.out.begin(), result.out.end(), is_blank))
    source.fail(Code::Unsupported,
                says(result, "poppler-data") || says(result, "language pack")
                    ? "needs the package poppler-data: its text uses a character map that is not here"
                    : "has no text in it (pages are pictures?); run it through text recognition (OCR) first");
  Writer out(source);
  out.title(info_title(source));
  write_pages(result.out, out);
  return out.finish();
}

}  // namespace hanok::text
