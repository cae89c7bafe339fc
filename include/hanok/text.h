// The door of room `text`: bytes -> documents -> chunks -> terms and tokens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hanok/error.h"

namespace hanok::text {

/// A byte range [start, end) of a UTF-8 text; both ends lie on code point boundaries.
struct Span {
  size_t start = 0, end = 0;
  bool operator==(const Span&) const = default;
};

struct Page {
  int number = 0;  // 1-based, as printed by a reader; a slide or sheet counts as a page
  Span span;
};

struct Heading {
  int level = 1;  // 1 = chapter; deeper is larger
  std::string title;
  size_t start = 0;  // where its section begins in Document::text
};

/// What a loader makes of a file. `text` is UTF-8 in NFC without NUL bytes; pages and headings are sorted by position.
struct Document {
  std::string path;    // as given, NFC
  std::string format;  // "txt", "md", "html", "pdf", ...
  std::string title;   // from the file's metadata or first heading; may be empty
  std::string text;
  std::vector<Page> pages;         // empty where the format has none
  std::vector<Heading> headings;   // empty where the format has none
  std::vector<std::string> notes;  // what of the file could not be read, a sentence each: "2 of 9 pages have no text"
};

struct LoadOptions {
  uint64_t max_file_bytes = 512ull << 20;
  uint64_t max_text_bytes = 64ull << 20;       // extracted text; more is Error(Exhausted)
  uint64_t max_unpacked_bytes = 512ull << 20;  // sum over a zip's entries: zip bombs stop here
  double timeout_seconds = 60;                 // for each child process (pdftotext, a converter, OCR of one page)
  /// Languages of text recognition (OCR) by tesseract, "kor+eng": then pictures are read, and those pages of a PDF that
  /// have no text. Empty: they are not.
  std::string ocr_languages;
};

/// Reads a file by its content and suffix. Throws NotFound, Unsupported (no loader, password, encrypted),
/// Corrupt (truncated, wrong suffix, damaged archive), Exhausted (a limit above); the message names the file and why.
Document load(const std::filesystem::path& path, const LoadOptions& options = {});
/// The same for bytes at hand; `name` supplies the suffix.
Document load_bytes(std::string_view name, std::string_view bytes, const LoadOptions& options = {});
/// Throws Unavailable, with what to install, where text recognition in these languages ("kor+eng") cannot work here.
void check_ocr(const std::string& languages);
/// True when some loader takes files of this name; without a suffix (README, Makefile) when the file begins like text.
/// Pictures only with LoadOptions::ocr_languages.
bool loadable(const std::filesystem::path& path, const LoadOptions& options = {});
/// Suffixes with a dot, sorted: ".csv", ".docx", ...
std::vector<std::string> loadable_suffixes();

/// Counts tokens of a text. The default counter (see count_tokens) is used where no model is at hand.
using TokenCounter = std::function<size_t(std::string_view)>;
/// Without a model: words of Latin-like scripts count 1 per 4 letters (at least 1), a Hangul syllable, Han or Kana sign
/// 1, punctuation 1. Deterministic; documented in docs/glossary.md under "token".
size_t count_tokens(std::string_view text);

struct Chunk {
  Span span;            // of Document::text
  int page = 0;         // page on which it starts; 0 = none
  std::string heading;  // "Chapter > Section", empty = none
  size_t tokens = 0;
};

struct SplitOptions {
  size_t max_tokens = 256;
  size_t overlap_tokens = 32;  // whole sentences of the chunk before that are repeated, at most this many tokens
  TokenCounter count;          // empty: count_tokens
};

/// Chunks in order, covering all text that is not blank. Breaks at headings first, then paragraphs, then sentences; a
/// sentence longer than max_tokens is cut between words. Never empty chunks, never more than max_tokens tokens.
std::vector<Chunk> split(const Document& document, const SplitOptions& options = {});

/// Changes when split() would cut the same document differently; stored with every collection.
int chunker_version();

/// Sentences of a text, trimmed of blanks, in order. Knows Korean sentence ends without a full stop, quotes, brackets,
/// common abbreviations and numbers.
std::vector<Span> sentences(std::string_view text);

/// A unit of keyword search: the normalised form (NFKC, case-folded, stemmed) and where it stands in the original
/// bytes.
struct Term {
  std::string form;
  Span span;
  uint32_t position = 0;  // counts units from 0
  bool joined = false;    // words that hang together, written as one ("AX-77B": ax77b), beside those words themselves
};

struct AnalyzeOptions {
  bool query = false;   // a query: particles and question words are handled more strictly than in passages
  bool phrase = false;  // only terms that every passage has that holds this text letter by letter
};

/// Porter2 stems for English, bigrams across spaces plus particle-stripped words for Korean, bigrams for Chinese and
/// Japanese; codes and numbers also as if they were written without separators. The same text always gives the same
/// terms; analyzer_version() changes when they do.
std::vector<Term> analyze(std::string_view text, const AnalyzeOptions& options = {});
/// Stored with every collection.
int analyzer_version();

/// NFC / NFKC + case fold of valid UTF-8; invalid bytes become U+FFFD.
std::string nfc(std::string_view text);
std::string nfkc_casefold(std::string_view text);
/// Share of letters that are Hangul, 0..1.
double hangul_share(std::string_view text);

// ---- scripts ----

/// The script a text is written in, as far as it tells languages apart. The numbers are stored (docs/formats/store.md).
enum class Script : uint8_t {
  Other = 0,  // no letters, or of a script that is not named here
  Latin = 1,
  Hangul = 2,  // Korean
  Kana = 3,    // Japanese, also where most of its letters are Han
  Han = 4,     // Chinese
  Cyrillic = 5,
  Greek = 6,
  Arabic = 7,
  Hebrew = 8,
  Devanagari = 9,
  Thai = 10,
};
constexpr size_t kScripts = 11;

/// Hangul or Kana where at least a fifth of the letters are, since Korean and Japanese are written with names, terms
/// and signs of other scripts among their own; else the script of most letters.
Script script_of(std::string_view text);
/// "latin", "hangul", ...
std::string_view script_name(Script script);

}  // namespace hanok::text
