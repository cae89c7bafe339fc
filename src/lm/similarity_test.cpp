#include "hanok/similarity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <set>
#include <sstream>

#include "base/random.h"
#include "lm/test_data.h"
#include "nn/weights.h"

namespace hanok::lm {
namespace {

Matrix matrix(size_t dim, std::vector<float> values) {
  return {.rows = values.size() / dim, .dim = dim, .data = std::move(values)};
}

Matrix rows(const Matrix& x, size_t begin, size_t end, float scale = 1) {
  Matrix out{.rows = end - begin,
             .dim = x.dim,
             .data = {x.data.begin() + static_cast<std::ptrdiff_t>(begin * x.dim),
                      x.data.begin() + static_cast<std::ptrdiff_t>(end * x.dim)}};
  for (float& v : out.data) v *= scale;
  return out;
}

TEST(Similarity, ByHand) {
  const Matrix a = matrix(2, {3, 4, 0, 0}), b = matrix(2, {4, 3, 1, 0});
  EXPECT_NEAR(similarity(a, b).data[0], 24.0 / 25, 1e-6);
  EXPECT_EQ(similarity(a, b).data[2], 0) << "a zero vector";
  EXPECT_EQ(similarity(a, b, Similarity::Dot).data[1], 3);
  EXPECT_NEAR(similarity(a, b, Similarity::Euclidean).data[0], -std::sqrt(2.0), 1e-6);
  EXPECT_EQ(similarity(a, b, Similarity::Manhattan).data[1], -6);
  EXPECT_THROW(similarity(a, matrix(3, {1, 2, 3})), Error);
  EXPECT_NEAR(cosine(a.row(0), b.row(0)), 24.0 / 25, 1e-6);
  EXPECT_EQ(cosine(a.row(1), b.row(0)), 0);
  EXPECT_THROW(cosine(a.row(0), std::vector<float>{1}), Error);
}

TEST(Similarity, Correlations) {
  const std::vector<double> a{1, 2, 2, 3}, b{10, 20, 20, 1000}, constant{1, 1, 1, 1};
  EXPECT_NEAR(spearman(a, b), 1, 1e-12);
  EXPECT_LT(pearson(a, b), 0.9);
  EXPECT_EQ(pearson(a, constant), 0);
  EXPECT_NEAR(spearman(a, std::vector<double>{3, 2, 2, 1}), -1, 1e-12);
  EXPECT_THROW(pearson(a, std::vector<double>{1}), Error);
}

TEST(Similarity, PairsAndCommunitiesByHand) {
  const Matrix x = matrix(2, {1, 0, 0.99f, 0.1f, 0, 1, 0.1f, 0.99f, -1, -1, 1, 0.05f});
  const auto pairs = paraphrase_mining(x, {.top_k = 2, .max_pairs = 3});
  ASSERT_EQ(pairs.size(), 3u);
  EXPECT_EQ(std::pair(pairs[0].a, pairs[0].b), std::pair(size_t{0}, size_t{5}));
  EXPECT_GE(pairs[0].score, pairs[1].score);
  EXPECT_EQ(community_detection(x, {.threshold = 0.98f, .min_size = 2}),
            (std::vector<std::vector<size_t>>{{0, 5, 1}, {2, 3}}));
  const auto hits = semantic_search(x, x, 2);
  EXPECT_EQ(hits[2][1].index, 3u);
}

TEST(Similarity, EmptyInputs) {
  const Matrix none{.rows = 0, .dim = 4};
  EXPECT_TRUE(semantic_search(none, none).empty());
  EXPECT_TRUE(paraphrase_mining(none).empty());
  EXPECT_TRUE(community_detection(none).empty());
  EXPECT_EQ(principal_components(none).data.size(), 0u);
  EXPECT_EQ(silhouette(none, {}), 0);
}

TEST(Similarity, PrincipalAxesOfAFlatCloud) {
  base::Random random(3);
  Matrix x{.rows = 200, .dim = 5, .data = std::vector<float>(1000)};
  for (size_t i = 0; i < x.rows; ++i) {
    const auto u = static_cast<float>(random.normal() * 10), v = static_cast<float>(random.normal());
    const float row[] = {5 + u, 1 + v, 0, 2, 7};
    std::copy(row, row + 5, x.row(i).begin());
  }
  const Matrix map = principal_components(x, 4);
  for (size_t i = 1; i < x.rows; ++i) {
    EXPECT_NEAR(map.row(i)[0] - map.row(0)[0], x.row(i)[0] - x.row(0)[0], 0.15) << "the first axis is the long one";
    EXPECT_NEAR(map.row(i)[2], 0, 1e-3) << "there are two axes only";
  }
}

TEST(Similarity, SuggestsTheNumberOfClustersThatThereAre) {
  base::Random random(5);
  Matrix x{.rows = 90, .dim = 2, .data = std::vector<float>(180)};
  const float centre[3][2] = {{0, 0}, {10, 0}, {0, 10}};
  for (size_t i = 0; i < x.rows; ++i)
    for (size_t d = 0; d < 2; ++d) x.row(i)[d] = centre[i % 3][d] + static_cast<float>(random.normal());
  const auto cluster = [&](size_t k) {  // 3 is right; others merge two or cut one in halves
    std::vector<uint32_t> out(x.rows);
    for (size_t i = 0; i < x.rows; ++i)
      out[i] = static_cast<uint32_t>(k == 2                ? std::min<size_t>(i % 3, 1)
                                     : i % 3 == 0 && k > 3 ? 3 + i / 3 % (k - 3)
                                                           : i % 3);
    return out;
  };
  EXPECT_EQ(suggest_clusters(x, 6, cluster), 3u);
  EXPECT_GT(silhouette(x, cluster(3)), 0.7);
}

// Rows alone, or two at a time, lie near a centroid that they made themselves.
TEST(Similarity, ARowIsNoEvidenceForItsOwnCluster) {
  base::Random random(7);
  Matrix x{.rows = 32, .dim = 64, .data = std::vector<float>(32 * 64)};
  for (size_t i = 0; i < x.rows; ++i)
    for (size_t d = 0; d < x.dim; ++d) x.row(i)[d] = static_cast<float>(random.normal() + (d == i % 4 ? 6 : 0));
  const auto cluster = [&](size_t k) {  // the four; with more, some of them cut
    std::vector<uint32_t> out(x.rows);
    for (size_t i = 0; i < x.rows; ++i) out[i] = static_cast<uint32_t>(i % k);
    return out;
  };
  EXPECT_GT(silhouette(x, cluster(4)), silhouette(x, cluster(8)));
  EXPECT_GT(silhouette(x, cluster(4)), silhouette(x, cluster(16)));
  EXPECT_LT(silhouette(x, cluster(16)), 0.2);
}

class UtilGolden : public testing::Test {
 protected:
  void SetUp() override {
    there_ = base::fs::exists(golden("util"));
    if (!there_) return;  // the tests above need no data
    x_ = read_npy(golden("util") / "embeddings.npy");
    json_ = read_json(golden("util") / "expected.json");
  }
  bool there_ = false;
  Matrix x_;
  base::Json json_;
};

TEST_F(UtilGolden, Pairwise) {
  if (!there_) return;
  const auto expected = nn::Weights::open_file(golden("util") / "pairwise.safetensors");
  const auto check = [&](const char* name, const Matrix& found) {
    const auto want = read_floats(expected.at(name, {found.rows, found.dim}));
    for (size_t i = 0; i < want.size(); ++i)
      ASSERT_NEAR(found.data[i], want[i], 4e-6 * std::max(1.0f, std::fabs(want[i]))) << name;
  };
  const Matrix a = rows(x_, 0, 24), b = rows(x_, 300, 320);
  check("cos_sim", similarity(a, b));
  check("dot_score", similarity(rows(x_, 0, 24, 2), b, Similarity::Dot));
  check("euclidean_sim", similarity(a, b, Similarity::Euclidean));
  check("manhattan_sim", similarity(a, b, Similarity::Manhattan));
  check("normalize_embeddings", normalized(rows(x_, 0, 24, 3)));
  const auto pairs = read_floats(expected.at("pairwise_cos_sim", {90}));
  for (size_t i = 0; i < 90; ++i) EXPECT_NEAR(cosine(x_.row(2 * i), x_.row(2 * i + 1)), pairs[i], 1e-6);
}

TEST_F(UtilGolden, SemanticSearch) {
  if (!there_) return;
  const auto found = semantic_search(rows(x_, 180, 200), x_, 10);
  const auto& hits = json_["semantic_search"]["hits"];
  ASSERT_EQ(found.size(), hits.size());
  for (size_t q = 0; q < found.size(); ++q)
    for (size_t r = 0; r < 10; ++r) {
      const float score = hits[q][r][1];
      EXPECT_NEAR(found[q][r].score, score, 1e-6);
      bool equal = found[q][r].index == hits[q][r][0].get<size_t>();
      for (size_t other = 0; other < 10; ++other)  // neighbours closer than 1e-6 may change places
        equal = equal || (std::fabs(hits[q][other][1].get<float>() - score) < 1e-6f &&
                          found[q][r].index == hits[q][other][0].get<size_t>());
      EXPECT_TRUE(equal) << q << " " << r;
    }
}

TEST_F(UtilGolden, ParaphraseMining) {
  if (!there_) return;
  const auto& expected = json_["paraphrase_mining"];
  const auto found = paraphrase_mining(x_, {.top_k = expected["top_k"], .max_pairs = expected["max_pairs"]});
  const auto& pairs = expected["pairs"];
  ASSERT_EQ(found.size(), pairs.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i].score, pairs[i][0].get<float>(), 1e-6) << i;
  std::set<std::pair<size_t, size_t>> a, b;
  for (size_t i = 0; i < found.size(); ++i) {
    a.emplace(found[i].a, found[i].b);
    b.emplace(pairs[i][1].get<size_t>(), pairs[i][2].get<size_t>());
  }
  EXPECT_EQ(a, b);
}

TEST_F(UtilGolden, CommunityDetection) {
  if (!there_) return;
  for (const auto& c : json_["community_detection"]) {
    SCOPED_TRACE(c["threshold"].dump());
    auto found = community_detection(x_, {.threshold = c["threshold"], .min_size = c["min_community_size"]});
    auto expected = c["communities"].get<std::vector<std::vector<size_t>>>();
    ASSERT_EQ(found.size(), expected.size());
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i][0], expected[i][0]) << "the centre";
      for (size_t j = 2; j < found[i].size(); ++j)  // nearest first; neighbours closer than 1e-6 may change places
        EXPECT_LE(cosine(x_.row(found[i][0]), x_.row(found[i][j])),
                  cosine(x_.row(found[i][0]), x_.row(found[i][j - 1])) + 1e-6f);
      std::sort(found[i].begin(), found[i].end());
      std::sort(expected[i].begin(), expected[i].end());
      EXPECT_EQ(found[i], expected[i]);
    }
  }
}

