// Records: every operation against a plain model in memory, and what the two doors of the room show of each other.
#include "hanok/records.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <set>
#include <thread>

#include "base/file.h"
#include "base/random.h"
#include "store/backup.h"
#include "store/snapshot.h"
#include "store/test_documents.h"

namespace hanok::store {
namespace {

constexpr size_t kDim = 5;

Record record(std::string id, std::vector<float> vector = {}, Json metadata = Json::object(),
              std::optional<std::string> document = {}) {
  Record out;
  out.id = std::move(id);
  out.document = std::move(document);
  out.metadata = std::move(metadata);
  out.vector = std::move(vector);
  return out;
}

std::vector<std::string> ids(const RecordSnapshot& now, const Selection& among = {}) {
  std::vector<std::string> out;
  for (const auto& r : now.get(among)) out.push_back(r.id);
  return out;
}

struct RecordsTest : testing::Test {
  base::TempFolder folder;
  std::unique_ptr<Store> store = Store::open(folder.path());
  void reopen() {
    store.reset();
    store = Store::open(folder.path());
  }
};

// ---- the model: what a collection of records is, in a few lines ----

struct Model {
  using Key = std::pair<std::string, std::string>;   // namespace, id
  std::map<Key, std::pair<size_t, Record>> records;  // with the order in which they were first written
  size_t next = 0;

  static void merge(Record& into, const Record& given) {
    if (given.document) into.document = given.document;
    if (given.uri) into.uri = given.uri;
    if (!given.vector.empty()) into.vector = given.vector;
    if (!given.sparse.empty()) into.sparse = given.sparse;
    for (const auto& [key, value] : given.metadata.items()) {
      if (value.is_null())
        into.metadata.erase(key);
      else
        into.metadata[key] = value;
    }
  }

  Written write(WriteMode mode, const std::vector<Record>& batch) {
    Written out;
    for (Record r : batch) {
      const auto at = records.find({r.ns, r.id});
      const bool there = at != records.end();
      if ((mode == WriteMode::Add && there) || (mode == WriteMode::Update && !there)) {
        out.passed.push_back(r.id);
        continue;
      }
      ++out.records;
      out.added += !there;
      if (there && mode != WriteMode::Replace) {
        merge(at->second.second, r);
        continue;
      }
      Record clean = r;
      clean.metadata = Json::object();
      merge(clean, r);
      if (there)
        at->second.second = clean;
      else
        records[{r.ns, r.id}] = {next++, clean};
    }
    return out;
  }

  /// In the order of first writing.
  std::vector<Record> where(const std::function<bool(const Record&)>& test) const {
    std::map<size_t, Record> ordered;
    for (const auto& [key, value] : records)
      if (test(value.second)) ordered[value.first] = value.second;
    std::vector<Record> out;
    for (auto& [order, r] : ordered) out.push_back(r);
    return out;
  }
};

void expect_same(const std::vector<Record>& found, const std::vector<Record>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    const Record &a = found[i], &b = expected[i];
    ASSERT_EQ(a.ns + "/" + a.id, b.ns + "/" + b.id) << i;
    ASSERT_EQ(a.document, b.document) << a.id;
    ASSERT_EQ(a.uri, b.uri) << a.id;
    ASSERT_EQ(a.metadata.dump(), b.metadata.dump()) << a.id;
    ASSERT_EQ(a.vector, b.vector) << a.id;
    ASSERT_EQ(a.sparse, b.sparse) << a.id;
  }
}

// ---- conditions as they are meant, row by row ----

bool scalar_compare(const std::string& op, const Json& a, const Json& b) {
  const bool same_kind =
      (a.is_number() && b.is_number()) || (a.is_string() && b.is_string()) || (a.is_boolean() && b.is_boolean());
  if (!same_kind) return false;
  if (op == "$eq") return a == b;
  if (a.is_boolean()) return false;
  return op == "$gt" ? a > b : op == "$gte" ? a >= b : op == "$lt" ? a < b : a <= b;
}

bool holds(const Record& r, const std::string& field, const std::string& op, const Json& v, bool into_lists) {
  const auto negated = [&](const std::string& positive) { return !holds(r, field, positive, v, into_lists); };
  if (op == "$ne") return negated("$eq");
  if (op == "$nin") return negated("$in");
  if (op == "$not_contains") return negated("$contains");
  if (op == "$in")
    return std::any_of(v.begin(), v.end(), [&](const Json& x) { return holds(r, field, "$eq", x, into_lists); });
  if (field == "#document") return r.document && r.document->find(v.get<std::string>()) != std::string::npos;
  const auto at = r.metadata.find(field);
  if (op == "$exists") return (at != r.metadata.end()) == v.get<bool>();
  if (at == r.metadata.end()) return false;
  if (op == "$contains") {
    if (at->is_array())
      return std::any_of(at->begin(), at->end(), [&](const Json& e) { return scalar_compare("$eq", e, v); });
    return into_lists && at->is_string() && v.is_string() &&
           at->get<std::string>().find(v.get<std::string>()) != std::string::npos;
  }
  if (at->is_array())
    return into_lists && std::any_of(at->begin(), at->end(), [&](const Json& e) { return scalar_compare(op, e, v); });
  return scalar_compare(op, *at, v);
}

bool holds(const Record& r, const Json& where, bool into_lists) {
  for (const auto& [key, v] : where.items()) {
    bool ok = true;
    if (key == "$and") {
      for (const auto& part : v) ok = ok && holds(r, part, into_lists);
    } else if (key == "$or") {
      ok = false;
      for (const auto& part : v) ok = ok || holds(r, part, into_lists);
    } else if (key == "$not") {
      ok = !holds(r, v, into_lists);
    } else {
      for (const auto& [op, operand] : v.items()) ok = ok && holds(r, key, op, operand, into_lists);
    }
    if (!ok) return false;
  }
  return true;
}

// ---- random records and conditions over few values, so that they meet ----

struct Random {
  base::Random random;
  explicit Random(uint64_t seed) : random(seed) {}
  size_t below(size_t n) { return random.below(n); }

