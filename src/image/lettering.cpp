#include "image/lettering.h"

#include <algorithm>
#include <cctype>
#include <map>

namespace hanok::image {
namespace {

constexpr size_t kWidth = 3, kHeight = 5, kAdvance = 4;

// Five rows of three dots each.
const std::map<char, std::string_view>& glyphs() {
  static const std::map<char, std::string_view> table = {
      {'A', ".#.#.#####.##.#"}, {'B', "##.#.###.#.###."}, {'C', ".###..#..#...##"}, {'D', "##.#.##.##.###."},
      {'E', "####..##.#..###"}, {'F', "####..##.#..#.."}, {'G', ".###..#.##.#.##"}, {'H', "#.##.#####.##.#"},
      {'I', "###.#..#..#.###"}, {'J', "..#..#..##.#.#."}, {'K', "#.##.###.#.##.#"}, {'L', "#..#..#..#..###"},
      {'M', "#.########.##.#"}, {'N', "##.#.##.##.##.#"}, {'O', ".#.#.##.##.#.#."}, {'P', "##.#.###.#..#.."},
      {'Q', ".#.#.##.###..##"}, {'R', "##.#.###.#.##.#"}, {'S', ".###...#...###."}, {'T', "###.#..#..#..#."},
      {'U', "#.##.##.##.####"}, {'V', "#.##.##.##.#.#."}, {'W', "#.##.########.#"}, {'X', "#.##.#.#.#.##.#"},
      {'Y', "#.##.#.#..#..#."}, {'Z', "###..#.#.#..###"}, {'0', "####.##.##.####"}, {'1', ".#.##..#..#.###"},
      {'2', "##...#.#.#..###"}, {'3', "##...#.#...###."}, {'4', "#.##.####..#..#"}, {'5', "####..##...###."},
      {'6', ".###..####.####"}, {'7', "###..#.#..#..#."}, {'8', "####.#####.####"}, {'9', "####.####..###."},
      {' ', "..............."}, {'.', ".............#."}, {',', "..........#.#.."}, {'-', "......###......"},
      {'>', "#...#...#.#.#.."}, {'%', "#.#..#.#.#..#.#"}, {'/', "..#..#.#.#..#.."}, {':', "....#.....#...."},
      {'=', "...###...###..."}, {'+', "....#.###.#...."}, {'(', ".#.#..#..#...#."}, {')', ".#...#..#..#.#."},
      {'_', "............###"}};
  return table;
}

constexpr std::string_view kBox = "####.##.##.####";

std::string_view glyph(char c) {
  const auto it = glyphs().find(static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
  return it == glyphs().end() ? kBox : it->second;
}

void dot(Image& picture, size_t x, size_t y) {
  if (x >= picture.width || y >= picture.height) return;
  for (size_t c = 0; c < std::min<size_t>(picture.channels, 3); ++c) picture.pixels[picture.at(x, y, c)] = 0;
}

}  // namespace

size_t text_width(std::string_view text, size_t scale) { return text.size() * kAdvance * scale; }

bool can_write(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return glyphs().count(static_cast<char>(std::toupper(static_cast<unsigned char>(c)))) > 0;
  });
}

void write_text(Image& picture, size_t x, size_t y, std::string_view text, size_t scale) {
  for (const char c : text) {
    const std::string_view dots = glyph(c);
    for (size_t row = 0; row < kHeight * scale; ++row)
      for (size_t column = 0; column < kWidth * scale; ++column)
        if (dots[row / scale * kWidth + column / scale] == '#') dot(picture, x + column, y + row);
    x += kAdvance * scale;
  }
}

Image labelled(const Image& picture, std::string_view text, size_t scale) {
  Image out = to_rgb(picture);
  out.height += (kHeight + 2) * scale;
  out.pixels.resize(out.width * out.height * 3, 255);
  write_text(out, 0, picture.height + scale, text, scale);
  return out;
}

}  // namespace hanok::image
