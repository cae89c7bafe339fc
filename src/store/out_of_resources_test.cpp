// A write is reported as it is: what fails after its COMMIT (no thread, no memory for a merge) is logged, not thrown.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <new>

#include "base/file.h"
#include "store/test_documents.h"

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr bool kThreadsCanRunOut = false;  // the sanitizer has a pthread_create of its own
#else
constexpr bool kThreadsCanRunOut = true;
#endif

namespace {

std::atomic<bool> no_threads{false};
std::atomic<size_t> most_bytes{SIZE_MAX};  // that operator new gives at once

}  // namespace

#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
extern "C" __attribute__((visibility("default"))) int pthread_create(pthread_t* thread,
                                                                     const pthread_attr_t* attributes,
                                                                     void* (*run)(void*), void* argument) {
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto real = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
  return no_threads ? EAGAIN : real(thread, attributes, run, argument);
}
#endif

// Not inlined: the compiler would see free() for what it takes for new.
__attribute__((noinline)) void* operator new(size_t bytes) {
  void* out = bytes > most_bytes.load(std::memory_order_relaxed) ? nullptr : std::malloc(bytes ? bytes : 1);
  if (!out) throw std::bad_alloc();
  return out;
}
__attribute__((noinline)) void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  return std::malloc(bytes ? bytes : 1);
}
__attribute__((noinline)) void operator delete(void* p) noexcept { std::free(p); }
__attribute__((noinline)) void operator delete(void* p, size_t) noexcept { std::free(p); }

namespace hanok::store {
namespace {

class OutOfResources : public testing::Test {
 protected:
  void TearDown() override { give_back(); }
  static void give_back() {
    no_threads = false;
    most_bytes = SIZE_MAX;
  }
  /// Writes what makes merges and an index due, again and again.
  void write_some(int from, int to) {
    for (int i = from; i < to; ++i) {
      auto document = make_document("d" + std::to_string(i), distinct_words());
      document.vectors = random_rows(random, document.chunks.size(), kDim);
      EXPECT_NO_THROW(EXPECT_GT(c->put(std::move(document)), 0u));
    }
    EXPECT_NO_THROW(EXPECT_TRUE(c->remove("d" + std::to_string(from))));
    EXPECT_NO_THROW(c->set_settings({{"index", {{"type", "flat"}}}}));
    EXPECT_NO_THROW(c->set_settings({{"index", {{"type", "hnsw"}, {"exact_below", 8}}}}));
    const auto ids = c->snapshot()->matching({});
    EXPECT_NO_THROW(c->put_vectors(kSpace, std::span(ids).first(4), random_rows(random, 4, kDim)));
  }
  /// Four lines. A segment of words that are nowhere else is about as large as they are, and a merge as all of them.
  std::string distinct_words() {
    std::string out;
    for (size_t i = 0; i < 4 * kWords; ++i)
      out += "w" + std::to_string(random.below(1'000'000'000)) + ((i + 1) % kWords ? " " : "\n");
    return out;
  }
  size_t segments() const { return c->statistics()["keyword"]["segments"].get<size_t>(); }

  static constexpr size_t kDim = 4, kWords = 100;
  static inline const VectorSpace kSpace{.fingerprint = "f", .model = "m", .dim = kDim, .chunker_version = 1};
  base::TempFolder folder;
  base::Random random{1};
  std::unique_ptr<Store> store = Store::open(folder.path());
  std::shared_ptr<Collection> c = [&] {
    auto made = store->collection("c", true);
    made->set_vector_space(kSpace);
    made->set_settings({{"index", {{"type", "hnsw"}, {"exact_below", 8}}}});
    return made;
  }();
};

TEST_F(OutOfResources, AThreadThatCannotBeMadeIsNoFailedWrite) {
  if (!kThreadsCanRunOut) GTEST_SKIP();
  c->build_index();  // nothing runs beside
  no_threads = true;
  write_some(0, 20);
  EXPECT_EQ(c->document_count(), 19u);
  EXPECT_GE(segments(), 20u) << "nobody merged them";
  give_back();
  write_some(20, 22);
  c->build_index();
  EXPECT_LT(segments(), 16u) << "the next write looks for all that is due";
  EXPECT_EQ(store->verify(), std::vector<std::string>());
}

TEST_F(OutOfResources, NoMemoryForAMergeIsNoFailedWrite) {
  most_bytes = 40'000;  // more than one write takes at once, less than a merge of eight
  write_some(0, 20);
  EXPECT_EQ(c->document_count(), 19u);
  EXPECT_THROW(c->compact(), std::bad_alloc) << "the limit is one that a merge meets";
  give_back();
  write_some(20, 22);
  c->build_index();
  EXPECT_LT(segments(), 16u);
  EXPECT_EQ(store->verify(), std::vector<std::string>());
}

}  // namespace
}  // namespace hanok::store
