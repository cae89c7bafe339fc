#include "lm/text_stream.h"

#include <algorithm>

namespace hanok::lm {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr size_t kContext = 6;  // tokens before the new ones that decide how they are written (blanks, bytes)

// How much of the end of `text` is the beginning of one of `stops`.
size_t possible_stop(std::string_view text, const std::vector<std::string>& stops) {
  size_t most = 0;
  for (const auto& stop : stops)
    for (size_t n = std::min(text.size(), stop.size() - 1); n > most; --n)
      if (text.ends_with(std::string_view(stop).substr(0, n))) {
        most = n;
        break;
      }
  return most;
}

}  // namespace

TextStream::TextStream(Decode decode, std::vector<std::string> stops, std::span<const int32_t> before)
    : decode_(std::move(decode)), stops_(std::move(stops)) {
  std::erase(stops_, std::string());
  before = before.last(std::min(before.size(), kContext));
  ids_.assign(before.begin(), before.end());
  keep_whole();
  read_ = ids_.size();
  whole_.push_back(read_);
}

// A run of byte tokens that begins or ends inside a character is written as no text at all: such ends are left out.
void TextStream::keep_whole() {
  constexpr size_t kMost = 3;  // bytes of a character that is not whole
  for (size_t behind = 0; behind <= std::min(kMost, ids_.size()); ++behind)
    for (size_t ahead = 0; ahead <= kMost && ahead + behind <= ids_.size(); ++ahead) {
      const size_t n = ids_.size() - ahead - behind;
      const std::string text = decode_(std::span(ids_).subspan(ahead, n));
      if (text.starts_with(kReplacement) || text.ends_with(kReplacement)) continue;
      ids_.resize(ahead + n);
      ids_.erase(ids_.begin(), ids_.begin() + static_cast<ptrdiff_t>(ahead));
      return;
    }
}

// Tokens that no longer decide how the next ones are written.
void TextStream::forget() {
  if (ids_.size() <= 2 * kContext) return;
  const auto at = std::upper_bound(whole_.begin(), whole_.end(), ids_.size() - kContext);
  const size_t cut = at == whole_.begin() ? 0 : *(at - 1);
  ids_.erase(ids_.begin(), ids_.begin() + static_cast<ptrdiff_t>(cut));
  whole_.erase(whole_.begin(), at);
  for (size_t& end : whole_) end -= cut;
  read_ -= cut;
}

// The new text is what the tokens say beyond what those before said: some tokens are written differently at the start.
std::string TextStream::add(int32_t id) {
  if (stopped_) return {};
  ids_.push_back(id);
  const std::string before = decode_(std::span(ids_).first(read_)), all = decode_(ids_);
  if (all.size() <= before.size() || all.ends_with(kReplacement)) return {};  // inside a character
  std::string fresh = all.substr(before.size());
  read_ = ids_.size();
  whole_.push_back(read_);
  forget();
  return release(std::move(fresh), false);
}

std::string TextStream::finish() {
  if (stopped_) return {};
  const std::string before = decode_(std::span(ids_).first(read_)), all = decode_(ids_);
  read_ = ids_.size();
  return release(all.size() > before.size() ? all.substr(before.size()) : std::string(), true);
}

std::string TextStream::release(std::string fresh, bool last) {
  held_ += fresh;
  size_t first = std::string::npos;
  for (const auto& stop : stops_) first = std::min(first, held_.find(stop));
  if (first != std::string::npos) {
    stopped_ = true;
    return held_.substr(0, first);
  }
  const size_t keep = last ? 0 : possible_stop(held_, stops_);
  std::string out = held_.substr(0, held_.size() - keep);
  held_.erase(0, out.size());
  return out;
}

}  // namespace hanok::lm