  Json scalar() {
    switch (below(5)) {
      case 0:
        return static_cast<int64_t>(below(4)) - 1;
      case 1:
        return static_cast<double>(below(4)) * 0.5;
      case 2:
        return below(2) == 0;
      default:
        return std::string(1, static_cast<char>('a' + below(4))) + (below(3) ? "" : "bc");
    }
  }
  Json list() {
    Json out = Json::array();
    const size_t kind = below(3), n = below(4);
    for (size_t i = 0; i < n; ++i) {
      if (kind == 0) out.push_back(static_cast<int64_t>(below(3)));
      if (kind == 1) out.push_back(std::string(1, static_cast<char>('a' + below(4))));
      if (kind == 2) out.push_back(below(2) == 0);
    }
    return out;
  }
  std::string field() { return std::string(1, static_cast<char>('p' + below(4))); }
  std::vector<float> vector() {
    std::vector<float> out(kDim);
    for (float& x : out) x = static_cast<float>(static_cast<int>(below(7)) - 3);
    return out;
  }
  Record record() {
    Record out;
    out.ns = below(3) ? "" : "n" + std::to_string(below(2));
    out.id = "r" + std::to_string(below(60));
    if (below(2)) {
      out.document = "word" + std::to_string(below(6));
      if (below(2)) *out.document += " word" + std::to_string(below(6));
    }
    if (below(4) == 0) out.uri = "u" + std::to_string(below(9));
    const size_t keys = below(4);
    for (size_t i = 0; i < keys; ++i)
      out.metadata[field()] = below(8) == 0 ? Json() : below(4) == 0 ? list() : scalar();
    if (below(5)) out.vector = vector();
    if (below(3) == 0) {
      std::set<uint32_t> indices;
      while (indices.size() < 3) indices.insert(static_cast<uint32_t>(below(8)));
      for (const uint32_t i : indices) {
        out.sparse.indices.push_back(i);
        out.sparse.values.push_back(static_cast<float>(static_cast<int>(below(5)) - 2));
      }
    }
    return out;
  }
  Json comparison() {
    static const std::vector<std::string> ops = {"$eq", "$ne",  "$gt",       "$gte",          "$lt",    "$lte",
                                                 "$in", "$nin", "$contains", "$not_contains", "$exists"};
    const std::string op = ops[below(ops.size())];
    if (below(6) == 0)
      return {{"#document", {{below(2) ? "$contains" : "$not_contains", "ord" + std::to_string(below(6))}}}};
    Json v = scalar();
    if (op == "$in" || op == "$nin") v = Json::array({scalar(), scalar()});
    if (op == "$exists") v = below(2) == 0;
    if ((op[1] == 'g' || op[1] == 'l') && v.is_boolean()) v = 1;
    return {{field(), {{op, v}}}};
  }
  Json where(int depth = 0) {
    if (depth > 2 || below(2)) return comparison();
    if (below(4) == 0) return {{"$not", where(depth + 1)}};
    return {{below(2) ? "$and" : "$or", Json::array({where(depth + 1), where(depth + 1)})}};
  }
};

double dense_score(Metric metric, const std::vector<float>& a, const std::vector<float>& b) {
  double dot = 0, aa = 0, bb = 0, distance = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    dot += a[i] * b[i], aa += a[i] * a[i], bb += b[i] * b[i];
    distance += (a[i] - b[i]) * (a[i] - b[i]);
  }
  if (metric == Metric::L2) return distance;
  if (metric == Metric::InnerProduct) return dot;
  return aa > 0 && bb > 0 ? dot / std::sqrt(aa * bb) : 0;
}

