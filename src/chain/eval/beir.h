// A retrieval collection in the BEIR layout: corpus.jsonl, queries.jsonl, qrels/*.tsv.
#pragma once

#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include "chain/eval/metrics.h"

namespace hanok::chain::eval {

struct BeirText {
  std::string id, text;  // a document's title, where it has one, is its first line
};

struct Beir {
  std::vector<BeirText> documents;
  std::vector<BeirText> queries;  // only those with judgements
  std::unordered_map<std::string, Grades> judgements;
};

/// `split`: which file of qrels/ ("test" -> qrels/test.tsv). Throws NotFound, or Invalid naming file and line: not
/// JSON, no text, an id twice, a grade that is no number, nothing to ask. A judgement of a document that is not in the
/// corpus stays (it can never be found), one of a query that is not there is left out, as trec_eval does.
Beir load_beir(const std::filesystem::path& folder, const std::string& split = "test");

}  // namespace hanok::chain::eval
