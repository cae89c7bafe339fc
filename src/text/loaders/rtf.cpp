// RTF: words by their code page or as Unicode, tables, notes, page heads. Microsoft, "Rich Text Format
// Specification" 1.9.1.
#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>

#include "base/ascii.h"
#include "text/charset.h"
#include "text/loaders/margins.h"
#include "text/loaders/ole.h"
#include "text/loaders/raised.h"
#include "text/loaders/writer.h"
#include "text/utf8.h"

namespace hanok::text {
namespace {

// Where the words of a group go.
enum class Target : uint8_t { Skip, Body, Note, Box, Margin, Title, ListMark, Fonts, Styles };

struct State {
  Target target = Target::Body;
  bool opens_target = false;  // this group began its target: its words are complete when it ends
  bool hidden = false;        // \v, or deleted in tracked changes
  int side = 0;               // 1 in a superscript, -1 in a subscript
  int unicode_skip = 1;       // \uc: characters after \u that say the same for old readers
  int font = -1;
};

struct Word {
  std::string_view name;
  std::optional<int> number;
};

struct Meaning {
  std::string_view name;
  std::string_view text;
};
constexpr std::array<Meaning, 15> kSigns{{{"tab", "\t"},
                                          {"line", "\n"},
                                          {"softline", "\n"},
                                          {"emdash", "—"},
                                          {"endash", "–"},
                                          {"lquote", "‘"},
                                          {"rquote", "’"},
                                          {"ldblquote", "“"},
                                          {"rdblquote", "”"},
                                          {"bullet", "•"},
                                          {"emspace", " "},
                                          {"enspace", " "},
                                          {"qmspace", " "},
                                          {"nestcell", " "},
                                          {"nestrow", "\n"}}};

// Groups whose words are something else than text, although they are not marked with \*.
constexpr std::array<std::string_view, 25> kSkipped{
    "upr",       "colortbl", "info",     "pict",      "object",  "fldinst",   "fldtype", "xe",         "tc",
    "txe",       "rxe",      "atnid",    "atnauthor", "atndate", "atnicn",    "atnref",  "nonshppict", "filetbl",
    "listtable", "revtbl",   "template", "bkmkstart", "bkmkend", "datafield", "pntxtb"};

struct Destination {
  std::string_view name;
  Target target;
};
// These hold words, also inside of what is skipped.
constexpr std::array<Destination, 19> kDestinations{{{"fonttbl", Target::Fonts},
                                                     {"stylesheet", Target::Styles},
                                                     {"title", Target::Title},
                                                     {"footnote", Target::Note},
                                                     {"annotation", Target::Note},
                                                     {"shptxt", Target::Box},
                                                     {"listtext", Target::ListMark},
                                                     {"pntext", Target::ListMark},
                                                     {"header", Target::Margin},
                                                     {"headerl", Target::Margin},
                                                     {"headerr", Target::Margin},
                                                     {"headerf", Target::Margin},
                                                     {"footer", Target::Margin},
                                                     {"footerl", Target::Margin},
                                                     {"footerr", Target::Margin},
                                                     {"footerf", Target::Margin},
                                                     {"result", Target::Body},
                                                     {"nesttableprops", Target::Body},
                                                     {"ud", Target::Body}}};

// Windows' numbers of character sets (\fcharset) that have a code page of their own.
int code_page_of(int charset) {
  constexpr std::array<std::pair<int, int>, 17> kPages{{{0, 1252},
                                                        {128, 932},
                                                        {129, 949},
                                                        {130, 1361},
                                                        {134, 936},
                                                        {136, 950},
                                                        {161, 1253},
                                                        {162, 1254},
                                                        {163, 1258},
                                                        {177, 1255},
                                                        {178, 1256},
                                                        {186, 1257},
                                                        {204, 1251},
                                                        {222, 874},
                                                        {238, 1250},
                                                        {254, 437},
                                                        {255, 850}}};
  for (const auto& [set, page] : kPages)
    if (set == charset) return page;
  return 0;
}

std::string iconv_name(int page) {
  if (page == 1361) return "JOHAB";
  if (page == 10000) return "MACINTOSH";
  if (page == 65001) return "UTF-8";
  return "CP" + std::to_string(page);
}

class Rtf {
 public:
  Rtf(const Source& source, Writer& out) : source_(source), bytes_(source.bytes), out_(out) {}

  void read() {
    states_.emplace_back();
    while (at_ < bytes_.size()) {
      const char c = bytes_[at_++];
      if (c == '{')
        open();
      else if (c == '}')
        close();
      else if (c == '\\')
        control();
      else if (c != '\r' && c != '\n')
        byte(c);
    }
    if (states_.size() > 1) out_.note("it ends in the middle; what is there was read");
    flush_bytes();
    end_row();
    end_paragraph();
    end_table();
    margins_.write(out_);
  }

