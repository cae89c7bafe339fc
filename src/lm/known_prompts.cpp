#include "lm/known_prompts.h"

#include <array>
#include <string>

#include "base/ascii.h"

namespace hanok::lm {
namespace {

constexpr std::string_view kSearch = "Represent this sentence for searching relevant passages: ";
constexpr std::string_view kInstruct =
    "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: ";

struct Row {
  std::string_view part, and_part;  // both must stand in the name; the first row that fits counts
  KnownPrompts prompts;
};

// From the model cards, as of 2025.
constexpr std::array kRows{Row{"e5-mistral", "", {kInstruct, ""}},
                           Row{"multilingual-e5", "instruct", {kInstruct, ""}},
                           Row{"multilingual-e5", "", {"query: ", "passage: "}},
                           Row{"e5-small", "", {"query: ", "passage: "}},
                           Row{"e5-base", "", {"query: ", "passage: "}},
                           Row{"e5-large", "", {"query: ", "passage: "}},
                           Row{"bge-m3", "", {"", ""}},
                           Row{"bge-", "-en", {kSearch, ""}},
                           Row{"bge-", "-zh", {"为这个句子生成表示以用于检索相关文章：", ""}},
                           Row{"gte-qwen", "", {kInstruct, ""}},
                           Row{"gte-", "", {"", ""}},
                           Row{"arctic-embed", "v2", {"query: ", ""}},
                           Row{"arctic-embed", "", {kSearch, ""}},
                           Row{"mxbai-embed", "", {kSearch, ""}},
                           Row{"nomic-embed", "", {"search_query: ", "search_document: "}},
                           Row{"modernbert-embed", "", {"search_query: ", "search_document: "}}};

}  // namespace

std::optional<KnownPrompts> known_prompts(std::string_view model_name) {
  const std::string name = base::lower(model_name);
  for (const Row& row : kRows)
    if (name.find(row.part) != std::string::npos && name.find(row.and_part) != std::string::npos) return row.prompts;
  return std::nullopt;
}

}  // namespace hanok::lm
