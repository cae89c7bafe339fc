#include "server/pinecone/reranking.h"

#include <algorithm>
#include <limits>

namespace hanok::server::pinecone {

std::string passage_of(const Json& document, const std::vector<std::string>& fields) {
  std::string out;
  for (const auto& field : fields)
    if (const auto at = document.find(field); at != document.end() && at->is_string())
      out += (out.empty() ? "" : "\n") + at->get<std::string>();
  return out;
}

std::vector<Ranked> rerank(Object said, std::string_view query, std::span<const std::string> passages, House& house) {
  const std::string_view name = text_of(required(said, "model"), "model");
  const auto model = house.models->reranker(name);
  if (!model)
    refuse(404, "Model " + std::string(name) + " not found: start the server with --rerank-model " + std::string(name));
  const auto top = member(said, "top_n");
  const int64_t most = top ? whole_of(*top, "top_n", 1) : std::numeric_limits<int64_t>::max();
  const auto scores = model->score(query, passages);
  std::vector<Ranked> out;
  for (size_t i = 0; i < scores.size(); ++i) out.push_back({i, scores[i]});
  std::stable_sort(out.begin(), out.end(), [](const Ranked& a, const Ranked& b) { return a.score > b.score; });
  out.resize(std::min(out.size(), static_cast<size_t>(most)));
  return out;
}

}  // namespace hanok::server::pinecone
