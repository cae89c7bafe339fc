// The models that the server answers with, by the names that clients call them by. Everything may be called from
// several threads; models are added before the server listens.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hanok/chain.h"
#include "hanok/chat.h"

namespace hanok::server {

/// Joins the texts of requests that wait at the same time into one call of the model: while one call runs, the next
/// gathers. A request's vectors do not depend on what runs beside it.
class EmbedQueue {
 public:
  explicit EmbedQueue(std::shared_ptr<const chain::EmbeddingModel> model) : model_(std::move(model)) {}
  const chain::EmbeddingModel& model() const { return *model_; }
  /// Waits under the caller's context; what the model throws is thrown at everybody whose texts were in the call.
  Matrix embed(std::span<const std::string> texts, Prompt prompt);
  /// How many calls of the model there were, of how many requests.
  std::pair<uint64_t, uint64_t> calls() const;

 private:
  struct Job;
  std::vector<Job*> take();
  void run(std::span<Job* const> jobs);
  const std::shared_ptr<const chain::EmbeddingModel> model_;
  mutable std::mutex mutex_;
  std::vector<Job*> waiting_;
  bool running_ = false;
  uint64_t calls_ = 0, requests_ = 0;
};

class Models {
 public:
  enum class Kind { Chat, Embedding, Rerank };
  struct Entry {
    std::string id;
    Kind kind;
  };
  /// Finds the model that made the vectors of a space on this machine; nullptr where it is not there.
  using FindMaker = std::function<std::shared_ptr<const chain::EmbeddingModel>(const store::VectorSpace&)>;

  void add_chat(std::string id, std::shared_ptr<const chain::ChatModel> model);
  /// For plain continuation, under the id of a chat model.
  void add_language(std::string id, std::shared_ptr<const LanguageModel> model);
  void add_embedder(std::string id, std::shared_ptr<const chain::EmbeddingModel> model);
  void add_reranker(std::string id, std::shared_ptr<const chain::RerankModel> model);
  void set_find_maker(FindMaker find) { find_maker_ = std::move(find); }

  /// In the order they were added; chat models first.
  std::vector<Entry> list() const;

  // By id; an empty one is the first of its kind. NotFound names those there are (Refusal with code model_not_found);
  // nullptr where the id is empty and there is none.
  std::shared_ptr<const chain::ChatModel> chat(std::string_view id) const;
  /// nullptr where a chat model of this id is not one of this process.
  std::shared_ptr<const LanguageModel> language(std::string_view id) const;
  EmbedQueue* embedder(std::string_view id) const;
  std::shared_ptr<const chain::RerankModel> reranker(std::string_view id) const;

  /// The model whose vectors a collection has: one of those above, or found once and kept; nullptr where it has no
  /// vectors, or its model is not here (searches go by keywords then).
  EmbedQueue* maker(const store::Snapshot& snapshot);
  EmbedQueue* maker(const store::VectorSpace& space);
  /// What makes the vectors of new passages: the model that made those there, or for a collection that has none the
  /// first that is served. nullptr: none, or its own model is not here (another one would embed everything again).
  EmbedQueue* for_ingest(const store::Snapshot& snapshot);

 private:
  std::vector<std::pair<std::string, std::shared_ptr<const chain::ChatModel>>> chats_;
  std::vector<std::pair<std::string, std::shared_ptr<const LanguageModel>>> languages_;
  std::vector<std::pair<std::string, std::unique_ptr<EmbedQueue>>> embedders_;
  std::vector<std::pair<std::string, std::shared_ptr<const chain::RerankModel>>> rerankers_;
  FindMaker find_maker_;
  std::mutex mutex_;                                           // of makers_
  std::map<std::string, std::unique_ptr<EmbedQueue>> makers_;  // by fingerprint; nullptr: it is not here
};

/// An EmbedQueue where an EmbeddingModel is wanted: a search's question joins those of other requests.
class QueuedEmbedder : public chain::EmbeddingModel {
 public:
  explicit QueuedEmbedder(EmbedQueue& queue) : queue_(queue) {}
  store::VectorSpace space() const override { return queue_.model().space(); }
  size_t count_tokens(std::string_view text) const override { return queue_.model().count_tokens(text); }
  Matrix embed(std::span<const std::string> texts, Prompt prompt) const override { return queue_.embed(texts, prompt); }
  double trust(std::string_view text) const override { return queue_.model().trust(text); }

 private:
  EmbedQueue& queue_;
};

}  // namespace hanok::server
