#include "train/plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <sstream>

#include "base/file.h"
#include "image/lettering.h"
#include "text/markup.h"

namespace hanok::train {
namespace {

using text::escape_markup;

constexpr double kWidth = 640, kHeight = 400, kLeft = 56, kRight = 130, kTop = 40, kBottom = 40;
constexpr int kLines = 5;  // of the grid, above the lowest
using Colour = std::array<uint8_t, 3>;
constexpr Colour kColours[] = {
    {0x1b, 0x6c, 0xa8}, {0xd1, 0x49, 0x5b}, {0x2e, 0x8b, 0x57}, {0x8d, 0x5a, 0x97}, {0xc9, 0x8b, 0x2b}};
constexpr Colour kGrid = {0xdd, 0xdd, 0xdd};

std::string number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", v);
  return text;
}
std::string code_of(const Colour& c) {
  char text[8];
  std::snprintf(text, sizeof text, "#%02x%02x%02x", c[0], c[1], c[2]);
  return text;
}

struct Point {
  double x, y;
};

// Where values lie in the picture, in pixels.
struct Frame {
  explicit Frame(const std::vector<Curve>& curves) {
    for (const auto& curve : curves) {
      n = std::max(n, curve.y.size());
      for (const double y : curve.y)
        if (std::isfinite(y)) low = std::min(low, y), high = std::max(high, y);
    }
    if (low > high) low = 0, high = 1;
    if (high - low < 1e-9) high = low + 1;
  }
  double x(double epoch) const {
    return kLeft + (n > 1 ? (epoch - 1) / static_cast<double>(n - 1) : 0) * (kWidth - kLeft - kRight);
  }
  double y(double value) const { return kHeight - kBottom - (value - low) / (high - low) * (kHeight - kTop - kBottom); }
  double line(int i) const { return low + (high - low) * i / kLines; }
  std::vector<Point> points(const Curve& curve) const {
    std::vector<Point> out;
    for (size_t i = 0; i < curve.y.size(); ++i)
      if (std::isfinite(curve.y[i])) out.push_back({x(static_cast<double>(i + 1)), y(curve.y[i])});
    return out;
  }
  double low = INFINITY, high = -INFINITY;
  size_t n = 1;
};

double distance(Point p, Point a, Point b) {
  const double dx = b.x - a.x, dy = b.y - a.y, length = dx * dx + dy * dy;
  const double t = length > 0 ? std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / length, 0.0, 1.0) : 0;
  return std::hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
}

// Lines through points, drawn in one go so that their joints are no darker than they are.
class Strokes {
 public:
  explicit Strokes(image::Image& picture) : picture_(picture), cover_(picture.width * picture.height, 0) {}
  void line(Point a, Point b, double thick) {
    const double reach = thick / 2 + 1;
    const auto cut = [](double v, size_t most) {
      return static_cast<size_t>(std::clamp(v, 0.0, static_cast<double>(most)));
    };
    for (size_t y = cut(std::min(a.y, b.y) - reach, picture_.height);
         y < cut(std::max(a.y, b.y) + reach, picture_.height); ++y)
      for (size_t x = cut(std::min(a.x, b.x) - reach, picture_.width);
           x < cut(std::max(a.x, b.x) + reach, picture_.width); ++x) {
        // How much of the pixel the line covers, nearly: its half thickness less how far the pixel's middle is from it.
        const Point middle{static_cast<double>(x) + 0.5, static_cast<double>(y) + 0.5};
        float& cover = cover_[y * picture_.width + x];
        cover = std::max(cover, static_cast<float>(std::clamp(thick / 2 + 0.5 - distance(middle, a, b), 0.0, 1.0)));
      }
  }
  void ink(const Colour& colour) {
    for (size_t i = 0; i < cover_.size(); ++i)
      for (size_t c = 0; c < 3; ++c) {
        uint8_t& value = picture_.pixels[3 * i + c];
        value = static_cast<uint8_t>(
            std::lround(static_cast<float>(value) * (1 - cover_[i]) + static_cast<float>(colour[c]) * cover_[i]));
      }
  }

 private:
  image::Image& picture_;
  std::vector<float> cover_;
};

}  // namespace

