// HWP 5, the binary format of Hangul word processors since 2002: an OLE container whose BodyText/SectionN streams are
// packed lists of records. Hancom, "HWP Document File Formats 5.0", revision 1.3; sections are named in the comments.
#include <algorithm>
#include <charconv>
#include <map>

#include "text/loaders/margins.h"
#include "text/loaders/ole.h"
#include "text/loaders/raised.h"
#include "text/loaders/spanned_table.h"
#include "text/loaders/unpack.h"
#include "text/loaders/writer.h"
#include "text/utf8.h"

namespace hanok::text {
namespace {

// Tags of records, 4.2 and 4.3.
enum Tag : uint16_t {
  kCharShape = 0x15,
  kParaShape = 0x19,
  kStyle = 0x1A,
  kParagraph = 0x42,
  kParaText = 0x43,
  kParaCharShape = 0x44,
  kParaRangeTag = 0x46,
  kControl = 0x47,
  kListHeader = 0x48,
  kShape = 0x4C,
  kTable = 0x4D,
  kEquation = 0x58,
  kTextArt = 0x5A,
  kMemoList = 0x5D,
};

/// A record stands for a tree: what follows it with a higher level is inside it.
struct Record {
  uint16_t tag, level;
  uint32_t at, size;  // of its data in the stream
  uint32_t end;       // index of the first record behind its tree
};

class Records {
 public:
  /// A list that is cut or damaged ends where it makes no more sense; `sound` is false then.
  Records(const Source& source, std::string bytes) : bytes_(std::move(bytes)) {
    std::vector<uint32_t> open;  // records whose tree is not closed yet
    for (size_t at = 0; at + 4 <= bytes_.size();) {
      const uint32_t head = le32(bytes_, at);
      uint32_t size = head >> 20;
      at += 4;
      constexpr uint32_t kLong = 0xFFF;  // the size stands in the next four bytes
      if (size == kLong) size = le32(bytes_, at), at += 4;
      sound_ = at <= bytes_.size() && size <= bytes_.size() - at;
      if (!sound_) break;
      if (all_.size() == kMostRecords)
        source.fail(Code::Exhausted, "a section has more than " + std::to_string(kMostRecords) + " records");
      const auto index = static_cast<uint32_t>(all_.size());
      const auto level = static_cast<uint16_t>(head >> 10 & 0x3FF);
      for (; !open.empty() && all_[open.back()].level >= level; open.pop_back()) all_[open.back()].end = index;
      all_.push_back({static_cast<uint16_t>(head & 0x3FF), level, static_cast<uint32_t>(at), size, 0});
      open.push_back(index);
      at += size;
    }
    for (const uint32_t i : open) all_[i].end = static_cast<uint32_t>(all_.size());
  }

  bool sound() const { return sound_; }
  uint32_t size() const { return static_cast<uint32_t>(all_.size()); }
  const Record& operator[](uint32_t i) const { return all_[i]; }
  std::string_view data(uint32_t i) const { return std::string_view(bytes_).substr(all_[i].at, all_[i].size); }
  /// Calls each(index) for the trees in [begin, end), which are siblings; not for what is inside them.
  template <typename F>
  void siblings(uint32_t begin, uint32_t end, F each) const {
    for (uint32_t i = begin; i < end; i = all_[i].end) each(i);
  }
  template <typename F>
  void children(uint32_t parent, F each) const {
    siblings(parent + 1, all_[parent].end, each);
  }

