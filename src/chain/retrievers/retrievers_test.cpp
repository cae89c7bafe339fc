#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "chain/test_letters.h"
#include "chain/test_models.h"
#include "hanok/error.h"
#include "hanok/retrievers.h"

namespace hanok::chain {
namespace {

using test::Letters;
using test::Played;
using test::said;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr int64_t kHour = 3'600'000;

/// A collection of documents whose vectors count a, b and c; each document's paragraphs are its chunks.
class RetrieverTest : public testing::Test {
 protected:
  void put(const std::string& path, const std::vector<std::string>& paragraphs, int64_t hours_old = 0,
           store::Json metadata = store::Json::object(), const std::vector<std::string>& headings = {}) {
    store::NewDocument d;
    d.info.path = path, d.info.format = "txt", d.info.modified_ms = 1000 * kHour - hours_old * kHour;
    d.info.metadata = std::move(metadata);
    for (size_t i = 0; i < paragraphs.size(); ++i) {
      const size_t start = d.text.size();
      d.text += paragraphs[i];
      d.chunks.push_back({{start, d.text.size()}, 0, headings.empty() ? "" : headings[i], paragraphs[i].size()});
      d.text += "\n\n";
    }
    const Matrix rows = letters_.embed(paragraphs, Prompt::Passage);
    d.vectors = rows.data;
    collection_->set_vector_space(letters_.space());
    collection_->put(std::move(d));
  }
  Retrieved ask(const std::string& name, const std::string& question, RetrieverOptions o = {}) const {
    if (o.search.k == 10) o.search.k = 3;
    o.search.embedder = &letters_;
    return make_retriever(name, o)->retrieve(*collection_->snapshot(), question);
  }
  static std::vector<std::string> paths(const Retrieved& r) {
    std::vector<std::string> out;
    for (const auto& h : r.found.hits) out.push_back(h.chunk.path);
    return out;
  }
  base::TempFolder folder_;
  std::unique_ptr<store::Store> store_ = store::Store::open(folder_.path());
  std::shared_ptr<store::Collection> collection_ = store_->collection("c", true);
  Letters letters_;
};

TEST_F(RetrieverTest, ByMeaningAndByWords) {
  put("a1", {"aaa"}), put("a2", {"aab"}), put("b", {"bbb zebra"});
  EXPECT_THAT(paths(ask("similarity", "a")), ElementsAre("a1", "a2", "b"));
  EXPECT_THAT(paths(ask("keyword", "zebra")), ElementsAre("b"));
  const auto t = ask("threshold", "a", {.threshold = 0.5});
  EXPECT_THAT(paths(t), ElementsAre("a1", "a2"));
  EXPECT_THAT(t.notes, ElementsAre("1 passages lie below the threshold"));
  EXPECT_THROW(make_retriever("none"), Error);
  EXPECT_EQ(retriever_names().size(), 13u);
  for (const char* needs : {"multi-query", "self-query", "multi-vector"}) EXPECT_THROW(make_retriever(needs), Error);
}

TEST_F(RetrieverTest, DiversityTakesWhatIsUnlike) {
  put("a1", {"aaaa"}), put("a2", {"aaaa a"}), put("ab", {"aab"});
  EXPECT_THAT(paths(ask("mmr", "a", {.search = {.k = 2}, .mmr_lambda = 1})), ElementsAre("a1", "a2"));
  EXPECT_THAT(paths(ask("mmr", "a", {.search = {.k = 2}, .mmr_lambda = 0.3})), ElementsAre("a1", "ab"));
}

TEST_F(RetrieverTest, RanksAreFusedWithWeights) {
  EXPECT_THAT(
      weighted_rank_fusion(std::vector<std::vector<uint64_t>>{{1, 2, 1}, {3, 2}}, std::vector<double>{0.5, 0.5}, 60),
      ElementsAre(testing::Pair(2, testing::DoubleEq(1.0 / 62)), testing::Pair(1, testing::DoubleEq(0.5 / 61)),
                  testing::Pair(3, testing::DoubleEq(0.5 / 61))));
  put("words", {"zebra c"}), put("meaning", {"aaa"}), put("other", {"bb"});
  EXPECT_EQ(paths(ask("ensemble", "zebra a", {.weights = {1, 0}}))[0], "words");
  EXPECT_EQ(paths(ask("ensemble", "zebra a", {.weights = {0, 1}}))[0], "meaning");
  EXPECT_THROW(ask("ensemble", "x", {.weights = {1}}), Error);
}

TEST_F(RetrieverTest, OtherQuestionsFindOtherWords) {
  put("lion", {"lion"}), put("tiger", {"tiger"});
  const Played model(
      std::deque<std::string>{"1. Where is the lion?\n2. tiger\n2. tiger\n3. too many\n4. five\n5. six"});
  const auto r = ask("multi-query", "lion", {.search = {.mode = Mode::Keyword}, .model = &model, .queries = 2});
  EXPECT_THAT(paths(r), ElementsAre("lion", "tiger"));
  EXPECT_THAT(r.notes, ElementsAre("also asked: Where is the lion?", "also asked: tiger"));
  EXPECT_EQ(r.found.query.text, "lion");
  EXPECT_GT(r.found.hits[0].scores.keyword, 0);
  EXPECT_EQ(r.found.hits[1].scores.keyword, 0);  // of the question itself
}

TEST_F(RetrieverTest, AModelsConditionsAreCheckedAndShown) {
  put("old", {"room one"}, 0, {{"year", 1990}}), put("new", {"room two"}, 0, {{"year", 2020}});
  const auto with = [&](const std::string& answer) {
    const Played model([&](auto, const ChatOptions& o) {
      EXPECT_THAT(o.constraint.json_schema, HasSubstr("\"year\""));
      return said(answer);
    });
    return ask("self-query", "rooms after 2000", {.search = {.mode = Mode::Keyword}, .model = &model});
  };
  const auto good = with(R"({"query":"room","conditions":[{"field":"year","is":"$gt","value":2000}]})");
  EXPECT_THAT(paths(good), ElementsAre("new"));
  EXPECT_THAT(good.notes[0], HasSubstr(R"(the model's conditions: {"year":{"$gt":2000}})"));
  EXPECT_EQ(good.found.query.text, "rooms after 2000");
  const auto none = with(R"({"query":"room","conditions":[{"field":"year","is":"$gt","value":3000}]})");
  EXPECT_EQ(none.found.hits.size(), 2u);
  EXPECT_THAT(none.notes[0], HasSubstr("no passage satisfies"));
  const auto wrong = with(R"({"query":"room","conditions":[{"field":"secret","is":"$gt","value":1}]})");
  EXPECT_EQ(wrong.found.hits.size(), 2u);
  EXPECT_THAT(wrong.notes[0], HasSubstr("could not be read"));
  EXPECT_THAT(with(R"({"query":"room","conditions":[]})").notes[0], HasSubstr("no conditions"));
}

TEST_F(RetrieverTest, PassagesAreCutToWhatMattersAndStayPiecesOfTheirDocument) {
  put("d", {"Nothing is here. The zebra runs. It runs with the zebra herd. That is all of it."});
  const auto r = ask("compression", "zebra", {.search = {.mode = Mode::Keyword}});
  ASSERT_EQ(r.found.hits.size(), 1u);
  const auto& c = r.found.hits[0].chunk;
  EXPECT_EQ(c.text, "The zebra runs. It runs with the zebra herd.");
  EXPECT_EQ(collection_->document_text("d").substr(c.span.start, c.span.end - c.span.start), c.text);
  EXPECT_THAT(r.notes[0], HasSubstr("bytes of the passages were kept"));
}

/// As of many models: all cosines lie close together, and far from 0.
class Alike : public Letters {
 public:
  store::VectorSpace space() const override { return {"alike", "alike", 4, 0}; }
  Matrix embed(std::span<const std::string> texts, hanok::Prompt prompt) const override {
    const Matrix counts = Letters::embed(texts, prompt);
    Matrix out{texts.size(), 4, {}};
    for (size_t i = 0; i < texts.size(); ++i) {
      out.data.insert(out.data.end(), counts.row(i).begin(), counts.row(i).end());
      out.data.push_back(20);
    }
    return out;
  }
};

TEST_F(RetrieverTest, PassagesAreCutWhereAllCosinesAreAlikeToo) {
  const Alike model;
  const std::vector<std::string> text{"Bbbb bbb. Aaaaa. Cccc ccc."};
  store::NewDocument d;
  d.info.path = "x", d.info.format = "txt", d.text = text[0];
  d.chunks = {{{0, text[0].size()}, 0, "", 3}};
  d.vectors = model.embed(text, Prompt::Passage).data;
  collection_->set_vector_space(model.space());
  collection_->put(std::move(d));
  const auto snapshot = collection_->snapshot();
  const auto near = search(*snapshot, "aaaa", {.k = 1, .mode = Mode::Dense, .embedder = &model});
  ASSERT_GT(near.hits.at(0).score, 0.8);
  const auto r = make_retriever("compression", {.search = {.k = 1, .mode = Mode::Dense, .embedder = &model}})
                     ->retrieve(*snapshot, "aaaa");
  ASSERT_EQ(r.found.hits.size(), 1u);
  EXPECT_EQ(r.found.hits[0].chunk.text, "Aaaaa.");
}

TEST_F(RetrieverTest, TheNearestSentenceCounts) {
  put("mixed", {"Bbbbbbbbbb ccccccccc. Aaaa."}), put("near", {"aab aab."});
  EXPECT_EQ(paths(ask("similarity", "a"))[0], "near");
  const auto r = ask("multi-vector", "a");
  EXPECT_EQ(paths(r)[0], "mixed");
  EXPECT_NEAR(r.found.hits[0].score, 1, 1e-6);
}

TEST_F(RetrieverTest, ASentenceIsEmbeddedOnceHoweverManyQuestionsAreAsked) {
  put("x", {"Aaaa. Bbbb ccc."}), put("y", {"Ab ab. Aaaa."});
  const auto snapshot = collection_->snapshot();
  const RetrieverOptions o{.search = {.k = 3, .mode = Mode::Dense, .embedder = &letters_}};
  for (const char* name : {"multi-vector", "compression"}) {
    const auto retriever = make_retriever(name, o);
    letters_.embedded = 0;
    const auto first = retriever->retrieve(*snapshot, "a");
    EXPECT_EQ(letters_.embedded, 4u) << name;  // the question and three sentences, one of them twice there
    retriever->retrieve(*snapshot, "b");
    EXPECT_EQ(letters_.embedded, 5u) << name;
    const auto again = retriever->retrieve(*snapshot, "a");
    EXPECT_EQ(paths(again), paths(first));
    for (size_t i = 0; i < first.found.hits.size(); ++i) {
      EXPECT_EQ(again.found.hits[i].chunk.text, first.found.hits[i].chunk.text);
      EXPECT_EQ(again.found.hits[i].score, first.found.hits[i].score);
    }
  }
}

TEST_F(RetrieverTest, ParentsAreSectionsOnce) {
  put("book", {"lion one", "lion two", "tail", "other"}, 0, store::Json::object(), {"A", "A", "A", "B"});
  const auto r = ask("parent", "lion", {.search = {.mode = Mode::Keyword}});
  ASSERT_EQ(r.found.hits.size(), 1u);
  EXPECT_EQ(r.found.hits[0].chunk.text, "lion one\n\nlion two\n\ntail");
  EXPECT_EQ(ask("parent", "lion", {.search = {.mode = Mode::Keyword}, .parent_tokens = 1}).found.hits.size(), 2u);
  EXPECT_EQ(ask("neighbours", "tail", {.search = {.mode = Mode::Keyword}}).found.hits[0].chunk.text,
            "lion two\n\ntail\n\nother");
}

TEST_F(RetrieverTest, NewerFilesGoFirst) {
  put("old", {"lion"}, 500), put("new", {"lion cub"}, 1);
  const RetrieverOptions o{.search = {.mode = Mode::Keyword}, .now_ms = 1000 * kHour};
  EXPECT_EQ(paths(ask("hybrid", "lion", o))[0], "old");
  EXPECT_EQ(paths(ask("time-weighted", "lion", o))[0], "new");
  auto never = o;
  never.decay_per_hour = 0;
  EXPECT_EQ(paths(ask("time-weighted", "lion", never))[0], "old");
}

}  // namespace
}  // namespace hanok::chain