// Gold scores of KorSTS dev (column 5) against the published cosines of MiniLM.
TEST(Sts, SpearmanOfTheGivenCosines) {
  const auto file = golden("sts") / "expected.json",
             gold_file = test_data() / "retrieval" / "korsts" / "sts-dev.tsv.gz";
  if (!base::fs::exists(file) || !base::fs::exists(gold_file)) return;  // Similarity.Correlations needs no data
  std::string text;
  FILE* pipe = popen(("gzip -dc '" + gold_file.string() + "'").c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  char piece[4096];
  for (size_t n; (n = fread(piece, 1, sizeof piece, pipe)) > 0;) text.append(piece, n);
  ASSERT_EQ(pclose(pipe), 0);
  std::vector<double> gold;
  std::istringstream lines(text);
  std::string line;
  std::getline(lines, line);  // names of the columns
  while (std::getline(lines, line)) {
    size_t at = 0;
    for (int column = 0; column < 4; ++column) at = line.find('\t', at) + 1;
    gold.push_back(std::stod(line.substr(at)));
  }
  const auto json = read_json(file);
  const auto cosines = json["cosine"].get<std::vector<double>>();
  ASSERT_EQ(gold.size(), cosines.size());
  // The cosines are given with six digits: near-duplicates (cosine 1) become ties, which moves their ranks.
  EXPECT_NEAR(spearman(cosines, gold), json["spearman_cosine"].get<double>(), 2e-5);
  EXPECT_NEAR(pearson(cosines, gold), json["pearson_cosine"].get<double>(), 1e-6);
}

}  // namespace
}  // namespace hanok::lm
