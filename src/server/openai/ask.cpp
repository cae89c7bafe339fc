#include "server/openai/ask.h"

#include <algorithm>
#include <filesystem>

#include "hanok/chat.h"
#include "server/openai/chat_call.h"

namespace hanok::server {
namespace {

constexpr std::string_view kExtractive = ":extractive";

size_t code_points(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

std::optional<AskedCollection> asked_collection(std::string_view model) {
  if (!model.starts_with(kCollectionPrefix)) return std::nullopt;
  model.remove_prefix(kCollectionPrefix.size());
  AskedCollection out;
  out.extractive = model.ends_with(kExtractive);
  if (out.extractive) model.remove_suffix(kExtractive.size());
  out.name = model;
  return out;
}

void check_askable(const ChatCall& call) {
  using Kind = chain::ToolChoice::Kind;
  const chain::ChatOptions& options = call.options;
  const auto refuse = [&](const char* field, const std::string& what) {
    throw Refusal({.status = 400,
                   .message = std::string(field) + ": " + what + "; '" + call.model +
                              "' answers from passages, as one text. Ask a chat model for it",
                   .code = "unsupported",
                   .param = field});
  };
  if (!options.constraint.json_schema.empty()) refuse("response_format", "JSON is not made of passages");
  if (call.n > 1) refuse("n", "1 answer was expected, found " + std::to_string(call.n));
  if (options.top_logprobs) refuse("logprobs", "there are none");
  const Kind choice = options.tool_choice.kind;
  if (!options.tools.empty() && (choice == Kind::Required || choice == Kind::Named))
    refuse("tool_choice", "no function is called");
}

std::shared_ptr<store::Collection> readable_collection(House& house, const Request& request, const std::string& name) {
  const auto names = house.store->collections();
  if (std::find(names.begin(), names.end(), name) == names.end() || request.access.of(name) < Scope::Read)
    throw Refusal(
        {.status = 404,
         .message = "there is no collection '" + name + "' here; `hanok ingest -c " + name + " FOLDER` makes one",
         .code = "not_found"});
  return house.store->collection(name);
}

AskedAnswer ask_collection(House& house, const Request& request, const AskedCollection& asked,
                           const std::string& question, const store::Filter& filter, size_t k,
                           const std::function<bool(std::string_view)>& on_text) {
  const auto snapshot = readable_collection(house, request, asked.name)->snapshot();
  EmbedQueue* queue = house.models->maker(*snapshot);
  std::optional<QueuedEmbedder> embedder;
  if (queue) embedder.emplace(*queue);
  const auto model = asked.extractive ? nullptr : house.models->chat(asked.chat_model);
  AskedAnswer out;
  out.answer = chain::ask(*snapshot, question,
                          {.search = {.k = k, .filter = filter, .embedder = embedder ? &*embedder : nullptr},
                           .model = model.get(),
                           .prompt_template = house.ask_prompt,
                           .on_token = on_text});
  const auto count = [&](const std::string& text) {
    return model ? model->count_tokens(text) : text::count_tokens(text);
  };
  out.prompt_tokens = count(model ? out.answer.prompt : question);
  out.completion_tokens = count(out.answer.answer);
  return out;
}

std::vector<Marker> find_markers(const chain::Answer& answer) {
  std::vector<Marker> out;
  for (const auto& citation : answer.citations) {
    const std::string mark = "[" + std::to_string(citation.n) + "]";
    for (size_t at = answer.answer.find(mark); at != std::string::npos; at = answer.answer.find(mark, at + 1)) {
      const size_t start = code_points(std::string_view(answer.answer).substr(0, at));
      out.push_back({start, start + mark.size(), &citation});
    }
  }
  std::sort(out.begin(), out.end(), [](const Marker& a, const Marker& b) { return a.start < b.start; });
  return out;
}

std::string file_url(const std::string& path, int page) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out = path.starts_with('/') ? "file://" : "";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || std::string_view("/-._~").find(c) != std::string_view::npos)
      out += c;
    else
      out += {'%', digits[byte >> 4], digits[byte & 15]};
  }
  return page > 0 ? out + "#page=" + std::to_string(page) : out;
}

base::OrderedJson url_citations(const chain::Answer& answer) {
  base::OrderedJson out = base::OrderedJson::array();
  for (const Marker& marker : find_markers(answer)) {
    const chain::Citation& c = *marker.citation;
    const std::string name = std::filesystem::path(c.path).filename().string();
    out.push_back({{"type", "url_citation"},
                   {"url_citation",
                    {{"start_index", marker.start},
                     {"end_index", marker.end},
                     {"title", c.page > 0 ? name + ", page " + std::to_string(c.page) : name},
                     {"url", file_url(c.path, c.page)}}}});
  }
  return out;
}

base::OrderedJson answer_details(const chain::Answer& answer) {
  base::OrderedJson citations = base::OrderedJson::array();
  for (const auto& c : answer.answered ? answer.citations : answer.nearest)
    citations.push_back({{"n", c.n},
                         {"path", c.path},
                         {"page", c.page > 0 ? base::OrderedJson(c.page) : base::OrderedJson(nullptr)},
                         {"heading", c.heading},
                         {"start", c.span.start},
                         {"end", c.span.end},
                         {"quote", c.quote}});
  return {{"answered", answer.answered},
          {"confidence", answer.confidence},
          {answer.answered ? "citations" : "nearest", citations},
          {"warnings", answer.warnings}};
}

}  // namespace hanok::server
