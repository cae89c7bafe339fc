// Every operation on records against a plain model in memory (test_record_model.h).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/file.h"
#include "base/random.h"
#include "hanok/records.h"
#include "hanok/store.h"
#include "store/test_record_model.h"
#include "store/test_records.h"

namespace hanok::store {
namespace {

constexpr size_t kDim = 5;

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

}  // namespace
}  // namespace hanok::store
