#include <algorithm>
#include <cstdio>

#include "base/base64.h"
#include "hanok/pictures.h"
#include "text/markup.h"

namespace hanok::chain {
namespace {

using text::escape_markup;

constexpr size_t kSide = 192;  // pixels of a thumbnail's longer side

constexpr const char* kStyle =
    "body{font:15px/1.4 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem;color:#222}"
    "main{display:grid;grid-template-columns:repeat(auto-fill,minmax(12.5rem,1fr));gap:1rem}"
    "figure{margin:0}img{width:100%;height:12rem;object-fit:contain;background:#eee;image-rendering:auto}"
    "img.small{image-rendering:pixelated}figcaption{font-size:.85rem;overflow-wrap:anywhere}.no{color:#a11}"
    "header img{width:12rem}@media(prefers-color-scheme:dark){body{background:#181818;color:#ddd}img{background:#333}}";

std::string picture_tag(const image::Image& picture, const std::string& alt) {
  const size_t longer = std::max(picture.width, picture.height);
  image::Image small = picture;
  if (longer > kSide)
    small = image::resize(picture, std::max<size_t>(1, picture.width * kSide / longer),
                          std::max<size_t>(1, picture.height * kSide / longer));
  return std::string("<img") + (longer < kSide / 2 ? " class=small" : "") + " alt=\"" + escape_markup(alt) +
         "\" src=\"data:image/png;base64," + base::base64(image::write_png(small)) + "\">";
}

std::string figure(const PictureHit& hit) {
  const std::string name = std::filesystem::path(hit.path).filename().string();
  char numbers[96];
  std::snprintf(numbers, sizeof numbers, "%.3f &middot; %zu &times; %zu", static_cast<double>(hit.score), hit.width,
                hit.height);
  std::string out = "<figure title=\"" + escape_markup(hit.path) + "\">";
  try {
    out += picture_tag(image::read_file(hit.path), name);
  } catch (const Error& e) {
    out += "<p class=no>" + escape_markup(e.what()) + "</p>";
  }
  out += "<figcaption><b>" + escape_markup(name) + "</b><br>" + numbers;
  if (!hit.label.name.empty()) {
    char percent[16];
    std::snprintf(percent, sizeof percent, " %.0f %%", 100.0 * static_cast<double>(hit.label.probability));
    out += "<br>" + escape_markup(hit.label.name) + percent;
  }
  return out + "</figcaption></figure>\n";
}

}  // namespace

std::string picture_page(std::string_view title, const image::Image& query, std::span<const PictureHit> hits) {
  const std::string name = escape_markup(title);
  std::string out = "<!doctype html><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>" +
                    name + "</title><style>" + kStyle + "</style>\n<header><h1>" + name + "</h1>\n" +
                    picture_tag(query, "the picture that was searched with") + "</header>\n<h2>" +
                    std::to_string(hits.size()) + " most similar</h2>\n<main>\n";
  for (const PictureHit& hit : hits) out += figure(hit);
  return out + "</main>\n";
}

}  // namespace hanok::chain
