#include <iostream>

#include "chain/eval/retrieval.h"
#include "chat_models.h"
#include "command.h"
#include "models_in_use.h"
#include "retriever_flags.h"

namespace hanok::app {
namespace {

struct Flags {
  std::string folder, mode = "hybrid", fusion = "score", split = "test", keep, model, run_file;
  double k1 = -1, b = -1, mmr = 1, vectors = 1;
  size_t limit = 0;
  RetrieverFlags retriever;
  std::string chat, rerank;
};

void retrieval(Session& session, const Flags& flags) {
  const auto models = ModelsInUse::named(session, flags.model, flags.mode == "keyword");
  chain::eval::RetrievalOptions options;
  options.search.mode = flags.mode == "dense"     ? chain::Mode::Dense
                        : flags.mode == "keyword" ? chain::Mode::Keyword
                                                  : chain::Mode::Hybrid;
  options.search.fusion = flags.fusion;
  options.search.mmr_lambda = flags.mmr;
  options.search.embedder = models.embedder();
  const auto reranker = open_reranker(flags.rerank);
  options.search.reranker = reranker.get();
  options.split = flags.split;
  options.keep = flags.keep;
  options.limit = flags.limit;
  options.vectors = flags.vectors;
  options.run_file = flags.run_file;
  const Chat chat = flags.retriever.given() ? open_chat(session, {.model = flags.chat}) : Chat();
  if (flags.retriever.given())
    options.retriever = [&](const chain::SearchOptions& search) {
      return flags.retriever.make(session, search, chat.model.get());
    };
  if (flags.k1 >= 0) options.bm25["k1"] = flags.k1;
  if (flags.b >= 0) options.bm25["b"] = flags.b;
  const auto r = session.with_bar([&] { return chain::eval::evaluate_retrieval(flags.folder, options); });
  const char* mode = r.mode == chain::Mode::Hybrid ? "hybrid" : r.mode == chain::Mode::Dense ? "dense" : "keyword";
  const base::OrderedJson value = {{"queries", r.queries},
                                   {"ndcg@10", r.metrics.ndcg10},
                                   {"mrr@10", r.metrics.mrr10},
                                   {"recall@10", r.metrics.recall10},
                                   {"recall@100", r.metrics.recall100},
                                   {"map@10", r.metrics.map10},
                                   {"seconds", r.seconds},
                                   {"queries_per_second", r.queries_per_second},
                                   {"documents", r.documents},
                                   {"index_seconds", r.index_seconds},
                                   {"mode", mode},
                                   {"retriever", flags.retriever.given() ? flags.retriever.name() : ""},
                                   {"model", models.embedder() ? models.embedder()->space().model : ""}};
  session.print(value, [&](std::ostream& out) {
    out << flags.folder << " (" << with_commas(r.documents) << " documents, " << with_commas(r.queries) << " queries, "
        << mode << ")\n";
    for (const char* key : {"ndcg@10", "mrr@10", "recall@10", "recall@100", "map@10"})
      out << "  " << key << "  " << value[key] << "\n";
    out << "  " << static_cast<uint64_t>(r.queries_per_second) << " queries/s; indexed in "
        << human_seconds(r.index_seconds) << "\n";
  });
}

}  // namespace

void add_eval_answers(Command& group);
void add_eval_sts(Command& group);

void add_eval(Command& root) {
  auto flags = std::make_shared<Flags>();
  Command group = root.group("eval", "Measure retrieval and answers on sets with known truth.");
  add_eval_answers(group);
  add_eval_sts(group);
  Command c =
      group.subcommand("retrieval", "nDCG, MRR, recall and MAP on a folder in the BEIR layout.",
                       "The folder has corpus.jsonl (_id, title, text), queries.jsonl (_id, text) and qrels/NAME.tsv.\n"
                       "tools/make_beir.py makes such folders of SQuAD files and of Cranfield.");
  c.positional("DIR", flags->folder, "BEIR folder");
  c.choice("--mode", flags->mode, {"hybrid", "dense", "keyword"}, "words, meaning, or both (default hybrid)");
  c.choice("--fusion", flags->fusion, {"score", "rrf"}, "how both sides are joined (default score)");
  c.option("-m,--model", flags->model, "embedding model: folder or ORG/NAME (default: the setting embedding-model)");
  c.precision();
  c.option("--split", flags->split, "which qrels file (default test)");
  c.option("--k1", flags->k1, "BM25 k1", 0, 1000);
  c.option("--b", flags->b, "BM25 b", 0, 1);
  c.option("--limit", flags->limit, "only the first N queries");
  c.option("--vectors", flags->vectors, "give only this share of the passages a vector, 0 to 1 (default 1)", 0, 1);
  c.option("--keep", flags->keep, "data directory to use and keep, so that the next run need not index again");
  flags->retriever.add_to(c);
  c.option("--rerank", flags->rerank, "a cross-encoder (folder or ORG/NAME) orders what was found");
  c.option("--chat-model", flags->chat, "of multi-query and self-query (default: the setting model)");
  c.option("--run", flags->run_file, "write the rankings in TREC format");
  c.cache();
  c.run([flags](Session& session) { retrieval(session, *flags); });
}

}  // namespace hanok::app