 private:
  State& state() { return states_.back(); }

  void open() {
    flush_bytes();
    // Real files nest some twenty groups; each takes 24 bytes here.
    constexpr size_t kMaxDepth = 10'000;
    if (states_.size() > kMaxDepth)
      source_.fail(Code::Corrupt, "nests groups deeper than " + std::to_string(kMaxDepth));
    states_.push_back(state());
    state().opens_target = false;
    starred_ = false;
    skip_ = 0;
  }

  void close() {
    flush_bytes();
    skip_ = 0;
    if (states_.size() == 1) return;  // one brace too many
    const State ended = state();
    states_.pop_back();
    if (!ended.opens_target) return;
    const std::string words = std::move(words_[ended.target]);
    words_[ended.target].clear();
    if (ended.target == Target::Title) out_.title(words);
    if (ended.target == Target::Note || ended.target == Target::Box) after_.push_back(words);
    if (ended.target == Target::Margin) margins_.add(words);
    if (ended.target == Target::ListMark) list_mark(words);
  }

  // A number or letter is shown as it is; the sign of a bullet is of a font of its own.
  void list_mark(std::string_view words) {
    words = trim(words);
    size_t i = 0;
    const bool named =
        std::any_of(words.begin(), words.end(),
                    [](char c) { return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'); }) ||
        (!words.empty() && is_hangul_syllable(next_code_point(words, i)));
    listed_ = true;
    write(named ? std::string(words) + " " : "- ");
  }

  // Behind a backslash.
  void control() {
    if (at_ >= bytes_.size()) return;
    const char c = bytes_[at_];
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') return control_word();
    ++at_;
    if (c == '\'') return hex_byte();
    if (c == '*') {
      starred_ = true;
      return;
    }
    if (c == '~') return sign(" ");
    if (c == '_') return sign("-");
    if (c == '\\' || c == '{' || c == '}') return byte(c);
    if (c == '\n' || c == '\r') return flush_bytes(), paragraph_mark();
  }

  void control_word() {
    const size_t start = at_;
    while (at_ < bytes_.size() && (bytes_[at_] | 0x20) >= 'a' && (bytes_[at_] | 0x20) <= 'z') ++at_;
    Word word{bytes_.substr(start, at_ - start), std::nullopt};
    const size_t digits = at_;
    size_t end = at_ + (at_ < bytes_.size() && bytes_[at_] == '-');
    while (end < bytes_.size() && bytes_[end] >= '0' && bytes_[end] <= '9') ++end;
    int number = 0;
    const auto result = std::from_chars(bytes_.data() + digits, bytes_.data() + end, number);
    if (result.ec == std::errc()) word.number = number, at_ = end;
    if (at_ < bytes_.size() && bytes_[at_] == ' ') ++at_;
    if (word.name == "bin") return skip_binary(word.number.value_or(0));
    const bool sign = std::any_of(kSigns.begin(), kSigns.end(), [&](const auto& s) { return s.name == word.name; });
    if (const int skip = std::exchange(skip_, 0); skip > 0 && sign) {
      skip_ = skip - 1;
      return;
    }
    obey(word);
  }

  void skip_binary(int count) {
    if (count > 0) at_ += std::min<size_t>(static_cast<size_t>(count), bytes_.size() - at_);
  }

  void hex_byte() {
    const auto digit = [&](size_t i) { return i < bytes_.size() ? base::hex_digit(bytes_[i]) : -1; };
    const int high = digit(at_), low = digit(at_ + 1);
    if (high < 0 || low < 0) return;
    at_ += 2;
    byte(static_cast<char>(high * 16 + low));
  }

  // Bytes of one code page are gathered: a character may be two of them, \'b0\'a1.
  void byte(char c) {
    if (skip_ > 0) {
      --skip_;
      return;
    }
    flush_unicode();
    pending_.push_back(c);
  }

  void flush_bytes() {
    flush_unicode();
    if (pending_.empty()) return;
    const std::string bytes = std::exchange(pending_, {});
    if (std::all_of(bytes.begin(), bytes.end(), [](char c) { return (c & 0x80) == 0; })) return write(bytes);
    auto text = convert(bytes, iconv_name(code_page()));
    if (!text)
      if (auto guessed = to_utf8(bytes)) text = std::move(guessed->text);
    write(text ? *text : replace_invalid(bytes));
  }

  int code_page() {
    const auto font = fonts_.find(state().font);
    return font != fonts_.end() && font->second > 0 ? font->second : default_page_;
  }

  // UTF-16 units: signs beyond the first 65,536 come as two \u.
  void unicode(int unit) {
    if (!pending_.empty()) flush_bytes();
    units_ += static_cast<char>(unit & 0xFF);
    units_ += static_cast<char>(unit >> 8 & 0xFF);
    skip_ = state().unicode_skip;
  }

  void flush_unicode() {
    if (!units_.empty()) write(utf16le(std::exchange(units_, {})));
  }

  void sign(std::string_view text) {
    if (skip_ > 0) {
      --skip_;
      return;
    }
    flush_bytes();
    write(text);
  }

  void write(std::string_view text) {
    const Target target = state().target;
    if (state().hidden || target == Target::Skip) return;
    std::string& words = words_[target];
    if (words.size() + text.size() > source_.options.max_text_bytes)
      source_.fail(Code::Exhausted, "more than " + std::to_string(source_.options.max_text_bytes) +
                                        " bytes of text in it; split the file or raise the limit (max_text_bytes)");
    if (state().side == 0 || trim(text).empty())
      words.append(text);
    else
      words.append(state().side > 0 ? superscript(words, text) : subscript(words, text));
    if (target == Target::Styles) style_name();
  }

  void obey(const Word& word) {
    if (word.name == "u") return unicode(word.number.value_or(0));
    flush_bytes();
    const bool starred = std::exchange(starred_, false);
    if (destination(word, starred)) return;
    for (const auto& sign : kSigns)
      if (sign.name == word.name) return write(sign.text);
    if (character_word(word) || font_word(word)) return;
    if (state().target == Target::Styles) return style_word(word);
    if (state().target == Target::Body) return body_word(word);
    if (word.name == "par" || word.name == "cell" || word.name == "row") write("\n");
  }

  bool destination(const Word& word, bool starred) {
    for (const auto& d : kDestinations) {
      if (d.name != word.name) continue;
      // The body goes on in the target that it was in: a result of a field in a note belongs to the note.
      state().target = d.target == Target::Body ? body_of_parent() : d.target;
      state().opens_target = d.target != Target::Body;
      if (state().opens_target) words_[d.target].clear();
      return true;
    }
    const bool skipped = std::find(kSkipped.begin(), kSkipped.end(), word.name) != kSkipped.end();
    if (starred || skipped) state().target = Target::Skip;
    return starred || skipped;
  }

  // The target of the nearest group around that holds words.
  Target body_of_parent() const {
    for (size_t i = states_.size(); i-- > 0;)
      if (states_[i].target != Target::Skip) return states_[i].target;
    return Target::Body;
  }

  bool character_word(const Word& word) {
    const bool on = word.number.value_or(1) != 0;
    if (word.name == "uc")
      state().unicode_skip = std::clamp(word.number.value_or(1), 0, 8);
    else if (word.name == "v" || word.name == "deleted")
      state().hidden = on;
    else if (word.name == "super" || word.name == "sub")
      state().side = !on ? 0 : word.name == "super" ? 1 : -1;
    else if (word.name == "nosupersub")
      state().side = 0;
    else if (word.name == "plain")
      state().hidden = false, state().side = 0, state().font = default_font_;
    else if (word.name == "ansicpg")
      default_page_ = word.number.value_or(1252);
    else if (word.name == "mac")
      default_page_ = 10000;
    else if (word.name == "deff")
      default_font_ = word.number.value_or(-1), state().font = default_font_;
    else
      return false;
    return true;
  }

  // \f3 names a font; in the table of fonts it begins one, and \fcharset or \cpg say its code page.
  bool font_word(const Word& word) {
    if (word.name == "f") {
      state().font = word.number.value_or(-1);
      return true;
    }
    if (state().target != Target::Fonts) return false;
    constexpr size_t kMostFonts = 100'000;
    if (fonts_.size() > kMostFonts) return true;
    if (word.name == "fcharset") fonts_[state().font] = code_page_of(word.number.value_or(0));
    if (word.name == "cpg") fonts_[state().font] = word.number.value_or(0);
    return true;
  }

  // {\s3 ... heading 2;}: the level of each style of this name, or of this \outlinelevel.
  void style_word(const Word& word) {
    if (word.name == "s") style_ = word.number.value_or(0), words_[Target::Styles].clear();
    if (word.name == "outlinelevel" && word.number.value_or(9) < 9) style_levels_[style_] = *word.number + 1;
  }

  void style_name() {
    std::string& name = words_[Target::Styles];
    const size_t end = name.find(';');
    if (end == name.npos) return;
    const std::string lower = base::lower(trim(std::string_view(name).substr(0, end)));
    constexpr std::string_view kHeading = "heading ";
    int level = 0;
    if (lower.starts_with(kHeading))
      std::from_chars(lower.data() + kHeading.size(), lower.data() + lower.size(), level);
    if (level > 0 && level < 10) style_levels_[style_] = level;
    name.clear();
    style_ = 0;
  }

  void body_word(const Word& word) {
    if (word.name == "par" || word.name == "sect" || word.name == "page")
      paragraph_mark();
    else if (word.name == "pard")
      level_ = 0, in_table_ = false;
    else if (word.name == "s")
      level_ = level_of(word.number.value_or(0));
    else if (word.name == "outlinelevel")
      level_ = word.number.value_or(9) < 9 ? std::max(*word.number, 0) + 1 : level_;
    else if (word.name == "intbl")
      in_table_ = true;
    else if (word.name == "cell")
      end_cell();
    else if (word.name == "row")
      end_row();
    else if (word.name == "trowd")
      merged_.clear(), next_merged_ = false;
    else if (word.name == "clvmrg")
      next_merged_ = true;
    else if (word.name == "cellx" && merged_.size() < kMostCells)
      merged_.push_back(std::exchange(next_merged_, false));
  }

  int level_of(int style) const {
    const auto level = style_levels_.find(style);
    return level == style_levels_.end() ? 0 : level->second;
  }

  void paragraph_mark() {
    if (state().target != Target::Body) return write("\n");
    if (in_table_) return write("\n");  // a cell goes on
    end_paragraph();
  }

  void end_paragraph() {
    std::string words = std::move(words_[Target::Body]);
    words_[Target::Body].clear();
    const bool listed = std::exchange(listed_, false);
    if (!trim(words).empty()) {
      end_table();
      if (level_ > 0)
        out_.heading(level_, words);
      else
        block(words, listed);
    }
    write_after();
  }

  // A paragraph, or an item of a list, which follows the one before on the next line.
  void block(std::string_view words, bool listed = false) {
    listed ? out_.line() : out_.paragraph();
    out_.text(trim(words));
    listed ? out_.line() : out_.paragraph();
  }

  // Notes and boxes stand behind the paragraph or the table that they hang on.
  void write_after() {
    for (const auto& words : std::exchange(after_, {}))
      if (!trim(words).empty()) block(words);
  }

  void end_cell() {
    listed_ = false;
    if (cells_.size() < kMostCells) cells_.push_back(collapse_blanks(words_[Target::Body]));
    words_[Target::Body].clear();
  }

  // A row is a line; a cell that goes on from the row above (\clvmrg) says what that says.
  void end_row() {
    if (cells_.empty()) return;
    for (size_t i = 0; i < cells_.size(); ++i)
      if (cells_[i].empty() && i < merged_.size() && merged_[i] && i < above_.size()) cells_[i] = above_[i];
    if (std::exchange(table_, true))
      out_.line();
    else
      out_.paragraph();
    const bool empty = std::all_of(cells_.begin(), cells_.end(), [](const auto& c) { return c.empty(); });
    for (size_t i = 0; i < cells_.size() && !empty; ++i) out_.text((i > 0 ? " | " : "") + cells_[i]);
    out_.line();
    above_ = std::exchange(cells_, {});
    after_table_.insert(after_table_.end(), after_.begin(), after_.end());
    after_.clear();
  }

  void end_table() {
    if (!std::exchange(table_, false)) return;
    out_.paragraph();
    above_.clear();
    for (const auto& words : std::exchange(after_table_, {}))
      if (!trim(words).empty()) block(words);
  }

  static constexpr size_t kMostCells = 4096;  // of a row; Word has 63

  const Source& source_;
  std::string_view bytes_;
  Writer& out_;
  Margins margins_;
  size_t at_ = 0;
  std::vector<State> states_;
  bool starred_ = false;  // \*: the group's next word may be skipped by who does not know it
  int skip_ = 0;          // characters that only repeat a \u
  std::string pending_, units_;
  std::map<Target, std::string> words_;
  std::map<int, int> fonts_, style_levels_;  // font -> code page, style -> level of a heading
  int style_ = 0, default_font_ = -1, default_page_ = 1252;
  int level_ = 0;  // of the paragraph: 0, or that of a heading
  bool in_table_ = false, table_ = false, listed_ = false, next_merged_ = false;
  std::vector<bool> merged_;
  std::vector<std::string> cells_, above_, after_, after_table_;
};

}  // namespace

Document load_rtf(const Source& source) {
  Writer out(source);
  Rtf(source, out).read();
  return out.finish();
}

}  // namespace hanok::text
