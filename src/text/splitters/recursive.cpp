#include <algorithm>
#include <deque>
#include <span>

#include "hanok/error.h"
#include "hanok/splitters.h"
#include "text/utf8.h"

namespace hanok::text {
namespace {

size_t characters(std::string_view text) {
  size_t out = 0;
  for (size_t i = 0; i < text.size(); ++out) next_code_point(text, i);
  return out;
}

// Of Unicode, and the separators of ASCII: what Python strips.
bool is_blank(uint32_t c) {
  return (c >= 9 && c <= 13) || (c >= 28 && c <= 32) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

std::string_view stripped(std::string_view text) {
  size_t begin = text.size(), end = 0;
  for (size_t i = 0; i < text.size();) {
    const size_t at = i;
    if (is_blank(next_code_point(text, i))) continue;
    begin = std::min(begin, at);
    end = i;
  }
  return begin < end ? text.substr(begin, end - begin) : std::string_view();
}

class Splitter {
 public:
  explicit Splitter(const RecursiveSplitOptions& options) : options_(options) {
    if (!options_.length) options_.length = characters;
  }

  std::vector<std::string> run(std::string_view text) {
    cut(text, options_.separators);
    return std::move(chunks_);
  }

 private:
  struct Piece {
    std::string_view text;
    size_t length = 0;  // counted once: a tokenizer may do it
  };
  using Pieces = std::vector<Piece>;

  void cut(std::string_view text, std::span<const std::string> separators) {
    auto at = std::find_if(separators.begin(), separators.end(),
                           [&](const std::string& s) { return s.empty() || text.find(s) != text.npos; });
    std::span<const std::string> finer;
    if (at == separators.end())
      --at;
    else if (!at->empty())
      finer = separators.subspan(static_cast<size_t>(at - separators.begin()) + 1);
    const std::string_view between = options_.keep_separator == KeepSeparator::No ? *at : std::string_view();
    Pieces small;
    for (const Piece& piece : pieces(text, *at)) {
      if (piece.length < options_.chunk_size) {
        small.push_back(piece);
        continue;
      }
      join(small, between);
      small.clear();
      if (finer.empty())
        chunks_.emplace_back(piece.text);
      else
        cut(piece.text, finer);
    }
    join(small, between);
  }

  Pieces pieces(std::string_view text, std::string_view separator) const {
    Pieces out;
    const auto add = [&](size_t begin, size_t end) {
      if (begin == end) return;
      const std::string_view piece = text.substr(begin, end - begin);
      out.push_back({piece, options_.length(piece)});
    };
    if (separator.empty()) {
      for (size_t i = 0; i < text.size();) {
        const size_t at = i;
        next_code_point(text, i);
        add(at, i);
      }
      return out;
    }
    size_t begin = 0;
    for (size_t at = text.find(separator); at != text.npos; at = text.find(separator, at + separator.size())) {
      const size_t behind = at + separator.size();
      add(begin, options_.keep_separator == KeepSeparator::End ? behind : at);
      begin = options_.keep_separator == KeepSeparator::Start ? at : behind;
    }
    add(begin, text.size());
    return out;
  }

  // Chunks of as many pieces as fit; each begins with the last pieces of the one before.
  void join(const Pieces& all, std::string_view between) {
    const size_t gap = options_.length(between);
    std::deque<Piece> now;
    size_t total = 0;
    for (const Piece& piece : all) {
      const auto fits = [&] { return total + piece.length + (now.empty() ? 0 : gap) <= options_.chunk_size; };
      if (!fits() && !now.empty()) {
        put(now, between);
        while (total > options_.chunk_overlap || (!fits() && total > 0)) {
          total -= now.front().length + (now.size() > 1 ? gap : 0);
          now.pop_front();
        }
      }
      now.push_back(piece);
      total += piece.length + (now.size() > 1 ? gap : 0);
    }
    put(now, between);
  }

  void put(const std::deque<Piece>& pieces, std::string_view between) {
    std::string chunk;
    for (size_t i = 0; i < pieces.size(); ++i) (chunk += i ? between : std::string_view()) += pieces[i].text;
    if (options_.strip_blanks) chunk = std::string(stripped(chunk));
    if (!chunk.empty()) chunks_.push_back(std::move(chunk));
  }

  RecursiveSplitOptions options_;
  std::vector<std::string> chunks_;
};

}  // namespace

std::vector<std::string> split_recursively(std::string_view text, const RecursiveSplitOptions& options) {
  if (options.chunk_size == 0)
    throw Error(Code::Invalid, "split_recursively: chunk_size is 0, at least 1 was expected");
  if (options.chunk_overlap > options.chunk_size)
    throw Error(Code::Invalid, "split_recursively: chunk_overlap " + std::to_string(options.chunk_overlap) +
                                   " is larger than chunk_size " + std::to_string(options.chunk_size));
  if (options.separators.empty()) throw Error(Code::Invalid, "split_recursively: at least one separator was expected");
  return Splitter(options).run(replace_invalid(text));
}

}  // namespace hanok::text