double sparse_score(const SparseVector& a, const SparseVector& b, bool& shared) {
  double out = 0;
  for (size_t i = 0; i < a.indices.size(); ++i)
    for (size_t j = 0; j < b.indices.size(); ++j)
      if (a.indices[i] == b.indices[j]) out += a.values[i] * b.values[j], shared = true;
  return out;
}

class Property : public testing::TestWithParam<Metric> {};

TEST_P(Property, EveryOperationDoesWhatAPlainModelDoes) {
  const Metric metric = GetParam();
  base::TempFolder folder;
  auto store = Store::open(folder.path());
  auto collection = store->catalog().create({.name = "c", .metric = metric});
  Random random(17 + static_cast<uint64_t>(metric));
  Model model;

  const auto selection = [&](Json& where) {
    Selection out;
    if (random.below(2)) out.ns = random.below(3) ? "" : "n" + std::to_string(random.below(3));
    if (random.below(3) == 0) {
      out.ids.emplace();
      for (size_t i = 0; i < 1 + random.below(20); ++i) out.ids->push_back("r" + std::to_string(random.below(70)));
    }
    out.into_lists = random.below(2);
    where = random.below(2) ? random.where() : Json();
    if (!where.is_null()) out.where = Filter(where);
    return out;
  };
  const auto matches = [](const Selection& s, const Json& where) {
    return [&s, &where](const Record& r) {
      return (!s.ns || r.ns == *s.ns) && (!s.ids || std::find(s.ids->begin(), s.ids->end(), r.id) != s.ids->end()) &&
             (where.is_null() || holds(r, where, s.into_lists));
    };
  };
  const Include whole{.vector = true, .sparse = true};

  for (int step = 0; step < 500; ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    Json where;
    const Selection among = selection(where);
    const auto expected = model.where(matches(among, where));
    const auto before = collection->read();
    const size_t count_before = model.records.size();
    switch (random.below(12)) {
      case 0: {  // removing
        const size_t limit = random.below(2) ? SIZE_MAX : random.below(5);
        if (expected.size() > 25) break;
        ASSERT_EQ(collection->remove(among, limit), std::min(limit, expected.size()));
        for (size_t i = 0; i < std::min(limit, expected.size()); ++i)
          model.records.erase({expected[i].ns, expected[i].id});
        break;
      }
      case 1: {
        const Json metadata = {{random.field(), random.below(3) ? random.scalar() : Json()}};
        ASSERT_EQ(collection->update(among, metadata), expected.size());
        for (const auto& r : expected) {
          Record given;
          given.metadata = metadata;
          Model::merge(model.records.at({r.ns, r.id}).second, given);
        }
        break;
      }
      case 2:
        if (step % 7 == 0) {
          const std::string ns = "n" + std::to_string(random.below(3));
          const auto of = model.where([&](const Record& r) { return r.ns == ns; });
          ASSERT_EQ(collection->remove_namespace(ns), !of.empty());
          for (const auto& r : of) model.records.erase({r.ns, r.id});
        }
        break;
      case 3:
        if (step % 50 == 0) {
          collection.reset();
          store.reset();
          store = Store::open(folder.path());
          collection = store->catalog().find("c");
        }
        if (step % 40 == 0) store->collection("c")->compact();
        break;
      default: {
        std::vector<Record> batch(1 + random.below(random.below(4) ? 3 : 30));
        for (auto& r : batch) r = random.record();
        const auto mode = static_cast<WriteMode>(random.below(4));
        const Written done = collection->write(mode, batch), wanted = model.write(mode, batch);
        ASSERT_EQ(done.records, wanted.records);
        ASSERT_EQ(done.added, wanted.added);
        ASSERT_EQ(done.passed, wanted.passed);
      }
    }
    ASSERT_EQ(before->count(), count_before);  // a snapshot stays as it was

    const auto now = collection->read();
    const auto all = model.where(matches(among, where));
    ASSERT_EQ(now->count(), model.records.size());
    ASSERT_EQ(now->count(among), all.size());
    expect_same(now->get(among, {}, whole), all);
    const Page page{random.below(5), random.below(6)};
    std::vector<Record> paged;
    for (size_t i = page.offset; i < all.size() && paged.size() < page.limit; ++i) paged.push_back(all[i]);
    expect_same(now->get(among, page, whole), paged);

    if (step % 3 == 0) {  // ids in order, page by page
      const std::string ns = random.below(2) ? "" : "n0", prefix = random.below(2) ? "" : "r1";
      std::vector<std::string> listed, sorted;
      std::optional<std::string> after = "";
      while (after) {
        const auto part = now->list(ns, prefix, 3, *after);
        listed.insert(listed.end(), part.ids.begin(), part.ids.end());
        after = part.next;
      }
      for (const auto& [key, r] : model.records)
        if (key.first == ns && key.second.rfind(prefix, 0) == 0) sorted.push_back(key.second);
      ASSERT_EQ(listed, sorted);
      std::map<std::string, size_t> spaces, found;
      for (const auto& [key, r] : model.records) ++spaces[key.first];
      for (const auto& info : now->namespaces()) found[info.name] = info.records;
      ASSERT_EQ(found, spaces);
    }

    const size_t k = 1 + random.below(6);
    const Near how{.k = k, .among = among};
    const auto query = random.vector();
    const auto scores_of = [&](const std::vector<Match>& found) {
      std::vector<float> out;
      for (const auto& m : found) out.push_back(m.score);
      return out;
    };
    const auto expect_scores = [&](const std::vector<Match>& found, std::vector<double> wanted, bool rising) {
      std::sort(wanted.begin(), wanted.end());
      if (!rising) std::reverse(wanted.begin(), wanted.end());
      if (wanted.size() > k) wanted.resize(k);
      const auto scores = scores_of(found);
      ASSERT_EQ(scores.size(), wanted.size());
      for (size_t i = 0; i < scores.size(); ++i) ASSERT_NEAR(scores[i], wanted[i], 1e-5);
    };
    if (now->dim()) {
      std::vector<double> wanted;
      for (const auto& r : all)
        if (!r.vector.empty()) wanted.push_back(dense_score(metric, query, r.vector));
      const auto found = now->nearest(query, how);
      expect_scores(found, wanted, metric == Metric::L2);
      for (const auto& m : found) {  // and each score is that of the record
        const auto r = now->fetch({{m.chunk}}, whole).at(0);
        ASSERT_NEAR(m.score, dense_score(metric, query, r.vector), 1e-5);
        ASSERT_TRUE(matches(among, where)(r));
      }
    }
    const SparseVector sparse{{0, 2, 5, 7}, {1, -1, 2, 0.5f}};
    std::vector<double> by_sparse, by_both;
    for (const auto& r : all) {
      bool shared = false;
      const double s = sparse_score(sparse, r.sparse, shared);
      if (shared) by_sparse.push_back(s);
      if (shared || !r.vector.empty())
        by_both.push_back(s + (r.vector.empty() ? 0 : dense_score(metric, query, r.vector)));
    }
    expect_scores(now->nearest_sparse(sparse, how), by_sparse, false);
    if (metric != Metric::L2 && now->dim()) expect_scores(now->nearest_both(query, sparse, how), by_both, false);

    const std::string word = "word" + std::to_string(random.below(6));
    std::set<std::string> with_word, found_word;
    for (const auto& r : all)
      if (r.document && (" " + *r.document + " ").find(" " + word + " ") != std::string::npos)
        with_word.insert(r.ns + "/" + r.id);
    for (const auto& m : now->by_words(word, {.k = 1000, .among = among})) {
      const auto r = now->fetch({{m.chunk}}).at(0);
      found_word.insert(r.ns + "/" + r.id);
    }
    ASSERT_EQ(found_word, with_word);
    if (step % 100 == 0) {
      ASSERT_EQ(store->verify(), std::vector<std::string>());
    }
    if (HasFatalFailure()) return;
  }
  ASSERT_EQ(store->verify(), std::vector<std::string>());
}

