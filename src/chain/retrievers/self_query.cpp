// A model takes conditions on metadata out of a question; hanok checks them before they hold.
#include <algorithm>
#include <map>
#include <set>

#include "base/json.h"
#include "chain/outputs/schema_check.h"
#include "chain/retrievers/kinds.h"
#include "hanok/chat.h"
#include "hanok/error.h"
#include "hanok/outputs.h"

namespace hanok::chain {
namespace {

using base::OrderedJson;

constexpr size_t kMostDocuments = 2000;  // whose metadata is looked at
constexpr size_t kMostFields = 24, kShownValues = 4;

/// A field and some of its values, as the model is told of them.
using Fields = std::map<std::string, std::set<std::string>>;

Fields fields_of(const store::Snapshot& snapshot) {
  Fields out;
  const auto add = [&](const std::string& field, const std::string& value) {
    if (value.empty() || (!out.count(field) && out.size() >= kMostFields)) return;
    if (auto& values = out[field]; values.size() < kShownValues) values.insert(value);
  };
  size_t seen = 0;
  for (const auto& d : snapshot.documents()) {
    if (++seen > kMostDocuments) break;
    add("format", d.format);
    add("name", d.path.substr(d.path.rfind('/') + 1));
    for (const auto& [key, value] : d.metadata.items())
      add(key, value.is_string() ? value.get<std::string>() : value.dump());
  }
  add("page", "1");
  return out;
}

std::string schema_of(const Fields& fields) {
  OrderedJson names = OrderedJson::array();
  for (const auto& [name, values] : fields) names.push_back(name);
  const OrderedJson condition{{"type", "object"},
                              {"properties",
                               {{"field", {{"enum", names}}},
                                {"is", {{"enum", {"$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$contains"}}}},
                                {"value", {{"type", {"string", "number", "boolean"}}}}}},
                              {"required", {"field", "is", "value"}},
                              {"additionalProperties", false}};
  const OrderedJson schema{{"type", "object"},
                           {"properties",
                            {{"query", {{"type", "string"}, {"minLength", 1}, {"maxLength", 400}}},
                             {"conditions", {{"type", "array"}, {"items", condition}, {"maxItems", 4}}}}},
                           {"required", {"query", "conditions"}},
                           {"additionalProperties", false}};
  return schema.dump();
}

class SelfQuery final : public Retriever {
 public:
  explicit SelfQuery(RetrieverOptions options) : options_(std::move(options)) {
    if (!options_.model)
      throw Error(Code::Invalid, "retriever self-query needs a chat model: -m MODEL, or the setting model");
  }
  std::string_view name() const override { return "self-query"; }

  Retrieved retrieve(const store::Snapshot& snapshot, std::string_view question) const override {
    SearchOptions how = options_.search;
    std::vector<std::string> notes;
    std::string query(question);
    if (const auto asked = ask(snapshot, question, notes)) {
      const auto where = condition(asked->at("conditions"));
      if (const auto own = asked->at("query").get<std::string>(); own.find_first_not_of(" \t\n") != own.npos)
        query = own;
      use(snapshot, where, how, notes);
    }
    if (query != question) notes.push_back("searched for: " + query);
    Retrieved out{search(snapshot, query, how), std::move(notes)};
    if (query == question) return out;
    // What follows judges the hits by the question as it was asked.
    SearchOptions one = how;
    one.k = 1;
    one.reranker = nullptr;  // what it is for: the question's terms and vector
    auto first = search(snapshot, question, one);
    first.hits = std::move(out.found.hits);
    score_for_question(snapshot, first, first.hits);
    out.found = std::move(first);
    return out;
  }

 private:
  std::optional<OrderedJson> ask(const store::Snapshot& snapshot, std::string_view question,
                                 std::vector<std::string>& notes) const {
    const Fields fields = fields_of(snapshot);
    std::string known;
    for (const auto& [name, values] : fields) {
      known += "- " + name + ", for example";
      for (const auto& v : values) known += " " + OrderedJson(v).dump();
      known += "\n";
    }
    Messages messages{
        {"user", options_.self_query_prompt.format({{"fields", known}, {"question", std::string(question)}})}};
    const auto parser = schema_parser(schema_of(fields));
    std::optional<OrderedJson> out;
    try {
      detail::ask_until_read(*options_.model, messages, parser.instructions, parser.constraint,
                             {.answer = {.temperature = 0.0f, .max_tokens = 300}},
                             [&](const std::string& answer) { out = OrderedJson(parser.parse(answer)); });
    } catch (const Error& e) {
      if (e.code() != Code::Corrupt) throw;
      notes.push_back(std::string("the model's conditions could not be read and were left out: ") + e.what());
    }
    return out;
  }

  static store::Json condition(const OrderedJson& conditions) {
    store::Json all = store::Json::array();
    for (const auto& c : conditions)
      all.push_back(
          {{c.at("field").get<std::string>(), {{c.at("is").get<std::string>(), store::Json(c.at("value"))}}}});
    return all.empty() ? store::Json() : all.size() == 1 ? all[0] : store::Json{{"$and", all}};
  }

  /// Only a condition that is one, and that some passage satisfies, holds.
  static void use(const store::Snapshot& snapshot, const store::Json& where, SearchOptions& how,
                  std::vector<std::string>& notes) {
    if (where.is_null()) return notes.push_back("the model found no conditions in the question");
    try {
      const store::Json both =
          how.filter.everything() ? where : store::Json{{"$and", store::Json::array({how.filter.where(), where})}};
      const store::Filter filter(both);
      if (snapshot.matching(filter).empty())
        return notes.push_back("no passage satisfies the model's conditions, which were left out: " + where.dump());
      how.filter = filter;
      notes.push_back("the model's conditions: " + where.dump());
    } catch (const Error& e) {
      if (e.code() != Code::Invalid) throw;
      notes.push_back("the model's conditions are none and were left out: " + where.dump() + " (" + e.what() + ")");
    }
  }

  RetrieverOptions options_;
};

}  // namespace

PromptTemplate default_self_query_prompt() {
  return "Documents have these fields:\n{fields}\nTake out of the question which fields it asks for, and what is left to "
         "search for by meaning. No condition is better than a wrong one.\n\nQuestion: {question}";
}

MadeRetriever make_self_query(const RetrieverOptions& o) { return std::make_unique<SelfQuery>(o); }

}  // namespace hanok::chain
