#include "chain/eval/across.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "base/file.h"
#include "base/threads.h"
#include "chain/answer/confidence.h"
#include "chain/answer/extractive.h"
#include "chain/answer/gather.h"
#include "chain/eval/cached_embedder.h"
#include "chain/eval/squad_collection.h"
#include "hanok/context.h"

namespace hanok::chain {
namespace {

constexpr uint64_t kLargestFile = 1ull << 28;

/// A set in the pool: where its paragraphs came to lie, and its questions by their ids.
struct Source {
  SquadSet set;
  std::vector<size_t> place;  // of each paragraph in the pool
  std::map<std::string, const SquadQuestion*> by_id;
};

std::string text_of(const base::Json& question, const char* key, const std::string& where) {
  if (!question.is_object() || !question.contains(key) || !question[key].is_string())
    throw Error(Code::Corrupt, where + ": a text '" + key + "' was expected");
  return question[key].get<std::string>();
}

class Loader {
 public:
  explicit Loader(const std::vector<std::pair<std::string, std::filesystem::path>>& sets) {
    for (const auto& [name, path] : sets) {
      Source& s = sources_[name];
      s.set = load_squad(path);
      s.place.resize(s.set.paragraphs.size());
      for (const SquadQuestion& q : s.set.questions) s.by_id[q.id] = &q;
      names_.push_back(name);
    }
    take_turns();
  }

  std::vector<AcrossPart> run(const std::filesystem::path& file) {
    const base::Json json = base::parse_json(base::read_file(file, kLargestFile), file.string());
    if (!json.is_object()) throw Error(Code::Corrupt, file.string() + ": an object of lists of questions was expected");
    std::vector<AcrossPart> out;
    for (const auto& [name, questions] : json.items()) out.push_back(read_part(questions, name, file.string()));
    for (const std::string& name : names_) out.push_back(own_part(name));
    return out;
  }

 private:
  // One paragraph of each set in turn, as long as it has any; articles of a set begin at an even number.
  void take_turns() {
    size_t most = 0, first_article = 0;
    std::map<std::string, size_t> first;
    for (const std::string& name : names_) {
      const auto& paragraphs = sources_[name].set.paragraphs;
      most = std::max(most, paragraphs.size());
      first[name] = first_article;
      if (!paragraphs.empty()) first_article += (paragraphs.back().article + 2) / 2 * 2;
    }
    for (size_t i = 0; i < most; ++i)
      for (const std::string& name : names_) {
        Source& s = sources_[name];
        if (i >= s.set.paragraphs.size()) continue;
        s.place[i] = pool_.size();
        pool_.push_back(s.set.paragraphs[i]);
        pool_.back().path = name + "/" + pool_.back().path;
        pool_.back().article += first[name];
      }
  }

  AcrossPart read_part(const base::Json& questions, const std::string& name, const std::string& file) const {
    if (!questions.is_array()) throw Error(Code::Corrupt, file + ": '" + name + "' is not a list of questions");
    AcrossPart out{name, false, {pool_, {}}};
    for (size_t i = 0; i < questions.size(); ++i) {
      const std::string where = file + ": " + name + ", question " + std::to_string(i);
      const auto& [source, paragraph] = find(text_of(questions[i], "gold", where), where);
      SquadQuestion q{text_of(questions[i], "id", where), text_of(questions[i], "text", where), {}, paragraph};
      if (questions[i].contains("from")) {
        const auto from = source->by_id.find(text_of(questions[i], "from", where));
        if (from == source->by_id.end()) throw Error(Code::Corrupt, where + ": 'from' is no question of its set");
        q.answers = from->second->answers;
      }
      out.set.questions.push_back(std::move(q));
    }
    return out;
  }

  /// "x4": the set and the place in the pool.
  std::pair<const Source*, size_t> find(const std::string& gold, const std::string& where) const {
    for (const auto& [name, source] : sources_) {
      size_t number = 0;
      const char* end = gold.data() + gold.size();
      if (!gold.starts_with(name)) continue;
      const auto read = std::from_chars(gold.data() + name.size(), end, number);
      if (read.ec == std::errc() && read.ptr == end && number < source.place.size())
        return {&source, source.place[number]};
    }
    throw Error(Code::Corrupt, where + ": '" + gold + "' is no paragraph of the sets given");
  }

  AcrossPart own_part(const std::string& name) const {
    const Source& source = sources_.at(name);
    AcrossPart out{"own " + name, true, {pool_, source.set.questions}};
    for (SquadQuestion& q : out.set.questions) q.paragraph = source.place[q.paragraph];
    return out;
  }