 private:
  static constexpr size_t kMostRecords = 8'000'000;  // a book has 100,000; these take 160 MB
  std::string bytes_;
  std::vector<Record> all_;
  bool sound_ = true;
};

/// A string of a record at `at`: its length in UTF-16 units, then the units. `at` moves behind it.
std::string counted_string(std::string_view data, size_t& at) {
  const size_t bytes = size_t{2} * le16(data, at);
  const size_t begin = std::min(at + 2, data.size());
  at = begin + bytes;
  return utf16le(data.substr(begin, bytes));
}

enum Property : uint32_t {
  kPacked = 1 << 0,
  kPassword = 1 << 1,
  kDistribution = 1 << 2,
  kRights = 1 << 4,
  kCertificate = 1 << 8,
  kCertificateRights = 1 << 10,
  kTracked = 1 << 14,  // changes are tracked
};

/// FileHeader, 3.2.1: the properties; throws for what cannot be read.
uint32_t read_properties(const Source& source, Ole& ole) {
  const std::string head = ole.read("FileHeader");
  if (!head.starts_with("HWP Document File") || head.size() < 40)
    source.fail(Code::Corrupt, "its FileHeader does not begin like an HWP document; download or export it again");
  const uint32_t version = le32(head, 32), properties = le32(head, 36);
  if (version >> 24 != 5)
    source.fail(Code::Unsupported,
                "is an HWP document of version " + std::to_string(version >> 24) + ", version 5 is read");
  if (properties & kPassword) source.fail(Code::Unsupported, "is protected by a password; save it without one");
  if (properties & kDistribution)
    source.fail(Code::Unsupported,
                "is a distribution document (배포용 문서), whose text is locked; ask its author for the ordinary "
                "document or a PDF");
  if (properties & (kRights | kCertificate | kCertificateRights))
    source.fail(Code::Unsupported, "is locked by a certificate or digital rights management; save it without");
  return properties;
}

/// What of DocInfo the text needs.
struct Formats {
  std::vector<int> style_levels;  // by style: 0, or the level of a heading
  std::vector<bool> listed;       // by paragraph shape: has a bullet or a number
  std::vector<int> sides;         // by character shape: 1 a superscript, -1 a subscript
};

// Styles named "개요 1".."개요 10" (English "Outline 1") are the headings of Hangul's outline and contents.
int outline_level(std::string_view name) {
  for (const std::string_view prefix : {"개요 ", "Outline "}) {
    if (!name.starts_with(prefix)) continue;
    int level = 0;
    std::from_chars(name.data() + prefix.size(), name.data() + name.size(), level);
    return std::max(level, 0);
  }
  return 0;
}

Formats read_formats(const Records& info) {
  Formats out;
  for (uint32_t i = 0; i < info.size(); ++i) {
    const std::string_view data = info.data(i);
    if (info[i].tag == kStyle) {  // 4.2.10
      size_t at = 0;
      const std::string name = counted_string(data, at), english = counted_string(data, at);
      out.style_levels.push_back(std::max(outline_level(name), outline_level(english)));
    } else if (info[i].tag == kCharShape) {  // 4.2.6, table 35: bits 15 and 16
      const uint32_t look = le32(data, 46);
      out.sides.push_back(static_cast<int>(look >> 15 & 1) - static_cast<int>(look >> 16 & 1));
    } else if (info[i].tag == kParaShape) {  // 4.2.9, table 44: bits 23 and 24 are 2 for numbers, 3 for bullets
      out.listed.push_back((le32(data, 0) >> 23 & 3) >= 2);
    }
  }
  return out;
}

/// A control's four letters: they are stored last to first.
std::string control_id(std::string_view data) {
  std::string id(data.substr(0, 4));
  std::reverse(id.begin(), id.end());
  return id;
}

// How wide a control character is in a paragraph's text, 4.3.2: those that carry something take eight units.
enum class Width { One, Eight };
Width width_of(uint16_t c) {
  const bool one = c == 0 || c == 10 || c == 13 || c >= 24;
  return one ? Width::One : Width::Eight;
}
// Of these the record of a control follows the paragraph, in the same order; the others are whole in themselves.
bool has_record(uint16_t c) {
  return (c >= 1 && c <= 3) || c == 11 || c == 12 || (c >= 14 && c <= 18) || (c >= 21 && c <= 23);
}

/// What a tracked change deleted of a paragraph: 4.3.5, a start, an end and a tag, whose upper eight bits are its kind.
/// Asked from the front to the back.
class Deleted {
 public:
  explicit Deleted(std::string_view tags) {
    constexpr uint32_t kDeletion = 17;  // 16 is an insertion; the specification does not list the kinds
    for (size_t at = 0; at + 12 <= tags.size(); at += 12)
      if (le32(tags, at + 8) >> 24 == kDeletion)
        ranges_.emplace_back(size_t{2} * le32(tags, at), size_t{2} * le32(tags, at + 4));
    std::sort(ranges_.begin(), ranges_.end());
  }
  /// Whether the byte at `at` was deleted; `end` becomes where that changes, where it was farther.
  bool covers(size_t at, size_t& end) {
    while (next_ < ranges_.size() && ranges_[next_].second <= at) ++next_;
    if (next_ == ranges_.size()) return false;
    const auto& [from, to] = ranges_[next_];
    end = std::min(end, from <= at ? to : from);
    return from <= at;
  }
  bool covers(size_t at) {
    size_t end = at + 1;
    return covers(at, end);
  }