std::string plot_svg(const std::string& title, const std::vector<Curve>& curves) {
  const Frame frame(curves);
  std::ostringstream out;
  out << "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " << kWidth << " " << kHeight
      << "\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
      << "<text x=\"" << kLeft << "\" y=\"22\" font-size=\"15\">" << escape_markup(title) << "</text>\n";
  for (int i = 0; i <= kLines; ++i) {
    const double y = frame.y(frame.line(i));
    out << "<line x1=\"" << kLeft << "\" x2=\"" << kWidth - kRight << "\" y1=\"" << number(y) << "\" y2=\"" << number(y)
        << "\" stroke=\"" << code_of(kGrid) << "\"/><text x=\"" << kLeft - 6 << "\" y=\"" << number(y + 4)
        << "\" text-anchor=\"end\">" << number(frame.line(i)) << "</text>\n";
  }
  out << "<text x=\"" << kLeft << "\" y=\"" << kHeight - 14 << "\">1</text><text x=\"" << kWidth - kRight << "\" y=\""
      << kHeight - 14 << "\" text-anchor=\"end\">epoch " << frame.n << "</text>\n";
  for (size_t c = 0; c < curves.size(); ++c) {
    const std::string colour = code_of(kColours[c % std::size(kColours)]);
    const auto points = frame.points(curves[c]);
    if (points.size() == 1) {
      out << "<circle r=\"2\" cx=\"" << number(points[0].x) << "\" cy=\"" << number(points[0].y) << "\" fill=\""
          << colour << "\"/>\n";
    } else {
      out << "<polyline fill=\"none\" stroke-width=\"2\" stroke=\"" << colour << "\" points=\"";
      for (const Point& p : points) out << number(p.x) << "," << number(p.y) << " ";
      out << "\"/>\n";
    }
    out << "<text x=\"" << kWidth - kRight + 10 << "\" y=\"" << kTop + 16 * static_cast<double>(c + 1) << "\" fill=\""
        << colour << "\">" << escape_markup(curves[c].name) << "</text>\n";
  }
  out << "</svg>\n";
  return out.str();
}

image::Image plot_picture(const std::string& title, const std::vector<Curve>& curves) {
  constexpr size_t kLetters = 2, kHalfLetter = 5;  // twice 3 x 5 pixels
  const auto pixel = [](double v) { return static_cast<size_t>(std::max(0.0, std::round(v))); };
  const Frame frame(curves);
  image::Image out{pixel(kWidth), pixel(kHeight), 3, {}};
  out.pixels.assign(out.width * out.height * 3, 255);
  const auto write = [&](double right, double middle, const std::string& text) {
    const double left = right - static_cast<double>(image::text_width(text, kLetters));
    image::write_text(out, pixel(left), pixel(middle) - kHalfLetter, text, kLetters);
  };
  image::write_text(out, pixel(kLeft), 10, title, kLetters);
  Strokes grid(out);
  for (int i = 0; i <= kLines; ++i) {
    const double y = std::floor(frame.y(frame.line(i))) + 0.5;
    grid.line({kLeft, y}, {kWidth - kRight, y}, 1);
    write(kLeft - 4, y, number(frame.line(i)));
  }
  grid.ink(kGrid);
  image::write_text(out, pixel(kLeft), pixel(kHeight - 24), "1", kLetters);
  write(kWidth - kRight, kHeight - 19, "epoch " + std::to_string(frame.n));
  for (size_t c = 0; c < curves.size(); ++c) {
    const auto points = frame.points(curves[c]);
    Strokes strokes(out);
    if (points.size() == 1) strokes.line(points[0], points[0], 4);
    for (size_t i = 1; i < points.size(); ++i) strokes.line(points[i - 1], points[i], 2);
    const double x = kWidth - kRight + 10, y = kTop + 16 * static_cast<double>(c + 1);
    strokes.line({x, y}, {x + 12, y}, 2);
    strokes.ink(kColours[c % std::size(kColours)]);
    image::write_text(out, pixel(x + 18), pixel(y) - kHalfLetter, curves[c].name, kLetters);
  }
  return out;
}

void write_plot(const std::filesystem::path& file, const std::string& title, const std::vector<Curve>& curves) {
  base::write_file_atomic(file.string() + ".svg", plot_svg(title, curves));
  image::write_png_file(file.string() + ".png", plot_picture(title, curves));
}

}  // namespace hanok::train
