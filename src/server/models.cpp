#include "server/models.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>

#include "base/own_error.h"
#include "hanok/context.h"
#include "hanok/error.h"
#include "server/http/message.h"

namespace hanok::server {
namespace {

constexpr size_t kMostTexts = 512;  // of one call: beyond, batches are full and the first ones only wait longer
constexpr std::chrono::milliseconds kLookAtContext{100};

template <class Rows>
const typename Rows::value_type::second_type* find_row(const Rows& rows, std::string_view id, const char* kind) {
  if (id.empty()) return rows.empty() ? nullptr : &rows.front().second;
  std::string known;
  for (const auto& row : rows) {
    if (row.first == id) return &row.second;
    known += (known.empty() ? "" : ", ") + row.first;
  }
  throw Refusal({.status = 404,
                 .message = "there is no " + std::string(kind) + " model '" + std::string(id) + "' here; " +
                            (known.empty() ? "hanok serve was started without one (see hanok serve --help)"
                                           : "there are: " + known),
                 .code = "model_not_found",
                 .param = "model"});
}

}  // namespace

struct EmbedQueue::Job {
  std::span<const std::string> texts;
  Prompt prompt;
  Context context;
  Matrix out = {};
  std::exception_ptr error = {};
  bool done = false;
  std::condition_variable changed = {};  // done, or this one is to run the next call
};

// Whoever finds nothing running runs the model for all who wait, and then wakes the one that has waited longest.
Matrix EmbedQueue::embed(std::span<const std::string> texts, Prompt prompt) {
  Job mine{texts, prompt, Context::current()};
  std::unique_lock lock(mutex_);
  ++requests_;
  waiting_.push_back(&mine);
  while (!mine.done) {
    if (running_) {
      mine.changed.wait_for(lock, kLookAtContext);
      const auto mine_waits = std::find(waiting_.begin(), waiting_.end(), &mine);
      if (mine_waits != waiting_.end() && mine.context.ended()) {
        waiting_.erase(mine_waits);
        mine.context.check();
      }
      continue;
    }
    running_ = true;
    const std::vector<Job*> jobs = take();
    ++calls_;
    lock.unlock();
    run(jobs);
    lock.lock();
    running_ = false;
    for (Job* job : jobs) {
      job->done = true;
      job->changed.notify_one();
    }
    if (!waiting_.empty()) waiting_.front()->changed.notify_one();
  }
  if (mine.error) std::rethrow_exception(mine.error);
  return std::move(mine.out);
}

// The job that has waited longest, and as many more with its prompt as one call takes.
std::vector<EmbedQueue::Job*> EmbedQueue::take() {
  std::vector<Job*> jobs;
  size_t texts = 0;
  const Prompt prompt = waiting_.front()->prompt;
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    const bool fits = jobs.empty() || texts + (*at)->texts.size() <= kMostTexts;
    if ((*at)->prompt != prompt || !fits) {
      ++at;
      continue;
    }
    texts += (*at)->texts.size();
    jobs.push_back(*at);
    at = waiting_.erase(at);
  }
  return jobs;
}

void EmbedQueue::run(std::span<Job* const> jobs) {
  try {
    if (jobs.size() == 1) {
      const Context::Scope scope(jobs[0]->context);
      jobs[0]->out = model_->embed(jobs[0]->texts, jobs[0]->prompt);
      return;
    }
    std::vector<std::string> texts;
    for (const Job* job : jobs) texts.insert(texts.end(), job->texts.begin(), job->texts.end());
    // One client that is gone does not end the work of the others.
    const Context::Scope scope(Context().with_threads(Context::current().threads()));
    const Matrix all = model_->embed(texts, jobs[0]->prompt);
    size_t row = 0;
    for (Job* job : jobs) {
      job->out = {job->texts.size(), all.dim, {}};
      const auto begin = all.data.begin() + static_cast<std::ptrdiff_t>(row * all.dim);
      job->out.data.assign(begin, begin + static_cast<std::ptrdiff_t>(job->texts.size() * all.dim));
      row += job->texts.size();
    }
  } catch (...) {
    for (Job* job : jobs) job->error = base::own_error(std::current_exception());
  }
}

std::pair<uint64_t, uint64_t> EmbedQueue::calls() const {
  std::lock_guard lock(mutex_);
  return {calls_, requests_};
}

void Models::add_chat(std::string id, std::shared_ptr<const chain::ChatModel> model) {
  chats_.emplace_back(std::move(id), std::move(model));
}
void Models::add_language(std::string id, std::shared_ptr<const LanguageModel> model) {
  languages_.emplace_back(std::move(id), std::move(model));
}
void Models::add_embedder(std::string id, std::shared_ptr<const chain::EmbeddingModel> model) {
  embedders_.emplace_back(std::move(id), std::make_unique<EmbedQueue>(std::move(model)));
}
void Models::add_reranker(std::string id, std::shared_ptr<const chain::RerankModel> model) {
  rerankers_.emplace_back(std::move(id), std::move(model));
}

std::vector<Models::Entry> Models::list() const {
  std::vector<Entry> out;
  for (const auto& [id, model] : chats_) out.push_back({id, Kind::Chat});
  for (const auto& [id, model] : embedders_) out.push_back({id, Kind::Embedding});
  for (const auto& [id, model] : rerankers_) out.push_back({id, Kind::Rerank});
  return out;
}

std::shared_ptr<const chain::ChatModel> Models::chat(std::string_view id) const {
  const auto* found = find_row(chats_, id, "chat");
  return found ? *found : nullptr;
}
std::shared_ptr<const LanguageModel> Models::language(std::string_view id) const {
  for (const auto& [name, model] : languages_)
    if (name == id) return model;
  (void)chat(id);  // throws where there is none at all
  return nullptr;
}
EmbedQueue* Models::embedder(std::string_view id) const {
  const auto* found = find_row(embedders_, id, "embedding");
  return found ? found->get() : nullptr;
}
std::shared_ptr<const chain::RerankModel> Models::reranker(std::string_view id) const {
  const auto* found = find_row(rerankers_, id, "reranking");
  return found ? *found : nullptr;
}

EmbedQueue* Models::maker(const store::Snapshot& snapshot) {
  const auto space = snapshot.vector_space();
  return space ? maker(*space) : nullptr;
}

EmbedQueue* Models::for_ingest(const store::Snapshot& snapshot) {
  if (const auto pending = snapshot.pending_space()) return maker(*pending);
  return snapshot.vector_space() ? maker(snapshot) : embedder("");
}

EmbedQueue* Models::maker(const store::VectorSpace& space) {
  for (const auto& [id, queue] : embedders_)
    if (queue->model().space().fingerprint == space.fingerprint) return queue.get();
  std::lock_guard lock(mutex_);
  if (const auto at = makers_.find(space.fingerprint); at != makers_.end()) return at->second.get();
  std::unique_ptr<EmbedQueue> found;  // what cannot be opened now is tried again: kept is what was found out alone
  if (find_maker_)
    if (auto model = find_maker_(space)) found = std::make_unique<EmbedQueue>(std::move(model));
  return makers_.emplace(space.fingerprint, std::move(found)).first->second.get();
}

}  // namespace hanok::server
