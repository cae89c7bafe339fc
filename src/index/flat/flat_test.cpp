#include "index/flat/flat.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <thread>

#include "base/file.h"
#include "base/random.h"
#include "hanok/error.h"

namespace hanok::index {
namespace {

std::vector<float> normals(size_t n, uint64_t seed, double centre = 0, double spread = 1) {
  base::Random random(seed);
  std::vector<float> out(n);
  for (auto& v : out) v = static_cast<float>(centre + spread * random.normal());
  return out;
}

std::vector<float> bytes(size_t n, uint64_t seed, uint64_t below = 256) {
  base::Random random(seed);
  std::vector<float> out(n);
  for (auto& v : out) v = static_cast<float>(random.below(below));
  return out;
}

std::vector<Id> range(Id first, size_t n) {
  std::vector<Id> out(n);
  for (size_t i = 0; i < n; ++i) out[i] = first + static_cast<Id>(i);
  return out;
}

// Brute force in float64, written without anything of the index.
double score64(Metric metric, const float* q, const float* x, size_t dim) {
  double l2 = 0, dot = 0, qq = 0, xx = 0;
  for (size_t j = 0; j < dim; ++j) {
    const double a = q[j], b = x[j];
    l2 += (a - b) * (a - b), dot += a * b, qq += a * a, xx += b * b;
  }
  return metric == Metric::L2 ? -l2 : metric == Metric::InnerProduct ? dot : dot / std::sqrt(qq * xx);
}

using Pairs = std::vector<std::pair<double, Id>>;
Pairs exact(Metric metric, const float* q, const std::vector<float>& x, size_t dim, const std::vector<Id>& ids) {
  Pairs all;
  for (size_t i = 0; i < ids.size(); ++i) all.push_back({-score64(metric, q, x.data() + i * dim, dim), ids[i]});
  std::sort(all.begin(), all.end());
  return all;
}

void expect_exact(const std::vector<Match>& found, const Pairs& truth, size_t k, Metric metric) {
  ASSERT_EQ(found.size(), std::min(k, truth.size()));
  for (size_t i = 0; i < found.size(); ++i) {
    const double expected = metric == Metric::L2 ? truth[i].first : -truth[i].first;
    // Two float64 sums in different orders differ by some 1e-14: only then may neighbours in rank change places.
    if (found[i].id != truth[i].second) {
      ASSERT_NEAR(found[i].distance, expected, 1e-6 * std::max(1.0, std::abs(expected))) << "rank " << i;
    }
    EXPECT_NEAR(found[i].distance, expected, 1e-6 * std::max(1.0, std::abs(expected)));
  }
}

TEST(Flat, AnswersLikeBruteForceInEveryMetricAtOddSizes) {
  for (const Metric metric : {Metric::L2, Metric::InnerProduct, Metric::Cosine})
    for (const size_t dim : {1, 2, 3, 7, 16, 17, 33, 127})
      for (const size_t n : {1, 15, 16, 17, 600, 1003}) {
        const auto x = normals(n * dim, n + dim, 0.5), q = normals(19 * dim, 7, 0.5);
        const auto ids = range(-3, n);
        Flat index({.dim = dim, .metric = metric});
        index.add(ids, x);
        const auto found = index.search_batch(q, 10, {.threads = 2});
        for (size_t i = 0; i < found.size(); ++i)
          expect_exact(found[i], exact(metric, q.data() + i * dim, x, dim, ids), 10, metric);
        expect_exact(index.search(std::span(q).first(dim), 3), exact(metric, q.data(), x, dim, ids), 3, metric);
      }
}

TEST(Flat, IdenticalToFloat64OnBytesWithTies) {
  // Few distinct values: many equal distances, which must come by id.
  const size_t dim = 12, n = 3000;
  const auto x = bytes(n * dim, 1, 3), q = bytes(64 * dim, 2, 3);
  std::vector<Id> ids = range(0, n);
  std::reverse(ids.begin(), ids.end());
  Flat index({.dim = dim});
  index.add(ids, x);
  EXPECT_EQ(index.statistics()["storage"], "u8");
  const auto found = index.search_batch(q, 25, {.threads = 2});
  for (size_t i = 0; i < found.size(); ++i) {
    const auto truth = exact(Metric::L2, q.data() + i * dim, x, dim, ids);
    for (size_t r = 0; r < 25; ++r) {
      EXPECT_EQ(found[i][r].id, truth[r].second);
      EXPECT_EQ(found[i][r].distance, truth[r].first);
    }
  }
  EXPECT_NE(index.statistics()["bytes_scan_codes"], "0");
}

TEST(Flat, HardNumbersDoNotFoolTheBound) {
  const size_t dim = 20, n = 2000;
  struct Case {
    double centre, spread;
  };
  for (const Metric metric : {Metric::L2, Metric::InnerProduct, Metric::Cosine})
    for (const Case c :
         {Case{1e6, 1}, Case{0, 1e-22}, Case{1e-20, 1e-25}, Case{0, 1e15}, Case{0, 1e25}, Case{-300, 0.001}}) {
      auto x = normals(n * dim, 5, c.centre, c.spread), q = normals(16 * dim, 6, c.centre, c.spread);
      x[17] = static_cast<float>(c.centre + 1000 * c.spread);  // one outlier
      const auto ids = range(0, n);
      Flat index({.dim = dim, .metric = metric});
      index.add(ids, x);
      const auto found = index.search_batch(q, 10);
      for (size_t i = 0; i < 16; ++i) {
        const auto truth = exact(metric, q.data() + i * dim, x, dim, ids);
        for (size_t r = 0; r < 10; ++r) {
          const double mine = -score64(metric, q.data() + i * dim, x.data() + found[i][r].id * dim, dim);
          EXPECT_LE(std::abs(mine - truth[r].first), 1e-12 * (std::abs(mine) + std::abs(truth[r].first)))
              << c.centre << " " << c.spread;
        }
      }
    }
}

TEST(Flat, EveryVersionOfTheScanBoundsTheScore) {
  for (const math::Features cpu : math::testable_features())
    for (const Metric metric : {Metric::L2, Metric::InnerProduct, Metric::Cosine})
      for (const size_t dim : {1, 5, 16, 31, 100, 785}) {
        const size_t n = 37;
        const auto x = normals(n * dim, dim, 1), q = normals(11 * dim, 3, 1);
        const auto centre = normals(dim, 4, 0, metric == Metric::Cosine ? 0.1 : 1);
        for (const bool whole : {true, false}) {
          const size_t m = std::clamp<size_t>(dim * 2 / 3, 1, 64);
          ScanCodes codes(metric, centre, whole ? Subspace(dim) : Subspace(normals(m * dim, 8), dim, 5), cpu);
          EXPECT_EQ(codes.directions(), whole ? dim : m);
          codes.resize(n);
          codes.set(0, std::span(x).first(2 * dim));
          codes.set(2, std::span(x).subspan(2 * dim));
          codes.copy(5, 3);
          const std::vector<float> all(11, -INFINITY);
          size_t seen = 0, settled = 0;
          codes.scan(
              codes.prepare(q), all,
              [&](size_t query, size_t first, uint32_t mask, const float* scores, const float* upper) {
                for (; mask; mask &= mask - 1) {
                  const auto r = static_cast<size_t>(__builtin_ctz(mask));
                  const size_t row = first + r == 3 ? 5 : first + r;
                  const double s = score64(metric, q.data() + query * dim, x.data() + row * dim, dim);
                  EXPECT_LE(scores[r] - (upper[r] - scores[r]), s);
                  EXPECT_GE(upper[r], s);
                  const double size = metric == Metric::Cosine ? 1 : static_cast<double>(dim) * 4;
                  EXPECT_LT(upper[r] - scores[r], (whole ? 0.25 : 2) * size + 1)
                      << "a bound this wide excludes nothing";
                  ++seen;
                }
              },
              [&](size_t) { ++settled; });
          EXPECT_EQ(seen, n * 11);
          EXPECT_GE(settled, 11u);
        }
      }
}

// Rows that mostly vary in a few directions, as images and sentences do.
std::vector<float> leaning(size_t n, size_t dim, size_t directions, uint64_t seed) {
  const auto basis = normals(directions * dim, 77), weights = normals(n * directions, seed);
  auto out = normals(n * dim, seed + 1, 3, 0.3);
  for (size_t i = 0; i < n; ++i)
    for (size_t k = 0; k < directions; ++k)
      for (size_t j = 0; j < dim; ++j) out[i * dim + j] += weights[i * directions + k] * basis[k * dim + j];
  return out;
}

TEST(Flat, AScanInFewDirectionsIsStillExact) {
  const size_t dim = 120, n = 6000;
  for (const Metric metric : {Metric::L2, Metric::InnerProduct, Metric::Cosine}) {
    auto x = leaning(n, dim, 8, 1);
    const auto other = normals(6 * dim, 9, 0, 2);  // rows and queries outside of those directions
    std::copy(other.begin(), other.end(), x.begin() + 4000 * static_cast<ptrdiff_t>(dim));
    auto q = leaning(20, dim, 8, 5);
    q.insert(q.end(), other.begin(), other.end());
    Flat index({.dim = dim, .metric = metric});
    index.add(range(0, 5000), std::span(x).first(5000 * dim));
    index.search_batch(q, 3);
    const size_t directions = std::stoul(index.statistics()["scan_directions"]);
    EXPECT_GE(directions, 16u);
    EXPECT_LT(directions, dim) << "nothing was saved";
    index.add(range(5000, 1000), std::span(x).subspan(5000 * dim));
    index.remove(range(100, 50));
    std::vector<Id> ids;
    std::vector<float> left;
    for (Id id = 0; id < static_cast<Id>(n); ++id) {
      if (id >= 100 && id < 150) continue;
      ids.push_back(id), left.insert(left.end(), x.begin() + id * 120, x.begin() + id * 120 + 120);
    }
    for (const size_t k : {1, 10, 300}) {
      const auto found = index.search_batch(q, k, {.threads = 2});
      for (size_t i = 0; i < found.size(); ++i)
        expect_exact(found[i], exact(metric, q.data() + i * dim, left, dim, ids), k, metric);
    }
    expect_exact(index.search(std::span(q).first(dim), 9000), exact(metric, q.data(), left, dim, ids), 9000, metric);
  }
}

TEST(Flat, FewDirectionsHoldAtEveryScale) {
  const size_t dim = 64, n = 5000;
  for (const Metric metric : {Metric::L2, Metric::InnerProduct})
    for (const double scale : {1e-33, 1e-31, 1e-20, 1e12}) {
      auto x = leaning(n, dim, 4, 1), q = leaning(24, dim, 4, 5);
      for (float& v : x) v = static_cast<float>(v * scale);
      for (float& v : q) v = static_cast<float>(v * scale);
      Flat index({.dim = dim, .metric = metric});
      index.add(range(0, n), x);
      const auto found = index.search_batch(q, 10);
      EXPECT_LT(std::stoul(index.statistics()["scan_directions"]), dim) << "nothing was saved at " << scale;
      for (size_t i = 0; i < found.size(); ++i) {
        const auto truth = exact(metric, q.data() + i * dim, x, dim, range(0, n));
        for (size_t r = 0; r < 10; ++r) {
          const double mine = -score64(metric, q.data() + i * dim, x.data() + found[i][r].id * dim, dim);
          EXPECT_LE(std::abs(mine - truth[r].first), 1e-12 * std::abs(truth[r].first)) << scale;
        }
      }
    }
}

TEST(Flat, StorageTypesKeepTheirPromise) {
  const size_t dim = 40, n = 700;
  const auto x = normals(n * dim, 1), q = normals(9 * dim, 2);
  const std::pair<const char*, double> kinds[] = {{"f32", 0}, {"f16", 0.002}, {"bf16", 0.02}, {"sq8", 0.02}};
  for (const auto& [storage, tolerance] : kinds) {
    Flat index({.dim = dim, .set = {{"storage", storage}}});
    index.add(range(0, n), x);
    std::vector<float> stored;
    for (size_t i = 0; i < n; ++i) {
      const auto row = *index.reconstruct(static_cast<Id>(i));
      for (size_t j = 0; j < dim; ++j) EXPECT_NEAR(row[j], x[i * dim + j], tolerance) << storage;
      stored.insert(stored.end(), row.begin(), row.end());
    }
    const auto found = index.search_batch(q, 5);
    for (size_t i = 0; i < 9; ++i)
      expect_exact(found[i], exact(Metric::L2, q.data() + i * dim, stored, dim, range(0, n)), 5, Metric::L2);
  }
  Flat u8({.dim = 2, .set = {{"storage", "u8"}}});
  EXPECT_THROW(u8.add(range(0, 1), std::vector<float>{0.5f, 1}), Error);
  EXPECT_THROW(Flat({.dim = 2, .set = {{"storage", "f8"}}}), Error);
}

TEST(Flat, BytesBecomeFloatsWhenAFloatComes) {
  Flat index({.dim = 2});
  index.add(std::vector<Id>{1}, std::vector<float>{3, 4});
  EXPECT_EQ(index.statistics()["storage"], "u8");
  index.add(std::vector<Id>{2}, std::vector<float>{3.5, 4});
  EXPECT_EQ(index.statistics()["storage"], "f32");
  EXPECT_EQ(*index.reconstruct(1), (std::vector<float>{3, 4}));
  EXPECT_EQ(*index.reconstruct(2), (std::vector<float>{3.5, 4}));
  EXPECT_EQ(index.reconstruct(3), std::nullopt);
}

TEST(Flat, AddsAndRemovalsInAnyOrderLeaveWhatASetWouldHold) {
  const size_t dim = 6;
  base::Random random(11);
  Flat index({.dim = dim});
  std::map<Id, std::vector<float>> model;
  for (int step = 0; step < 300; ++step) {
    std::vector<Id> ids;
    std::vector<float> x;
    for (uint64_t i = random.below(12); i > 0; --i) {
      const Id id = static_cast<Id>(random.below(2000));
      if (model.count(id) || std::count(ids.begin(), ids.end(), id)) continue;
      const auto v = normals(dim, random.next());
      ids.push_back(id), x.insert(x.end(), v.begin(), v.end()), model[id] = v;
    }
    index.add(ids, x);
    std::vector<Id> gone;
    for (uint64_t i = random.below(8); i > 0; --i) gone.push_back(static_cast<Id>(random.below(2000)));
    size_t expected = 0;
    for (const Id id : gone) expected += model.erase(id);
    EXPECT_EQ(index.remove(gone), expected);
    if (step % 20 == 0 || model.size() > 600) {
      std::vector<float> rows;
      std::vector<Id> keys;
      for (const auto& [id, v] : model) keys.push_back(id), rows.insert(rows.end(), v.begin(), v.end());
      const auto q = normals(dim, static_cast<uint64_t>(step));
      expect_exact(index.search(q, 7), exact(Metric::L2, q.data(), rows, dim, keys), 7, Metric::L2);
      EXPECT_EQ(index.size(), model.size());
    }
  }
}

TEST(Flat, FiltersGiveMinOfKAndMatches) {
  const size_t dim = 8, n = 2000;
  const auto x = normals(n * dim, 1), q = normals(20 * dim, 2);
  Flat index({.dim = dim});
  index.add(range(0, n), x);
  for (const Id every : {1, 2, 10, 100, 1000, 5000}) {
    std::vector<Id> ids;
    std::vector<float> rows;
    for (Id id = 1; id < static_cast<Id>(n); id += every)
      ids.push_back(id), rows.insert(rows.end(), x.begin() + id * 8, x.begin() + id * 8 + 8);
    const IdFilter predicate = IdFilter::when([&](Id id) { return id % every == 1 % every; });
    const IdFilter listed = IdFilter::of(ids);
    for (const IdFilter* filter : {&predicate, &listed}) {
      if (every == 1 && filter == &predicate) continue;  // accepts id 0, which the list has not
      const auto found = index.search_batch(q, 10, {.filter = filter});
      for (size_t i = 0; i < 20; ++i)
        expect_exact(found[i], exact(Metric::L2, q.data() + i * dim, rows, dim, ids), 10, Metric::L2);
    }
  }
}

TEST(Flat, RangeSearchIsComplete) {
  const size_t dim = 5, n = 1500;
  const auto x = normals(n * dim, 1), q = normals(12 * dim, 2);
  for (const Metric metric : {Metric::L2, Metric::InnerProduct, Metric::Cosine}) {
    Flat index({.dim = dim, .metric = metric});
    index.add(range(0, n), x);
    for (size_t i = 0; i < 12; ++i) {
      const float radius = metric == Metric::L2 ? 2.0f : 0.7f;
      const auto truth = exact(metric, q.data() + i * dim, x, dim, range(0, n));
      const auto within = std::count_if(truth.begin(), truth.end(), [&](const auto& t) {
        return t.first <= (metric == Metric::L2 ? radius : -radius);
      });
      const auto found = index.range_search(std::span(q).subspan(i * dim, dim), radius);
      expect_exact(found, Pairs(truth.begin(), truth.begin() + within), n, metric);
    }
  }
}

TEST(Flat, SavesAndOpens) {
  base::TempFolder folder;
  const size_t dim = 9, n = 800;
  for (const char* storage : {"auto", "f16", "sq8"}) {
    Flat index({.dim = dim, .metric = Metric::Cosine, .set = {{"storage", storage}}});
    index.add(range(5, n), normals(n * dim, 1));
    index.save(folder.path() / "a.idx");
    const auto back = open_flat(FileReader(folder.path() / "a.idx"));
    const auto q = normals(dim, 3);
    const auto a = index.search(q, 5), b = back->search(q, 5);
    for (size_t i = 0; i < 5; ++i) EXPECT_EQ(a[i].id, b[i].id);
    EXPECT_TRUE(back->contains(5));
    EXPECT_EQ(back->remove(std::vector<Id>{5, 6, 4}), 2u);
    back->add(std::vector<Id>{5}, normals(dim, 9));
    EXPECT_EQ(back->size(), n - 1);
  }
}

TEST(Flat, OddInputIsRefusedAndChangesNothing) {
  Flat index({.dim = 2, .metric = Metric::Cosine});
  EXPECT_TRUE(index.search(std::vector<float>{1, 0}, 5).empty());
  index.add(std::vector<Id>{1}, std::vector<float>{1, 2});
  const auto bad = [&](std::vector<Id> ids, std::vector<float> x) { EXPECT_THROW(index.add(ids, x), Error); };
  bad({2}, {1});
  bad({2, 3}, {1, 2, NAN, 1});
  bad({2, 3}, {1, 2, 0, 0});
  bad({2, 2}, {1, 2, 3, 4});
  bad({2, 1}, {1, 2, 3, 4});
  EXPECT_EQ(index.size(), 1u);
  EXPECT_THROW(index.search(std::vector<float>{1}, 1), Error);
  EXPECT_THROW(index.search(std::vector<float>{INFINITY, 1}, 1), Error);
  EXPECT_EQ(index.search(std::vector<float>{1, 0}, 5).size(), 1u);
  EXPECT_TRUE(index.search(std::vector<float>{1, 0}, 0).empty());
}

// The query that finds codes worth while does not make them for a large index: they come in the background, and answers
// are exact before, meanwhile and after, whatever changes.
TEST(Flat, CodesOfManyRowsAreMadeInTheBackground) {
  const size_t dim = 32, n = 200'000;
  const auto x = normals(n * dim, 1), q = normals(3 * dim, 2);
  Flat index({.dim = dim});
  index.add(range(0, n), x);
  const auto code_bytes = [&] { return std::stoul(index.statistics().at("bytes_scan_codes")); };
  bool made_by_the_query = false;
  std::optional<bool> first;
  const IdFilter look = IdFilter::when([&](Id) {
    if (!first) first = made_by_the_query = code_bytes() > 0;  // codes() comes before any row is asked for
    return true;
  });
  for (int i = 0; i < 23; ++i) index.search(std::span(q).first(dim), 3);
  index.search(std::span(q).first(dim), 3, {.filter = &look});
  EXPECT_TRUE(first);
  EXPECT_FALSE(made_by_the_query);

  std::vector<float> rows = x;
  std::vector<Id> ids = range(0, n);
  const auto check = [&] {
    for (size_t i = 0; i < 3; ++i)
      expect_exact(index.search(std::span(q).subspan(i * dim, dim), 10),
                   exact(Metric::L2, q.data() + i * dim, rows, dim, ids), 10, Metric::L2);
  };
  for (size_t round = 0; round < 4; ++round) {  // while codes are in the making, and after
    const auto fresh = normals(30 * dim, 10 + round);
    index.update(range(static_cast<Id>(round * 100), 30), fresh);
    std::copy(fresh.begin(), fresh.end(), rows.begin() + static_cast<ptrdiff_t>(round * 100 * dim));
    const std::vector<Id> gone{ids.back(), ids[ids.size() - 2]};
    index.remove(gone);
    ids.resize(ids.size() - 2), rows.resize(ids.size() * dim);
    check();
    if (round == 1)
      while (code_bytes() == 0) {  // no timer: the test's own limit ends this
        std::this_thread::yield();
      }
  }
}

TEST(Flat, EndsWhileCodesAreMade) {
  const size_t dim = 32, n = 150'000;
  auto index = std::make_unique<Flat>(Options{.dim = dim});
  index->add(range(0, n), normals(n * dim, 1));
  const auto q = normals(dim, 2);
  for (int i = 0; i < 25; ++i) index->search(q, 3);
  index.reset();  // the sanitizers see a thread that outlives it
}

TEST(Flat, SearchesRunBesideAWriter) {
  const size_t dim = 8;
  Flat index({.dim = dim});
  index.add(range(0, 1000), normals(1000 * dim, 1));
  std::atomic<bool> stop{false};
  std::jthread reader([&] {
    const auto q = normals(16 * dim, 2);
    while (!stop)
      for (const auto& found : index.search_batch(q, 5)) EXPECT_EQ(found.size(), 5u);
  });
  for (int i = 0; i < 100; ++i) {
    index.add(range(5000 + i * 10, 10), normals(10 * dim, static_cast<uint64_t>(i)));
    index.remove(range(5000 + i * 10 - 7, 10));
  }
  stop = true;
}

}  // namespace
}  // namespace hanok::index
