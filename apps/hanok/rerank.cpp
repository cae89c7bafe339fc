#include <algorithm>
#include <iostream>
#include <numeric>

#include "command.h"
#include "models_in_use.h"
#include "texts.h"

namespace hanok::app {
namespace {

struct Flags {
  std::string query, file, model;
  size_t k = 10;
};

void run(Session& session, const Flags& flags) {
  const auto folder = model_folder(flags.model);
  if (!folder) throw Error(Code::Invalid, "rerank: -m " + flags.model + " names no model; a cross-encoder is needed");
  const Reranker model(*folder);
  const auto texts = read_texts(flags.file);
  const Matrix scores = model.score(flags.query, texts);
  std::vector<size_t> order(texts.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores.row(a)[0] > scores.row(b)[0]; });
  order.resize(std::min(order.size(), flags.k));
  base::OrderedJson rows = base::OrderedJson::array();
  for (const size_t i : order) rows.push_back({{"score", scores.row(i)[0]}, {"index", i}, {"text", texts[i]}});
  session.print({{"results", rows}, {"model", model.name()}}, [&](std::ostream& out) {
    for (const size_t i : order) out << scores.row(i)[0] << "  " << texts[i] << "\n";
  });
}

}  // namespace

void add_rerank(Command& root) {
  auto flags = std::make_shared<Flags>();
  Command c =
      root.subcommand("rerank", "Order texts by how well they answer a query, read together by a cross-encoder.",
                      "  hanok rerank \"who may borrow books?\" passages.txt -m path/to/reranker");
  c.positional("QUERY", flags->query, "the question");
  c.positional("FILE", flags->file, "a text a line, or .jsonl; - is stdin");
  c.option("-m,--model", flags->model, "cross-encoder: a folder or ORG/NAME (required: there is no default)");
  c.option("-k", flags->k, "how many (default 10)", 1);
  c.run([flags](Session& session) {
    if (flags->model.empty()) throw Error(Code::Invalid, "rerank: name a cross-encoder with -m (a folder or ORG/NAME)");
    run(session, *flags);
  });
}

}  // namespace hanok::app