INSTANTIATE_TEST_SUITE_P(Metrics, Property, testing::Values(Metric::Cosine, Metric::L2, Metric::InnerProduct),
                         [](const auto& info) { return std::string(name_of(info.param)); });

// ---- one thing at a time ----

TEST_F(RecordsTest, NumbersCompareAcrossKindsAndBooleansWithThemselvesAlone) {
  auto c = store->catalog().create({.name = "c"});
  c->write(WriteMode::Add, {record("int", {}, {{"x", 1}}), record("real", {}, {{"x", 1.0}}),
                            record("true", {}, {{"x", true}}), record("text", {}, {{"x", "1"}}),
                            record("large", {}, {{"x", 9007199254740993}}), record("half", {}, {{"x", 1.5}})});
  const auto now = c->read();
  const auto where = [&](const char* json) { return ids(*now, {.where = Filter(Json::parse(json))}); };
  using Ids = std::vector<std::string>;
  EXPECT_EQ(where(R"({"x":1})"), (Ids{"int", "real"}));
  EXPECT_EQ(where(R"({"x":1.0})"), (Ids{"int", "real"}));
  EXPECT_EQ(where(R"({"x":true})"), (Ids{"true"}));
  EXPECT_EQ(where(R"({"x":{"$gt":1}})"), (Ids{"large", "half"}));
  EXPECT_EQ(where(R"({"x":{"$gt":9007199254740992}})"), (Ids{"large"}));
  EXPECT_EQ(where(R"({"x":{"$ne":1}})"), (Ids{"true", "text", "large", "half"}));
  EXPECT_TRUE(now->get({.ids = {{"int"}}}).at(0).metadata["x"].is_number_integer());
  EXPECT_TRUE(now->get({.ids = {{"real"}}}).at(0).metadata["x"].is_number_float());
}

