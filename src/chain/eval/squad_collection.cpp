#include "chain/eval/squad_collection.h"

#include <algorithm>

#include "base/hash.h"
#include "base/random.h"
#include "hanok/context.h"

namespace hanok::chain {
namespace {

constexpr size_t kGroup = 200;  // documents a transaction

store::NewDocument make_document(const SquadParagraph& paragraph, const AnswersOptions& options,
                                 const EmbeddingModel* embedder) {
  store::NewDocument out;
  out.info.path = paragraph.path;
  out.info.format = "txt";
  out.info.title = paragraph.title;
  base::Sha256 hash;
  hash.update(paragraph.text);
  out.info.content_hash = hash.hex();
  out.info.size_bytes = static_cast<int64_t>(paragraph.text.size());
  out.text = paragraph.text;
  out.chunks = text::split({.text = paragraph.text}, options.split);
  if (!embedder) return out;
  std::vector<std::string> texts;
  for (const text::Chunk& c : out.chunks)
    texts.push_back(
        passage_text(c.heading, std::string_view(out.text).substr(c.span.start, c.span.end - c.span.start)));
  out.vectors = embedder->embed(texts, Prompt::Passage).data;
  return out;
}

// All sentences once, in batches that fill every core: asking one question at a time would not.
void warm(const SquadSet& set, const EmbeddingModel& embedder) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < set.paragraphs.size(); ++i) {
    const std::string& text = set.paragraphs[i].text;
    for (const text::Span s : text::sentences(text)) texts.push_back(text.substr(s.start, s.end - s.start));
    if (texts.size() < 256 && i + 1 < set.paragraphs.size()) continue;
    embedder.embed(texts, Prompt::Passage);
    texts.clear();
    Context::current().tell({i + 1, set.paragraphs.size(), "embed"});
  }
}

}  // namespace

SquadCollection::SquadCollection(const SquadSet& set, const AnswersOptions& options) : embedder_(options.embedder) {
  if (embedder_) warm(set, *embedder_);
  store_ = store::Store::open(folder_.path());
  const auto collection = store_->collection("eval", true);
  if (embedder_) {
    store::VectorSpace space = embedder_->space();
    space.chunker_version = text::chunker_version();
    collection->set_vector_space(space);
  }
  std::vector<store::NewDocument> group;
  for (size_t i = 0; i < set.paragraphs.size(); ++i) {
    group.push_back(make_document(set.paragraphs[i], options, embedder_));
    if (group.size() < kGroup && i + 1 < set.paragraphs.size()) continue;
    collection->put_many(std::move(group));
    group.clear();
    Context::current().tell({i + 1, set.paragraphs.size(), "store"});
  }
  snapshot_ = collection->snapshot();
}

std::vector<size_t> chosen_questions(const SquadSet& set, const AnswersOptions& options) {
  std::vector<size_t> out;
  for (size_t i = 0; i < set.questions.size(); ++i) {
    const bool even = set.paragraphs[set.questions[i].paragraph].article % 2 == 0;
    if (options.half == Half::All || even == (options.half == Half::Even)) out.push_back(i);
  }
  if (options.sample == 0 || options.sample >= out.size()) return out;
  base::Random random(options.seed);  // the first steps of a Fisher-Yates shuffle
  for (size_t i = 0; i < options.sample; ++i) std::swap(out[i], out[i + random.below(out.size() - i)]);
  out.resize(options.sample);
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<SquadSet> pools_of(const SquadSet& set, const AnswersOptions& options, size_t size) {
  std::vector<SquadSet> out;
  std::vector<size_t> pool(set.paragraphs.size(), 0), place(set.paragraphs.size(), 0);
  for (size_t p = 0; p < set.paragraphs.size(); ++p) {
    if (options.half != Half::All && (set.paragraphs[p].article % 2 == 0) != (options.half == Half::Even)) continue;
    if (out.empty() || out.back().paragraphs.size() == size) out.emplace_back();
    pool[p] = out.size() - 1;
    place[p] = out.back().paragraphs.size();
    out.back().paragraphs.push_back(set.paragraphs[p]);
  }
  for (const size_t i : chosen_questions(set, options)) {
    SquadQuestion q = set.questions[i];
    const size_t p = q.paragraph;
    q.paragraph = place[p];
    out[pool[p]].questions.push_back(std::move(q));
  }
  return out;
}

store::Filter all_but(const std::string& path) { return store::Filter(store::Json{{"path", {{"$ne", path}}}}); }

}  // namespace hanok::chain
