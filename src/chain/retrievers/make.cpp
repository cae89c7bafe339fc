#include <array>

#include "chain/retrievers/kinds.h"
#include "hanok/error.h"

namespace hanok::chain {
namespace {

struct Kind {
  std::string_view name;
  MadeRetriever (*make)(const RetrieverOptions& options);
};

constexpr std::array kKinds = {Kind{"hybrid", make_hybrid},
                               Kind{"keyword", make_keyword},
                               Kind{"similarity", make_similarity},
                               Kind{"threshold", make_threshold},
                               Kind{"mmr", make_mmr},
                               Kind{"ensemble", make_ensemble},
                               Kind{"multi-query", make_multi_query},
                               Kind{"self-query", make_self_query},
                               Kind{"compression", make_compression},
                               Kind{"multi-vector", make_multi_vector},
                               Kind{"parent", make_parent},
                               Kind{"neighbours", make_neighbours},
                               Kind{"time-weighted", make_time_weighted}};

}  // namespace

std::vector<std::string> retriever_names() {
  std::vector<std::string> out;
  for (const Kind& kind : kKinds) out.emplace_back(kind.name);
  return out;
}

std::unique_ptr<Retriever> make_retriever(std::string_view name, const RetrieverOptions& options) {
  std::string all;
  for (const Kind& kind : kKinds) {
    if (kind.name == name) return kind.make(options);
    all += (all.empty() ? "" : ", ") + std::string(kind.name);
  }
  throw Error(Code::Invalid, "retriever '" + std::string(name) + "': there are " + all);
}

}  // namespace hanok::chain