 private:
  std::vector<std::pair<size_t, size_t>> ranges_;  // in bytes
  size_t next_ = 0;
};

/// The plain signs of a paragraph, by runs of one character shape: 4.3.3, pairs of a position and a shape.
struct Runs {
  std::string_view units, shapes;
  const std::vector<int>& sides;
  Deleted& deleted;
  size_t plain = 0;  // bytes of `units` that are written or no plain signs
  size_t run = 0;

  void add_until(size_t to, RaisedText& text) {
    while (plain < to) {
      while (8 * (run + 1) + 8 <= shapes.size() && le32(shapes, 8 * (run + 1)) <= plain / 2) ++run;
      const bool last = 8 * (run + 1) + 8 > shapes.size();
      size_t end = last ? to : std::min(to, size_t{2} * le32(shapes, 8 * (run + 1)));
      const uint32_t shape = le32(shapes, 8 * run + 4);
      if (!deleted.covers(plain, end))
        text.add(utf16le(units.substr(plain, end - plain)), shape < sides.size() ? sides[shape] : 0);
      plain = end;
    }
  }
};

class Section {
 public:
  Section(const Records& records, const Formats& formats, Margins& margins, Writer& out)
      : r_(records), formats_(formats), margins_(margins), out_(out) {}

  void write() { blocks(0, r_.size()); }

 private:
  // Paragraphs, and shapes with the paragraphs in them.
  void blocks(uint32_t begin, uint32_t end) {
    r_.siblings(begin, end, [&](uint32_t i) {
      const uint16_t tag = r_[i].tag;
      if (tag == kParagraph) paragraph(i);
      if (tag == kShape || tag == kMemoList) blocks(i + 1, r_[i].end);
      if (tag == kTextArt) flat_paragraph(text_art(r_.data(i)));
    });
  }

  // Its own words first, then what is anchored in it: tables, boxes and notes would cut its sentences in two.
  void paragraph(uint32_t i) {
    std::vector<uint32_t> anchored;
    const std::string text = words(i, anchored);
    const std::string_view data = r_.data(i);
    const size_t style = data.size() > 10 ? static_cast<unsigned char>(data[10]) : 0, shape = le16(data, 8);
    const int level = style < formats_.style_levels.size() ? formats_.style_levels[style] : 0;
    if (level > 0)
      out_.heading(level, text);
    else if (shape < formats_.listed.size() && formats_.listed[shape] && !trim(text).empty())
      out_.line(), out_.text("- "), out_.text(trim(text)), out_.line();
    else
      flat_paragraph(text);
    for (const uint32_t control : anchored) object(control);
    // Memos hang on the last paragraph of a section.
    r_.children(i, [&](uint32_t c) {
      if (r_[c].tag == kMemoList || r_[c].tag == kParagraph) blocks(c, r_[c].end);
    });
  }

  void flat_paragraph(std::string_view text) {
    text = trim(text);
    if (!text.empty()) out_.paragraph(), out_.text(text), out_.paragraph();
  }

  // A paragraph's own text. Controls that stand in it are written in place, those with paragraphs of their own are
  // left in `anchored`.
  std::string words(uint32_t paragraph, std::vector<uint32_t>& anchored) const {
    std::string_view units, shapes, ranges;
    std::vector<uint32_t> controls;
    r_.children(paragraph, [&](uint32_t c) {
      if (r_[c].tag == kParaText) units = r_.data(c);
      if (r_[c].tag == kParaCharShape) shapes = r_.data(c);
      if (r_[c].tag == kParaRangeTag) ranges = r_.data(c);
      if (r_[c].tag == kControl) controls.push_back(c);
    });
    RaisedText text;
    Deleted deleted(ranges);
    Runs runs{units, shapes, formats_.sides, deleted};
    size_t next = 0;
    for (size_t at = 0; at + 1 < units.size();) {
      const uint16_t c = le16(units, at);
      if (c >= 32) {
        at += 2;
        continue;
      }
      runs.add_until(at, text);
      const bool gone = deleted.covers(at);
      if (has_record(c) && next < controls.size()) {
        if (!gone) inline_control(controls[next], text, anchored);
        ++next;
      }
      if (const auto plain = sign(c); !plain.empty() && !gone) text.add(plain);
      at += width_of(c) == Width::Eight ? 16 : 2;
      runs.plain = std::min(at, units.size());
    }
    runs.add_until(units.size(), text);
    // A text that was cut loses control characters, not what they stand for.
    for (; next < controls.size(); ++next) inline_control(controls[next], text, anchored);
    return text.take();
  }

