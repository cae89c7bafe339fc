#include "chain/answer/citations.h"

#include <algorithm>
#include <set>

#include "chain/answer/letters.h"

namespace hanok::chain::answer {
namespace {

constexpr size_t kHoldBack = 4096;  // bytes without a sentence end that are held back at most
constexpr size_t kLongestMarker = 32;

/// "[3]", "[1, 2]", "[1][2]": one marker at text[at], its numbers, and where it ends. Empty numbers: no marker.
struct Marker {
  std::vector<int> numbers;
  size_t end = 0;
};

Marker marker_at(std::string_view text, size_t at) {
  Marker m;
  if (text[at] != '[') return m;
  const std::string_view rest = text.substr(at, kLongestMarker);
  const size_t close = rest.find(']');
  if (close == std::string_view::npos) return m;
  int value = -1;
  for (size_t i = 1; i <= close; ++i) {
    const char c = rest[i];
    if (is_digit(c) && value < 100000) {
      value = std::max(value, 0) * 10 + (c - '0');
    } else if ((c == ',' || c == ' ' || c == ']' || c == ';')) {
      if (value >= 0) m.numbers.push_back(value);
      value = -1;
    } else {
      return {};
    }
  }
  m.end = at + close + 1;
  return m;
}

std::set<std::string> numbers_of(std::string_view text) {
  std::set<std::string> out;
  for (size_t i = 0; i < text.size();) {
    if (!is_digit(text[i])) {
      ++i;
      continue;
    }
    std::string number;
    for (; i < text.size(); ++i) {
      const bool inner = (text[i] == ',' || text[i] == '.') && i + 1 < text.size() && is_digit(text[i + 1]);
      if (!is_digit(text[i]) && !inner) break;
      if (text[i] != ',') number += text[i];
    }
    out.insert(number);
  }
  return out;
}

std::set<std::string> forms_of(std::string_view text) {
  std::set<std::string> out;
  for (text::Term& term : text::analyze(text, {.query = true})) out.insert(std::move(term.form));
  return out;
}

std::string shortened(std::string_view text) {
  constexpr size_t kShown = 80;
  if (text.size() <= kShown) return std::string(text);
  size_t end = kShown;
  while (end > 0 && (text[end] & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "…";
}

bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

}  // namespace

std::string why_unsupported(std::string_view statement, std::string_view passage) {
  const auto numbers = numbers_of(passage);
  for (const std::string& n : numbers_of(statement))
    if (!numbers.count(n)) return "the number " + n + " is not in the passage";
  const auto said = forms_of(statement);
  std::set<std::string> there;
  for (text::Term& term : text::analyze(passage)) there.insert(std::move(term.form));
  const auto found = std::count_if(said.begin(), said.end(), [&](const std::string& f) { return there.count(f) > 0; });
  if (said.empty()) return "it says nothing that could be checked";
  if (static_cast<double>(found) < kSupport * static_cast<double>(said.size()))
    return "only " + std::to_string(found) + " of its " + std::to_string(said.size()) + " words are in the passage";
  return {};
}

text::Span best_quote(std::string_view statement, std::string_view passage) {
  const auto said = forms_of(statement);
  text::Span best{0, passage.size()};
  double most = -1;
  for (const text::Span s : text::sentences(passage)) {
    const auto there = forms_of(passage.substr(s.start, s.end - s.start));
    double score = 0;
    for (const std::string& f : said) score += there.count(f) > 0;
    score -= static_cast<double>(there.size()) * 0.01;  // of two that say it, the shorter one
    if (score > most) most = score, best = s;
  }
  return best;
}

bool CitationFilter::push(std::string_view piece) {
  pending_ += piece;
  return release(false);
}

bool CitationFilter::finish() { return release(true); }

// Gives out the sentences of pending_ that are complete. A marker at the head of a sentence belongs to the one before.
bool CitationFilter::release(bool all) {
  size_t done = 0;
  bool wanted = true;
  const auto spans = text::sentences(pending_);
  for (size_t i = 0; i < spans.size() && wanted; ++i) {
    size_t end = spans[i].end;
    if (end <= done) continue;
    for (size_t at = end; at < pending_.size();) {
      while (at < pending_.size() && is_blank(pending_[at])) ++at;
      const Marker m = at < pending_.size() ? marker_at(pending_, at) : Marker{};
      if (m.numbers.empty()) break;
      end = at = m.end;
    }
    // Complete when words of the next sentence are there (a marker might be on its way: "[").
    size_t next = end;
    while (next < pending_.size() && is_blank(pending_[next])) ++next;
    const bool complete = next < pending_.size() && pending_[next] != '[';
    if (!all && !complete) break;
    wanted = give(std::string_view(pending_).substr(done, end - done));
    done = end;
  }
  if (wanted && !all && pending_.size() - done > kHoldBack) {
    wanted = give(std::string_view(pending_).substr(done));
    done = pending_.size();
  }
  if (wanted && all && done < pending_.size()) {
    wanted = give(std::string_view(pending_).substr(done));
    done = pending_.size();
  }
  pending_.erase(0, done);
  return wanted;
}

bool CitationFilter::give(std::string_view sentence) {
  std::string statement;
  for (size_t i = 0; i < sentence.size();) {
    const Marker m = marker_at(sentence, i);
    if (m.numbers.empty())
      statement += sentence[i++];
    else
      i = m.end;
  }
  std::string out;
  for (size_t i = 0; i < sentence.size();) {
    const Marker m = marker_at(sentence, i);
    if (m.numbers.empty()) {
      out += sentence[i++];
      continue;
    }
    std::string kept;
    for (const int n : m.numbers) {
      const bool exists = n >= 1 && static_cast<size_t>(n) <= passages_.size();
      const std::string why =
          exists ? why_unsupported(statement, passages_[static_cast<size_t>(n) - 1]) : "there is no such passage";
      if (why.empty()) {
        kept += "[" + std::to_string(n) + "]";
        quotes_.emplace(n, best_quote(statement, passages_[static_cast<size_t>(n) - 1]));
      } else {
        dropped_.push_back("marker [" + std::to_string(n) + "] of \"" + shortened(statement) + "\": " + why);
      }
    }
    // A marker taken out leaves no blank before a full stop.
    if (kept.empty())
      while (!out.empty() && out.back() == ' ') out.pop_back();
    out += kept;
    i = m.end;
  }
  text_ += out;
  return out_ ? out_(out) : true;
}

}  // namespace hanok::chain::answer
