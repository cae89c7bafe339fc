#include "index/ivf/ivf.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/file.h"
#include "base/random.h"
#include "hanok/error.h"
#include "index/ivf/trainer.h"
#include "index/pca.h"
#include "math/fast_scan_kernels.h"
#include "math/kernels.h"

namespace hanok::index {
namespace {

// Vectors around a few centres in a space of low rank, as real embeddings are.
std::vector<float> lumpy(size_t n, size_t dim, uint64_t seed) {
  base::Random shape(99), random(seed);
  const size_t rank = std::min<size_t>(dim, 12), centres = 20;
  std::vector<double> basis(rank * dim), centre(centres * rank);
  for (auto& v : basis) v = shape.normal();
  for (auto& v : centre) v = 3 * shape.normal();
  std::vector<float> out(n * dim);
  for (size_t i = 0; i < n; ++i) {
    const size_t c = random.below(centres);
    std::vector<double> z(rank);
    for (size_t r = 0; r < rank; ++r) z[r] = centre[c * rank + r] + random.normal();
    for (size_t j = 0; j < dim; ++j) {
      double v = 0.2 * random.normal() + 1;
      for (size_t r = 0; r < rank; ++r) v += z[r] * basis[r * dim + j];
      out[i * dim + j] = static_cast<float>(v);
    }
  }
  return out;
}

std::vector<Id> range(Id first, size_t n) {
  std::vector<Id> out(n);
  for (size_t i = 0; i < n; ++i) out[i] = first + static_cast<Id>(i);
  return out;
}

double score64(Metric metric, const float* q, const float* x, size_t dim) {
  double l2 = 0, dot = 0, qq = 0, xx = 0;
  for (size_t j = 0; j < dim; ++j) {
    const double a = q[j], b = x[j];
    l2 += (a - b) * (a - b), dot += a * b, qq += a * a, xx += b * b;
  }
  return metric == Metric::L2 ? l2 : metric == Metric::InnerProduct ? -dot : -dot / std::sqrt(qq * xx);
}

std::vector<std::pair<double, Id>> exact(Metric metric, const float* q, const std::vector<float>& x, size_t dim,
                                         const std::vector<Id>& ids) {
  std::vector<std::pair<double, Id>> all;
  for (size_t i = 0; i < ids.size(); ++i) all.push_back({score64(metric, q, x.data() + i * dim, dim), ids[i]});
  std::sort(all.begin(), all.end());
  return all;
}

double recall(const std::vector<Match>& found, const std::vector<std::pair<double, Id>>& truth, size_t k) {
  std::set<Id> wanted;
  for (size_t i = 0; i < std::min(k, truth.size()); ++i) wanted.insert(truth[i].second);
  size_t hits = 0;
  for (const Match& m : found) hits += wanted.count(m.id);
  return wanted.empty() ? 1 : static_cast<double>(hits) / static_cast<double>(wanted.size());
}

TEST(FastScan, EveryVersionSumsLikeTheScalar) {
  base::Random random(5);
  const auto scalar = math::kernels<math::FastScanKernels>({});
  for (const math::Features cpu : math::testable_features()) {
    const auto kernel = math::kernels<math::FastScanKernels>(cpu);
    for (const size_t m : {4, 8, 12, 32, 100, 196, 256}) {
      std::vector<uint8_t> block(16 * m), table(16 * m);
      for (auto& b : block) b = static_cast<uint8_t>(random.next());
      for (auto& b : table) b = m == 256 ? 255 : static_cast<uint8_t>(random.next());
      std::vector<float> term(32), a(32), b(32);
      for (auto& t : term) t = static_cast<float>(random.below(1000));
      const auto mask =
          scalar.scan(block.data(), table.data(), m, term.data(), 7, 0.5f, static_cast<float>(m) * 64 + 500, a.data());
      EXPECT_EQ(
          kernel.scan(block.data(), table.data(), m, term.data(), 7, 0.5f, static_cast<float>(m) * 64 + 500, b.data()),
          mask);
      EXPECT_EQ(a, b);  // whole numbers and halves: exact in float
      std::vector<float> scale(32);
      for (auto& f : scale) f = static_cast<float>(random.below(8)) / 4;
      const float limit = static_cast<float>(m) * 64;
      EXPECT_EQ(
          kernel.scan_scaled(block.data(), table.data(), m, term.data(), scale.data(), 7, -3, 0.5f, limit, b.data()),
          scalar.scan_scaled(block.data(), table.data(), m, term.data(), scale.data(), 7, -3, 0.5f, limit, a.data()));
      EXPECT_EQ(a, b);
    }
  }
}

TEST(PrincipalDirections, AreOrthonormalAndFindTheVariance) {
  const size_t dim = 30, n = 800;
  auto x = lumpy(n, dim, 1);
  for (size_t j = 0; j < dim; ++j) {
    double mean = 0;
    for (size_t i = 0; i < n; ++i) mean += x[i * dim + j] / static_cast<double>(n);
    for (size_t i = 0; i < n; ++i) x[i * dim + j] -= static_cast<float>(mean);
  }
  const auto axes = principal_directions(x, dim, 14, 1, 2);
  for (size_t a = 0; a < 14; ++a)
    for (size_t b = 0; b <= a; ++b) {
      double dot = 0;
      for (size_t j = 0; j < dim; ++j) dot += static_cast<double>(axes[a * dim + j]) * axes[b * dim + j];
      EXPECT_NEAR(dot, a == b, 1e-4);
    }
  double whole = 0, found = 0;
  for (const float v : x) whole += static_cast<double>(v) * v / static_cast<double>(n);
  for (const float v : products(x, axes, dim, 1)) found += static_cast<double>(v) * v / static_cast<double>(n);
  EXPECT_GT(found, 0.995 * whole);  // rank 12 and little noise
}

TEST(SplitAxes, CoversAllAxesWithWideGroupsLast) {
  std::vector<float> variance(100);
  for (size_t j = 0; j < 100; ++j) variance[j] = 100.0f / static_cast<float>((j + 1) * (j + 1));
  const auto starts = split_axes(variance, 20);
  EXPECT_EQ(starts.front(), 0u);
  EXPECT_EQ(starts.back(), 100u);
  EXPECT_LE(starts.size(), 21u);
  EXPECT_LE(starts[1] - starts[0], starts.back() - starts[starts.size() - 2]);
  EXPECT_EQ(split_axes(std::vector<float>(100, 1.0f), 2).back(), 100u);  // too few groups for the widest: more are made
}

TEST(Ivf, FindsTheNeighboursInEveryMetricAndCode) {
  const size_t dim = 48, n = 4000;
  const auto x = lumpy(n, dim, 2), q = lumpy(40, dim, 3);
  for (const Metric metric : {Metric::L2, Metric::InnerProduct, Metric::Cosine})
    for (const char* code : {"pq", "rabitq", "flat", "sq8"}) {
      Ivf index({.dim = dim, .metric = metric, .set = {{"code", code}, {"nlist", "30"}}});
      index.add(range(100, n), x);
      double sum = 0;
      const auto found = index.search_batch(q, 10, {.nprobe = 12, .rerank = 100, .threads = 2});
      for (size_t i = 0; i < 40; ++i) {
        sum += recall(found[i], exact(metric, q.data() + i * dim, x, dim, range(100, n)), 10);
        ASSERT_EQ(found[i].size(), 10u);
        for (size_t r = 1; r < 10; ++r)
          EXPECT_TRUE(metric == Metric::L2 ? found[i][r - 1].distance <= found[i][r].distance
                                           : found[i][r - 1].distance >= found[i][r].distance);
        const auto single = index.search(std::span(q).subspan(i * dim, dim), 10, {.nprobe = 12, .rerank = 100});
        for (size_t r = 0; r < 10; ++r) EXPECT_EQ(single[r].id, found[i][r].id);
      }
      EXPECT_GT(sum / 40, std::string(code) == "sq8" ? 0.85 : 0.95) << code << " metric " << static_cast<int>(metric);
    }
}

TEST(Ivf, AllCellsAndAllCandidatesAreExact) {
  const size_t dim = 17, n = 1500;
  const auto x = lumpy(n, dim, 4), q = lumpy(20, dim, 5);
  Ivf index({.dim = dim, .set = {{"nlist", "10"}}});
  index.add(range(0, n), x);
  for (size_t i = 0; i < 20; ++i)
    EXPECT_EQ(recall(index.search(std::span(q).subspan(i * dim, dim), 10, {.nprobe = 10, .rerank = n}),
                     exact(Metric::L2, q.data() + i * dim, x, dim, range(0, n)), 10),
              1);
}

TEST(Ivf, UntrainedIsExactAndTrainsAsItGrows) {
  const size_t dim = 8;
  const auto x = lumpy(9000, dim, 6), q = lumpy(1, dim, 7);
  Ivf index({.dim = dim});
  EXPECT_TRUE(index.search(q, 3).empty());
  size_t at = 0;
  for (const size_t n : {10, 990, 1000, 7000}) {
    index.add(range(static_cast<Id>(at), n), std::span(x).subspan(at * dim, n * dim));
    at += n;
    const std::vector<float> now(x.begin(), x.begin() + static_cast<ptrdiff_t>(at * dim));
    EXPECT_EQ(index.statistics()["trained"], at < Ivf::kTrainAt ? "no" : "yes");
    EXPECT_GE(recall(index.search(q, 10, {.nprobe = 1000, .rerank = at}),
                     exact(Metric::L2, q.data(), now, dim, range(0, at)), 10),
              1.0);
  }
  EXPECT_GT(std::stoul(index.statistics()["cells"]), 60u);  // trained again at 9,000
}

void churn(const char* code, const std::vector<float>& pool) {
  const size_t dim = 10;
  base::Random random(3);
  Ivf index({.dim = dim, .set = {{"nlist", "16"}, {"code", code}}});
  std::set<Id> model;
  for (int step = 0; step < 60; ++step) {
    std::vector<Id> come, go;
    std::vector<float> rows;
    for (int i = 0; i < 80; ++i) {
      const Id id = static_cast<Id>(random.below(3000));
      if (!model.insert(id).second) continue;
      come.push_back(id);
      rows.insert(rows.end(), pool.begin() + id * 10, pool.begin() + id * 10 + 10);
    }
    index.add(come, rows);
    for (int i = 0; i < 25; ++i) go.push_back(static_cast<Id>(random.below(3000)));
    size_t gone = 0;
    for (const Id id : go) gone += model.erase(id);
    EXPECT_EQ(index.remove(go), gone);
    EXPECT_EQ(index.size(), model.size());
  }
  EXPECT_EQ(index.statistics()["trained"], "yes");
  std::vector<float> rows;
  for (const Id id : model) {
    EXPECT_TRUE(index.contains(id));
    rows.insert(rows.end(), pool.begin() + id * 10, pool.begin() + id * 10 + 10);
    EXPECT_EQ(*index.reconstruct(id), std::vector<float>(pool.begin() + id * 10, pool.begin() + id * 10 + 10));
  }
  const std::vector<Id> ids(model.begin(), model.end());
  const auto q = lumpy(10, dim, 9);
  for (size_t i = 0; i < 10; ++i)
    EXPECT_EQ(recall(index.search(std::span(q).subspan(i * dim, dim), 10, {.nprobe = 16, .rerank = ids.size()}),
                     exact(Metric::L2, q.data() + i * dim, rows, dim, ids), 10),
              1);
}

TEST(Ivf, ABatchFindsWhatItsQueriesFindAlone) {
  const size_t dim = 24, n = 4000, queries = 300;
  const auto x = lumpy(n, dim, 30), q = lumpy(queries, dim, 31);
  for (const char* code : {"pq", "rabitq", "flat"}) {
    Ivf index({.dim = dim, .set = {{"code", code}, {"nlist", "60"}}});
    index.add(range(0, n), x);
    index.remove(range(100, 50));
    index.visit_together_from(0);
    // One cell has too few members for 200 candidates: there the search goes on to others.
    for (const auto& [nprobe, rerank] : {std::pair<size_t, size_t>{8, 40}, {1, 200}, {60, 10}})
      for (const size_t threads : {1, 3}) {
        const SearchOptions options{.nprobe = nprobe, .rerank = rerank, .threads = threads};
        const auto together = index.search_batch(q, 10, options);
        for (size_t i = 0; i < queries; ++i) {
          const auto alone = index.search(std::span(q).subspan(i * dim, dim), 10, options);
          ASSERT_EQ(together[i].size(), alone.size());
          for (size_t j = 0; j < alone.size(); ++j) EXPECT_EQ(together[i][j].id, alone[j].id) << code << " " << nprobe;
        }
      }
  }
}

TEST(Ivf, ChurnLeavesWhatASetWouldHold) {
  const size_t dim = 10;
  const auto pool = lumpy(3000, dim, 8);
  for (const char* code : {"pq", "rabitq"}) churn(code, pool);
}

TEST(RaBitQ, EstimatesWithoutBias) {
  const size_t dim = 1100, n = 400;  // more dimensions than bits
  const auto x = lumpy(n, dim, 20), q = lumpy(1, dim, 21);
  const IvfModel model =
      IvfTrainer(x, dim, Metric::L2, {.cells = 4, .codes = {}, .one_bit = true, .seed = 1, .threads = 2}).model(0);
  EXPECT_EQ(model.axes_count, 1024u);
  std::vector<float> y(n * model.axis_panels.padded()), yq(model.axis_panels.padded()), decoded(model.axes_count);
  model.project(x.data(), n, false, y.data());
  model.project(q.data(), 1, true, yq.data());
  std::vector<uint8_t> codes(model.codes.padded());
  std::vector<uint32_t> cells(n);
  model.nearest_cells(y.data(), n, cells.data());
  double error = 0, spread = 0, size = 0;
  for (size_t i = 0; i < n; ++i) {
    const auto coded =
        model.encode(x.data() + i * dim, y.data() + i * model.axis_panels.padded(), cells[i], codes.data());
    model.codes.decode(codes.data(), decoded.data());
    double estimate = coded.term, truth = 0;
    for (size_t j = 0; j < model.axes_count; ++j) {
      const double from_centre = yq[j] - model.centroids[cells[i] * model.axes_count + j];
      estimate += from_centre * from_centre - 2.0 * coded.scale * decoded[j] * yq[j];
    }
    for (size_t j = 0; j < dim; ++j) estimate += std::pow(static_cast<double>(q[j]) - model.mean[j], 2);
    for (size_t j = 0; j < model.axes_count; ++j) estimate -= std::pow(static_cast<double>(yq[j]), 2);
    for (size_t j = 0; j < dim; ++j) truth += std::pow(static_cast<double>(q[j]) - x[i * dim + j], 2);
    error += (estimate - truth) / n;
    spread += std::pow(estimate - truth, 2) / n;
    size += truth / n;
  }
  EXPECT_LT(std::abs(error), 0.01 * size);
  EXPECT_LT(std::sqrt(spread), 0.05 * size);
}

TEST(Ivf, FiltersAlwaysGiveMinOfKAndMatches) {
  const size_t dim = 12, n = 3000;
  const auto x = lumpy(n, dim, 10), q = lumpy(8, dim, 11);
  Ivf index({.dim = dim});
  index.add(range(0, n), x);
  for (const Id every : {2, 10, 100, 1000, 4000}) {
    std::vector<Id> ids;
    for (Id id = 1; id < static_cast<Id>(n); id += every) ids.push_back(id);
    const IdFilter predicate = IdFilter::when([&](Id id) { return id % every == 1; }), listed = IdFilter::of(ids);
    for (const IdFilter* filter : {&predicate, &listed})
      for (size_t i = 0; i < 8; ++i) {
        const auto found = index.search(std::span(q).subspan(i * dim, dim), 10, {.filter = filter});
        EXPECT_EQ(found.size(), std::min<size_t>(10, ids.size()));
        for (const Match& m : found) EXPECT_EQ(m.id % every, 1);
      }
  }
}

TEST(Ivf, SavesOpensAndGoesOn) {
  base::TempFolder folder;
  const size_t dim = 20, n = 2500;
  const auto x = lumpy(n, dim, 12), q = lumpy(10, dim, 13);
  for (const char* code : {"pq", "rabitq", "sq8"}) {
    Ivf index({.dim = dim, .metric = Metric::Cosine, .set = {{"code", code}}});
    index.add(range(0, n), x);
    index.remove(range(50, 20));
    index.save(folder.path() / "a.idx");
    const auto back = open_ivf(FileReader(folder.path() / "a.idx"));
    for (size_t i = 0; i < 10; ++i) {
      const auto one = std::span(q).subspan(i * dim, dim);
      const auto a = index.search(one, 7), b = back->search(one, 7);
      ASSERT_EQ(a.size(), b.size());
      for (size_t r = 0; r < a.size(); ++r) EXPECT_EQ(a[r].id, b[r].id);
    }
    back->add(range(50, 20), std::span(x).subspan(50 * dim, 20 * dim));
    EXPECT_EQ(back->remove(range(0, 100)), 100u);
    EXPECT_EQ(back->size(), n - 100);
  }
}

TEST(Ivf, TheSameForAnyThreadCount) {
  base::TempFolder folder;
  const auto x = lumpy(2000, 16, 14);
  for (const size_t threads : {1, 3}) {
    Ivf index({.dim = 16, .threads = threads});
    index.add(range(0, 2000), x);
    index.save(folder.path() / std::to_string(threads));
  }
  EXPECT_EQ(base::read_file(folder.path() / "1"), base::read_file(folder.path() / "3"));
}

TEST(Ivf, OddInput) {
  Ivf index({.dim = 2});
  EXPECT_THROW(index.add(range(0, 1), std::vector<float>{1, NAN}), Error);
  EXPECT_THROW(index.train({}), Error);
  EXPECT_THROW(Ivf({.dim = 2, .set = {{"nprobe", "many"}}}), Error);
  EXPECT_THROW(Ivf({.dim = 2, .set = {{"probes", "3"}}}), Error);
  const std::vector<float> same(2 * 3000, 5.0f);  // nothing to tell apart
  index.add(range(0, 3000), same);
  const auto found = index.search(std::vector<float>{5, 5}, 4);
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found[0].distance, 0);
  EXPECT_EQ(index.search(std::vector<float>{5, 5}, 5000, {.nprobe = 1}).size(), 3000u);
}

size_t codes_of(const Index& index) { return std::stoul(index.statistics().at("codes_per_vector")); }

TEST(Ivf, CodesAreAsFineAsItTakesToTellNeighboursApart) {
  constexpr size_t kN = 3000, kDim = 256, kCoarsest = 32, kFinest = 128;
  std::vector<float> hard(kN * kDim);  // of no direction that says more than another
  base::Random random(6);
  for (float& v : hard) v = static_cast<float>(random.normal());
  for (const Metric metric : {Metric::L2, Metric::InnerProduct, Metric::Cosine}) {
    const Options options{.dim = kDim, .metric = metric};
    const auto easy = make("ivf", options), told = make("ivf", options);
    easy->add(range(0, kN), lumpy(kN, kDim, 1));
    told->add(range(0, kN), hard);
    EXPECT_EQ(codes_of(*easy), kCoarsest) << static_cast<int>(metric);
    EXPECT_EQ(codes_of(*told), kFinest) << static_cast<int>(metric);
  }
  const auto told = make("ivf", {.dim = kDim}), coarse = make("ivf", {.dim = kDim, .set = {{"M", "32"}}});
  told->add(range(0, kN), hard);
  coarse->add(range(0, kN), hard);
  EXPECT_EQ(codes_of(*coarse), 32u) << "what is asked for is what there is";
  double fine_recall = 0, coarse_recall = 0;
  for (size_t q = 0; q < 30; ++q) {
    std::vector<float> query(kDim);
    for (float& v : query) v = static_cast<float>(random.normal());
    const auto truth = exact(Metric::L2, query.data(), hard, kDim, range(0, kN));
    fine_recall += recall(told->search(query, 10, {.nprobe = 1000}), truth, 10) / 30;
    coarse_recall += recall(coarse->search(query, 10, {.nprobe = 1000}), truth, 10) / 30;
  }
  EXPECT_GT(fine_recall, coarse_recall + .1);
  base::TempFolder folder;  // and a file keeps them
  told->save(folder.path() / "a.idx");
  EXPECT_EQ(codes_of(*open(folder.path() / "a.idx")), kFinest);
}

// Thousands alike (equal, nearly equal) among others: each is found by id where all of them are asked for, and by
// distance whoever of them comes, after build, append and churn.
TEST(Ivf, EqualAndNearlyEqualVectorsStayReachable) {
  constexpr size_t kDim = 24, kAlike = 3000, kOthers = 3000, kK = 10;
  for (const double apart : {0.0, 1e-6, 1e-3}) {
    base::Random random(8);
    std::vector<float> place(kDim), all(kOthers * kDim);
    for (float& v : place) v = static_cast<float>(random.normal());
    for (float& v : all) v = static_cast<float>(random.normal());
    for (size_t i = 0; i < kAlike; ++i)
      for (const float v : place) all.push_back(v + static_cast<float>(apart * random.normal()));
    const auto row = [&](size_t from, size_t n) { return std::span<const float>(all).subspan(from * kDim, n * kDim); };
    const auto index = make("ivf", {.dim = kDim});
    const auto expect_reached = [&](const std::set<Id>& there, const char* when) {
      std::set<Id> missing;
      for (const Id id : there)
        if (id >= static_cast<Id>(kOthers)) missing.insert(id);
      const size_t alike = missing.size();
      for (const Match& m : index->search(place, alike, {.nprobe = 1000})) missing.erase(m.id);
      EXPECT_TRUE(missing.empty()) << missing.size() << " of " << alike << ", " << apart << " apart, " << when;
      size_t found = 0, asked = 0;
      for (const Id id : there)
        if (id % 37 == 0) {
          ++asked;
          const auto x = row(static_cast<size_t>(id), 1);
          const float own = index->search(x, 1, {.nprobe = 1000, .rerank = 4000})[0].distance;
          found += own <= 1e-12f;
        }
      EXPECT_EQ(found, asked) << apart << " apart, " << when;
      size_t hits = 0;
      for (size_t q = 0; q < 20; ++q) {  // near the place, and far from it
        std::vector<float> query(kDim);
        for (size_t j = 0; j < kDim; ++j)
          query[j] = (q % 2 ? place[j] : 0) + static_cast<float>((q % 2 ? .3 : 1) * random.normal());
        std::vector<float> distances;
        for (const Id id : there)
          distances.push_back(
              static_cast<float>(score64(Metric::L2, query.data(), row(static_cast<size_t>(id), 1).data(), kDim)));
        std::nth_element(distances.begin(), distances.begin() + kK - 1, distances.end());
        for (const Match& m : index->search(query, kK, {.nprobe = 1000, .rerank = 4000}))
          hits += m.distance <= distances[kK - 1] * 1.0001f;
      }
      EXPECT_GE(hits, 20 * kK * 99 / 100) << apart << " apart, " << when;
    };
    std::set<Id> there;
    const auto add = [&](size_t from, size_t n) {
      index->add(range(static_cast<Id>(from), n), row(from, n));
      for (size_t i = from; i < from + n; ++i) there.insert(static_cast<Id>(i));
    };
    add(0, kOthers + kAlike / 2);
    expect_reached(there, "built");
    for (size_t at = kOthers + kAlike / 2; at < kOthers + kAlike; at += 100) add(at, 100);
    expect_reached(there, "appended");
    for (size_t turn = 0; turn < 5; ++turn) {
      std::vector<Id> gone;
      for (const Id id : there)
        if (random.below(4) == 0) gone.push_back(id);
      index->remove(gone);
      for (size_t i = 0; i < gone.size(); i += 2) index->add({&gone[i], 1}, row(static_cast<size_t>(gone[i]), 1));
      for (size_t i = 1; i < gone.size(); i += 2) there.erase(gone[i]);
    }
    expect_reached(there, "churned");
  }
}

}  // namespace
}  // namespace hanok::index
