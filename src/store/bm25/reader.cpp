// Search: block-max MaxScore over windows of ordinals (docs/papers.md: Turtle and Flood 1995, Ding and Suel 2011).
//
// A window is scored in three steps. Each term gets a bound, the most it can add to a chunk of this window. The terms
// with the lowest bounds whose sum cannot reach the k-th best score are set aside. The lists of the others are added up
// in an array over the window; whatever, with all that was set aside, could still win is completed by seeking in those
// lists. Sums are exact (score.h), bounds have no slack, so the result is that of scoring everything.
#include <algorithm>
#include <array>
#include <memory>
#include <numeric>

#include "store/bm25/query.h"
#include "store/bm25/top.h"

namespace hanok::store::bm25 {
namespace {

constexpr uint32_t kWindow = 4096;  // the sums of a window, 32 KiB, stay in the first-level cache

/// One segment's part of a search.
class Scan {
 public:
  Scan(const Query& query, size_t number, const Segment::Impl& segment, const Reader& reader,
       const roaring::Roaring* allowed, Top& top)
      : segment_(segment),
        formula_(query.formula),
        gone_(reader.gone.isEmpty() ? nullptr : &reader.gone),
        allowed_(allowed),
        top_(top),
        cursors_(std::make_unique_for_overwrite<Cursor[]>(query.terms.size())) {
    for (size_t t = 0; t < query.terms.size(); ++t) {
      const List& list = query.list(number, t);
      if (list.df == 0) continue;
      Cursor& cursor = cursors_[terms_.size()];
      cursor.open(list, segment.header.chunks);
      postings_ += list.df;
      terms_.push_back({&cursor, query.terms[t].weight, 0});
    }
  }

  void run() {
    if (terms_.empty()) return;
    if (allowed_ != nullptr && allowed_->cardinality() < postings_ / kSeekCost) return each_allowed();
    for (uint32_t begin = 0; begin < segment_.header.chunks;) {
      const uint32_t end = std::min(segment_.header.chunks, begin + std::min(kWindow, UINT32_MAX - begin));
      window(begin, end);
      begin = end;
    }
  }

  /// All terms of one chunk; ordinals must ascend from call to call.
  double complete(uint32_t ordinal) {
    double sum = 0;
    for (Term& term : terms_) sum += at(term, ordinal);
    return sum;
  }

 private:
  static constexpr uint64_t kSeekCost = 8;  // a seek costs about as much as reading so many postings

  struct Term {
    Cursor* cursor;
    double weight;
    double bound;  // in the present window
  };
  struct Candidate {
    uint32_t ordinal;
    double sum;
  };

  double contribution(const Term& term, uint32_t tf, uint32_t ordinal) const {
    return formula_.score(term.weight, inverse(tf), segment_.length(ordinal));
  }

  /// The contributions of a run, four at a time so that divisions overlap.
  void contributions(const Term& term, const Cursor::Run& run, double* out) const {
    constexpr uint32_t kAtOnce = 4;
    uint32_t i = 0;
    for (; i + kAtOnce <= run.count; i += kAtOnce) {
      double lengths[kAtOnce], inverses[kAtOnce];
      for (uint32_t j = 0; j < kAtOnce; ++j) {
        lengths[j] = segment_.length(run.ordinals[i + j]);
        inverses[j] = inverse(run.tfs[i + j]);
      }
      for (uint32_t j = 0; j < kAtOnce; ++j) out[i + j] = formula_.score(term.weight, inverses[j], lengths[j]);
    }
    for (; i < run.count; ++i) out[i] = contribution(term, run.tfs[i], run.ordinals[i]);
  }

  double at(Term& term, uint32_t ordinal) {
    term.cursor->seek(ordinal);
    return term.cursor->ordinal() == ordinal ? contribution(term, term.cursor->tf(), ordinal) : 0;
  }

  bool wanted(ChunkId id) const {
    return (gone_ == nullptr || !gone_->contains(id)) && (allowed_ == nullptr || allowed_->contains(id));
  }

