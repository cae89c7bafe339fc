#include "chain/answer/gather.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>

#include "chain/embedder/word_meanings.h"
#include "chain/search/rank.h"
#include "hanok/retrievers.h"

namespace hanok::chain::answer {
namespace {

// Below this trust the model does not know the question's language, and its cosines would only add noise.
constexpr double kTrusted = 0.5;

constexpr double kMostDeviations = 6;

/// The cosines that search saw.
struct Scale {
  double mean = 0, deviation = 0;
  double place(double cosine) const {
    return std::clamp((cosine - mean) / deviation, -kMostDeviations, kMostDeviations);
  }
};

// None after a search by keywords alone: no vectors, or another model's.
std::optional<Scale> scale_of(const SearchResult& found) {
  if (found.query.vector.empty() || found.query.trust < kTrusted || found.fusion.deviation <= 0) return {};
  return Scale{found.fusion.mean, found.fusion.deviation};
}

/// The cosines of sentences with the question, comparable as those of passages are in search. Not for several threads.
class Cosines {
 public:
  Cosines(const SearchAcross& found, const EmbeddingModel* embedder)
      : embedder_(embedder),
        languages_(found.languages),
        question_(found.result.query.vector),
        vector_(found.result.query.vector) {
    if (languages_.active()) vector_.assign(languages_.query().begin(), languages_.query().end());
  }

  std::vector<double> of(const std::vector<std::string>& sentences) {
    const Matrix rows = embedder_->embed(sentences, hanok::Prompt::Passage);
    std::vector<double> out;
    for (size_t i = 0; i < rows.rows; ++i) {
      rows_[sentences[i]] = {text::script_of(sentences[i]), {rows.row(i).begin(), rows.row(i).end()}};
      const double raw = cosine(vector_, rows.row(i));
      out.push_back(languages_.active() ? languages_.comparable(raw, text::script_of(sentences[i])) : raw);
    }
    return out;
  }

  /// How much nearer the question is to each than `wording` is, beyond the mean of all sentences in its script so far.
  std::vector<double> beyond(const std::string& wording, const std::vector<std::string>& sentences) const {
    const Matrix asked = embedder_->embed(std::span(&wording, 1), hanok::Prompt::Query);
    const auto nearer = [&](const std::vector<float>& row) {
      return cosine(question_, row) - cosine(asked.row(0), row);
    };
    std::array<double, text::kScripts> sum{}, count{};
    for (const auto& [text, row] : rows_) {
      sum[static_cast<size_t>(row.script)] += nearer(row.vector);
      ++count[static_cast<size_t>(row.script)];
    }
    std::vector<double> out;
    for (const std::string& s : sentences) {
      const Row& row = rows_.at(s);
      const auto script = static_cast<size_t>(row.script);
      out.push_back(nearer(row.vector) - sum[script] / count[script]);
    }
    return out;
  }

  const Languages& languages() const { return languages_; }
  double nearness(double comparable) const { return (comparable - languages_.level()) / (1 - languages_.level()); }

 private:
  struct Row {
    text::Script script = text::Script::Other;
    std::vector<float> vector;
  };
  const EmbeddingModel* embedder_;
  Languages languages_;
  const std::vector<float> question_;
  std::vector<float> vector_;        // what comparable() takes cosines with
  std::map<std::string, Row> rows_;  // of the sentences so far
};

/// What tells how near passages and sentences are, where search embedded the question.
void add_meaning(const SearchAcross& found, const EmbeddingModel* embedder, const Scale& scale, Gathered& out) {
  const auto cosines = std::make_shared<Cosines>(found, embedder);
  const bool languages = cosines->languages().active();
  for (size_t i = 0; i < found.result.hits.size(); ++i) {
    const Hit& hit = found.result.hits[i];
    if (!hit.scores.dense) continue;
    Passage& passage = out.passages[i];
    passage.meaning = scale.place(*hit.scores.dense);
    if (!languages) continue;
    passage.foreign = cosines->languages().foreign(text::script_of(hit.chunk.text));
    passage.nearness = cosines->nearness(*hit.scores.dense);
  }
  out.meaning = [cosines, scale](const std::vector<std::string>& sentences) {
    auto places = cosines->of(sentences);
    for (double& p : places) p = scale.place(p);
    return places;
  };
  out.reworded = [cosines, scale](const std::string& wording, const std::vector<std::string>& sentences) {
    auto nearer = cosines->beyond(wording, sentences);
    for (double& n : nearer) n /= scale.deviation;
    return nearer;
  };
  if (!languages) return;
  out.across.nearness = [cosines](const std::vector<std::string>& sentences) {
    auto near = cosines->of(sentences);
    for (double& n : near) n = cosines->nearness(n);
    return near;
  };
  const auto words = std::make_shared<WordMeanings>(*embedder);
  out.across.words = [words](const std::vector<std::string>& asked, const std::vector<std::string>& there) {
    return words->alike(asked, there);
  };
}

std::string about(const store::Snapshot& snapshot, const std::string& path) {
  const auto document = snapshot.find(path);
  std::string out = document ? document->title + " " : "";
  out += std::filesystem::path(path).stem().string();
  std::replace(out.begin(), out.end(), '_', ' ');
  return out;
}

/// A retriever's hits in place of the search's own. Those that both have keep what the search knows of them: scores
/// that are comparable across languages. Returns the retriever's notes.
std::vector<std::string> replace_hits(SearchResult& found, Retrieved retrieved) {
  std::map<store::ChunkId, Scores> known;
  for (const Hit& hit : found.hits) known[hit.chunk.id] = hit.scores;
  found.hits = std::move(retrieved.found.hits);
  for (Hit& hit : found.hits)
    if (const auto at = known.find(hit.chunk.id); at != known.end()) hit.scores = at->second;
  for (auto& warning : retrieved.found.warnings)
    if (std::find(found.warnings.begin(), found.warnings.end(), warning) == found.warnings.end())
      found.warnings.push_back(std::move(warning));
  return std::move(retrieved.notes);
}

}  // namespace

Gathered gather(const store::Snapshot& snapshot, std::string_view question, const SearchOptions& options,
                const Retriever* retriever) {
  SearchOptions asked = options;
  asked.quotes_bind = false;  // a question quotes what it is about
  SearchAcross across = search_across(snapshot, question, asked);
  SearchResult& found = across.result;
  Gathered out;
  if (retriever) out.notes = replace_hits(found, retriever->retrieve(snapshot, question));
  out.question = read_question(
      found.query.text, found.query.terms, [&](std::string_view t) { return double(snapshot.keyword_ceiling(t)); },
      snapshot.chunk_count());
  const double ceiling = out.question.ceiling;
  const auto scale = scale_of(found);
  for (const Hit& hit : found.hits) {
    const double keyword = hit.scores.keyword;
    out.passages.push_back(
        {hit.chunk.text, hit.chunk.heading, hit.score, ceiling > 0 ? std::min(1.0, keyword / ceiling) : 0});
    out.passages.back().about = about(snapshot, hit.chunk.path);
  }
  if (scale) add_meaning(across, options.embedder, *scale, out);
  out.hits = std::move(found.hits);
  out.warnings = std::move(found.warnings);
  return out;
}

}  // namespace hanok::chain::answer
