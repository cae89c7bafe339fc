#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/random.h"
#include "store/bm25/segment.h"
#include "store/bm25/top.h"

namespace hanok::store::bm25 {
namespace {

using Words = std::vector<text::Term>;

Words words(const std::vector<std::string>& forms) {
  Words result;
  for (const std::string& form : forms) result.push_back({form, {}, 0});
  return result;
}

std::string segment_of(const std::map<ChunkId, Words>& chunks) {
  SegmentBuilder builder;
  for (const auto& [id, terms] : chunks) builder.add(id, terms);
  return builder.finish();
}

/// BM25 straight from its definition, over every chunk.
std::vector<Match> score_everything(const std::map<ChunkId, Words>& chunks, const Words& query, const Bm25Options& o) {
  double length = 0;
  std::map<std::string, double> df, times;
  for (const auto& [id, terms] : chunks) {
    length += static_cast<double>(terms.size());
    std::map<std::string, int> seen;
    for (const auto& t : terms)
      if (seen[t.form]++ == 0) ++df[t.form];
  }
  for (const auto& t : query) ++times[t.form];
  const double n = static_cast<double>(chunks.size()), average = length / n;
  std::vector<Match> result;
  for (const auto& [id, terms] : chunks) {
    double score = 0;
    for (const auto& [form, qtf] : times) {
      const double tf =
          static_cast<double>(std::count_if(terms.begin(), terms.end(), [&](const auto& t) { return t.form == form; }));
      if (tf == 0) continue;
      const double k = o.k1 * (1 - o.b + o.b * static_cast<double>(terms.size()) / average);
      score += qtf * std::log(1 + (n - df[form] + 0.5) / (df[form] + 0.5)) * tf * (o.k1 + 1) / (tf + k);
    }
    if (score > 0) result.push_back({id, static_cast<float>(score)});
  }
  std::sort(result.begin(), result.end(), better);
  return result;
}

TEST(Bm25, SmallExampleByHand) {
  const std::map<ChunkId, Words> chunks{{3, words({"a", "b"})}, {4, words({"a", "a", "c"})}, {9, words({"d"})}};
  const std::string bytes = segment_of(chunks);
  const Reader reader{{Segment::open(bytes)}, {}, {.k1 = 0.9, .b = 0.4}};
  const auto found = reader.search(words({"a"}), 10, nullptr);
  ASSERT_EQ(found.size(), 2u);
  // idf = ln(1 + 1.5 / 2.5); chunk 4: tf 2, length 3 of average 2.
  const double idf = std::log(1.6);
  EXPECT_EQ(found[0].chunk, 4u);
  EXPECT_NEAR(found[0].score, idf * 2 * 1.9 / (2 + 0.9 * (0.6 + 0.4 * 1.5)), 1e-6);
  EXPECT_NEAR(found[1].score, idf * 1.9 / (1 + 0.9), 1e-6);
  EXPECT_NEAR(reader.ceiling(words({"a"})), idf * 1.9, 1e-6);
  EXPECT_TRUE(reader.search(words({"zzz"}), 10, nullptr).empty());
}

/// Chunks of Zipf-like words, some copies of each other so that scores tie.
std::map<ChunkId, Words> random_chunks(base::Random& random, size_t count, size_t vocabulary, size_t longest) {
  std::map<ChunkId, Words> chunks;
  ChunkId id = static_cast<ChunkId>(random.below(50));
  for (size_t i = 0; i < count; ++i) {
    id += 1 + static_cast<ChunkId>(random.below(4) == 0 ? random.below(9) : 0);
    std::vector<std::string> forms;
    const size_t length = random.below(longest + 1);
    while (forms.size() < length) {
      const double u = random.uniform();
      forms.push_back("w" + std::to_string(static_cast<size_t>(u * u * u * static_cast<double>(vocabulary))));
    }
    chunks[id] = !chunks.empty() && random.below(5) == 0 ? chunks.rbegin()->second : words(forms);
  }
  return chunks;
}

/// The chunks spread over segments: by id ranges, or dealt at random so that the ranges overlap.
std::vector<std::string> spread(base::Random& random, const std::map<ChunkId, Words>& chunks, size_t parts,
                                bool mixed) {
  std::vector<std::map<ChunkId, Words>> dealt(parts);
  size_t i = 0;
  for (const auto& chunk : chunks) dealt[mixed ? random.below(parts) : i++ * parts / chunks.size()].insert(chunk);
  std::vector<std::string> bytes;
  for (const auto& part : dealt) bytes.push_back(segment_of(part));
  return bytes;
}

Reader reader_of(const std::vector<std::string>& bytes) {
  Reader reader;
  for (const std::string& b : bytes) reader.segments.push_back(Segment::open(b));
  return reader;
}

Words random_query(base::Random& random, size_t vocabulary) {
  std::vector<std::string> forms;
  for (size_t n = 1 + random.below(12); n > 0; --n) {
    const double u = random.uniform();
    forms.push_back("w" + std::to_string(static_cast<size_t>(u * u * static_cast<double>(vocabulary))));
  }
  return words(forms);
}

void expect_same(const std::vector<Match>& found, const std::vector<Match>& expected, const char* what) {
  ASSERT_EQ(found.size(), expected.size()) << what;
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].chunk, expected[i].chunk) << what << ", place " << i;
    EXPECT_EQ(found[i].score, expected[i].score) << what << ", place " << i;
  }
}

