#include "store/row_codes.h"

#include <gtest/gtest.h>

#include <numeric>
#include <thread>

#include "base/random.h"
#include "store/code_scan.h"
#include "store/dense_index.h"

namespace hanok::store {
namespace {

constexpr size_t kRows = 9000;

struct Data {
  size_t dim = 0;
  std::vector<ChunkId> ids;
  std::vector<float> values;
  VectorRows rows() const { return {ids, values}; }
  std::span<float> row(size_t i) { return std::span(values).subspan(i * dim, dim); }
};

// Around thirty centres far from the origin; some are equal, one in a hundred is zero.
Data clustered(size_t dim, Metric metric, size_t rows = kRows) {
  Data out{dim, std::vector<ChunkId>(rows), std::vector<float>(rows * dim)};
  base::Random random(dim);
  std::vector<float> centres(30 * dim);
  for (float& x : centres) x = static_cast<float>(random.normal()) + 0.5f;
  for (size_t i = 0; i < rows; ++i) {
    out.ids[i] = static_cast<ChunkId>(3 * i + 5);
    const size_t centre = random.below(30);
    for (size_t j = 0; j < dim; ++j)
      out.row(i)[j] = i % 100 == 50 ? 0 : centres[centre * dim + j] + 0.3f * static_cast<float>(random.normal());
    if (i % 7 == 3) std::copy(out.row(i - 1).begin(), out.row(i - 1).end(), out.row(i).begin());
    if (metric == Metric::Cosine) normalise(out.row(i));
  }
  return out;
}

Bitmap one_in(size_t n) {
  Bitmap out;
  for (size_t i = 0; i < kRows; i += n) out.add(static_cast<ChunkId>(3 * i + 5));
  return out;
}

struct Both {
  std::shared_ptr<RowCodes> codes;
  DenseIndex plain, coded;
  Both(const Data& data, Metric metric, const Bitmap& skip = {})
      : codes(std::make_shared<RowCodes>(data.rows(), metric)), plain(data.dim, metric), coded(data.dim, metric) {
    plain.add(data.rows(), nullptr, skip);
    coded.add(data.rows(), nullptr, skip, codes);
    for (int i = 0; i < 100; ++i) codes->scanned();
  }
  void expect_same(std::span<const float> query, size_t k, const Bitmap* allowed = nullptr) const {
    const auto want = plain.search(query, k, allowed), found = coded.search(query, k, allowed);
    ASSERT_EQ(found.size(), want.size());
    for (size_t i = 0; i < want.size(); ++i) {
      ASSERT_EQ(found[i].chunk, want[i].chunk) << "place " << i;
      ASSERT_EQ(found[i].score, want[i].score) << "place " << i;
    }
  }
};

class Metrics : public testing::TestWithParam<Metric> {};

TEST_P(Metrics, CodesGiveTheAnswerOfTheRows) {
  for (const size_t dim : {1, 3, 100, 384}) {
    SCOPED_TRACE(dim);
    const Data data = clustered(dim, GetParam());
    const Both both(data, GetParam(), one_in(13));
    ASSERT_EQ(both.codes->scanned(), kRows);
    const Bitmap half = one_in(2), few = one_in(40);
    base::Random random(9);
    for (int round = 0; round < 6; ++round) {
      std::vector<float> query(dim);
      for (float& x : query) x = static_cast<float>(random.normal());
      if (round % 2)  // near a row, and its equals
        std::copy_n(data.values.begin() + static_cast<ptrdiff_t>(dim * (700 * static_cast<size_t>(round) + 3)), dim,
                    query.begin());
      for (const size_t k : {1, 10, 300}) {
        both.expect_same(query, k);
        both.expect_same(query, k, &half);
        both.expect_same(query, k, &few);
      }
    }
    both.expect_same(std::vector<float>(dim, 0), 10);
    both.expect_same(std::vector<float>(dim, 1), 2 * kRows);
    both.expect_same(std::vector<float>(dim, 1), 0);
  }
}

TEST_P(Metrics, NumbersOfAnySizeAreFoundAsTheRowsSay) {
  if (GetParam() == Metric::Cosine) return;  // every row has length 1 there
  for (const float scale : {1e-25f, 1e-12f, 1e12f}) {
    SCOPED_TRACE(scale);
    Data data = clustered(20, GetParam());
    for (float& x : data.values) x *= scale;
    for (float& x : data.row(77)) x = 3 * scale;
    const Both both(data, GetParam());
    for (const float query : {1e-20f, 1.0f, 1e10f}) {
      std::vector<float> q(20, query);
      q[3] = -query;
      both.expect_same(q, 20);
    }
  }
}

TEST(RowCodes, AreMadeASliceAScanOnceTheyPay) {
  const Data data = clustered(384, Metric::Cosine);
  RowCodes codes(data.rows(), Metric::Cosine);
  for (int i = 0; i < 24; ++i) EXPECT_EQ(codes.scanned(), 0u);
  for (size_t made = codes.slice_rows(); made < kRows; made += codes.slice_rows()) EXPECT_EQ(codes.scanned(), made);
  EXPECT_EQ(codes.scanned(), kRows);
  EXPECT_EQ(codes.scanned(), kRows);
}

TEST(RowCodes, FewRowsHaveNone) {
  const Data data = clustered(16, Metric::Cosine, 300);
  RowCodes codes(data.rows(), Metric::Cosine);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(codes.scanned(), 0u);
}

TEST(RowCodes, EndBeforeARowThatIsTooLongForThem) {
  Data data = clustered(64, Metric::InnerProduct);
  for (float& x : data.row(kRows - 1)) x = 1e18f;
  const Both both(data, Metric::InnerProduct);
  EXPECT_EQ(both.codes->scanned(), both.codes->slice_rows());
  std::vector<float> query(64, 0.1f);
  both.expect_same(query, 10);
  query[0] = 1e17f;  // a query of that length reads the rows
  both.expect_same(query, 10);
}

// Threads' scans in one pass: each with its own number, filter and removed rows, more of them than a tile of queries
// takes, and what was found before.
TEST_P(Metrics, ScansThatShareAPassKeepTheirOwnAnswers) {
  const Data data = clustered(100, GetParam());
  const VectorRows rows = data.rows();
  RowCodes codes(rows, GetParam());
  codes.finish();
  ASSERT_EQ(codes.ready(), kRows);
  const Bitmap none, half = one_in(2), third = one_in(3);
  const Match found_before{ChunkId{1}, 1e9f};
  std::vector<RowQuery> queries;
  std::vector<Best> bests;
  std::vector<CodeScan> scans;
  constexpr size_t kScans = 19;
  queries.reserve(kScans), bests.reserve(kScans);
  for (size_t i = 0; i < kScans; ++i) {
    queries.emplace_back(std::span(data.values).subspan(100 * (31 * i + 2), 100), GetParam());
    bests.emplace_back(i % 4 == 3 ? 0 : 1 + 5 * (i % 4));
    if (i == 5) bests.back().offer(found_before);
    scans.push_back({rows, queries.back(), i % 3 == 1 ? &half : nullptr, i % 5 == 2 ? third : none, bests.back()});
  }
  std::vector<CodeScan*> together;
  for (CodeScan& scan : scans) together.push_back(&scan);
  scan_codes(codes, together);
  for (size_t i = 0; i < kScans; ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(scans[i].coded, kRows);
    DenseIndex plain(100, GetParam());
    plain.add(rows, nullptr, scans[i].skip);
    auto want = plain.search(std::span(data.values).subspan(100 * (31 * i + 2), 100), bests[i].k(), scans[i].allowed);
    if (i == 5) want.insert(want.begin(), found_before), want.pop_back();
    const auto found = bests[i].take();
    ASSERT_EQ(found.size(), want.size());
    for (size_t place = 0; place < want.size(); ++place) EXPECT_EQ(found[place].chunk, want[place].chunk);
  }
}

INSTANTIATE_TEST_SUITE_P(RowCodes, Metrics, testing::Values(Metric::Cosine, Metric::L2, Metric::InnerProduct));

TEST(RowCodes, SearchesBesideTheirMakingAreRight) {
  const Data data = clustered(384, Metric::Cosine);
  DenseIndex plain(384, Metric::Cosine), coded(384, Metric::Cosine);
  plain.add(data.rows(), nullptr);
  coded.add(data.rows(), nullptr, {}, std::make_shared<RowCodes>(data.rows(), Metric::Cosine));
  std::vector<std::thread> threads;
  std::vector<size_t> wrong(4);
  for (size_t t = 0; t < wrong.size(); ++t)
    threads.emplace_back([&, t] {
      for (size_t i = 0; i < 30; ++i) {
        const std::span query(data.values.data() + 384 * (97 * i + t), 384);
        const auto want = plain.search(query, 10, nullptr), found = coded.search(query, 10, nullptr);
        for (size_t place = 0; place < want.size(); ++place) wrong[t] += want[place].chunk != found[place].chunk;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<size_t>(4));
}

}  // namespace
}  // namespace hanok::store
