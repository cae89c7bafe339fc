// Nearest neighbours with three kinds of index: Flat (exact), IVF (cells), HNSW (graph); L2 and cosine; and a small
// recommender.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "hanok/index.h"

using namespace hanok::index;

namespace {

// A sentence as the counts of its letter triples, hashed into 128 numbers: enough to find sentences about the same
// thing. (Example 08 uses a real embedding model; an index does not care where its vectors come from.)
std::vector<float> embed(const std::string& sentence) {
  std::vector<float> v(128);
  const std::string text = " " + sentence + " ";
  for (size_t i = 0; i + 3 <= text.size(); ++i) {
    uint32_t hash = 2166136261u;
    for (size_t j = 0; j < 3; ++j) hash = (hash ^ static_cast<unsigned char>(text[i + j] | 32)) * 16777619u;
    v[hash % v.size()] += 1;
  }
  return v;
}

// 4,000 vectors around 50 centres.
std::vector<float> made_up(size_t n, size_t dim, uint32_t state) {
  auto uniform = [&state] {
    return static_cast<float>((state = state * 1664525u + 1013904223u) >> 8) / 16777216.0f - 0.5f;
  };
  std::vector<float> centres(50 * dim), out;
  uint32_t mine = state;
  state = 7;
  for (float& c : centres) c = 4 * uniform();
  state = mine;
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0, c = static_cast<size_t>((uniform() + 0.5f) * 49.99f); j < dim; ++j)
      out.push_back(centres[c * dim + j] + uniform());
  return out;
}

}  // namespace

int main() {
  constexpr size_t kDim = 32, kRows = 4000, kQueries = 100, kNeighbours = 10;
  const auto base = made_up(kRows, kDim, 1), queries = made_up(kQueries, kDim, 2);
  std::vector<Id> ids(kRows);
  for (size_t i = 0; i < kRows; ++i) ids[i] = static_cast<Id>(i);

  for (const Metric metric : {Metric::L2, Metric::Cosine}) {
    std::printf("%s\n", metric == Metric::L2 ? "L2:" : "Cosine:");
    std::vector<std::vector<Match>> exact;
    for (const char* kind : {"flat", "ivf", "hnsw"}) {
      const auto index = make(kind, {.dim = kDim, .metric = metric});
      index->add(ids, base);
      const auto found = index->search_batch(queries, kNeighbours);
      if (exact.empty()) exact = found;  // flat is exact: the others are compared with it
      size_t hits = 0;
      for (size_t q = 0; q < kQueries; ++q) {
        std::set<Id> wanted;
        for (const Match& m : exact[q]) wanted.insert(m.id);
        for (const Match& m : found[q]) hits += wanted.count(m.id);
      }
      const double recall = static_cast<double>(hits) / (kQueries * kNeighbours);
      std::printf("  %-5s nearest to query 0: id %lld; recall %s\n", kind, static_cast<long long>(found[0][0].id),
                  recall == 1      ? "1.00"
                  : recall >= 0.95 ? "at least 0.95"
                                   : "below 0.95");
    }
  }

  const std::vector<std::string> sentences = {"How to bake sourdough bread at home",
                                              "A beginner's guide to baking bread",
                                              "Training for your first marathon",
                                              "Running shoes for a long distance runner",
                                              "Growing tomatoes on a balcony",
                                              "Which vegetables grow well on a small balcony",
                                              "The history of the Korean alphabet, Hangul",
                                              "Learning to read Hangul, the Korean alphabet"};
  const auto shelf = make("flat", {.dim = 128, .metric = Metric::Cosine});
  for (size_t i = 0; i < sentences.size(); ++i) shelf->add(std::vector<Id>{static_cast<Id>(i)}, embed(sentences[i]));
  std::printf("Who liked this may like:\n");
  for (size_t i = 0; i < sentences.size(); i += 2) {
    const IdFilter others = IdFilter::when([i](Id id) { return id != static_cast<Id>(i); });
    const auto found = shelf->search(embed(sentences[i]), 1, {.filter = &others});
    std::printf("  \"%s\" -> \"%s\"\n", sentences[i].c_str(), sentences[static_cast<size_t>(found[0].id)].c_str());
  }
}
