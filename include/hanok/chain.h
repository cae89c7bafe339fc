// The door of room `chain`: from files to answers. Models are passed in; nothing here picks one by itself.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hanok/lm.h"
#include "hanok/store.h"

namespace hanok::chain {

/// Anything that turns texts into vectors: a hanok::Embedder (see make_embedder), a remote server, a test's table.
class EmbeddingModel {
 public:
  virtual ~EmbeddingModel() = default;
  virtual store::VectorSpace space() const = 0;
  virtual size_t count_tokens(std::string_view text) const = 0;
  virtual Matrix embed(std::span<const std::string> texts, Prompt prompt) const = 0;
  /// How well the model knows the text's language, 0 (not at all) to 1.
  virtual double trust(std::string_view text) const = 0;
  /// Of a text, as count_tokens counts: beyond, embed() cuts it. 0: not known.
  virtual size_t max_tokens() const { return 0; }
  /// The text of token ids. Throws Unsupported where the model does not say, Invalid for ids it does not have.
  virtual std::string decode(std::span<const int32_t> ids) const;
};

/// A model of this process as an EmbeddingModel. `name` is kept with the vectors (ORG/NAME or a folder), so that the
/// model can be found again; empty takes the model's own.
std::unique_ptr<EmbeddingModel> make_embedder(std::shared_ptr<const hanok::Embedder> model, std::string name = "");

/// Anything that scores how well passages answer a question: a hanok::Reranker (see make_reranker), a remote server.
class RerankModel {
 public:
  virtual ~RerankModel() = default;
  virtual std::string name() const = 0;
  /// One score for each passage, higher is better.
  virtual std::vector<float> score(std::string_view question, std::span<const std::string> passages) const = 0;
};

/// A model of this process as a RerankModel. Throws Invalid for one that gives several scores for a pair.
std::unique_ptr<RerankModel> make_reranker(std::shared_ptr<const hanok::Reranker> model);

class ChatModel;  // hanok/chat.h
class Retriever;  // hanok/retrievers.h

// ---- ingest ----

/// What ingest tells its context (Progress::what). Of files, `item` is the one that was read; of passages, those that
/// have their vector are done, and the seconds left go by tokens.
inline constexpr const char *kReading = "reading files", *kEmbedding = "embedding passages";

struct IngestOptions {
  std::vector<std::string> globs;    // only files whose name or path matches one; empty = all loadable files
  std::vector<std::string> exclude;  // nothing that matches one, file or folder: patterns as in .gitignore
  bool prune = false;                // also forget everything when a source folder has become empty
  text::SplitOptions split;
  text::LoadOptions load;
  store::Json metadata = store::Json::object();  // added to every document
  const EmbeddingModel* embedder = nullptr;      // none: keywords only
  bool embed = true;  // false: passages without a vector are left to a later ingest or a Reembedding
};

struct IngestFailure {
  std::string path, error;
  Code code = Code::Internal;
};

struct IngestReport {
  size_t added = 0, changed = 0, unchanged = 0, gone = 0, chunks = 0;
  size_t embedded = 0;        // passages that got their vector
  size_t without_vector = 0;  // passages of the collection that have none of the embedder; 0 without an embedder
  std::map<std::string, size_t> skipped;  // files in folders that no loader takes, by suffix (".hwp", "" without one)
  std::map<std::string, size_t> ignored;  // files and folders passed over, by reason: ".gitignore", "node_modules", ...
  std::vector<IngestFailure> failed;
  std::vector<std::string> warnings;
  double seconds = 0;
};

/// Brings the collection up to date with files and folders: new, changed (by content hash) and gone files. All are read
/// first, a group a transaction, and found by their words from then on; then every passage of the collection that has
/// no vector of the embedder gets one, a block a transaction. What is done stays done when it is interrupted or killed
/// (Cancelled says how far it came), and the same call goes on from there; without paths it only embeds. A file that
/// cannot be read is reported and leaves what is stored of it untouched.
/// Of folders are passed over: what --exclude, .hanokignore and, in a git repository, .gitignore say; hidden entries;
/// folders that programs fill (node_modules, venv, __pycache__, caches); links to what is read anyway.
IngestReport ingest(store::Collection& collection, std::span<const std::filesystem::path> paths,
                    const IngestOptions& options = {});
/// ingest, then again whenever inotify reports a change, until stop() says true. on_report is called after each round,
/// when its files can be found by their words; a Reembedding gives them vectors beside the watching.
void watch(store::Collection& collection, std::span<const std::filesystem::path> paths, const IngestOptions& options,
           const std::function<void(const IngestReport&)>& on_report, const std::function<bool()>& stop);

/// Embeds beside other work every chunk without a vector of `embedder`: of new files, after a change of the model, or
/// for a collection that had none. Until the last one is done the vectors that were there answer, in every process;
/// then the new ones take over at once. Documents may be added, changed and removed meanwhile. What is done stays done:
/// after stop(), or a killed process, the next one goes on from there.
///   Reembedding change(collection, new_model);
///   const EmbeddingModel* models[] = {&new_model, &old_model};
///   const auto snapshot = collection.snapshot();
///   search(*snapshot, query, {.embedder = answering(*snapshot, models)});
/// Its methods may be called from several threads; collection and embedder must outlive it.
class Reembedding {
 public:
  struct Progress {
    uint64_t done = 0, total = 0;  // chunks
    bool complete = false;         // every chunk has its vector
    double seconds_left = -1;      // by the tokens that are left and the tokens a second so far; -1: not known yet
  };
  /// Declares embedder.space() as the collection's and begins.
  Reembedding(store::Collection& collection, const EmbeddingModel& embedder);
  ~Reembedding();  // stops, after the block at hand
  Reembedding(const Reembedding&) = delete;
  Reembedding& operator=(const Reembedding&) = delete;

