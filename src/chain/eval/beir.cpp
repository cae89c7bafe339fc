#include "chain/eval/beir.h"

#include <charconv>
#include <functional>
#include <string_view>
#include <unordered_set>

#include "base/file.h"
#include "base/json.h"
#include "hanok/error.h"

namespace hanok::chain::eval {
namespace {

/// Calls body(line, "file:number") for every line that is not empty.
void each_line(const std::filesystem::path& path,
               const std::function<void(std::string_view, const std::string&)>& body) {
  const base::MappedFile file(path);
  const std::string_view text = file.view();
  size_t number = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    ++number;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (!line.empty()) body(line, path.string() + ":" + std::to_string(number));
  }
}

std::string field(const base::Json& object, const char* key, bool needed, const std::string& where) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  if (object.is_object() && found != object.end() && found->is_string()) return found->get<std::string>();
  if (!needed) return {};
  throw Error(Code::Invalid, where + ": expected an object with the text \"" + key + "\"");
}

std::vector<BeirText> texts(const std::filesystem::path& path) {
  std::vector<BeirText> result;
  std::unordered_set<std::string> seen;
  each_line(path, [&](std::string_view line, const std::string& where) {
    const base::Json object = base::parse_json(line, where);
    std::string text = field(object, "text", true, where);
    if (const std::string title = field(object, "title", false, where); !title.empty()) text = title + "\n" + text;
    std::string id = field(object, "_id", true, where);
    if (id.empty() || !seen.insert(id).second)
      throw Error(Code::Invalid, where + ": the \"_id\" " +
                                     (id.empty() ? "is empty" : "\"" + id + "\" was there before") +
                                     "; each text needs one of its own");
    result.push_back({std::move(id), std::move(text)});
  });
  return result;
}

/// "query<TAB>document<TAB>grade"; a first line whose grade is no number is the header.
void judge(std::string_view line, const std::string& where, bool first, Beir& out) {
  const size_t one = line.find('\t'), two = one == line.npos ? one : line.find('\t', one + 1);
  if (two == line.npos) throw Error(Code::Invalid, where + ": expected query, document and grade with tabs between");
  const std::string_view number = line.substr(two + 1);
  int grade = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), grade);
  if (error != std::errc() || end != number.data() + number.size()) {
    if (first) return;
    throw Error(Code::Invalid, where + ": the grade \"" + std::string(number) + "\" is not a whole number");
  }
  out.judgements[std::string(line.substr(0, one))][std::string(line.substr(one + 1, two - one - 1))] = grade;
}

}  // namespace

Beir load_beir(const std::filesystem::path& folder, const std::string& split) {
  Beir result;
  result.documents = texts(folder / "corpus.jsonl");
  bool first = true;
  each_line(folder / "qrels" / (split + ".tsv"), [&](std::string_view line, const std::string& where) {
    judge(line, where, first, result);
    first = false;
  });
  for (BeirText& query : texts(folder / "queries.jsonl"))
    if (result.judgements.count(query.id) != 0) result.queries.push_back(std::move(query));
  if (result.documents.empty() || result.queries.empty())
    throw Error(Code::Invalid, folder.string() + ": expected documents and judged queries, found " +
                                   std::to_string(result.documents.size()) + " documents and, of " +
                                   std::to_string(result.judgements.size()) + " queries in qrels/" + split + ".tsv, " +
                                   std::to_string(result.queries.size()) + " in queries.jsonl");
  return result;
}

}  // namespace hanok::chain::eval
