// Tools over the documents of a collection, as MCP clients expect search and fetch to be.
#include <charconv>

#include "chain/tools/input.h"
#include "hanok/error.h"
#include "hanok/retrievers.h"
#include "hanok/tools.h"

namespace hanok::chain {
namespace {

using base::OrderedJson;

constexpr size_t kSnippet = 600;         // bytes of a passage in a list of results
constexpr size_t kAround = 2;            // passages on each side of one that is fetched
constexpr size_t kMostDocuments = 1000;  // of a list

std::string title_of(const store::Snapshot& snapshot, const store::ChunkRecord& chunk) {
  if (!chunk.heading.empty()) return chunk.heading;
  const auto document = snapshot.find(chunk.path);
  if (document && !document->title.empty()) return document->title;
  return chunk.path.substr(chunk.path.rfind('/') + 1);
}

std::string url_of(const std::string& path) { return path.starts_with("/") ? "file://" + path : path; }

OrderedJson search_results(const DocumentTools& d, const std::string& query) {
  const auto snapshot = d.collection->snapshot();
  const auto found = search(*snapshot, query, {.k = d.k, .embedder = d.embedder, .quotes_bind = false});
  OrderedJson results = OrderedJson::array();
  for (const Hit& hit : found.hits)
    results.push_back({{"id", hit.chunk.path + "#" + std::to_string(hit.chunk.ordinal)},
                       {"title", title_of(*snapshot, hit.chunk)},
                       {"url", url_of(hit.chunk.path)},
                       {"text", cut_bytes(hit.chunk.text, kSnippet)}});
  return {{"results", results}};
}

/// "PATH#N": a passage and those around it; a path: its whole text.
OrderedJson fetched(const DocumentTools& d, const std::string& id) {
  const auto snapshot = d.collection->snapshot();
  auto document = snapshot->find(id);
  const size_t hash = id.rfind('#');
  std::string text;
  if (document) {
    text = snapshot->document_text(id);
  } else if (hash != id.npos) {
    size_t ordinal = 0;
    const char* end = id.data() + id.size();
    const auto read = std::from_chars(id.data() + hash + 1, end, ordinal);
    document = snapshot->find(std::string_view(id).substr(0, hash));
    if (document && read.ec == std::errc() && read.ptr == end && ordinal < document->chunks) {
      const auto ids = snapshot->chunk_ids(document->id);
      const size_t from = ordinal > kAround ? ordinal - kAround : 0, to = std::min(ids.size(), ordinal + kAround + 1);
      const auto chunks = snapshot->chunks(std::span(ids).subspan(from, to - from));
      size_t stop = 0;
      for (const auto& c : chunks) stop = std::max(stop, c.span.end);
      if (!chunks.empty())
        text = snapshot->document_text(document->path).substr(chunks[0].span.start, stop - chunks[0].span.start);
    } else {
      document.reset();
    }
  }
  if (!document)
    throw Error(Code::NotFound,
                "there is no document '" + id.substr(0, 200) + "'; search gives the ids that there are");
  return {{"id", id},
          {"title", document->title.empty() ? document->path.substr(document->path.rfind('/') + 1) : document->title},
          {"text", cut_bytes(text, d.most_bytes)},
          {"url", url_of(document->path)},
          {"metadata", OrderedJson(document->metadata)}};
}

OrderedJson asked(const DocumentTools& d, const std::string& question) {
  const Answer answer =
      ask(*d.collection, question,
          {.search = {.k = 8, .embedder = d.embedder}, .model = d.model.get(), .prompt_template = d.prompt_template});
  OrderedJson citations = OrderedJson::array();
  for (const Citation& c : answer.citations)
    citations.push_back({{"n", c.n},
                         {"path", c.path},
                         {"page", c.page > 0 ? OrderedJson(c.page) : OrderedJson(nullptr)},
                         {"heading", c.heading},
                         {"quote", c.quote}});
  return {{"answered", answer.answered}, {"answer", answer.answer}, {"citations", citations}};
}

OrderedJson listed(const DocumentTools& d) {
  OrderedJson documents = OrderedJson::array();
  const auto all = d.collection->documents();
  for (const auto& one : all) {
    if (documents.size() == kMostDocuments) break;
    documents.push_back({{"id", one.path}, {"title", one.title}, {"format", one.format}, {"passages", one.chunks}});
  }
  return {{"documents", documents}, {"all", all.size()}};
}

using Work = OrderedJson (*)(const DocumentTools&, const std::string&);

std::shared_ptr<const AgentTool> tool(const DocumentTools& d, const char* name, const char* description,
                                      const char* key, const char* key_description, Work work) {
  if (!d.collection) throw Error(Code::Invalid, std::string("tool ") + name + ": it was given no collection");
  return make_tool({name, description, one_text(key, key_description)}, [d, key, work](const std::string& input) {
    return base::dump_json(work(d, text_in(tool_input(input), key)));
  });
}

}  // namespace

std::shared_ptr<const AgentTool> make_search_tool(const DocumentTools& d) {
  return tool(d, "search", "Searches the user's documents and gives passages with their ids.", "query",
              "what to look for, in words or as a question", search_results);
}

std::shared_ptr<const AgentTool> make_fetch_tool(const DocumentTools& d) {
  return tool(d, "fetch", "Gives the text of a document, or of a passage with what stands around it.", "id",
              "an id that search or list_documents gave", fetched);
}

std::shared_ptr<const AgentTool> make_ask_tool(const DocumentTools& d) {
  return tool(
      d, "ask",
      "Answers a question from the user's documents, with the sentences it rests on, or says that they do not hold it.",
      "question", "the question", asked);
}

std::shared_ptr<const AgentTool> make_list_documents_tool(const DocumentTools& d) {
  if (!d.collection) throw Error(Code::Invalid, "tool list_documents: it was given no collection");
  return make_tool({"list_documents", "Lists the user's documents.",
                    R"({"type":"object","properties":{},"additionalProperties":false})"},
                   [d](const std::string&) { return base::dump_json(listed(d)); });
}

}  // namespace hanok::chain
