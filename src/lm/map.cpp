#include "lm/map.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "hanok/similarity.h"
#include "text/markup.h"
#include "text/utf8.h"

namespace hanok::lm {
namespace {

constexpr double kWidth = 1000, kHeight = 700, kFont = 11, kRadius = 5;
constexpr Box kPlot{50, 20, 700, 630}, kLegend{765, 20, 225, 630};
constexpr size_t kLabelWidth = 26, kLegendWidth = 26;
constexpr double kLetterEm = 0.55;  // a letter of a sans-serif font on average; wide signs take 1.0 and count two
constexpr double kLegendRow = 34;
constexpr size_t kMostLabels = 400;  // no more have room, and looking for it takes time

size_t columns(uint32_t c) {
  const bool full_width = c >= 0xFF01 && c <= 0xFF60;
  return text::is_hangul(c) || text::is_han(c) || text::is_kana(c) || full_width ? 2 : 1;
}

size_t columns(std::string_view text) {
  size_t out = 0;
  for (size_t i = 0; i < text.size();) out += columns(text::next_code_point(text, i));
  return out;
}

double width_of(std::string_view label, double font_size) {
  return static_cast<double>(columns(label)) * kLetterEm * font_size;
}

std::string escaped(std::string_view text) {
  std::string plain(text);
  for (char& c : plain)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';  // XML has no place for most control characters
  return text::escape_markup(plain);
}

std::string number(double x) {
  char out[32];
  std::snprintf(out, sizeof out, "%.1f", x);
  return out;
}

// Hues far apart for neighbours in the legend (the golden angle, from blue on), and dark enough to be read on white.
std::string colour(size_t group) { return "hsl(" + std::to_string((215 + group * 137) % 360) + ",65%,38%)"; }

std::string text_at(double x, double y, std::string_view what, std::string_view attributes = "") {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\"" + std::string(attributes) + ">" + escaped(what) +
         "</text>\n";
}

/// Where each row lies on the plot.
std::vector<Box> dots_of(const Matrix& at) {
  std::array<float, 2> low{0, 0}, high{0, 0};
  for (size_t i = 0; i < at.rows; ++i)
    for (size_t axis = 0; axis < 2; ++axis) {
      low[axis] = i == 0 ? at.row(i)[axis] : std::min(low[axis], at.row(i)[axis]);
      high[axis] = i == 0 ? at.row(i)[axis] : std::max(high[axis], at.row(i)[axis]);
    }
  // Both axes in one unit, so that distances can be compared by eye.
  const double unit = std::max(
      {1e-9, (high[0] - low[0]) / (kPlot.width - 4 * kRadius), (high[1] - low[1]) / (kPlot.height - 4 * kRadius)});
  std::vector<Box> out;
  for (size_t i = 0; i < at.rows; ++i) {
    const double x = kPlot.x + kPlot.width / 2 + (at.row(i)[0] - (low[0] + high[0]) / 2) / unit;
    const double y = kPlot.y + kPlot.height / 2 - (at.row(i)[1] - (low[1] + high[1]) / 2) / unit;
    out.push_back({x - kRadius, y - kRadius, 2 * kRadius, 2 * kRadius});
  }
  return out;
}

/// Share of the spread of `rows` around their mean that lies on an axis of `at`, in per cent.
std::array<double, 2> shares(const Matrix& rows, const Matrix& at) {
  std::vector<double> mean(rows.dim);
  for (size_t i = 0; i < rows.rows; ++i)
    for (size_t d = 0; d < rows.dim; ++d) mean[d] += rows.row(i)[d] / static_cast<double>(rows.rows);
  double all = 0;
  std::array<double, 2> out{};
  for (size_t i = 0; i < rows.rows; ++i) {
    for (size_t d = 0; d < rows.dim; ++d) all += (rows.row(i)[d] - mean[d]) * (rows.row(i)[d] - mean[d]);
    for (size_t axis = 0; axis < 2; ++axis) out[axis] += at.row(i)[axis] * at.row(i)[axis];
  }
  for (double& share : out) share = all > 0 ? 100 * share / all : 0;
  return out;
}

/// The member nearest to the mean of its group comes first.
std::vector<size_t> central_first(const Matrix& rows, std::vector<size_t> group) {
  std::vector<double> mean(rows.dim);
  for (const size_t i : group)
    for (size_t d = 0; d < rows.dim; ++d) mean[d] += rows.row(i)[d] / static_cast<double>(group.size());
  const auto distance = [&](size_t i) {
    double sum = 0;
    for (size_t d = 0; d < rows.dim; ++d) sum += (rows.row(i)[d] - mean[d]) * (rows.row(i)[d] - mean[d]);
    return sum;
  };
  size_t best = 0;
  for (size_t m = 1; m < group.size(); ++m)
    if (distance(group[m]) < distance(group[best])) best = m;
  if (!group.empty())
    std::rotate(group.begin(), group.begin() + static_cast<std::ptrdiff_t>(best),
                group.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  return group;
}

std::string legend(const std::vector<std::vector<size_t>>& groups, const std::vector<std::string>& texts,
                   size_t ungrouped) {
  std::string out;
  double y = kLegend.y + kFont;
  const auto row = [&](const std::string& fill, const std::string& name, const std::string& example) {
    out += "<circle cx=\"" + number(kLegend.x + kRadius) + "\" cy=\"" + number(y - 4) + "\" r=\"" + number(kRadius) +
           "\" fill=\"" + fill + "\"/>\n";
    out += text_at(kLegend.x + 16, y, name, " font-weight=\"bold\"");
    if (!example.empty()) out += text_at(kLegend.x + 16, y + 14, example, " fill=\"#555\"");
    y += kLegendRow;
  };
  const auto fits = static_cast<size_t>(kLegend.height / kLegendRow) - 2;  // and a line for the rest, and the grey ones
  for (size_t g = 0; g < std::min(groups.size(), fits); ++g)
    row(colour(g), "group " + std::to_string(g + 1) + " (" + std::to_string(groups[g].size()) + ")",
        groups[g].empty() ? "" : short_label(texts[groups[g].front()], kLegendWidth));
  if (groups.size() > fits) row("none", "and " + std::to_string(groups.size() - fits) + " more groups", "");
  if (ungrouped > 0) row("#999999", "in no group (" + std::to_string(ungrouped) + ")", "");
  return out;
}

}  // namespace

std::string short_label(std::string_view text, size_t widest) {
  std::string line;
  for (const char c : text) {  // one line, single blanks
    const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!blank) line += c;
    if (blank && !line.empty() && line.back() != ' ') line += ' ';
  }
  while (line.ends_with(' ')) line.pop_back();
  if (columns(line) <= widest) return line;
  size_t end = 0, word_end = 0, used = 0;
  for (size_t i = 0; i < line.size();) {
    const size_t before = i;
    used += columns(text::next_code_point(line, i));
    if (line[before] == ' ' && before > 0) word_end = before;
    if (used + 1 > widest) break;
    end = i;
  }
  if (word_end * 2 > end) end = word_end;  // between words, unless that loses half of it
  return line.substr(0, end) + "…";
}

std::vector<Label> place_labels(std::span<const Box> dots, std::span<const std::string> labels, const Box& area,
                                double font_size) {
  std::vector<Label> out;
  const double height = font_size * 1.2;
  for (size_t i = 0; i < dots.size(); ++i) {
    const double width = width_of(labels[i], font_size);
    if (width == 0) continue;
    const double x = dots[i].x + dots[i].width / 2, y = dots[i].y + dots[i].height / 2, r = dots[i].width / 2;
    const auto free = [&](const Box& box) {
      if (box.x < area.x || box.y < area.y || box.x + width > area.x + area.width ||
          box.y + height > area.y + area.height)
        return false;
      return std::none_of(dots.begin(), dots.end(), [&](const Box& dot) { return dot.overlaps(box); }) &&
             std::none_of(out.begin(), out.end(), [&](const Label& other) { return other.box.overlaps(box); });
    };
    for (const double gap : {r + 2, r + 2 + height}) {
      const double right = x + gap, left = x - gap - width, middle = x - width / 2;
      const double above = y - gap - height, below = y + gap, level = y - height / 2;
      const struct {
        double x, y;
        const char* anchor;
      } places[] = {{right, level, "start"},   {left, level, "end"},    {middle, above, "middle"},
                    {middle, below, "middle"}, {right, above, "start"}, {right, below, "start"},
                    {left, above, "end"},      {left, below, "end"}};
      const auto* found = std::find_if(std::begin(places), std::end(places), [&](const auto& at) {
        return free({at.x, at.y, width, height});
      });
      if (found == std::end(places)) continue;
      out.push_back({i, labels[i], {found->x, found->y, width, height}, found->anchor});
      break;
    }
  }
  return out;
}

std::string svg_map(const Matrix& rows, const std::vector<std::vector<size_t>>& members,
                    const std::vector<std::string>& texts) {
  std::vector<std::vector<size_t>> groups;
  for (const auto& group : members) groups.push_back(central_first(rows, group));
  const Matrix at = principal_components(rows, 2);
  const auto dots = dots_of(at);
  const auto share = shares(rows, at);
  std::vector<std::string> fill(rows.rows, "#999999");
  size_t ungrouped = rows.rows;
  // Each group's central member has its label before all others: with very many texts a map of groups is left.
  std::vector<size_t> order;
  for (size_t round = 0, more = 1; more > 0; ++round) {
    more = 0;
    for (size_t g = 0; g < groups.size(); ++g) {
      if (round >= groups[g].size()) continue;
      ++more;
      order.push_back(groups[g][round]);
      fill[groups[g][round]] = colour(g);
      --ungrouped;
    }
  }
  for (size_t i = 0; i < rows.rows; ++i)
    if (fill[i] == "#999999") order.push_back(i);

  std::vector<Box> ordered;
  std::vector<std::string> labels;
  for (const size_t i : order) {
    ordered.push_back(dots[i]);
    labels.push_back(labels.size() < kMostLabels ? short_label(texts[i], kLabelWidth) : "");
  }

  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + number(kWidth) + " " +
                    number(kHeight) + "\" font-family=\"sans-serif\" font-size=\"" + number(kFont) +
                    "\">\n<rect width=\"" + number(kWidth) + "\" height=\"" + number(kHeight) +
                    "\" fill=\"white\"/>\n" + "<rect x=\"" + number(kPlot.x) + "\" y=\"" + number(kPlot.y) +
                    "\" width=\"" + number(kPlot.width) + "\" height=\"" + number(kPlot.height) +
                    "\" fill=\"none\" stroke=\"#ccc\"/>\n";
  const auto axis = [&](size_t i, const char* order_word) {
    char name[80];
    std::snprintf(name, sizeof name, "%s principal axis: %.0f %% of the spread", order_word, share[i]);
    return std::string(name);
  };
  out += text_at(kPlot.x + kPlot.width / 2, kPlot.y + kPlot.height + 22, axis(0, "first"),
                 " text-anchor=\"middle\" fill=\"#555\"");
  const std::string turned =
      " text-anchor=\"middle\" fill=\"#555\" transform=\"rotate(-90 30 " + number(kPlot.y + kPlot.height / 2) + ")\"";
  out += text_at(30, kPlot.y + kPlot.height / 2, axis(1, "second"), turned);
  for (const size_t i : order)
    out += "<circle cx=\"" + number(dots[i].x + kRadius) + "\" cy=\"" + number(dots[i].y + kRadius) + "\" r=\"" +
           number(kRadius) + "\" fill=\"" + fill[i] + "\"><title>" + escaped(texts[i]) + "</title></circle>\n";
  for (const auto& label : place_labels(ordered, labels, kPlot, kFont)) {
    const std::string anchor = label.anchor;
    const double at = anchor == "start" ? 0 : anchor == "end" ? label.box.width : label.box.width / 2;
    out += text_at(label.box.x + at, label.box.y + kFont, label.shown,
                   " class=\"label\" text-anchor=\"" + anchor + "\" fill=\"" + fill[order[label.text]] + "\"");
  }
  return out + legend(groups, texts, ungrouped) + "</svg>\n";
}

}  // namespace hanok::lm