  void each_allowed() {
    auto i = allowed_->begin();
    for (i.equalorlarger(segment_.header.first); i != allowed_->end() && *i <= segment_.header.last; ++i) {
      const auto ordinal = segment_.ordinal(*i);
      if (!ordinal || !wanted(*i)) continue;
      if (const double sum = complete(*ordinal); sum > 0) top_.offer({*i, static_cast<float>(sum)});
    }
  }

  double bound(Term& term, uint32_t begin, uint32_t end) const {
    double most = 0;
    term.cursor->blocks_in(begin, end, [&](uint16_t shortest, uint32_t tf) {
      const uint32_t length = std::max<uint32_t>(shortest, segment_.header.shortest);
      most = std::max(most, formula_.score(term.weight, tf == UINT16_MAX ? 0 : inverse(tf), length));
    });
    return most;
  }

  /// Sorts terms by bound and returns how many of the lowest are set aside; *aside is the sum of their bounds.
  size_t split(uint32_t begin, uint32_t end, double* aside) {
    *aside = 0;
    const ChunkId id = segment_.id(begin);
    if (top_.open_to(0, id)) return 0;
    for (Term& term : terms_) term.bound = bound(term, begin, end);
    std::sort(terms_.begin(), terms_.end(), [](const Term& a, const Term& b) { return a.bound < b.bound; });
    size_t n = 0;
    for (; n < terms_.size(); ++n) {
      if (top_.open_to(static_cast<float>(*aside + terms_[n].bound), id)) break;
      *aside += terms_[n].bound;
    }
    return n;
  }

  void window(uint32_t begin, uint32_t end) {
    double aside = 0;
    const size_t set_aside = split(begin, end, &aside);
    touched_ = 0;
    for (size_t t = set_aside; t < terms_.size(); ++t) add_up(terms_[t], begin, end);
    candidates_.clear();
    for (uint32_t i = 0; i < touched_; ++i) {
      const uint32_t place = places_[i];
      const double sum = sums_[place];
      sums_[place] = 0;
      const auto most = static_cast<float>(sum + aside);
      if (most < top_.threshold()) continue;  // nearly all
      const uint32_t ordinal = begin + place;
      const ChunkId id = segment_.id(ordinal);
      if (!top_.open_to(most, id) || !wanted(id)) continue;
      if (set_aside == 0) {
        top_.offer({id, static_cast<float>(sum)});
      } else {
        candidates_.push_back({ordinal, sum});
      }
    }
    if (!candidates_.empty()) finish(set_aside, aside);
  }

  void add_up(Term& term, uint32_t begin, uint32_t end) {
    term.cursor->seek(begin);
    for (;;) {
      const Cursor::Run run = term.cursor->run(end);
      if (run.count == 0) return;
      std::array<double, kBlock> added;
      contributions(term, run, added.data());
      for (uint32_t i = 0; i < run.count; ++i) {
        const uint32_t place = run.ordinals[i] - begin;
        places_[touched_] = static_cast<uint16_t>(place);
        touched_ += sums_[place] == 0;
        sums_[place] += added[i];
      }
      term.cursor->taken(run.count);
    }
  }

  void finish(size_t set_aside, double aside) {
    std::sort(candidates_.begin(), candidates_.end(),
              [](const Candidate& a, const Candidate& b) { return a.ordinal < b.ordinal; });
    for (Candidate& c : candidates_) {
      const ChunkId id = segment_.id(c.ordinal);
      double rest = aside;
      size_t t = set_aside;
      for (; t > 0 && top_.open_to(static_cast<float>(c.sum + rest), id); --t) {
        rest -= terms_[t - 1].bound;
        c.sum += at(terms_[t - 1], c.ordinal);
      }
      if (t == 0) top_.offer({id, static_cast<float>(c.sum)});
    }
  }

