#include "index/graph/growth.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>

#include "base/file.h"
#include "base/random.h"
#include "index/file.h"
#include "index/graph/builder.h"
#include "index/graph/hnsw.h"

namespace hanok::index {
namespace {

constexpr size_t kCount = 4000;

std::vector<float> uniform(size_t n, size_t dim) {
  base::Random random(5);
  std::vector<float> out(n * dim);
  for (float& x : out) x = static_cast<float>(random.uniform());
  return out;
}

std::unique_ptr<Index> index_of(const std::vector<float>& vectors, size_t dim) {
  auto out = Hnsw::make({.dim = dim, .metric = Metric::L2});
  std::vector<Id> ids(vectors.size() / dim);
  std::iota(ids.begin(), ids.end(), 0);
  out->add(ids, vectors);
  return out;
}

double near_growth_of(const Index& index) { return std::stod(index.statistics().at("growth_near")); }

double growth_of(const Index& index) { return std::stod(index.statistics().at("growth")); }

TEST(Growth, FollowsTheDimensionOfTheData) {
  // In d dimensions n neighbours lie within n^(1/d), so squared distances grow by n^(2/d).
  const double three = growth_of(*index_of(uniform(kCount, 3), 3)), eight = growth_of(*index_of(uniform(kCount, 8), 8));
  EXPECT_GT(three, 0.45);
  EXPECT_LT(three, 0.9);
  EXPECT_GT(eight, 0.12);
  EXPECT_LT(eight, 0.35);
}

TEST(Growth, InsideOfClustersIsNotBetweenThem) {
  constexpr size_t kDim = 16, kClusters = 80, kEach = 50;
  base::Random random(6);
  std::vector<float> vectors;
  for (size_t c = 0; c < kClusters; ++c) {
    std::vector<float> centre(kDim);
    for (float& x : centre) x = static_cast<float>(random.normal());
    for (size_t i = 0; i < kEach; ++i)
      for (const float x : centre) vectors.push_back(x + 0.05f * static_cast<float>(random.normal()));
  }
  const auto index = index_of(vectors, kDim);
  EXPECT_LT(near_growth_of(*index), 0.4);
  EXPECT_GT(growth_of(*index), 3 * near_growth_of(*index));
  const base::TempFolder folder;
  index->save(folder.path() / "a.idx");
  EXPECT_EQ(near_growth_of(*open(folder.path() / "a.idx")), near_growth_of(*index));
}

TEST(Growth, UnknownWhereNeighboursCannotBeToldApart) {
  std::vector<float> alike(kCount * 8, 1.0f);
  for (size_t i = 0; i < 8; ++i) alike[i] = 2;
  EXPECT_EQ(growth_of(*index_of(alike, 8)), 0);
}

TEST(Growth, FactorsGrowWithReach) {
  const Growth clusters{.near = 0.1, .far = 2};
  EXPECT_EQ(walk_factor({.ef = 10, .k = 10}, clusters), 1);
  EXPECT_EQ(walk_factor({.ef = 5, .k = 10}, clusters), 1);
  EXPECT_DOUBLE_EQ(walk_factor({.ef = 15, .k = 10}, clusters), std::pow(1.5, 0.1));
  EXPECT_DOUBLE_EQ(walk_factor({.ef = 20, .k = 10}, clusters), std::pow(2, 0.1));
  EXPECT_DOUBLE_EQ(walk_factor({.ef = 100, .k = 10}, clusters), 100);
  EXPECT_NEAR(walk_factor({.ef = 1000, .k = 10}, clusters), 10000, 1e-6);
  double before = 1;
  for (size_t ef = 10; ef < 300; ++ef) {
    const double now = walk_factor({.ef = ef, .k = 10}, clusters);
    EXPECT_GE(now, before) << ef;
    before = now;
  }
}

class Walks : public ::testing::Test {
 protected:
  void SetUp() override {
    vectors_ = uniform(kCount, kDim);
    graph_.projection = Projection::train(vectors_, {.dim = kDim, .lines = 1});
    graph_.degree = 32;
    graph_.size = kCount;
    graph_.records = Buffer<uint8_t>().grown(kCount * graph_.projection.record_bytes(), 0);
    EncodeMemory scratch;
    for (size_t i = 0; i < kCount; ++i)
      graph_.projection.encode(&vectors_[i * kDim], graph_.records.writable() + i * graph_.projection.record_bytes(),
                               scratch);
    build(graph_, {.degree = 32, .ef = 64, .alpha = 1.2f});
    measure_growth(
        graph_,
        [this](uint32_t node, uint8_t* record) {
          EncodeMemory mine;
          graph_.projection.encode_query(&vectors_[node * kDim], record, mine);
        },
        1, 2);
  }

