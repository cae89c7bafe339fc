// Searches are of one state of the collection, whatever is written beside them. Run under thread and address
// sanitizers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <thread>

#include "base/file.h"
#include "base/random.h"
#include "chain/search/rank.h"
#include "hanok/chain.h"

namespace hanok::chain {
namespace {

using store::Json;

// Every write gives all documents one version, in one transaction: a hit of another version than the first one's is of
// another moment. "box3 v17 part2 common" is a chunk.
constexpr int kDocuments = 12, kParts = 5;

/// The number after `key` in a text; -1 where there is none.
int number_after(std::string_view text, std::string_view key) {
  const size_t at = text.find(key);
  return at == std::string_view::npos ? -1 : std::atoi(std::string(text.substr(at + key.size(), 8)).c_str());
}
int version_of(std::string_view text) { return number_after(text, " v"); }

/// A vector for each text that depends on its words alone: the same text has cosine 1.
class HashedWords : public EmbeddingModel {
 public:
  explicit HashedWords(size_t dim) : dim_(dim) {}
  store::VectorSpace space() const override {
    return {.fingerprint = "hashed words of " + std::to_string(dim_),
            .model = "hashed/" + std::to_string(dim_),
            .dim = dim_,
            .chunker_version = 1};
  }
  size_t count_tokens(std::string_view text) const override { return text.size() / 4 + 1; }
  double trust(std::string_view) const override {
    ++trusts_;
    return 1;
  }
  Matrix embed(std::span<const std::string> texts, Prompt prompt) const override {
    questions_ += prompt == Prompt::Query ? texts.size() : 0;
    Matrix out{texts.size(), dim_, std::vector<float>(texts.size() * dim_)};
    for (size_t i = 0; i < texts.size(); ++i)
      for (const auto& term : text::analyze(texts[i])) out.row(i)[std::hash<std::string>()(term.form) % dim_] += 1;
    return out;
  }
  size_t questions() const { return questions_; }
  size_t trusts() const { return trusts_; }

 private:
  size_t dim_;
  mutable std::atomic<size_t> questions_{0}, trusts_{0};
};

/// Scores a passage by the number of its part, so that a score can be told from another passage's.
class ByPart : public RerankModel {
 public:
  std::string name() const override { return "by part"; }
  static float of(std::string_view text) { return static_cast<float>(number_after(text, "part")) / 10; }
  std::vector<float> score(std::string_view, std::span<const std::string> passages) const override {
    std::vector<float> out;
    for (const auto& p : passages) out.push_back(of(p));
    return out;
  }
};

class SearchTest : public testing::Test {
 protected:
  void SetUp() override {
    collection_->set_vector_space(words_.space());
    write_all(1, words_);
  }

  /// Half of the documents of odd versions are of tenant x, and of even versions the other half.
  store::NewDocument document(int n, int version, const EmbeddingModel& model) const {
    store::NewDocument out;
    out.info.path = "box" + std::to_string(n);
    out.info.metadata = {{"tenant", (n + version) % 2 ? "x" : "y"}, {"version", version}};
    std::vector<std::string> texts;
    const int parts = 1 + (n + version) % kParts;  // each version has another number of chunks
    for (int part = 0; part < parts; ++part) {
      texts.push_back("box" + std::to_string(n) + " v" + std::to_string(version) + " part" + std::to_string(part) +
                      ((n + version) % 2 ? " x" : " y") + " common things");
      const size_t start = out.text.size();
      out.text += texts.back();
      out.chunks.push_back({.span = {start, out.text.size()}});
      out.text += "\n";
    }
    out.vectors = model.embed(texts, Prompt::Passage).data;
    return out;
  }

  /// Replaces all documents, of even versions after removing them: for a moment there are none.
  void write_all(int version, const EmbeddingModel& model) {
    std::vector<std::string> paths;
    std::vector<store::NewDocument> batch;
    for (int n = 0; n < kDocuments; ++n) {
      batch.push_back(document(n, version, model));
      paths.push_back(batch.back().info.path);
    }
    if (version % 2 == 0) collection_->remove_many(paths);
    collection_->put_many(std::move(batch));
  }