  std::map<std::string, Source> sources_;
  std::vector<std::string> names_;
  std::vector<SquadParagraph> pool_;
};

/// What became of one question, and what of it without its paragraph.
struct Asked {
  bool known = false, answered = false, cited = false, right = false, shown = false, abstained = false;
};

Asked ask_one(const SquadCollection& pool, const SquadSet& set, const SquadQuestion& q, const AnswersOptions& options,
              double threshold) {
  const std::string& gold = set.paragraphs[q.paragraph].path;
  SearchOptions search{.k = options.k, .embedder = pool.embedder()};
  const auto g = answer::gather(pool.snapshot(), q.question, search);
  const auto extract = answer::extract(g.question, g.passages, g.meaning, g.across, g.reworded);
  Asked out{.known = !q.answers.empty()};
  out.answered = !extract.quotes.empty() && extract.confidence >= threshold;
  if (out.answered) {
    const auto cites = [&](const answer::Quote& quote) { return g.hits[quote.passage].chunk.path == gold; };
    const auto right = [&](const answer::Quote& quote) {
      const std::string& passage = g.passages[quote.passage].text;
      return cites(quote) && out.known &&
             holds_answer(passage.substr(quote.span.start, quote.span.end - quote.span.start), q.answers);
    };
    out.cited = cites(extract.quotes[0]);
    out.right = right(extract.quotes[0]);
    out.shown = std::any_of(extract.quotes.begin(), extract.quotes.end(), right);
  }
  search.filter = all_but(gold);
  const auto without = answer::gather(pool.snapshot(), q.question, search);
  out.abstained = answer::extract(without.question, without.passages, without.meaning, without.across, without.reworded)
                      .confidence < threshold;
  return out;
}

AcrossReport summary(const std::string& name, const std::vector<Asked>& asked) {
  AcrossReport r{.name = name, .questions = asked.size()};
  for (const Asked& a : asked) {
    r.with_answers += a.known;
    r.answered += a.answered, r.cited += a.cited, r.right += a.right, r.shown += a.shown, r.abstained += a.abstained;
  }
  for (double* share : {&r.answered, &r.cited, &r.abstained}) *share /= std::max<double>(1, double(r.questions));
  for (double* share : {&r.right, &r.shown}) *share /= std::max<double>(1, double(r.with_answers));
  return r;
}

std::vector<AcrossReport> evaluate(const std::vector<AcrossPart>& parts, const AnswersOptions& options) {
  std::vector<AcrossReport> out;
  if (parts.empty()) return out;
  const double threshold = options.threshold < 0 ? answer::kAnswerThreshold : options.threshold;
  const SquadCollection pool(parts[0].set, options);
  for (const AcrossPart& part : parts) {
    AnswersOptions chosen = options;
    if (!part.own) chosen.sample = 0;
    const auto questions = chosen_questions(part.set, chosen);
    std::vector<Asked> asked(questions.size());
    base::parallel_for(questions.size(), 8, [&](size_t begin, size_t end, size_t) {
      base::check_interrupt();
      for (size_t i = begin; i < end; ++i)
        asked[i] = ask_one(pool, part.set, part.set.questions[questions[i]], options, threshold);
    });
    out.push_back(summary(part.name, asked));
    Context::current().tell({out.size(), parts.size(), "ask", part.name});
  }
  return out;
}

double rounded(double x) { return static_cast<double>(static_cast<int64_t>(x * 10000 + 0.5)) / 10000; }

}  // namespace

std::vector<AcrossPart> load_across(const std::filesystem::path& questions,
                                    const std::vector<std::pair<std::string, std::filesystem::path>>& sets) {
  return Loader(sets).run(questions);
}

std::vector<AcrossReport> evaluate_across(const std::vector<AcrossPart>& parts, const AnswersOptions& options) {
  if (!options.embedder) return evaluate(parts, options);
  const CachedEmbedder embedder(*options.embedder, options.vectors);
  AnswersOptions cached = options;
  cached.embedder = &embedder;
  return evaluate(parts, cached);
}

base::OrderedJson to_json(const AcrossReport& r) {
  return {{"name", r.name},
          {"questions", r.questions},
          {"with_answers", r.with_answers},
          {"answered", rounded(r.answered)},
          {"cited", rounded(r.cited)},
          {"right", rounded(r.right)},
          {"shown", rounded(r.shown)},
          {"abstained", rounded(r.abstained)}};
}

}  // namespace hanok::chain