  static std::string_view sign(uint16_t c) {
    if (c == 9 || c == 30 || c == 31) return " ";  // tab, no-break space, fixed-width space
    if (c == 10) return "\n";
    return c == 24 ? "-" : "";
  }

  void inline_control(uint32_t i, RaisedText& text, std::vector<uint32_t>& anchored) const {
    const std::string_view data = r_.data(i);
    const std::string id = control_id(data);
    size_t at = 4;
    if (id == "atno") {
      text.add(auto_number(data));
    } else if (id == "tcps") {  // letters drawn over each other, 4.3.10.12
      text.add(counted_string(data, at));
    } else if (id == "tdut") {  // a word with small text above it, 4.3.10.13
      const std::string main = counted_string(data, at), small = counted_string(data, at);
      text.add(small.empty() ? main : main + "(" + small + ")");
    } else if (id == "eqed") {
      if (const std::string script = equation(i); !script.empty()) text.add(" " + script + " ");
      anchored.push_back(i);  // its caption
    } else if (id == "fn  " || id == "en  ") {
      if (const std::string mark = note_mark(data); !mark.empty()) text.note(mark);
      anchored.push_back(i);
    } else if (id == "tbl " || id == "gso " || id == "tcmt" || id == "head" || id == "foot") {
      anchored.push_back(i);
    }
  }

  // 4.3.10.4: the number of a footnote or endnote.
  static std::string note_mark(std::string_view data) {
    const uint32_t number = le32(data, 4);
    return number > 0 ? std::to_string(number) : std::string();
  }

  // 4.3.10.5: numbers of figures, tables and equations belong to captions ("표 1"); those of pages and notes are marks.
  static std::string auto_number(std::string_view data) {
    const uint32_t kind = le32(data, 4) & 15;
    return kind >= 3 && kind <= 5 ? std::to_string(le16(data, 8)) : std::string();
  }

  // 4.3.9.3: the script as it is typed, "E = mc^2".
  std::string equation(uint32_t control) const {
    std::string script;
    r_.children(control, [&](uint32_t c) {
      size_t at = 4;
      if (r_[c].tag == kEquation) script = collapse_blanks(counted_string(r_.data(c), at));
    });
    return script;
  }

  // Words in a decorative shape: eight coordinates, then the text.
  static std::string text_art(std::string_view data) {
    size_t at = 32;
    return counted_string(data, at);
  }

  void object(uint32_t control) {
    const std::string id = control_id(r_.data(control));
    if (id == "tbl ") return table(control);
    if (id == "head" || id == "foot") return margin(control);
    if (id == "fn  " || id == "en  ") return note(control);
    blocks(control + 1, r_[control].end);
  }

  void note(uint32_t control) {
    std::string text;
    std::vector<uint32_t> anchored;
    r_.children(control, [&](uint32_t i) {
      if (r_[i].tag == kParagraph) text += words(i, anchored) + ' ';
    });
    const std::string mark = note_mark(r_.data(control));
    if (!trim(text).empty()) flat_paragraph((mark.empty() ? "" : "[" + mark + "] ") + collapse_blanks(text));
    for (const uint32_t inner : anchored) object(inner);
  }

  void margin(uint32_t control) {
    std::vector<uint32_t> passed;  // all paragraphs come here by themselves, those in tables too
    for (uint32_t i = control + 1; i < r_[control].end; ++i)
      if (r_[i].tag == kParagraph) margins_.add(words(i, passed));
  }