  const Segment::Impl& segment_;
  const Formula formula_;
  const roaring::Roaring *gone_, *allowed_;
  Top& top_;
  std::unique_ptr<Cursor[]> cursors_;
  std::vector<Term> terms_;
  std::vector<Candidate> candidates_;
  uint64_t postings_ = 0;
  uint32_t touched_ = 0;
  const size_t places_at_once_ = std::min(kWindow, segment_.header.chunks);
  std::unique_ptr<double[]> sums_ = std::make_unique<double[]>(places_at_once_);
  std::unique_ptr<uint16_t[]> places_ = std::make_unique_for_overwrite<uint16_t[]>(places_at_once_ + 1);
};

/// Calls body(ordinal, term frequencies) for every chunk that is in all lists.
template <typename Body>
void each_in_all(std::span<const List> lists, uint32_t chunks, Body&& body) {
  if (std::any_of(lists.begin(), lists.end(), [](const List& list) { return list.df == 0; })) return;
  const auto cursors = std::make_unique_for_overwrite<Cursor[]>(lists.size());
  for (size_t t = 0; t < lists.size(); ++t) cursors[t].open(lists[t], chunks);
  std::vector<uint32_t> tfs(lists.size());
  for (uint32_t at = 0;;) {
    size_t held = 0;
    for (; held < lists.size(); ++held) {
      cursors[held].seek(at);
      if (cursors[held].ordinal() == kEnd) return;
      if (cursors[held].ordinal() != at) break;
    }
    if (held < lists.size()) {
      at = cursors[held].ordinal();
      continue;
    }
    for (size_t t = 0; t < lists.size(); ++t) tfs[t] = cursors[t].tf();
    body(at, tfs);
    if (++at >= chunks) return;
  }
}

}  // namespace

std::vector<Match> Reader::search(std::span<const text::Term> words, size_t k, const roaring::Roaring* allowed) const {
  Top top(k);
  if (k == 0 || words.empty()) return {};
  const Query query(*this, words);
  // In the order of their ids: then a chunk that only equals the k-th best score can be passed over.
  std::vector<size_t> order(segments.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return segments[a].first() < segments[b].first(); });
  for (const size_t s : order) Scan(query, s, *segments[s].impl_, *this, allowed, top).run();
  return top.take();
}

std::vector<Match> Reader::holding(std::span<const text::Term> words, size_t k, const roaring::Roaring* allowed) const {
  Top top(k);
  if (k == 0 || words.empty()) return {};
  const Query query(*this, words);
  for (size_t s = 0; s < segments.size(); ++s) {
    const Segment::Impl& segment = *segments[s].impl_;
    std::vector<List> lists;
    for (size_t t = 0; t < query.terms.size(); ++t) lists.push_back(query.list(s, t));
    each_in_all(lists, segment.header.chunks, [&](uint32_t ordinal, std::span<const uint32_t> tfs) {
      const ChunkId id = segment.id(ordinal);
      if (gone.contains(id) || (allowed != nullptr && !allowed->contains(id))) return;
      double sum = 0;
      for (size_t t = 0; t < tfs.size(); ++t)
        sum += query.formula.score(query.terms[t].weight, inverse(tfs[t]), segment.length(ordinal));
      top.offer({id, static_cast<float>(sum)});
    });
  }
  return top.take();
}

std::vector<float> Reader::scores(std::span<const text::Term> words, std::span<const ChunkId> ids) const {
  std::vector<float> result(ids.size(), 0.0f);
  if (words.empty()) return result;
  const Query query(*this, words);
  std::vector<size_t> order(ids.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return ids[a] < ids[b]; });
  Top none(0);
  for (size_t s = 0; s < segments.size(); ++s) {
    Scan scan(query, s, *segments[s].impl_, *this, nullptr, none);
    for (const size_t i : order) {
      const auto ordinal = segments[s].impl_->ordinal(ids[i]);
      if (ordinal && !gone.contains(ids[i])) result[i] = static_cast<float>(scan.complete(*ordinal));
    }
  }
  return result;
}

float Reader::ceiling(std::span<const text::Term> words) const {
  Query query(*this, words);
  query.find_moot(words);
  double sum = 0;
  for (const QueryTerm& term : query.terms)
    if (!term.moot) sum += to_grid(term.weight);
  return static_cast<float>(sum);
}

}  // namespace hanok::store::bm25