struct Case {
  size_t chunks, vocabulary, longest, parts;
};

class Exact : public testing::TestWithParam<Case> {};

/// Search against the scores of every chunk, and those against the definition: gone chunks, filters, several segments.
TEST_P(Exact, SearchIsScoringEverything) {
  const Case c = GetParam();
  base::Random random(c.chunks * 31 + c.parts);
  const auto chunks = random_chunks(random, c.chunks, c.vocabulary, c.longest);
  const auto bytes = spread(random, chunks, c.parts, random.below(2) == 0);
  Reader reader = reader_of(bytes);
  auto left = chunks;
  for (const auto& [id, terms] : chunks) {
    if (random.below(7) != 0) continue;
    reader.gone.add(id);
    left.erase(id);
  }
  const std::string merged = merge(reader.segments, reader.gone);
  Reader whole{{Segment::open(merged)}, {}, {}};
  EXPECT_EQ(whole.segments[0].chunks(), left.size());
  EXPECT_TRUE(merged == segment_of(left)) << "merging makes what building makes";
  std::vector<ChunkId> ids;
  for (const auto& chunk : left) ids.push_back(chunk.first);
  for (int q = 0; q < 12; ++q) {
    reader.options = whole.options = {.k1 = random.uniform() * 2, .b = random.uniform()};
    const Words query = random_query(random, c.vocabulary);
    const auto scores = reader.scores(query, ids);
    const auto expected = score_everything(left, query, reader.options);
    std::vector<Match> all;
    for (size_t i = 0; i < ids.size(); ++i)
      if (scores[i] > 0) all.push_back({ids[i], scores[i]});
    std::sort(all.begin(), all.end(), better);
    ASSERT_EQ(all.size(), expected.size());
    for (size_t i = 0; i < all.size(); ++i) EXPECT_NEAR(all[i].score, expected[i].score, 1e-5);
    for (const size_t k : {size_t{1}, size_t{10}, size_t{1000000}}) {
      const auto best = std::vector<Match>(all.begin(), all.begin() + static_cast<ptrdiff_t>(std::min(k, all.size())));
      expect_same(reader.search(query, k, nullptr), best, "several segments");
      expect_same(whole.search(query, k, nullptr), best, "merged");
      for (const size_t one_in : {2, 50}) {
        roaring::Roaring allowed;
        std::vector<Match> passed;
        for (const ChunkId id : ids)
          if (random.below(one_in) == 0) allowed.add(id);
        for (const Match& m : all)
          if (allowed.contains(m.chunk) && passed.size() < k) passed.push_back(m);
        expect_same(reader.search(query, k, &allowed), passed, "filtered");
      }
    }
    EXPECT_LE(all.empty() ? 0 : all[0].score, reader.ceiling(query));
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, Exact,
                         testing::Values(Case{1, 3, 4, 1}, Case{7, 5, 9, 2}, Case{130, 8, 12, 1}, Case{700, 40, 30, 10},
                                         Case{9000, 200, 12, 1}, Case{14000, 60, 8, 3}));

}  // namespace
}  // namespace hanok::store::bm25
