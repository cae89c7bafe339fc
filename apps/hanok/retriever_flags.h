// --retriever and what the retrievers take, for `ask` and `eval retrieval`.
#pragma once

#include <memory>
#include <string>

#include "command.h"
#include "hanok/retrievers.h"

namespace hanok::app {

class RetrieverFlags {
 public:
  void add_to(Command& command);
  bool given() const { return !name_.empty(); }
  const std::string& name() const { return name_; }
  /// `search` and `model` must outlive it. Throws Invalid where the retriever needs what is not there.
  std::unique_ptr<chain::Retriever> make(const Session& session, const chain::SearchOptions& search,
                                         const chain::ChatModel* model) const;

 private:
  std::string name_;
  double mmr_ = 0.5, threshold_ = 0.5, decay_ = 0.01, words_ = 0.5;
  size_t fetch_ = 20, queries_ = 3, neighbours_ = 1, parent_ = 1024;
};

}  // namespace hanok::app