TEST_F(RecordsTest, PatternsAndTextsAreAskedOfDocuments) {
  auto c = store->catalog().create({.name = "c"});
  c->write(WriteMode::Add, {record("a", {}, {}, "Red shoes, size 42"), record("b", {}, {}, "red shirt"), record("c")});
  const auto now = c->read();
  using Ids = std::vector<std::string>;
  EXPECT_EQ(ids(*now, {.where = Filter(Json{{"#document", {{"$regex", "size \\d+$"}}}})}), (Ids{"a"}));
  EXPECT_EQ(ids(*now, {.where = Filter(Json{{"#document", {{"$not_regex", "(?i)^red"}}}})}), (Ids{"c"}));
  EXPECT_EQ(ids(*now, {.where = Filter(Json{{"#document", {{"$contains", "red"}}}})}), (Ids{"b"}));
  EXPECT_EQ(ids(*now, {.where = Filter(Json{{"#document", {{"$not_contains", "red"}}}})}), (Ids{"a", "c"}));
  EXPECT_EQ(ids(*now, {.where = Filter(Json{{"#id", {{"$in", {"c", "a", "zz"}}}}})}), (Ids{"a", "c"}));
  for (const char* bad : {"(a{1000}){1000}", "(", "\\1"})
    EXPECT_THROW(Filter(Json{{"#document", {{"$regex", bad}}}}), Error) << bad;
  EXPECT_THROW(Filter(Json{{"#other", "x"}}), Error);
}

TEST_F(RecordsTest, SparseVectorsInMetadataAreSearchedByTheirKey) {
  auto c = store->catalog().create({.name = "c"});
  const auto sparse = [](std::vector<int> i, std::vector<float> v) {
    return Json{{"#type", "sparse_vector"}, {"indices", i}, {"values", v}};
  };
  c->write(WriteMode::Add, {record("a", {}, {{"s", sparse({3, 1}, {2, 1})}}),
                            record("b", {}, {{"s", sparse({1}, {5})}}), record("n", {}, {{"t", 1}})});
  const auto now = c->read();
  const auto found = now->nearest_sparse({{1, 3}, {1, 1}}, {}, "s");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].score, 5);
  EXPECT_EQ(found[1].score, 3);
  EXPECT_EQ(now->fetch({{found[1].chunk}}).at(0).metadata["s"], sparse({3, 1}, {2, 1}));
  const std::vector<ChunkId> all = now->select({});
  const auto scores = now->sparse_scores({{1, 3}, {1, 1}}, all, "s");
  EXPECT_EQ(scores[0], 3);
  EXPECT_TRUE(std::isnan(scores[2]));
  EXPECT_EQ(ids(*now, {.where = Filter(Json{{"s", {{"$exists", true}}}})}), (std::vector<std::string>{"a", "b"}));
  EXPECT_THROW(c->write(WriteMode::Add, {record("x", {}, {{"s", sparse({1, 1}, {1, 2})}})}), Error);
}

TEST_F(RecordsTest, WhatIsNoRecordIsRefusedAndNothingOfItsCallIsWritten) {
  auto c = store->catalog().create({.name = "c"});
  c->write(WriteMode::Add, {record("first", {1, 2, 3})});
  const auto refused = [&](Record bad) {
    try {
      c->write(WriteMode::Replace, {record("good", {1, 2, 3}), std::move(bad)});
    } catch (const Error& e) {
      return e.code() == Code::Invalid;
    }
    return false;
  };
  EXPECT_TRUE(refused(record("")));
  EXPECT_TRUE(refused(record("x", {1, 2})));
  EXPECT_TRUE(refused(record("x", {1, 2, NAN})));
  EXPECT_TRUE(refused(record("x", {}, {{"$a", 1}})));
  EXPECT_TRUE(refused(record("x", {}, {{"a", {1, "b"}}})));
  EXPECT_TRUE(refused(record("x", {}, {{"a", {{"b", 1}}}})));
  EXPECT_EQ(c->read()->count(), 1u);
  EXPECT_THROW(c->read()->nearest(std::vector<float>{1, 2}), Error);
  EXPECT_EQ(c->info().dim, std::optional<size_t>(3));
}

