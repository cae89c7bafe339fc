#include "store/bm25/query.h"

#include <algorithm>

namespace hanok::store::bm25 {
namespace {

constexpr uint32_t kMostTimes = 4096;  // a term repeated more often in a query counts so often; keeps sums exact

std::vector<QueryTerm> distinct(std::span<const text::Term> words) {
  std::vector<QueryTerm> terms;
  terms.reserve(words.size());
  for (const text::Term& word : words) terms.push_back({.form = word.form, .hash = term_hash(word.form), .times = 1});
  std::sort(terms.begin(), terms.end(), [](const QueryTerm& a, const QueryTerm& b) {
    return a.hash != b.hash ? a.hash < b.hash : a.form < b.form;
  });
  size_t kept = 0;
  for (const QueryTerm& t : terms) {
    if (kept > 0 && terms[kept - 1].form == t.form) {
      terms[kept - 1].times = std::min(terms[kept - 1].times + 1, kMostTimes);
    } else {
      terms[kept++] = t;
    }
  }
  terms.resize(kept);
  return terms;
}

/// Calls body(ordinal) for every chunk of the segment that is gone.
template <typename Body>
void each_gone(const Segment::Impl& segment, const roaring::Roaring& gone, Body&& body) {
  if (gone.isEmpty() || segment.header.chunks == 0) return;
  uint32_t at = 0;
  auto i = gone.begin();
  for (i.equalorlarger(segment.header.first); i != gone.end() && *i <= segment.header.last; ++i) {
    if ((segment.header.flags & kIdsListed) == 0) {
      body(*i - segment.header.first);
      continue;
    }
    if (at < segment.header.chunks && segment.id(at) < *i) at = segment.lower_bound(*i);
    if (at < segment.header.chunks && segment.id(at) == *i) body(at++);
  }
}

uint64_t gone_in_list(const List& list, uint32_t chunks, std::span<const uint32_t> gone) {
  uint64_t n = 0;
  Cursor cursor;
  cursor.open(list, chunks);
  for (const uint32_t ordinal : gone) {
    cursor.seek(ordinal);
    if (cursor.ordinal() == kEnd) break;
    n += cursor.ordinal() == ordinal;
  }
  return n;
}

struct Totals {
  uint64_t chunks = 0, length = 0;
};

}  // namespace

// "AX-77B" is asked for by its parts and as one word. Where no passage has the one word it is no loss that none has it;
// where some have it and none has a part, the part is none.
void Query::find_moot(std::span<const text::Term> words) {
  const auto find = [&](const text::Term& word) -> QueryTerm& {
    return *std::find_if(terms.begin(), terms.end(), [&](const QueryTerm& t) { return t.form == word.form; });
  };
  for (const text::Term& joined : words) {
    if (!joined.joined) continue;
    if (find(joined).df == 0) {
      find(joined).moot = true;
      continue;
    }
    for (const text::Term& part : words)
      if (!part.joined && part.span.start >= joined.span.start && part.span.end <= joined.span.end &&
          find(part).df == 0)
        find(part).moot = true;
  }
  for (const text::Term& word : words)  // asked for by itself elsewhere
    if (!word.joined && find(word).moot && std::none_of(words.begin(), words.end(), [&](const text::Term& j) {
          return j.joined && word.span.start >= j.span.start && word.span.end <= j.span.end;
        }))
      find(word).moot = false;
}

Query::Query(const Reader& reader, std::span<const text::Term> words) : terms(distinct(words)), formula(0, 0, 0) {
  const double k1 = reader.options.k1, b = reader.options.b;
  if (!(k1 >= 0 && k1 <= 1000) || !(b >= 0 && b <= 1))
    throw Error(Code::Invalid, "bm25: k1 must be from 0 to 1000 and b from 0 to 1; found k1 = " + std::to_string(k1) +
                                   ", b = " + std::to_string(b));
  Totals totals;
  lists.reserve(terms.size() * reader.segments.size());
  std::vector<uint32_t> gone;
  for (const Segment& s : reader.segments) {
    const Segment::Impl& segment = *s.impl_;
    totals.chunks += segment.header.chunks;
    totals.length += segment.header.total_length;
    gone.clear();
    each_gone(segment, reader.gone, [&](uint32_t ordinal) {
      gone.push_back(ordinal);
      totals.length -= segment.length(ordinal);
    });
    totals.chunks -= gone.size();
    for (QueryTerm& term : terms) {
      const List list = segment.find(term.form, term.hash);
      lists.push_back(list);
      term.df += list.df;
      if (list.df > 0 && !gone.empty()) term.df -= gone_in_list(list, segment.header.chunks, gone);
    }
  }
  for (QueryTerm& term : terms) term.weight = idf(totals.chunks, term.df) * (k1 + 1) * term.times;
  const double n = static_cast<double>(totals.chunks);
  formula = Formula(k1, b, n > 0 ? static_cast<double>(totals.length) / n : 0);
}

}  // namespace hanok::store::bm25