  Progress progress() const;
  bool running() const;
  /// Until it has ended. Throws what the embedder threw, and Invalid if the collection was given to yet another model.
  void wait();
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The one among the models whose vectors answer, by fingerprint; nullptr where none did them, or there are none.
const EmbeddingModel* answering(const store::Snapshot& snapshot, std::span<const EmbeddingModel* const> models);

/// What stands for a chunk in front of a model: its heading path, a line break, its text.
std::string passage_text(std::string_view heading, std::string_view text);

// ---- search ----

enum class Mode { Hybrid, Dense, Keyword };

struct SearchOptions {
  size_t k = 10;
  Mode mode = Mode::Hybrid;  // without an embedder or vectors this is Keyword, and SearchResult::mode says so
  store::Filter filter;
  const EmbeddingModel* embedder = nullptr;
  const RerankModel* reranker = nullptr;
  std::string fusion = "score";  // "score" or "rrf"
  double mmr_lambda = 1.0;       // 1 = relevance only; lower diversifies (Carbonell and Goldstein 1998)
  size_t neighbours = 0;         // chunks before and after that are joined to each hit's text
  bool quotes_bind = true;       // a phrase in quotes must stand in every hit; false: hits that have it go first
};

/// A question made ready for search, once.
struct Query {
  std::string text;
  std::vector<text::Term> terms;  // text::analyze(text, {.query = true})
  std::vector<float> vector;      // [dim] by SearchOptions::embedder; empty where keywords alone are searched
  double trust = 1;               // EmbeddingModel::trust of the text, where there is a vector
};

/// What each part of a search says of one passage.
struct Scores {
  double keyword = 0;            // BM25
  std::optional<double> dense;   // cosine; none by keywords alone, and where the passage has no vector
  double fused = 0;              // 0..1
  std::optional<double> rerank;  // where there is a reranker
};

struct Hit {
  store::ChunkRecord chunk;
  double score = 0;  // 0..1 within one search mode; see docs/cli.md
  Scores scores;
  std::vector<std::string> also;  // paths of other documents that hold the same passage
};

/// How the two sides of one search were joined.
struct Fusion {
  double dense_weight = 0;         // of one standard deviation of cosine, in units of BM25
  double mean = 0, deviation = 0;  // of the candidates' cosines
};

struct SearchResult {
  std::vector<Hit> hits;
  Mode mode = Mode::Keyword;  // what was done
  std::vector<std::string> warnings;
  Query query;
  Fusion fusion;
};

/// By words, meaning or both. What a query wants letter by letter goes first: a phrase in quotes, which must be there,
/// and the codes of a short query (kill -9, HF_ENDPOINT, AX-77B), also where they are written with other separators.
/// A passage that stands in several documents is one hit. Everything is read from the one snapshot.
SearchResult search(const store::Snapshot& snapshot, std::string_view query, const SearchOptions& options = {});
/// Of a snapshot taken now.
SearchResult search(const store::Collection& collection, std::string_view query, const SearchOptions& options = {});
/// For people: {"mode","keyword","fused"} and, where they are there, "dense","dense_weight","dense_mean",
/// "dense_deviation","rerank".
store::Json explain(const SearchResult& result, const Hit& hit);

// ---- answers ----

/// How many passages become one answer of a model: all that the budget holds in one prompt (Stuff); all of them in
/// groups, an answer each, and one answer of these (MapReduce); group by group, the answer so far with each (Refine).
enum class Combine { Stuff, MapReduce, Refine };

struct AskOptions {
  SearchOptions search = {.k = 8};
  const Retriever* retriever = nullptr;  // finds in place of search(); `search` still names the embedder
  Combine combine = Combine::Stuff;
  const ChatModel* model = nullptr;  // none: an extractive answer
  size_t budget_tokens = 0;          // for passages; 0 = from the model's context
  std::string prompt_template;       // empty = default_prompt(); {question} and {passages} are replaced
  double answer_threshold = -1;      // -1 = calibrated default; below it: not in your documents
  bool show_prompt = false;          // make Answer::prompt also where there is no model
  std::function<bool(std::string_view)> on_token;
};

struct Citation {
  int n = 0;  // as in the answer's [n]
  std::string path;
  int page = 0;
  std::string heading;
  text::Span span;                // of the document's text
  std::string quote;              // that text as it reads: on one line, a table's row with the names of its columns
  std::vector<std::string> also;  // paths of other documents that hold the same passage
};

struct Answer {
  bool answered = false;
  std::string answer;
  std::vector<Citation> citations;
  std::vector<Citation> nearest;     // where there are no citations: the three passages that come nearest, best first
  std::vector<std::string> dropped;  // passages left out for the token budget, and markers [n] that did not hold
  std::vector<std::string> notes;    // what the retriever did on the way
  std::string model;                 // "extractive", or the chat model's name
  std::string prompt;                // what the model was given; see AskOptions::show_prompt
  double confidence = 0;             // 0..1, compared with the threshold
  std::string short_answer;  // a few words of the first citation that answer, where nothing was written by a model
  std::vector<std::string> warnings;
};

/// Everything is read from the one snapshot.
Answer ask(const store::Snapshot& snapshot, std::string_view question, const AskOptions& options = {});
/// Of a snapshot taken now.
Answer ask(const store::Collection& collection, std::string_view question, const AskOptions& options = {});
std::string default_prompt();

}  // namespace hanok::chain
