#include "chain/ingest/reembed.h"

#include <algorithm>
#include <exception>
#include <mutex>

#include "base/background.h"

namespace hanok::chain {
namespace {

// Chunks a transaction: a second or less of a small model on two cores, so that stopping is quick and little is lost;
// beside that a transaction's few milliseconds do not show.
constexpr size_t kBlock = 16;

void embed_block(store::Collection& collection, const EmbeddingModel& embedder, std::span<const store::ChunkId> ids) {
  std::vector<store::ChunkId> there;  // a document may have been removed since the ids were asked for
  std::vector<std::string> texts;
  for (const auto& chunk : collection.chunks(ids)) {
    there.push_back(chunk.id);
    texts.push_back(passage_text(chunk.heading, chunk.text));
  }
  if (there.empty()) return;
  collection.put_vectors(embedder.space(), there, embedder.embed(texts, Prompt::Passage).data);
}

}  // namespace

bool another_model_answers(const store::Collection& collection, const store::VectorSpace& space) {
  const auto snapshot = collection.snapshot();
  const auto pending = snapshot->pending_space(), now = snapshot->vector_space();
  return pending && now && now->fingerprint != space.fingerprint;
}

bool embed_missing(store::Collection& collection, const EmbeddingModel& embedder, const GoOn& go_on) {
  const auto space = embedder.space();
  auto ids = collection.missing_vectors(space, kBlock);
  if (ids.empty()) return true;
  const uint64_t missing = collection.missing_vectors(space, SIZE_MAX).size(), chunks = collection.chunk_count();
  for (uint64_t done = chunks - std::min(missing, chunks); !ids.empty();
       ids = collection.missing_vectors(space, kBlock)) {
    const uint64_t total = collection.chunk_count();
    if (!go_on(std::min(done, total), total)) return false;
    embed_block(collection, embedder, ids);
    done += ids.size();
  }
  return true;
}

struct Reembedding::Impl {
  Impl(store::Collection& to, const EmbeddingModel& by) : collection(to), embedder(by) {}

  void run(const std::atomic<bool>& stop) {
    try {
      const bool complete = embed_missing(collection, embedder, [&](uint64_t done, uint64_t total) {
        std::lock_guard lock(mutex);
        progress = {done, total, false};
        return !stop;
      });
      if (!complete) return;
      const uint64_t chunks = collection.chunk_count();
      std::lock_guard lock(mutex);
      progress = {chunks, chunks, true};
    } catch (...) {
      if (stop) return;  // in the middle of a block: it is done again next time
      std::lock_guard lock(mutex);
      error = std::current_exception();
    }
  }

  store::Collection& collection;
  const EmbeddingModel& embedder;
  mutable std::mutex mutex;  // of the next two
  Progress progress;
  std::exception_ptr error;
  base::Background work;  // last: it uses the others
};

Reembedding::Reembedding(store::Collection& collection, const EmbeddingModel& embedder)
    : impl_(std::make_unique<Impl>(collection, embedder)) {
  collection.set_vector_space(embedder.space());
  impl_->work.start([impl = impl_.get()](const std::atomic<bool>& stop) { impl->run(stop); });
}

Reembedding::~Reembedding() = default;

Reembedding::Progress Reembedding::progress() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->progress;
}

bool Reembedding::running() const { return impl_->work.running(); }

void Reembedding::wait() {
  impl_->work.wait();
  std::lock_guard lock(impl_->mutex);
  if (impl_->error) std::rethrow_exception(impl_->error);
}

void Reembedding::stop() { impl_->work.stop(); }

const EmbeddingModel* answering(const store::Snapshot& snapshot, std::span<const EmbeddingModel* const> models) {
  const auto space = snapshot.vector_space();
  for (const EmbeddingModel* model : models)
    if (model && space && model->space().fingerprint == space->fingerprint) return model;
  return nullptr;
}

}  // namespace hanok::chain
