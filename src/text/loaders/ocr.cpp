#include "text/loaders/ocr.h"

#include <algorithm>

#include "base/process.h"

namespace hanok::text {
namespace {

constexpr uint64_t kChildMemory = 2ull << 30;

base::ProcessLimits limits(const Source& source) {
  return {.seconds = source.options.timeout_seconds, .memory_bytes = kChildMemory, .output_bytes = 256ull << 20};
}

std::string_view last_line(std::string_view text) {
  text = trim(text);
  const size_t line = text.rfind('\n');
  return text.substr(line == text.npos ? 0 : line + 1).substr(0, 200);
}

// Languages are an argument of the child: names as tesseract has them, nothing else.
bool are_languages(std::string_view names) {
  return !names.empty() && names.size() <= 200 && names.front() != '-' &&
         std::all_of(names.begin(), names.end(), [](char c) {
           return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '+' || c == '_' ||
                  c == '-';
         });
}

}  // namespace

void check_ocr(const std::string& languages) {
  if (!are_languages(languages))
    throw Error(Code::Invalid, "OCR languages '" + languages + "': names joined by + were expected, as in kor+eng");
  std::string listed;
  try {
    const auto result = base::run_process({"tesseract", "--list-langs"}, "", {.seconds = 10});
    listed = "\n" + result.out + result.err + "\n";
  } catch (const Error& e) {
    if (e.code() != Code::NotFound) throw;
    throw Error(Code::Unavailable,
                "tesseract is not installed, which reads text in pictures; install the packages tesseract-ocr and "
                "tesseract-ocr-kor");
  }
  for (size_t at = 0; at <= languages.size();) {
    const size_t end = std::min(languages.find('+', at), languages.size());
    const std::string name = languages.substr(at, end - at);
    at = end + 1;
    if (listed.find("\n" + name + "\n") == listed.npos)
      throw Error(Code::Unavailable, "tesseract does not know the language '" + name + "'; install the package " +
                                         "tesseract-ocr-" + name);
  }
}

std::string recognise(const Source& source, std::string_view picture) {
  if (!are_languages(source.options.ocr_languages)) check_ocr(source.options.ocr_languages);  // throws
  // Files are read on all cores already; by itself tesseract takes four threads for each.
  const std::vector<std::string> argv{"env", "OMP_THREAD_LIMIT=1",        "tesseract", "stdin", "stdout",
                                      "-l",  source.options.ocr_languages};
  base::ProcessResult result;
  try {
    result = base::run_process(argv, picture, limits(source));
  } catch (const Error& e) {
    if (e.code() == Code::NotFound) check_ocr(source.options.ocr_languages);  // says what to install
    throw;
  }
  if (result.timed_out)
    source.fail(Code::Exhausted, "text recognition took longer than " + std::to_string(source.options.timeout_seconds) +
                                     " seconds for one picture");
  // It goes on without a language that it does not have.
  if (result.exit_status != 0 || result.err.find("Failed loading language") != std::string::npos)
    check_ocr(source.options.ocr_languages);
  if (result.exit_status != 0)
    source.fail(Code::Corrupt,
                "tesseract cannot read the picture (" + std::string(last_line(result.err)) + "); is it damaged?");
  return std::move(result.out);
}

std::string recognise_page(const Source& source, int number) {
  // The longer side of A4 at 300 dots an inch; larger pages are drawn as large, so that a page of a hundred metres
  // takes no more memory than any other.
  const std::string page = std::to_string(number), pixels = "3508";
  const std::vector<std::string> argv{"pdftoppm", "-png", "-gray", "-scale-to", pixels, "-f", page, "-l", page, "-"};
  const auto drawn = base::run_process(argv, source.bytes, limits(source));
  if (drawn.timed_out || drawn.output_cut)
    source.fail(Code::Exhausted, "drawing page " + page + " for text recognition took too long");
  if (drawn.exit_status != 0 || drawn.out.empty())
    source.fail(Code::Corrupt, "page " + page + " cannot be drawn for text recognition");
  return recognise(source, drawn.out);
}

Document load_picture(const Source& source) {
  if (source.options.ocr_languages.empty())
    source.fail(Code::Unsupported, "is a picture; hanok ingest --ocr reads the text in pictures");
  Writer out(source);
  const std::string text = recognise(source, source.bytes);
  int number = 0;
  const bool many = std::count(text.begin(), text.end(), '\f') > 1;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\f', at), text.size());
    if (many) out.page(++number);
    out.text(trim(std::string_view(text).substr(at, end - at)));
    out.line();
    at = end + 1;
  }
  return out.finish();
}

}  // namespace hanok::text