  // 4.3.9.1: an optional caption, the table's record, then for each cell a list header and its paragraphs.
  void table(uint32_t control) {
    SpannedTable grid;
    std::vector<uint32_t> anchored;
    bool in_cells = false;
    SpannedTable::Cell* cell = nullptr;
    uint32_t columns = 0, rows = 0, first_cell = 0;
    r_.children(control, [&](uint32_t i) {
      const std::string_view data = r_.data(i);
      if (r_[i].tag == kTable) in_cells = true, rows = le16(data, 4), columns = le16(data, 6), first_cell = r_[i].end;
      if (!in_cells && r_[i].tag == kParagraph) paragraph(i);  // the caption
    });
    if (rows == 1 && columns == 1) return blocks(first_cell, r_[control].end);  // a frame around paragraphs
    r_.siblings(in_cells ? first_cell : r_[control].end, r_[control].end, [&](uint32_t i) {
      const std::string_view data = r_.data(i);
      if (r_[i].tag == kListHeader) cell = &grid.add(le16(data, 10), le16(data, 8), le16(data, 14), le16(data, 12));
      if (r_[i].tag == kParagraph && cell) cell->text += words(i, anchored) + ' ';
    });
    grid.write(out_);
    for (const uint32_t inner : anchored) object(inner);
  }

  const Records& r_;
  const Formats& formats_;
  Margins& margins_;
  Writer& out_;
};

// Section0, Section1, ..., Section10 of a folder in the order of their numbers.
std::map<int, std::string> sections_in(const Ole& ole, std::string_view folder) {
  std::map<int, std::string> out;
  const std::string before = std::string(folder) + "/Section";
  for (const auto& path : ole.paths()) {
    if (!path.starts_with(before)) continue;
    int number = -1;
    const char* end = path.data() + path.size();
    const auto result = std::from_chars(path.data() + before.size(), end, number);
    if (result.ec == std::errc() && result.ptr == end) out.emplace(number, path);
  }
  return out;
}

// While changes are tracked the text with its marks is in ViewText; what BodyText has then may be a stand-in without
// any.
std::map<int, std::string> sections(const Ole& ole, uint32_t properties) {
  auto body = sections_in(ole, "BodyText");
  if (!(properties & kTracked)) return body;
  auto view = sections_in(ole, "ViewText");
  return view.empty() ? body : view;
}

// A property set (MS-OLEPS 2.21): the first section's property 2 is the title.
std::string summary_title(std::string_view set) {
  const size_t section = le32(set, 44);
  if (section >= set.size()) return {};
  const std::string_view bytes = set.substr(section);
  const size_t count = std::min<size_t>(le32(bytes, 4), 100);
  for (size_t i = 0; i < count; ++i) {
    if (le32(bytes, 8 + 8 * i) != 2) continue;
    const size_t at = le32(bytes, 12 + 8 * i);
    constexpr uint32_t kWideString = 0x1F;
    if (at >= bytes.size() || le32(bytes, at) != kWideString) return {};
    const size_t from = std::min(at + 8, bytes.size());
    const std::string title = utf16le(bytes.substr(from, size_t{2} * le32(bytes, at + 4)));
    return title.substr(0, title.find('\0'));
  }
  return {};
}

}  // namespace

Document load_hwp(const Source& source) {
  Ole ole(source);
  const uint32_t properties = read_properties(source, ole);
  Writer out(source);
  if (const auto summary = ole.find("\x05HwpSummaryInformation")) out.title(summary_title(*summary));
  uint64_t unpacked = 0;
  const auto records = [&](const std::string& path) {
    std::string bytes = ole.read(path);
    bool whole = true;
    if (properties & kPacked) {
      Inflated inflated = inflate_raw(source, path, bytes, unpacked);
      whole = inflated.whole;
      bytes = std::move(inflated.bytes);
    }
    Records list(source, std::move(bytes));
    if (!whole || !list.sound()) out.note(path + " is damaged; what comes before the damage was read");
    return list;
  };
  const Formats formats = read_formats(records("DocInfo"));
  const auto parts = sections(ole, properties);
  if (parts.empty()) ole.read("BodyText/Section0");  // says that it is missing
  Margins margins;
  for (const auto& [number, path] : parts) {
    const Records list = records(path);
    Section(list, formats, margins, out).write();
  }
  margins.write(out);
  return out.finish();
}

}  // namespace hanok::text