  size_t expanded(const float* query, Reach reach) {
    auto record = Buffer<uint8_t>().grown(graph_.projection.record_bytes(), 0);
    EncodeMemory scratch;
    graph_.projection.encode_query(query, record.writable(), scratch);
    walk(graph_, record.data(), reach, walk_);
    return walk_.pool.next_position();
  }

  static constexpr size_t kDim = 8;
  std::vector<float> vectors_;
  Graph graph_;
  WalkMemory walk_;
};

TEST_F(Walks, ExpandAboutEf) {
  for (const size_t ef : {60, 100, 160}) {
    double sum = 0;
    size_t least = SIZE_MAX, most = 0;
    constexpr size_t kQueries = 200;
    for (size_t i = 0; i < kQueries; ++i) {
      const size_t n = expanded(&vectors_[i * kDim], {.ef = ef, .k = 10});
      sum += static_cast<double>(n);
      least = std::min(least, n), most = std::max(most, n);
    }
    EXPECT_NEAR(sum / kQueries, static_cast<double>(ef), 0.35 * static_cast<double>(ef)) << ef;
    EXPECT_GE(least, ef / 4);
    EXPECT_LE(most, kWalkMost * ef);
    EXPECT_LT(least, most);  // not a pool of one size
  }
}

TEST_F(Walks, FarQueriesStopAtTheMost) {
  const std::vector<float> far(kDim, 1000.0f);  // as far from one as from another
  EXPECT_LE(expanded(far.data(), {.ef = 50, .k = 10}), kWalkMost * 50);
  EXPECT_EQ(expanded(far.data(), {.ef = 50}), 50u);  // without k: ef
}

TEST_F(Walks, TheNearestAreExpanded) {
  for (size_t i = 0; i < 50; ++i) {
    expanded(&vectors_[i * kDim], {.ef = 20, .k = 10});
    EXPECT_EQ(walk_.pool.node(0), i);
    EXPECT_GE(walk_.pool.next_position(), 10u);
    for (size_t p = 1; p < walk_.pool.size(); ++p) EXPECT_LE(walk_.pool.distance(p - 1), walk_.pool.distance(p));
  }
}

TEST(Growth, DamageInAFileIsNamed) {
  const base::TempFolder folder;
  index_of(uniform(2000, 4), 4)->save(folder.path() / "a.idx");
  const FileReader good(folder.path() / "a.idx");
  const std::string options(good.text("options"));
  const size_t at = options.find("\"growth\":\"");
  ASSERT_NE(at, options.npos);
  const size_t begin = at + 10, end = options.find('"', begin);
  const size_t near = options.find("\"growth_near\":\"");
  ASSERT_NE(near, options.npos);
  for (const auto& [value, fine] : std::map<std::string, bool>{
           {"0.25", true}, {"0", true}, {"-1", false}, {"nan", false}, {"1e300", false}, {"", false}, {"x", false}}) {
    FileWriter out("hnsw");
    std::string changed = options;
    changed.replace(begin, end - begin, value);
    out.add_text("options", changed);
    for (const char* name : {"rows", "norms", "ids", "dead", "projection", "links", "codes", "entries"})
      if (good.has(name)) out.add(name, good.section(name));
    const std::string bytes = out.bytes();
    if (fine) {
      EXPECT_EQ(Hnsw::open(FileReader(bytes, "test"))->size(), 2000u) << value;
    } else {
      try {
        Hnsw::open(FileReader(bytes, "test"));
        ADD_FAILURE() << "growth '" << value << "' was taken";
      } catch (const Error& e) {
        EXPECT_EQ(e.code(), Code::Corrupt) << value;
        EXPECT_NE(std::string(e.what()).find("growth"), std::string::npos) << e.what();
      }
    }
  }
}

}  // namespace
}  // namespace hanok::index
