#include "text/loaders/pdf_tables.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <list>
#include <utility>

#include "text/loaders/raised.h"
#include "text/utf8.h"

namespace hanok::text {
namespace {

// All lengths in heights of a line, about one font size.
constexpr float kGap = 1.2F;        // between words: wider is a gap between columns, since spaces are 0.25 to 0.8
constexpr float kSameRow = 0.5F;    // of the lower height that two boxes share when they stand in one row
constexpr float kRowsApart = 3.5F;  // from top to top: wider apart rows belong to different things
constexpr float kTight = 1.45F;     // lines of a paragraph; rows of tables have more air, or numbers
constexpr size_t kMostColumns = 40;
constexpr size_t kFewRows = 15;  // a list in columns, as an index has, is longer

struct Piece {
  float left, top, right, bottom;
  size_t line;  // of the page
  std::string text;
  size_t words;
  bool number;
  std::vector<PdfWord> parts;
  float height() const { return bottom - top; }
  float width() const { return right - left; }
};

// "•", "-", "※", "(1)", "가.", "①": what stands before an item of a list.
bool is_marker(std::string_view text) {
  size_t signs = 0, letters = 0;
  for (size_t i = 0; i < text.size();) {
    const uint32_t c = next_code_point(text, i);
    ++signs;
    letters += (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_hangul(c);
  }
  return signs <= 4 && (letters == 0 || (letters <= 2 && (text.ends_with('.') || text.ends_with(')'))));
}

// Words of prose: Korean ones are longer in meaning, Chinese and Japanese have no spaces.
size_t count_words(std::string_view text) {
  size_t spaces = 1, wide = 0;
  for (size_t i = 0; i < text.size();) {
    const uint32_t c = next_code_point(text, i);
    spaces += c == ' ';
    wide += is_han(c) || is_kana(c);
  }
  return spaces + wide / 3;
}

Piece piece_of(std::vector<PdfWord> words, size_t line) {
  Piece piece{words.front().left,
              words.front().top,
              words.front().right,
              words.front().bottom,
              line,
              line_text(words),
              0,
              false,
              {}};
  for (const auto& w : words) {
    piece.left = std::min(piece.left, w.left), piece.right = std::max(piece.right, w.right);
    piece.top = std::min(piece.top, w.top), piece.bottom = std::max(piece.bottom, w.bottom);
  }
  piece.words = count_words(piece.text);
  piece.number = is_numeric(piece.text);
  piece.parts = std::move(words);
  return piece;
}

// A line cut where wide gaps are: pdftotext keeps columns that stand close in one line.
void cut(const PdfLine& line, size_t index, std::vector<Piece>& out) {
  std::vector<PdfWord> words;
  const auto flush = [&] {
    if (words.empty()) return;
    Piece piece = piece_of(std::exchange(words, {}), index);
    if (piece.height() > 0 && piece.width() > 0) out.push_back(std::move(piece));
  };
  for (const auto& w : line.words) {
    if (!words.empty() && w.left - words.back().right > kGap * (w.bottom - w.top)) flush();
    words.push_back(w);
  }
  flush();
}

using Row = std::vector<const Piece*>;  // from left to right

std::vector<Row> rows_of(const std::vector<Piece>& pieces) {
  std::vector<const Piece*> sorted;
  for (const auto& p : pieces) sorted.push_back(&p);
  std::sort(sorted.begin(), sorted.end(), [](const Piece* a, const Piece* b) {
    const float x = a->top + a->bottom, y = b->top + b->bottom;
    return x != y ? x < y : a->left < b->left;
  });
  std::vector<Row> rows;
  float top = 0, bottom = 0;
  for (const Piece* p : sorted) {
    const float shared = std::min(bottom, p->bottom) - std::max(top, p->top);
    const float lower = std::min(bottom - top, p->height());
    if (rows.empty() || shared < kSameRow * lower) {
      rows.emplace_back();
      top = p->top, bottom = p->bottom;
    }
    rows.back().push_back(p);
  }
  for (auto& row : rows)
    std::sort(row.begin(), row.end(), [](const Piece* a, const Piece* b) { return a->left < b->left; });
  return rows;
}

float top_of(const Row& row) {
  float top = row.front()->top;
  for (const Piece* p : row) top = std::min(top, p->top);
  return top;
}

float height_of(const Row& row) {
  float height = 0;
  for (const Piece* p : row) height = std::max(height, p->height());
  return height;
}

// "Introduction . . . . . 5"
bool has_leader(std::string_view text) {
  return text.find(". . .") != text.npos || text.find("....") != text.npos || text.find("…") != text.npos;
}

struct Column : PdfColumn {
  float width() const { return right - left; }
};

// ---- names over names: "Summer | Winter" over "Weekday | Weekend | Weekday | Weekend"

/// Across the gap between two, or short and in the middle of it.
bool over_gap(const Piece& p, const Piece& left, const Piece& right) {
  const float middle = (p.left + p.right) / 2;
  return (p.left < left.right && p.right > right.left) || (left.right < middle && middle < right.left);
}

bool is_beside(const Piece& p, const Row& row) {
  return std::none_of(row.begin(), row.end(),
                      [&](const Piece* other) { return p.left < other->right && p.right > other->left; });
}

bool all_words(const Row& row) {
  return std::none_of(row.begin(), row.end(), [](const Piece* p) { return p->number; });
}

// The pieces of `names` [first, last] that a name over several of them stands in the middle of: those it lies over, and
// what beside them balances it. from, end: what belongs to its neighbours.
std::pair<size_t, size_t> under(const Piece& group, const Row& names, size_t from, size_t end) {
  size_t first = from, last = end - 1;
  while (first < last && names[first]->right <= group.left) ++first;
  while (last > first && names[last]->left >= group.right) --last;
  const float middle = (group.left + group.right) / 2;
  const auto off = [&](size_t a, size_t b) { return std::abs((names[a]->left + names[b]->right) / 2 - middle); };
  std::pair<size_t, size_t> best{first, last};
  for (size_t a = from; a <= first; ++a)
    for (size_t b = last; b < end; ++b)
      if (off(a, b) < 0.8F * off(best.first, best.second)) best = {a, b};
  return best;
}

/// Two rows of names, and perhaps one between them at the left (a cell that is as high as both), as one row.
struct NamesOverNames {
  size_t rows = 0;            // of the page that it is made of; 0: there is no such header here
  Row row;                    // each name below with the one over it
  std::vector<size_t> lines;  // of the page, of the upper names
};

// rows[at] and those after it. A name over several lies across the gap between two of the next row, and two rows of
// values at least stand under the lower names, a value for each.
NamesOverNames names_over_names(const std::vector<Row>& rows, size_t at, std::list<Piece>& made) {
  constexpr size_t kValues = 2;  // rows
  const Row& upper = rows[at];
  if (upper.size() < 2 || !all_words(upper)) return {};
  const bool between = at + 1 < rows.size() && rows[at + 1].size() == 1;
  const size_t below = at + 1 + between, end = below + 1;
  if (end + kValues > rows.size() || top_of(rows[below]) - top_of(upper) > kRowsApart * height_of(upper)) return {};
  const Row& lower = rows[below];
  if (lower.size() < 3 || !all_words(lower)) return {};
  NamesOverNames out;
  out.row = lower;
  if (between) {
    if (!is_beside(*rows[at + 1].front(), lower) || !all_words(rows[at + 1])) return {};
    out.row.push_back(rows[at + 1].front());
  }
  std::vector<const Piece*> groups;
  size_t from = 0;
  for (const Piece* p : upper) {
    if (is_beside(*p, lower) && !over_gap(*p, *lower.front(), *lower.back())) {
      out.row.push_back(p);
      continue;
    }
    bool several = false;
    for (size_t i = 0; i + 1 < lower.size(); ++i) several |= over_gap(*p, *lower[i], *lower[i + 1]);
    if (!several) return {};
    groups.push_back(p);
    out.lines.push_back(p->line);
  }
  for (size_t g = 0; g < groups.size(); ++g) {
    size_t limit = lower.size();  // the first that the next name over several lies over
    if (g + 1 < groups.size())
      while (limit > from + 1 && lower[limit - 1]->right > groups[g + 1]->left) --limit;
    const auto [first, last] = under(*groups[g], lower, from, limit);
    for (size_t i = first; i <= last; ++i) {
      Piece& named = made.emplace_back(*lower[i]);
      named.text = groups[g]->text + " " + named.text;
      *std::find(out.row.begin(), out.row.end(), lower[i]) = &named;
    }
    from = last + 1;
  }
  if (groups.empty()) return {};
  for (size_t r = end; r < end + kValues; ++r) {
    const size_t values = static_cast<size_t>(
        std::count_if(rows[r].begin(), rows[r].end(), [&](const Piece* p) { return !is_beside(*p, lower); }));
    if (values < lower.size() || all_words(rows[r])) return {};
  }
  std::sort(out.row.begin(), out.row.end(), [](const Piece* a, const Piece* b) { return a->left < b->left; });
  out.rows = end - at;
  return out;
}

// Neighbouring rows whose pieces stand in the same columns.
class Region {
 public:
  // False when the row does not fit: it is too far below, or one of its pieces lies over two columns.
  bool add(const Row& row) {
    if (!rows_.empty() &&
        top_of(row) - top_of(rows_.back()) > kRowsApart * std::max(height_of(row), height_of(rows_.back())))
      return false;
    std::vector<Column> columns = columns_;
    for (const Piece* p : row)
      if (!widen(columns, *p)) return false;
    if (columns.size() > kMostColumns) return false;
    columns_ = std::move(columns);
    rows_.push_back(row);
    return true;
  }

  /// Lines of the page that are in the first row, though none of its pieces is on them.
  void add_lines(const std::vector<size_t>& lines) {
    more_lines_.insert(more_lines_.end(), lines.begin(), lines.end());
  }

  // The row above the first, where its words stand over the columns though they are close to one another: names of
  // narrow columns. `made` keeps its pieces.
  void add_above(const Row& row, std::list<Piece>& made) {
    if (rows_.empty() || top_of(rows_.front()) - top_of(row) > kRowsApart * height_of(row)) return;
    std::vector<std::vector<PdfWord>> cells(columns_.size());
    size_t line = 0;
    for (const Piece* p : row)
      for (const auto& w : p->parts) {
        size_t over = columns_.size();
        for (size_t c = 0; c < columns_.size(); ++c) {
          if (w.right <= columns_[c].left || w.left >= columns_[c].right) continue;
          if (over != columns_.size()) return;
          over = c;
        }
        if (over == columns_.size()) return;
        cells[over].push_back(w);
        line = p->line;
      }
    Row above;
    float last = -std::numeric_limits<float>::max();
    for (auto& words : cells) {
      if (words.empty()) return;        // a heading over the table rather than its names
      constexpr float kBetween = 0.6F;  // of a height; spaces in prose are half as wide
      if (words.front().left - last < kBetween * height_of(row)) return;
      last = words.back().right;
      above.push_back(&made.emplace_back(piece_of(std::move(words), line)));
    }
    for (const Piece* p : above) widen(columns_, *p);
    rows_.insert(rows_.begin(), std::move(above));
  }

  // Single pieces under the last row are not of the table, unless they go on with a cell.
  void trim_single() {
    size_t last = 0;
    for (size_t r = 0; r < rows_.size(); ++r)
      if (rows_[r].size() >= 2 || (r > 0 && r == last + 1 && step(r) < kTight)) last = r;
    if (!rows_.empty()) rows_.resize(last + 1);
  }

  bool is_table() {
    size_t several = 0;
    for (const auto& row : rows_) several += row.size() >= 2;
    if (columns_.size() < 2 || several < 2) return false;
    drop_prose_beside();
    if (columns_.size() < 2) return false;
    measure();
    const size_t prose = count(&Measure::prose), numbers = count(&Measure::number);
    if (prose >= 2 || prose == columns_.size()) return false;
    const bool tight = pitch() < kTight;
    if (columns_.size() == 2 && several < 3) return numbers >= 1 && !tight;
    if (numbers >= 1) return !is_list();
    if (columns_.size() == 2) return key_values(tight);
    return !tight || rows_.size() <= kFewRows || widths_differ();
  }

  // The rest of a table that began on the page before: also a single row, if it stands in those columns.
  bool continues(const std::vector<PdfColumn>& columns) {
    measure();
    return rows_.front().size() >= 2 && same_columns({columns_.begin(), columns_.end()}, columns);
  }

  PdfTable table() const {
    PdfTable out;
    const float usual = pitch();
    const std::vector<size_t> group = groups();
    for (size_t r = 0; r < rows_.size(); ++r) {
      std::vector<std::string> cells(columns_.size());
      for (const Piece* p : rows_[r]) {
        const size_t c = column_of(*p);
        if (c == columns_.size()) continue;
        cells[c] += (cells[c].empty() ? "" : " ") + p->text;
        out.lines.push_back(p->line);
      }
      if (r > 0 && group[r] == group[r - 1]) {
        append(cells, out.rows.back());
      } else if (columns_.size() > 1 && measures_[0].markers == measures_[0].cells && !cells[0].empty()) {
        cells[1] = cells[0] + (cells[1].empty() ? "" : " ") + cells[1];
        cells[0].clear();
        out.rows.push_back(std::move(cells));
      } else if (r > 0 && goes_on(r, cells, usual)) {
        append(cells, out.rows.back());
      } else {
        out.rows.push_back(std::move(cells));
      }
    }
    if (measures_[0].markers == measures_[0].cells)  // its marks went into the second column
      for (auto& row : out.rows) row.erase(row.begin());
    for (size_t c = measures_[0].markers == measures_[0].cells ? 1 : 0; c < columns_.size(); ++c)
      out.columns.push_back({columns_[c].left, columns_[c].right, measures_[c].number});
    out.lines.insert(out.lines.end(), more_lines_.begin(), more_lines_.end());
    std::sort(out.lines.begin(), out.lines.end());
    out.lines.erase(std::unique(out.lines.begin(), out.lines.end()), out.lines.end());
    return out;
  }

  bool empty() const { return rows_.empty(); }

 private:
  struct Measure {
    size_t cells = 0, words = 0, numbers = 0, full = 0, mixed = 0, markers = 0;
    bool prose = false, number = false;
  };

  static bool widen(std::vector<Column>& columns, const Piece& p) {
    size_t over = columns.size();
    for (size_t c = 0; c < columns.size(); ++c) {
      if (p.right <= columns[c].left || p.left >= columns[c].right) continue;
      if (over != columns.size()) return false;
      over = c;
    }
    if (over == columns.size()) {
      const auto place =
          std::find_if(columns.begin(), columns.end(), [&](const Column& c) { return c.left >= p.right; });
      columns.insert(place, Column{{p.left, p.right}});
      return true;
    }
    columns[over].left = std::min(columns[over].left, p.left);
    columns[over].right = std::max(columns[over].right, p.right);
    return true;
  }

  size_t column_of(const Piece& p) const {
    for (size_t c = 0; c < columns_.size(); ++c)
      if (p.left < columns_[c].right && p.right > columns_[c].left) return c;
    return columns_.size();
  }

  size_t count(bool Measure::*what) const {
    return static_cast<size_t>(
        std::count_if(measures_.begin(), measures_.end(), [&](const Measure& m) { return m.*what; }));
  }

  void measure() {
    measures_.assign(columns_.size(), {});
    for (const auto& row : rows_)
      for (const Piece* p : row) {
        const size_t c = column_of(*p);
        if (c == columns_.size()) continue;
        Measure& m = measures_[c];
        ++m.cells;
        m.words += p->words;
        m.markers += is_marker(p->text);
        m.numbers += p->number && !is_marker(p->text);
        m.full += columns_[c].right - p->right < 0.12F * columns_[c].width();
        m.mixed += !p->number && p->text.find_first_of("0123456789") != p->text.npos;
      }
    for (auto& m : measures_) {
      constexpr size_t kLines = 3, kWords = 4;  // fewer lines or words are a cell rather than a paragraph
      const bool long_lines = m.words >= kWords * m.cells;
      m.prose = m.cells >= kLines && long_lines && (2 * m.full >= m.cells || m.words >= 7 * m.cells);
      m.number = m.cells >= 2 && 2 * m.numbers >= m.cells && m.numbers >= 1;
    }
  }

  // A column of prose that runs beside a table: there in nearly every row, its lines full.
  void drop_prose_beside() {
    measure();
    for (const size_t c : {columns_.size() - 1, size_t{0}}) {
      if (columns_.size() < 3 || c >= columns_.size()) continue;
      const Measure& m = measures_[c];
      if (!m.prose || 10 * m.cells < 9 * rows_.size() || 10 * m.full < 6 * m.cells) continue;
      columns_.erase(columns_.begin() + static_cast<long>(c));
      measure();
    }
    for (auto& row : rows_) std::erase_if(row, [&](const Piece* p) { return column_of(*p) == columns_.size(); });
    std::erase_if(rows_, [](const Row& row) { return row.empty(); });
  }

  static void append(const std::vector<std::string>& cells, std::vector<std::string>& row) {
    for (size_t c = 0; c < cells.size(); ++c)
      if (!cells[c].empty()) row[c] += (row[c].empty() ? "" : " ") + cells[c];
  }

  // From the row before to row r, in heights of a line.
  float step(size_t r) const { return (top_of(rows_[r]) - top_of(rows_[r - 1])) / height_of(rows_[r]); }

  // Rows of one cell: lines that stand as close as those of a paragraph are one cell, and so are the rows they are in,
  // wherever the other cells stand beside them (a label is often centred). Where this puts two numbers into one cell,
  // the rows of the table are as close as lines, and every row is for itself.
  std::vector<size_t> groups() const {
    std::vector<size_t> group(rows_.size());
    for (size_t r = 0; r < rows_.size(); ++r) group[r] = r;
    for (size_t c = 0; c < columns_.size(); ++c) {
      if (measures_[c].number) continue;
      const Piece* last = nullptr;
      size_t last_row = 0;
      for (size_t r = 0; r < rows_.size(); ++r)
        for (const Piece* p : rows_[r]) {
          if (column_of(*p) != c) continue;
          if (last && p->top - last->top < kTight * p->height() && wraps(*last, *p))
            for (size_t i = last_row + 1; i <= r; ++i) group[i] = std::min(group[i], group[last_row]);
          last = p, last_row = r;
        }
    }
    for (size_t r = 1; r < rows_.size(); ++r)  // a row between two that are one
      if (group[r] < r) group[r] = group[group[r]];
    std::vector<size_t> alone(rows_.size());
    for (size_t r = 0; r < rows_.size(); ++r) alone[r] = r;
    return groups_hold(group) ? group : alone;
  }

  // Whether `next` begins with a word for which `line` had no room.
  bool wraps(const Piece& line, const Piece& next) const {
    const size_t c = column_of(next);
    const float word = next.parts.front().right - next.parts.front().left;
    return c < columns_.size() && !has_leader(line.text) &&
           line.width() + word + 0.25F * line.height() > 0.95F * columns_[c].width();
  }

  bool groups_hold(const std::vector<size_t>& group) const {
    const bool tight = pitch() < kTight;
    for (size_t from = 0; from < rows_.size();) {
      size_t to = from;
      std::vector<size_t> pieces(columns_.size(), 0);
      for (; to < rows_.size() && group[to] == group[from]; ++to)
        for (const Piece* p : rows_[to]) {
          const size_t c = column_of(*p);
          if (c < columns_.size() && ++pieces[c] > 1 && measures_[c].number) return false;
        }
      const auto filled = std::count_if(pieces.begin(), pieces.end(), [](size_t n) { return n > 0; });
      if (tight)
        for (size_t r = from + 1; r < to; ++r)
          if (rows_[r].size() >= 2 && rows_[r - 1].size() >= 2) return false;  // full rows as close as lines
      if (to - from >= 2 && (filled < 2 || to - from == rows_.size())) return false;
      from = to;
    }
    return true;
  }

  // The usual distance of rows, in heights of a line.
  float pitch() const {
    std::vector<float> steps;
    for (size_t r = 1; r < rows_.size(); ++r) steps.push_back(step(r));
    if (steps.empty()) return 0;
    std::nth_element(steps.begin(), steps.begin() + static_cast<long>(steps.size() / 2), steps.end());
    return steps[steps.size() / 2];
  }

  bool widths_differ() const {
    float narrow = std::numeric_limits<float>::max(), wide = 0;
    for (const auto& c : columns_) narrow = std::min(narrow, c.width()), wide = std::max(wide, c.width());
    return wide > 1.6F * narrow;
  }

  // An index in columns: in each of them words with numbers behind them.
  bool is_list() const {
    return std::all_of(measures_.begin(), measures_.end(),
                       [](const Measure& m) { return !m.number && 2 * m.mixed >= m.cells; });
  }

  // Labels at the left and what they say at the right.
  bool key_values(bool tight) const {
    const Measure& key = measures_[0];
    if (key.words > 4 * key.cells || is_list()) return false;
    if (tight && rows_.size() > kFewRows && columns_[1].width() < 1.6F * columns_[0].width()) return false;
    // Notes in a margin are paragraphs of their own beside the text: most rows of it have none.
    return 2 * key.cells >= rows_.size();
  }

  // A row that carries on the cell above: nothing in the first column, close under the row before, and words rather
  // than numbers.
  bool goes_on(size_t r, const std::vector<std::string>& cells, float usual) const {
    if (!cells[0].empty()) return false;
    if (std::any_of(rows_[r].begin(), rows_[r].end(), [](const Piece* p) { return p->number; })) return false;
    if (step(r) < 0.85F * usual) return true;
    if (usual >= kTight || rows_[r].size() != 1) return false;
    // Rows as close as lines: only a paragraph goes on.
    const size_t c = column_of(*rows_[r].front());
    const Piece* above = nullptr;
    for (const Piece* p : rows_[r - 1])
      if (column_of(*p) == c) above = p;
    return above && measures_[c].words >= 3 * measures_[c].cells && wraps(*above, *rows_[r].front());
  }

  std::vector<Row> rows_;
  std::vector<size_t> more_lines_;
  std::vector<Column> columns_;
  std::vector<Measure> measures_;
};

}  // namespace

std::string line_text(const std::vector<PdfWord>& words) {
  constexpr float kSpace = 0.1F;   // of a height: closer words are one, set in two fonts
  constexpr float kSmall = 0.85F;  // of a height: smaller letters next to large ones are raised or lowered
  RaisedText line;
  const PdfWord* base = nullptr;  // the last word on the line itself
  const PdfWord* last = nullptr;
  for (const auto& w : words) {
    int side = 0;
    const float height = w.bottom - w.top;
    const bool close = last && w.left - last->right < kSpace * (last->bottom - last->top);
    if (base && close && height < kSmall * (base->bottom - base->top)) {
      const float above = base->bottom - w.bottom, below = w.top - base->top;
      side = above > below ? 1 : -1;
    }
    if (last && !close) line.add(" ");
    line.add(w.text, side);
    if (side == 0) base = &w;
    last = &w;
  }
  return line.take();
}

bool is_numeric(std::string_view text) {
  size_t digits = 0, letters = 0, words = 1;
  for (size_t i = 0; i < text.size();) {
    const uint32_t c = next_code_point(text, i);
    const bool sign = c == 0x20A9 || c == 0x20AC || c == 0x2013 || c == 0x2212;  // ₩ € – −
    if (c >= '0' && c <= '9')
      ++digits;
    else if (((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0xC0) && !sign)
      ++letters;
    if (digits == 0 && letters > 0) return false;
    words += c == ' ';
  }
  return (digits > 0 && digits >= letters && words <= 3) || text == "-" || text == "–" || text == "—";
}

bool same_columns(const std::vector<PdfColumn>& a, const std::vector<PdfColumn>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i)
    for (size_t j = 0; j < b.size(); ++j) {
      const bool over = a[i].left < b[j].right && b[j].left < a[i].right;
      if (over != (i == j)) return false;
    }
  return true;
}

std::vector<PdfTable> find_tables(const PdfPage& page, const std::vector<PdfColumn>* goes_on) {
  std::vector<Piece> pieces;
  for (size_t i = 0; i < page.size(); ++i) cut(page[i], i, pieces);
  std::vector<PdfTable> tables;
  Region region;
  std::list<Piece> made;
  const Row* above = nullptr;  // the row before the region
  const auto finish = [&] {
    region.trim_single();
    if (above) region.add_above(*above, made);
    if (region.empty()) return;
    if (region.is_table() || (goes_on && tables.empty() && region.continues(*goes_on)))
      tables.push_back(region.table());
    region = {};
  };
  const std::vector<Row> rows = rows_of(pieces);
  for (size_t r = 0; r < rows.size(); ++r) {
    if (const NamesOverNames names = names_over_names(rows, r, made); names.rows > 0) {
      finish();
      region.add(names.row);
      region.add_lines(names.lines);
      above = nullptr;
      r += names.rows - 1;
      continue;
    }
    if (!region.empty() && region.add(rows[r])) continue;
    finish();
    if (rows[r].size() < 2) continue;
    region.add(rows[r]);
    above = r > 0 && rows[r - 1].size() == 1 ? &rows[r - 1] : nullptr;
  }
  finish();
  return tables;
}

}  // namespace hanok::text
