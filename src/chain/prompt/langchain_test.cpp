// The same small cases as LangChain's own blocks: tests/data/langchain.json holds what they make of them
// (tools/make_langchain_golden.py). docs/coming-from-langchain.md lists what is meant to differ.
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/json.h"
#include "chain/prompt/ngram_overlap.h"
#include "chain/search/diversify.h"
#include "chain/test_models.h"
#include "hanok/error.h"
#include "hanok/indexing.h"
#include "hanok/lm.h"
#include "hanok/memory.h"
#include "hanok/outputs.h"
#include "hanok/prompts.h"
#include "hanok/retrievers.h"
#include "hanok/splitters.h"

namespace hanok::chain {
namespace {

using base::Json;

const Json& golden() {
  static const Json json = base::parse_json(
      base::read_file(base::fs::path(HANOK_SOURCE_DIR) / "tests/data/langchain.json"), "langchain.json");
  return json;
}

Values values_of(const Json& json) {
  Values out;
  for (const auto& [key, value] : json.items()) out[key] = value.get<std::string>();
  return out;
}

void expect_templates(const Json& cases, TemplateFormat format) {
  for (const auto& c : cases) {
    Json made;
    try {
      const PromptTemplate t(c["template"].get<std::string>(), format);
      made["variables"] = t.variables();
      made["text"] = t.format(values_of(c["values"]));
    } catch (const Error&) {
      made = {{"error", true}};
    }
    Json wanted = c["made"];
    if (wanted.contains("error")) wanted = {{"error", true}};
    EXPECT_EQ(made, wanted) << c["template"];
  }
}

TEST(LangChain, HasAHundredCasesAndMore) {
  size_t cases = 0;
  for (const auto& [key, list] : golden().items())
    if (list.is_array()) cases += list.size();
  EXPECT_GE(cases, 280u);
}

TEST(LangChain, Templates) {
  expect_templates(golden()["templates"], TemplateFormat::Braces);
  expect_templates(golden()["jinja"], TemplateFormat::Jinja);
}

TEST(LangChain, ChatPrompts) {
  const MessageValues history{{"h", {{"user", "h1"}, {"assistant", "a1"}, {"user", "h2"}, {"assistant", "a2"}}}};
  for (const auto& c : golden()["chats"]) {
    const ChatPromptTemplate p({{"system", "S {x}"},
                                MessagesPlaceholder{.name = "h", .last = c["last"].get<size_t>()},
                                {"human", "{y}"},
                                {"ai", "{{y}}"}});
    Json made = Json::array();
    for (const Message& m : p.format({{"x", "{y}"}, {"y", "2"}}, history)) made.push_back({m.role, m.text()});
    EXPECT_EQ(made, c["made"]) << c["last"];
  }
}

TEST(LangChain, FewShotPromptsByLength) {
  for (const auto& c : golden()["few_shot"]) {
    std::vector<Example> examples;
    for (const auto& e : c["examples"]) examples.push_back(values_of(e));
    const FewShotPrompt p{.examples = select_by_length(examples, "{q} -> {a}", c["most"].get<size_t>()),
                          .example = "{q} -> {a}",
                          .prefix = "P {x}",
                          .suffix = "{input}",
                          .separator = "\n--\n"};
    EXPECT_EQ(p.format({{"x", "1"}, {"input", c["input"].get<std::string>()}}), c["made"].get<std::string>());
  }
}

TEST(LangChain, OverlapsOfNgrams) {
  for (const auto& c : golden()["overlaps"])
    EXPECT_NEAR(ngram_overlap(c["text"].get<std::string>(), c["reference"].get<std::string>()), c["made"].get<double>(),
                1e-9)
        << c;
}

TEST(LangChain, CutsOfTheRecursiveSplitter) {
  for (const auto& c : golden()["splits"]) {
    const Json& how = c["how"];
    text::RecursiveSplitOptions options{.chunk_size = how["chunk_size"], .chunk_overlap = how["chunk_overlap"]};
    if (how.contains("separators")) options.separators = how["separators"].get<std::vector<std::string>>();
    options.strip_blanks = how.value("strip_whitespace", true);
    if (const Json keep = how.value("keep_separator", Json(true)); keep == false)
      options.keep_separator = text::KeepSeparator::No;
    else if (keep == "end")
      options.keep_separator = text::KeepSeparator::End;
    EXPECT_EQ(text::split_recursively(c["text"].get<std::string>(), options), c["made"].get<std::vector<std::string>>())
        << c["text"] << " " << how;
  }
}

// Blanks in front of a comma are part of the item there, and not here.
TEST(LangChain, Lists) {
  for (const auto& c : golden()["lists"]) {
    auto wanted = c["made"].get<std::vector<std::string>>();
    for (auto& item : wanted) item.erase(item.find_last_not_of(' ') + 1);
    EXPECT_EQ(list_parser().parse(c["text"].get<std::string>()), wanted) << c;
  }
}

TEST(LangChain, OrdersOfRankFusion) {
  for (const auto& c : golden()["ensembles"]) {
    const auto lists = c["lists"].get<std::vector<std::vector<uint64_t>>>();
    std::vector<uint64_t> made;
    for (const auto& [id, score] : weighted_rank_fusion(lists, c["weights"].get<std::vector<double>>()))
      made.push_back(id);
    EXPECT_EQ(made, c["made"].get<std::vector<uint64_t>>()) << c;
  }
}

TEST(LangChain, OrdersOfMarginalRelevance) {
  for (const auto& c : golden()["mmr"]) {
    const auto query = c["query"].get<std::vector<float>>();
    const auto rows = c["rows"].get<std::vector<std::vector<float>>>();
    std::vector<double> relevance, alike;
    for (const auto& a : rows) {
      relevance.push_back(cosine(query, a));
      for (const auto& b : rows) alike.push_back(cosine(a, b));
    }
    EXPECT_EQ(maximal_marginal_relevance(relevance, alike, c["k"].get<size_t>(), c["lambda"].get<double>()),
              c["made"].get<std::vector<size_t>>())
        << c;
  }
}

/// Counts what blanks part.
class Words : public test::Played {
 public:
  Words() : Played(std::deque<std::string>{}) {}
  size_t count_tokens(std::string_view text) const override {
    size_t n = 0;
    for (size_t i = 0; i < text.size(); ++i) n += text[i] != ' ' && (i == 0 || text[i - 1] == ' ');
    return n;
  }
  size_t count_tokens(std::span<const Message> messages) const override {
    size_t sum = 0;
    for (const Message& m : messages) sum += count_tokens(m.text());
    return sum;
  }
};

// LangChain's token memory drops single messages, and here turns are whole: an answer that it leaves without its
// question is left out.
TEST(LangChain, Memories) {
  for (const auto& c : golden()["memories"]) {
    const bool window = c["kind"] == "window";
    const size_t limit = c["limit"].get<size_t>();
    Memory memory({.kind = window ? MemoryKind::Window : MemoryKind::Tokens,
                   .turns = limit,
                   .max_tokens = limit,
                   .model = std::make_shared<Words>()});
    for (const auto& turn : c["turns"]) memory.save(turn[0].get<std::string>(), turn[1].get<std::string>());
    std::vector<std::string> made, wanted = c["made"].get<std::vector<std::string>>();
    for (const Message& m : memory.recall().messages) made.push_back(m.text());
    if (wanted.size() % 2) wanted.erase(wanted.begin());
    EXPECT_EQ(made, wanted) << c["kind"] << " " << limit;
  }
}

TEST(LangChain, CleanupOfItsIndexingCall) {
  for (const auto& c : golden()["indexing"]) {
    const base::TempFolder folder;
    const auto house = store::Store::open(folder.path());
    auto& collection = *house->collection("c", true);
    for (const auto& step : c["steps"]) {
      std::vector<SourceText> texts;
      for (const auto& t : step["texts"]) {
        const auto text = t.get<std::string>();  // "SOURCE: TEXT"
        texts.push_back({text.substr(3), text.substr(0, 1)});
      }
      const auto r = index_texts(
          collection, texts,
          {.cleanup = cleanup_named(step["cleanup"].get<std::string>()), .force = step["force"].get<bool>()});
      EXPECT_EQ((Json{{"added", r.added}, {"updated", r.changed}, {"skipped", r.unchanged}, {"deleted", r.gone}}),
                step["made"])
          << step;
      std::vector<std::string> there;
      for (const auto& d : collection.documents())
        there.push_back(d.metadata["source"].get<std::string>() + ": " + collection.document_text(d.path));
      std::sort(there.begin(), there.end());
      EXPECT_EQ(Json(there), step["there"]) << step;
    }
  }
}

}  // namespace
}  // namespace hanok::chain
