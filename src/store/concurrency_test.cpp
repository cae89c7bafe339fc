// Reads from several threads beside one writer, in one process; run under tsan. tests/recovery reads from another
// process.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/file.h"
#include "base/random.h"
#include "store/test_documents.h"

namespace hanok::store {
namespace {

constexpr size_t kDim = 4;
const VectorSpace kSpace{.fingerprint = "f", .model = "m", .dim = kDim, .chunker_version = 1};

// Every version of document n has n + 1 chunks, each with the word "nN" and the same version number.
NewDocument document(base::Random& random, int n, int version) {
  std::string text;
  for (int i = 0; i <= n; ++i) text += "n" + std::to_string(n) + " v" + std::to_string(version) + " common\n";
  auto out = make_document("d" + std::to_string(n), text, {{"n", n}});
  out.vectors = random_rows(random, out.chunks.size(), kDim);
  return out;
}

TEST(Concurrency, ReadersSeeWholeDocumentsWhileOneWrites) {
  base::TempFolder folder;
  const auto store = Store::open(folder.path());
  auto& c = *store->collection("c", true);
  c.set_vector_space(kSpace);
  base::Random random(1);
  constexpr int kDocuments = 8;
  for (int n = 0; n < kDocuments; ++n) c.put(document(random, n, 0));

  std::atomic<bool> stop{false};
  std::atomic<size_t> reads{0};
  const auto reader = [&](uint64_t seed, const Collection& from) {
    base::Random mine(seed);
    while (!stop) {
      const int n = static_cast<int>(mine.below(kDocuments));
      const size_t whole = static_cast<size_t>(n) + 1;
      // One call is one snapshot: a document is never seen in part, nor in two versions.
      EXPECT_EQ(from.search_keyword("n" + std::to_string(n), 100).size(), whole);
      EXPECT_EQ(from.matching(Filter(Json{{"n", n}})).size(), whole);
      EXPECT_EQ(from.search_dense(std::vector<float>{1, 0, 0, 0}, 1000).size(),
                size_t{kDocuments * (kDocuments + 1) / 2});
      const auto text = from.document_text("d" + std::to_string(n));
      EXPECT_EQ(text.size(), text.substr(0, text.find('\n') + 1).size() * whole);
      ++reads;
    }
  };
  const auto other = Store::open(folder.path(), {.read_only = true});
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 2; ++t) threads.emplace_back(reader, t, std::cref(c));
  threads.emplace_back(reader, 9, std::cref(*other->collection("c")));
  for (int version = 1; version <= 60 || reads < 20; ++version) {
    if (version % 3) {
      c.put(document(random, static_cast<int>(random.below(kDocuments)), version));
    } else {
      std::vector<NewDocument> batch;
      for (int n = 0; n < kDocuments; n += 2) batch.push_back(document(random, n, version));
      c.put_many(std::move(batch));
    }
    if (version % 20 == 0) c.compact();
  }
  stop = true;
  for (auto& t : threads) t.join();
  EXPECT_TRUE(store->verify().empty());
}

TEST(Concurrency, WritersTakeTurns) {
  base::TempFolder folder;
  const auto store = Store::open(folder.path());
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      auto& c = *store->collection("shared", true);
      for (int i = 0; i < 10; ++i) c.put(make_document("t" + std::to_string(t) + "-" + std::to_string(i), "a line"));
    });
  for (auto& t : threads) t.join();
  EXPECT_EQ(store->collection("shared")->document_count(), 30u);
  EXPECT_EQ(store->collection("shared")->search_keyword("line", 100).size(), 30u);
  EXPECT_TRUE(store->verify().empty());
}

}  // namespace
}  // namespace hanok::store
