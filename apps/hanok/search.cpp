#include <iostream>
#include <memory>

#include "command.h"
#include "hanok/chain.h"
#include "models_in_use.h"
#include "pictures.h"
#include "show.h"

namespace hanok::app {
namespace {

struct Flags {
  std::string query, image, html, mode = "hybrid", where, fusion = "score", rerank;
  size_t k = 10, neighbours = 0;
  double mmr = 1;
  bool explain = false;
};

void check(const Flags& flags) {
  if (flags.query.empty() == flags.image.empty())
    throw Error(Code::Invalid, flags.image.empty() ? "what to look for? hanok search WORDS, or --image FILE"
                                                   : "words and --image: one of them was expected, not both");
  if (flags.image.empty() && !flags.html.empty())
    throw Error(Code::Invalid, "--html makes a page of pictures: it needs --image FILE");
  const Flags none;
  const char* for_words = flags.mode != none.mode       ? "--mode"
                          : flags.fusion != none.fusion ? "--fusion"
                          : flags.mmr < none.mmr        ? "--mmr"
                          : flags.neighbours > 0        ? "--neighbours"
                          : !flags.rerank.empty()       ? "--rerank"
                          : flags.explain               ? "--explain"
                                                        : nullptr;
  if (!flags.image.empty() && for_words)
    throw Error(Code::Invalid, std::string(for_words) + " is for words; this search is by a picture: leave it out");
}

void run(Session& session, const Flags& flags) {
  check(flags);
  if (!flags.image.empty()) return search_pictures(session, {flags.image, flags.html, flags.where, flags.k});
  const auto snapshot = session.collection(false).snapshot();
  const auto models = flags.mode == "keyword" ? ModelsInUse() : ModelsInUse::for_search(session, *snapshot);
  chain::SearchOptions options;
  options.k = flags.k;
  options.mode = flags.mode == "dense"     ? chain::Mode::Dense
                 : flags.mode == "keyword" ? chain::Mode::Keyword
                                           : chain::Mode::Hybrid;
  options.filter = parse_where(flags.where);
  options.embedder = models.embedder();
  options.fusion = flags.fusion;
  options.mmr_lambda = flags.mmr;
  options.neighbours = flags.neighbours;
  const auto reranker = open_reranker(flags.rerank);
  options.reranker = reranker.get();
  const auto result = chain::search(*snapshot, flags.query, options);
  session.print(to_json(result, flags.explain), [&](std::ostream& out) { show(out, session, result, flags.explain); });
}

}  // namespace

void add_search(Command& root) {
  auto flags = std::make_shared<Flags>();
  Command c =
      root.subcommand("search", "Find passages.",
                      "  hanok search \"opening hours\"\n"
                      "  hanok search \"환불 규정\" -k 3 --explain\n"
                      "  hanok search budget --where '{\"format\": \"pdf\", \"page\": {\"$lt\": 5}}'\n\n"
                      "A phrase in quotes must be there: hanok search '\"out of memory\"'. Codes and flags of a short\n"
                      "query (kill -9, HF_ENDPOINT, AX-77B) go first, however they are separated.\n\n"
                      "Pictures, in a collection that was made with hanok ingest --image-model:\n"
                      "  hanok search --image boot.png -c photos --html like.html\n\n"
                      "Without an embedding model every mode is `keyword`, and the output says so.");
  c.words("QUERY", flags->query, "what to look for", false);
  c.option("--image", flags->image, "instead of words: find the pictures most like this one (PNG or JPEG)");
  c.option("--html", flags->html, "with --image: also write a page of thumbnails");
  c.choice("--mode", flags->mode, {"hybrid", "dense", "keyword"}, "words, meaning, or both (default hybrid)");
  c.option("-k", flags->k, "number of results (default 10)", 1);
  c.option("--where", flags->where, "condition on metadata and path, name, format, title, page, heading (JSON)");
  c.choice("--fusion", flags->fusion, {"score", "rrf"}, "how both sides are joined (default score)");
  c.option("--mmr", flags->mmr, "1 = relevance only (default), lower = more varied results", 0, 1);
  c.option("--neighbours", flags->neighbours, "also show this many chunks before and after");
  c.option("--rerank", flags->rerank, "cross-encoder that reads question and passage together: folder or ORG/NAME");
  c.flag("--explain", flags->explain, "each part's score");
  c.cache();
  c.run([flags](Session& session) { run(session, *flags); });
}

}  // namespace hanok::app