  /// Searches again and again in two threads while this one writes `rounds` versions. check(found) is called for each.
  void beside_a_writer(const SearchOptions& options, const std::function<void(const SearchResult&)>& check,
                       int rounds = 40) {
    std::atomic<bool> stop{false};
    std::atomic<size_t> searches{0};
    std::vector<std::thread> readers;
    for (int t = 0; t < 2; ++t)
      readers.emplace_back([&, t] {
        base::Random random(static_cast<uint64_t>(t));
        while (!stop) {
          const std::string query = "common box" + std::to_string(random.below(kDocuments)) + " things";
          const SearchResult found = search(*collection_, query, options);
          expect_one_version(found);
          check(found);
          ++searches;
        }
      });
    for (int version = 2; version <= rounds || searches < 20; ++version) {
      write_all(version, words_);
      if (version % 10 == 0) collection_->compact();
    }
    stop = true;
    for (auto& t : readers) t.join();
    EXPECT_EQ(store_->verify(), std::vector<std::string>());
  }

  static void expect_one_version(const SearchResult& found) {
    for (const Hit& hit : found.hits) EXPECT_EQ(version_of(hit.chunk.text), version_of(found.hits[0].chunk.text));
  }

  base::TempFolder folder_;
  HashedWords words_{64};
  std::unique_ptr<store::Store> store_ = store::Store::open(folder_.path());
  std::shared_ptr<store::Collection> collection_ = store_->collection("c", true);
};

TEST_F(SearchTest, EveryScoreIsOfItsOwnPassage) {
  const ByPart by_part;
  const auto snapshot = collection_->snapshot();
  const SearchResult found = search(*snapshot, "common box3", {.embedder = &words_, .reranker = &by_part});
  ASSERT_FALSE(found.hits.empty());
  const Matrix question = words_.embed(std::span(&found.query.text, 1), Prompt::Query);
  for (const Hit& hit : found.hits) {
    EXPECT_FLOAT_EQ(static_cast<float>(hit.scores.rerank.value()), ByPart::of(hit.chunk.text));
    EXPECT_EQ(hit.score, *hit.scores.rerank);
    const Matrix passage = words_.embed(std::span(&hit.chunk.text, 1), Prompt::Passage);
    EXPECT_NEAR(hit.scores.dense.value(), cosine(question.row(0), passage.row(0)), 1e-5);
    EXPECT_FLOAT_EQ(static_cast<float>(hit.scores.keyword),
                    snapshot->keyword_scores("common box3", std::span(&hit.chunk.id, 1))[0]);
    const Json about = explain(found, hit);
    EXPECT_EQ(about.at("mode"), "hybrid");
    EXPECT_EQ(about.at("dense"), *hit.scores.dense);
    EXPECT_EQ(about.at("rerank"), *hit.scores.rerank);
    EXPECT_EQ(about.at("dense_deviation"), found.fusion.deviation);
  }
}

TEST_F(SearchTest, KeywordsAloneHaveNoScoresOfMeaning) {
  const SearchResult found = search(*collection_, "common box3");
  ASSERT_FALSE(found.hits.empty());
  EXPECT_EQ(found.mode, Mode::Keyword);
  EXPECT_TRUE(found.query.vector.empty());
  EXPECT_FALSE(found.hits[0].scores.dense || found.hits[0].scores.rerank);
  EXPECT_FALSE(explain(found, found.hits[0]).contains("dense"));
}

TEST_F(SearchTest, AQuestionIsEmbeddedOnce) {
  const auto snapshot = collection_->snapshot();
  search(*snapshot, "common box3", {.embedder = &words_, .mmr_lambda = 0.5, .neighbours = 1});
  EXPECT_EQ(words_.questions(), 1u);
  EXPECT_EQ(words_.trusts(), 1u);
  ask(*snapshot, "Which box is common?", {.search = {.embedder = &words_}});
  EXPECT_EQ(words_.questions(), 2u) << "and the answer is found with the vector of the search";
  EXPECT_EQ(words_.trusts(), 2u);
}

TEST_F(SearchTest, RerankingBesideAWriter) {
  const ByPart by_part;
  beside_a_writer({.embedder = &words_, .reranker = &by_part}, [](const SearchResult& found) {
    for (size_t i = 0; i < found.hits.size(); ++i) {
      EXPECT_FLOAT_EQ(static_cast<float>(found.hits[i].scores.rerank.value()), ByPart::of(found.hits[i].chunk.text));
      if (i > 0) {
        EXPECT_LE(found.hits[i].score, found.hits[i - 1].score);
      }
    }
  });
}

TEST_F(SearchTest, DiversityBesideAWriter) {
  beside_a_writer({.k = 6, .embedder = &words_, .mmr_lambda = 0.3}, [](const SearchResult& found) {
    EXPECT_TRUE(found.hits.size() == 6 || found.hits.empty()) << found.hits.size();
  });
}

TEST_F(SearchTest, NeighboursBesideAWriter) {
  beside_a_writer({.k = 8, .embedder = &words_, .neighbours = 2}, [](const SearchResult& found) {
    for (const Hit& hit : found.hits) {
      size_t lines = 0;
      for (size_t at = 0; at < hit.chunk.text.size(); ++lines) {
        const size_t end = std::min(hit.chunk.text.find('\n', at), hit.chunk.text.size());
        const auto line = std::string_view(hit.chunk.text).substr(at, end - at);
        EXPECT_TRUE(line.starts_with(hit.chunk.path + " v")) << line;
        EXPECT_EQ(version_of(line), version_of(hit.chunk.text));
        EXPECT_TRUE(line.ends_with(" common things")) << line;
        at = end + 1;
      }
      const int n = std::atoi(hit.chunk.path.c_str() + 3);
      const size_t parts = 1 + static_cast<size_t>(n + version_of(hit.chunk.text)) % kParts;
      const size_t first = hit.chunk.ordinal > 2 ? hit.chunk.ordinal - 2 : 0;
      EXPECT_EQ(lines, std::min<size_t>(parts, hit.chunk.ordinal + 3) - first) << hit.chunk.text;
    }
  });
}

TEST_F(SearchTest, NegatedFiltersBesideAWriter) {
  const store::Filter not_x(Json{{"tenant", {{"$ne", "x"}}}});
  for (const Mode mode : {Mode::Hybrid, Mode::Keyword})
    beside_a_writer({.k = 50, .mode = mode, .filter = not_x, .embedder = &words_}, [](const SearchResult& found) {
      for (const Hit& hit : found.hits) EXPECT_THAT(hit.chunk.text, testing::HasSubstr(" y common"));
    });
}

// The model changes again and again: the vectors that answer are always those of the model that embeds the question.
TEST_F(SearchTest, AChangeOfTheModelBesideSearches) {
  const HashedWords other{96};
  const EmbeddingModel* models[] = {&words_, &other};
  std::atomic<bool> stop{false};
  std::atomic<size_t> searches{0};
  std::map<Mode, std::atomic<size_t>> modes;
  for (const Mode mode : {Mode::Hybrid, Mode::Keyword, Mode::Dense}) modes[mode] = 0;
  std::vector<std::thread> readers;
  for (int t = 0; t < 2; ++t)
    readers.emplace_back([&] {
      while (!stop) {
        const auto snapshot = collection_->snapshot();
        const auto found =
            search(*snapshot, "common things", {.k = 100, .embedder = answering(*snapshot, models), .mmr_lambda = 0.9});
        ++modes.at(found.mode);
        EXPECT_EQ(found.query.vector.size(), snapshot->vector_space()->dim);
        EXPECT_EQ(found.hits.size(), snapshot->chunk_count());
        expect_one_version(found);
        ++searches;
      }
    });
  for (int round = 1; round <= 12 || searches < 20; ++round) {
    const EmbeddingModel& next = *models[round % 2];
    Reembedding change(*collection_, next);
    change.wait();
    write_all(round + 1, next);
  }
  stop = true;
  for (auto& t : readers) t.join();
  EXPECT_GT(modes.at(Mode::Hybrid), 0u);
  EXPECT_EQ(modes.at(Mode::Keyword), 0u);
}

}  // namespace
}  // namespace hanok::chain