TEST_F(RecordsTest, IngestedPassagesAreRecordsAndRecordsAreFoundAsPassages) {
  const auto documents = store->collection("notes", true);
  documents->put(make_document("/tmp/a.txt", "first line about apples\nsecond about pears\n", {{"lang", "en"}}));
  auto c = store->catalog().find("notes");
  ASSERT_TRUE(c);
  EXPECT_EQ(c->read()->count(), 2u);
  const auto passage = c->read()->get({.ids = {{"/tmp/a.txt#1"}}}).at(0);
  EXPECT_EQ(passage.document, "second about pears");
  EXPECT_EQ(passage.metadata["lang"], "en");
  EXPECT_EQ(ids(*c->read(), {.where = Filter(Json{{"lang", "en"}})}).size(), 2u);
  EXPECT_EQ(c->read()->list("", "/tmp").ids.size(), 2u);
  EXPECT_THROW(c->write(WriteMode::Replace, {record("/tmp/a.txt#1")}), Error);
  EXPECT_THROW(c->remove({.ns = "", .ids = {{"/tmp/a.txt#1"}}}), Error);

  c->write(WriteMode::Add, {record("mine", {}, {{"lang", "de"}}, "a record about apples")});
  const auto snapshot = documents->snapshot();
  EXPECT_EQ(snapshot->search_keyword("apples", 10).size(), 2u);
  EXPECT_EQ(snapshot->chunk_count(), 3u);
  EXPECT_EQ(snapshot->document_text("mine"), "a record about apples");
  const auto of_record = snapshot->matching(Filter(Json{{"lang", "de"}}));
  ASSERT_EQ(of_record.size(), 1u);
  const auto chunk = snapshot->chunks(of_record).at(0);
  EXPECT_EQ(chunk.path, "mine");
  EXPECT_EQ(snapshot->chunk_ids(chunk.document), of_record);
  EXPECT_EQ(snapshot->documents().size(), 2u);
  EXPECT_EQ(c->read()->by_words("apples").size(), 2u);
  EXPECT_EQ(c->remove({.where = Filter(Json{{"lang", "de"}})}), 1u);
  EXPECT_EQ(store->verify(), std::vector<std::string>());
}

TEST_F(RecordsTest, CollectionsLieInTenantsAndDatabases) {
  auto& catalog = store->catalog();
  catalog.create_tenant("acme/%");
  EXPECT_THROW(catalog.create_tenant("acme/%"), Error);
  const Place place{"acme/%", "main"};
  EXPECT_THROW(catalog.create({.name = "c", .place = place}), Error);
  catalog.create_database(place);
  const auto a =
      catalog.create({.name = "c", .place = place, .metric = Metric::L2, .dim = 4, .notes = {{"chroma", "{ }"}}});
  const auto b = catalog.create({.name = "c"});
  EXPECT_THROW(catalog.create({.name = "c"}), Error);
  EXPECT_NE(a->uuid(), b->uuid());
  a->write(WriteMode::Add, {record("x", {1, 2, 3, 4})});
  EXPECT_EQ(catalog.list(place).at(0).name, "c");
  EXPECT_EQ(catalog.list(place).at(0).tenant, "acme/%");
  EXPECT_EQ(catalog.count({}), 1u);
  catalog.rename("c", "d", place);
  EXPECT_EQ(catalog.find("c", place), nullptr);
  EXPECT_EQ(catalog.find("d", place)->uuid(), a->uuid());
  a->write(WriteMode::Add, {record("y", {1, 2, 3, 5})});
  reopen();
  auto& again = store->catalog();
  const auto found = again.find("d", place);
  EXPECT_EQ(found->note("chroma"), "{ }");
  EXPECT_EQ(found->info().metric, Metric::L2);
  EXPECT_EQ(found->read()->count(), 2u);
  const auto copy = again.fork("d", place, "e", place);
  found->remove({.ns = "", .ids = {{"x"}}});
  EXPECT_EQ(copy->read()->count(), 2u);
  EXPECT_EQ(copy->info().metric, Metric::L2);
  EXPECT_EQ(copy->note("chroma"), "{ }");
  EXPECT_TRUE(again.drop_database(place));
  EXPECT_EQ(again.find_database(place), std::nullopt);
  EXPECT_EQ(again.find("e", place), nullptr);
  EXPECT_THROW(copy->read(), Error);
  EXPECT_EQ(again.databases("default_tenant").size(), 1u);
  again.reset();
  EXPECT_FALSE(again.has_tenant("acme/%"));
  EXPECT_EQ(store->collections().size(), 0u);
}

