#include "chain/ingest/reembed.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <set>

#include "base/background.h"
#include "base/clock.h"
#include "base/threads.h"
#include "chain/ingest/embed_plan.h"
#include "chain/ingest/known_vectors.h"
#include "chain/pictures/kind.h"

namespace hanok::chain {
namespace {

// Chunks a transaction, for each pair of cores: some two seconds of a small model, so that stopping is quick and little
// is lost, and enough that the cores end nearly together.
constexpr size_t kBlock = 32;

size_t block_size() { return kBlock * std::max<size_t>(1, base::default_threads() / 2); }

struct Block {
  std::vector<store::ChunkId> ids;  // of those that are still there
  std::vector<std::string> texts;   // of each, as they are embedded
  VectorsByText known;
};

/// Where the same text may have its vector already.
struct Elsewhere {
  DocumentCopies copies;
  EmbeddedTexts embedded;
};

Block read_block(const store::Snapshot& snapshot, const store::VectorSpace& space, const Elsewhere& known,
                 std::span<const store::ChunkId> ids) {
  std::vector<store::ChunkId> there, elsewhere;
  std::vector<std::string> texts;
  for (const auto& chunk : snapshot.chunks(ids)) {
    there.push_back(chunk.id);
    texts.push_back(passage_text(chunk.heading, chunk.text));
    for (const auto id : known.copies.of(chunk)) elsewhere.push_back(id);
    if (const auto id = known.embedded.find(texts.back())) elsewhere.push_back(*id);
  }
  return {std::move(there), std::move(texts), VectorsByText(snapshot, space, elsewhere)};
}

/// Returns what it cost, in tokens: a text that stands twice, here, in a copy of its document or in what this run has
/// embedded before, is embedded once.
double embed_block(store::Collection& collection, const EmbeddingModel& embedder, Elsewhere& known,
                   std::span<const store::ChunkId> ids) {
  const auto space = embedder.space();
  Block block = read_block(*collection.snapshot(), space, known, ids);
  if (block.ids.empty()) return 0;
  std::vector<std::string> fresh;
  std::set<std::string_view> seen;
  double cost = 0;
  for (const auto& text : block.texts) {
    if (!block.known.find(text).empty() || !seen.insert(text).second) continue;
    fresh.push_back(text);
    cost += embed_cost(embedder, text);
  }
  if (!fresh.empty()) {
    const Matrix made = embedder.embed(fresh, Prompt::Passage);
    for (size_t i = 0; i < fresh.size(); ++i) block.known.add(fresh[i], made.row(i));
  }
  std::vector<float> rows;
  for (const auto& text : block.texts) {
    const auto row = block.known.find(text);
    rows.insert(rows.end(), row.begin(), row.end());
  }
  collection.put_vectors(space, block.ids, rows);
  for (size_t i = 0; i < block.ids.size(); ++i) known.embedded.add(block.texts[i], block.ids[i]);
  return cost;
}

}  // namespace

bool another_model_answers(const store::Collection& collection, const store::VectorSpace& space) {
  const auto snapshot = collection.snapshot();
  const auto pending = snapshot->pending_space(), now = snapshot->vector_space();
  return pending && now && now->fingerprint != space.fingerprint;
}

bool embed_missing(store::Collection& collection, const EmbeddingModel& embedder, const GoOn& go_on) {
  const auto space = embedder.space();
  if (collection.missing_vectors(space, 1).empty()) return true;
  const auto all = collection.missing_vectors(space, SIZE_MAX);
  Elsewhere known{DocumentCopies(*collection.snapshot()), {}};
  const EmbedPlan plan(collection, embedder, known.copies, all);
  TimeLeft time;
  const uint64_t chunks = collection.chunk_count();
  uint64_t done = chunks - std::min<uint64_t>(all.size(), chunks);
  for (auto ids = collection.missing_vectors(space, block_size()); !ids.empty();
       ids = collection.missing_vectors(space, block_size())) {
    const uint64_t total = collection.chunk_count();
    done = std::min(done, total);
    if (!go_on({done, total, false, time.seconds(plan.tokens(ids.front(), total - done))})) return false;
    const base::Stopwatch clock;
    const double tokens = embed_block(collection, embedder, known, ids);
    time.add(tokens, clock.seconds());
    done += ids.size();
  }
  const uint64_t total = collection.chunk_count();
  go_on({total, total, true, 0});
  return true;
}

struct Reembedding::Impl {
  Impl(store::Collection& to, const EmbeddingModel& by) : collection(to), embedder(by) {}

  void run(const std::atomic<bool>& stop) {
    try {
      const bool complete = embed_missing(collection, embedder, [&](const Progress& now) {
        std::lock_guard lock(mutex);
        progress = now;
        return !stop;
      });
      if (!complete) return;
      const uint64_t chunks = collection.chunk_count();
      std::lock_guard lock(mutex);
      progress = {chunks, chunks, true, 0};
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
  check_holds_texts(collection);
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
