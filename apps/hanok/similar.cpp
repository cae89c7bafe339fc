// similar, recommend, paraphrases: nearest sentences of a file.
#include <iostream>

#include "command.h"
#include "hanok/error.h"
#include "hanok/similarity.h"
#include "texts.h"

namespace hanok::app {
namespace {

struct Flags {
  std::string text, file, model;
  size_t k = 5;
  double threshold = 0;
};

void print_ranked(const Session& session, const std::vector<lm::Hit>& hits, const std::vector<std::string>& texts) {
  base::OrderedJson rows = base::OrderedJson::array();
  for (const auto& h : hits) rows.push_back({{"score", h.score}, {"index", h.index}, {"text", texts[h.index]}});
  session.print({{"results", rows}}, [&](std::ostream& out) {
    char score[16];
    for (const auto& h : hits) {
      std::snprintf(score, sizeof score, "%.3f", static_cast<double>(h.score));
      out << score << "  " << texts[h.index] << "\n";
    }
  });
}

void similar(Session& session, const Flags& flags) {
  const auto model = embedding_model(session, flags.model);
  const auto texts = read_texts(flags.file);
  const Matrix query = embed_texts(session, model, {flags.text}, Prompt::Query);
  const Matrix corpus = embed_meanings(session, model, texts, Prompt::Passage);
  print_ranked(session, lm::semantic_search(query, corpus, flags.k)[0], texts);
}

// Content-based recommendation: what lies nearest to an item that was liked, itself left out.
void recommend(Session& session, const Flags& flags) {
  const auto model = embedding_model(session, flags.model);
  const auto texts = read_texts(flags.file);
  size_t item = texts.size();
  for (size_t i = 0; i < texts.size(); ++i)
    if (texts[i] == flags.text || std::to_string(i) == flags.text) item = i;
  if (item == texts.size())
    throw Error(Code::NotFound, "'" + flags.text + "' is neither a line of " + flags.file + " nor a number below " +
                                    std::to_string(texts.size()));
  const Matrix all = embed_meanings(session, model, texts, Prompt::Query);
  Matrix liked{1, all.dim, {all.row(item).begin(), all.row(item).end()}};
  auto hits = lm::semantic_search(liked, all, flags.k + 1)[0];
  std::erase_if(hits, [&](const lm::Hit& h) { return h.index == item; });
  hits.resize(std::min(hits.size(), flags.k));
  print_ranked(session, hits, texts);
}

void paraphrases(Session& session, const Flags& flags) {
  const auto model = embedding_model(session, flags.model);
  const auto texts = read_texts(flags.file);
  auto pairs = lm::paraphrase_mining(embed_meanings(session, model, texts, Prompt::Query));
  std::erase_if(pairs, [&](const lm::TextPair& p) { return p.score < flags.threshold; });
  if (pairs.size() > flags.k) pairs.resize(flags.k);
  base::OrderedJson rows = base::OrderedJson::array();
  for (const auto& p : pairs)
    rows.push_back({{"score", p.score}, {"a", p.a}, {"b", p.b}, {"texts", {texts[p.a], texts[p.b]}}});
  session.print({{"pairs", rows}}, [&](std::ostream& out) {
    char score[16];
    for (const auto& p : pairs) {
      std::snprintf(score, sizeof score, "%.3f", static_cast<double>(p.score));
      out << score << "  " << texts[p.a] << "\n       " << texts[p.b] << "\n";
    }
  });
}

Command with_file(Command& root, const char* name, const char* help, const char* long_help, Flags& flags) {
  Command c = root.subcommand(name, help, long_help);
  c.option("-m,--model", flags.model, "model: a folder or ORG/NAME (default: the setting embedding-model)");
  c.precision();
  c.cache();
  c.option("-k", flags.k, "how many (default 5)", 1);
  return c;
}

}  // namespace

void add_similar(Command& root) {
  auto flags = std::make_shared<Flags>();
  Command c = with_file(root, "similar", "Sentences of a file that mean the same as a text.",
                        "  hanok similar \"where can I park?\" questions.txt", *flags);
  c.positional("TEXT", flags->text, "a text");
  c.positional("FILE", flags->file, "a text a line, or .jsonl; - is stdin");
  c.run([flags](Session& s) { similar(s, *flags); });
}

void add_recommend(Command& root) {
  auto flags = std::make_shared<Flags>();
  Command c = with_file(
      root, "recommend", "What to read next: the texts nearest to one that was liked.",
      "  hanok recommend 3 books.txt        the line's number, from 0\n  hanok recommend \"Solaris\" books.txt  or the line itself",
      *flags);
  c.positional("ITEM", flags->text, "a line of the file, or its number from 0");
  c.positional("FILE", flags->file, "a text a line, or .jsonl; - is stdin");
  c.run([flags](Session& s) { recommend(s, *flags); });
}

void add_paraphrases(Command& root) {
  auto flags = std::make_shared<Flags>();
  flags->k = 20;
  Command c = with_file(root, "paraphrases", "Pairs of sentences that say the same.",
                        "  hanok paraphrases questions.txt --threshold 0.9", *flags);
  c.positional("FILE", flags->file, "a text a line, or .jsonl; - is stdin");
  c.option("--threshold", flags->threshold, "lowest cosine shown", -1, 1);
  c.run([flags](Session& s) { paraphrases(s, *flags); });
}

}  // namespace hanok::app