TEST_F(RecordsTest, NamespacesAreThereWhileTheyHaveRecordsOrWereMade) {
  auto c = store->catalog().create({.name = "c"});
  EXPECT_EQ(c->read()->find_namespace(""), std::nullopt);
  c->create_namespace("made", "{\"fields\":1}");
  EXPECT_THROW(c->create_namespace("made"), Error);
  Record r = record("x");
  r.ns = "written";
  c->write(WriteMode::Add, {r});
  EXPECT_THROW(c->create_namespace("written"), Error);
  EXPECT_EQ(c->read()->namespaces().size(), 2u);
  EXPECT_EQ(c->read()->namespaces("wr").at(0).records, 1u);
  EXPECT_EQ(c->read()->find_namespace("made")->note, "{\"fields\":1}");
  c->remove({.ns = "written"});
  EXPECT_EQ(c->read()->namespaces().size(), 1u);
  EXPECT_TRUE(c->remove_namespace("made"));
  EXPECT_FALSE(c->remove_namespace("made"));
}

TEST_F(RecordsTest, AnExportHasEverything) {
  auto c = store->catalog().create({.name = "c", .metric = Metric::InnerProduct, .notes = {{"pinecone", "{}"}}});
  Record r = record("x", {1, 2}, {{"a", 1}}, "some text");
  r.ns = "space";
  r.sparse = {{7, 3}, {1, 2}};
  c->write(WriteMode::Add, {r, record("y", {3, 4})});
  store->export_collection("c", folder.path() / "c.export");
  store->import_collection(folder.path() / "c.export", "again");
  const auto again = store->catalog().find("again");
  const Include whole{.vector = true, .sparse = true};
  expect_same(again->read()->get({}, {}, whole), c->read()->get({}, {}, whole));
  EXPECT_EQ(again->info().metric, Metric::InnerProduct);
  EXPECT_EQ(again->note("pinecone"), "{}");
  EXPECT_EQ(store->verify(), std::vector<std::string>());
}

TEST_F(RecordsTest, ManyAreIndexedAndFoundRightAfterTheyAreWrittenAgain) {
  auto c =
      store->catalog().create({.name = "c", .metric = Metric::L2, .settings = {{"index", {{"exact_below", 200}}}}});
  base::Random random(3);
  const auto vector = [&] {
    std::vector<float> out(16);
    for (float& x : out) x = static_cast<float>(random.normal());
    return out;
  };
  std::map<std::string, std::vector<float>> truth;
  for (int round = 0; round < 6; ++round) {
    std::vector<Record> batch;
    for (int i = 0; i < 500; ++i) {
      const std::string id = std::to_string(random.below(1500));
      truth[id] = vector();
      batch.push_back(record(id, truth[id], {{"bucket", static_cast<int>(random.below(100))}}));
    }
    c->write(WriteMode::Replace, batch);
    if (round == 2) store->collection("c")->build_index();
    const auto now = c->read();
    for (const auto& [id, v] : truth) {
      const auto found = now->nearest(v, {.k = 1});
      ASSERT_EQ(found.size(), 1u);
      ASSERT_EQ(now->fetch({{found[0].chunk}}).at(0).id, id);
      ASSERT_EQ(found[0].score, 0);
    }
    const Selection few{.where = Filter(Json{{"bucket", 7}})};
    EXPECT_EQ(now->nearest(vector(), {.k = 1000, .among = few}).size(), now->count(few));
  }
  EXPECT_EQ(store->verify(), std::vector<std::string>());
}

TEST_F(RecordsTest, WhatIsWrittenOverAndOverTakesTheMemoryOfWhatIsThere) {
  auto c = store->catalog().create({.name = "c"});
  base::Random random(5);
  std::map<std::string, std::vector<float>> truth;
  for (int round = 0; round < 80; ++round) {
    for (int i = 0; i < 4; ++i) {
      const std::string id = std::to_string(random.below(100));
      if (truth.erase(id)) c->remove({.ids = std::vector<std::string>{id}});
    }
    std::vector<Record> batch;
    for (int i = 0; i < 36; ++i) {
      const std::string id = std::to_string(random.below(100));
      std::vector<float> v(16);
      for (float& x : v) x = static_cast<float>(random.normal());
      batch.push_back(record(id, v)), truth[id] = v;
    }
    c->write(WriteMode::Replace, batch);
    const auto now = c->read();
    for (const auto& [id, v] : truth) {
      const auto found = now->nearest(v, {.k = 1});
      ASSERT_EQ(now->fetch({{found.at(0).chunk}}).at(0).id, id) << round;
    }
    ASSERT_EQ(now->count(), truth.size());
  }
  const auto snapshot = store->collection("c")->snapshot();
  EXPECT_LE(dynamic_cast<const StoredSnapshot&>(*snapshot).vectors()->rows_beside(), 4 * truth.size());
}

