// Retrievers that are a search.
#include <algorithm>

#include "chain/retrievers/kinds.h"
#include "hanok/error.h"

namespace hanok::chain {
namespace {

class Plain : public Retriever {
 public:
  Plain(std::string_view name, SearchOptions options) : name_(name), options_(std::move(options)) {}
  std::string_view name() const override { return name_; }
  Retrieved retrieve(const store::Snapshot& snapshot, std::string_view question) const override {
    return {search(snapshot, question, options_), {}};
  }

 protected:
  std::string_view name_;  // of the table, which lives as long as the program
  SearchOptions options_;
};

/// By meaning where the collection has vectors of the model, else by words.
class Threshold final : public Plain {
 public:
  Threshold(const RetrieverOptions& options, double least) : Plain("threshold", options.search), least_(least) {
    if (!(least >= 0 && least <= 1))
      throw Error(Code::Invalid, "retriever threshold: a number from 0 to 1 was expected");
  }
  Retrieved retrieve(const store::Snapshot& snapshot, std::string_view question) const override {
    SearchOptions how = options_;
    how.mode = how.embedder && snapshot.vector_space() ? Mode::Dense : Mode::Keyword;
    Retrieved out{search(snapshot, question, how), {}};
    auto& hits = out.found.hits;
    const size_t before = hits.size();
    std::erase_if(hits, [&](const Hit& h) { return h.score < least_; });
    if (hits.size() < before)
      out.notes.push_back(std::to_string(before - hits.size()) + " passages lie below the threshold");
    return out;
  }

 private:
  double least_;
};

SearchOptions in_mode(const RetrieverOptions& options, Mode mode) {
  SearchOptions out = options.search;
  out.mode = mode;
  return out;
}

}  // namespace

MadeRetriever make_hybrid(const RetrieverOptions& o) { return std::make_unique<Plain>("hybrid", o.search); }
MadeRetriever make_keyword(const RetrieverOptions& o) {
  return std::make_unique<Plain>("keyword", in_mode(o, Mode::Keyword));
}
MadeRetriever make_similarity(const RetrieverOptions& o) {
  return std::make_unique<Plain>("similarity", in_mode(o, Mode::Dense));
}
MadeRetriever make_threshold(const RetrieverOptions& o) { return std::make_unique<Threshold>(o, o.threshold); }
MadeRetriever make_neighbours(const RetrieverOptions& o) {
  SearchOptions how = o.search;
  how.neighbours = o.neighbours;
  return std::make_unique<Plain>("neighbours", how);
}

}  // namespace hanok::chain