TEST_F(RecordsTest, CallsThatComeTogetherAreAllDone) {
  auto c = store->catalog().create({.name = "c"});
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 40; ++i) {
        const std::string id = std::to_string(t) + "-" + std::to_string(i);
        c->write(WriteMode::Replace, {record(id, {float(t), float(i)}, {{"t", t}}, "text " + id)});
        ASSERT_EQ(c->read()->count({.ids = {{id}}}), 1u);  // what was written is found at once
        if (i % 5 == 0) c->remove({.ns = "", .ids = {{id}}});
        if (i % 9 == 0) {
          EXPECT_THROW(c->write(WriteMode::Add, {record(id, {1, 2, 3})}), Error);  // fails alone
        }
        c->read()->nearest(std::vector<float>{1, 1}, {.k = 3});
      }
    });
  for (auto& t : threads) t.join();
  EXPECT_EQ(c->read()->count(), 8u * 32u);
  EXPECT_EQ(store->verify(), std::vector<std::string>());
}

TEST_F(RecordsTest, ABackupIsOneMomentWhileOthersWrite) {
  auto c = store->catalog().create({.name = "c"});
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int i = 0; !stop; ++i)  // always in pairs
      c->write(WriteMode::Add, {record("a" + std::to_string(i), {float(i), 1}), record("b" + std::to_string(i))});
  });
  while (c->read()->count() < 20) std::this_thread::yield();
  backup(folder.path(), folder.path() / "copy");
  stop = true;
  writer.join();
  const auto copy = Store::open(folder.path() / "copy");
  const auto again = copy->catalog().find("c")->read();
  EXPECT_GE(again->count(), 20u);
  EXPECT_EQ(again->count() % 2, 0u);
  EXPECT_EQ(again->nearest(std::vector<float>{3, 1}, {.k = 1}).size(), 1u);
  EXPECT_EQ(copy->verify(), std::vector<std::string>());
}

TEST_F(RecordsTest, CollectionsThatNobodyHoldsAreClosedAndOpenedAgain) {
  auto& catalog = store->catalog();
  constexpr int kMany = 300;  // more than are kept open
  const auto held = catalog.create({.name = "held"});
  for (int i = 0; i < kMany; ++i)
    catalog.create({.name = "c" + std::to_string(i)})->write(WriteMode::Add, {record("x", {float(i), 1})});
  held->write(WriteMode::Add, {record("y", {1, 2})});
  EXPECT_EQ(catalog.find("held")->read()->count(), 1u);
  for (int i = 0; i < kMany; i += 50) {
    const auto c = catalog.find("c" + std::to_string(i));
    EXPECT_EQ(c->read()->get({}, {}, {.vector = true}).at(0).vector[0], float(i));
    c->write(WriteMode::Add, {record("z", {1, 1})});
  }
  EXPECT_EQ(store->verify(), std::vector<std::string>());
}

TEST_F(RecordsTest, TheLogDoesNotGrowWithWhatIsWritten) {
  store.reset();
  store = Store::open(folder.path(), {.background = false});
  auto c = store->catalog().create({.name = "c"});
  for (int batch = 0; batch < 50; ++batch) {  // half a megabyte each, and too few rows for a file that is made beside
    std::vector<Record> records;
    for (int i = 0; i < 64; ++i)
      records.push_back(
          record(std::to_string(batch) + "-" + std::to_string(i), std::vector<float>(2048, float(i + 1))));
    c->write(WriteMode::Add, std::move(records));
  }
  EXPECT_LT(std::filesystem::file_size(folder.path() / "hanok.db-wal"), 16u << 20);
}

TEST_F(RecordsTest, GivenVectorsAreNotReplacedByAModel) {
  auto c = store->catalog().create({.name = "c"});
  c->write(WriteMode::Add, {record("x", {1, 2, 3}, {}, "text")});
  EXPECT_THROW(store->collection("c")->set_vector_space({.fingerprint = "m", .model = "m", .dim = 3}), Error);
}

}  // namespace
}  // namespace hanok::store
