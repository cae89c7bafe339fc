// POST /responses: the stateless core of OpenAI's newer API, over the same models and collections as /chat/completions.
// The tool file_search looks the last question up in vector stores and answers from what was found, with file
// citations.
#include <algorithm>
#include <filesystem>

#include "base/clock.h"
#include "server/body.h"
#include "server/openai/ask.h"
#include "server/openai/chat_call.h"
#include "server/openai/openai.h"
#include "server/openai/vector_stores.h"

namespace hanok::server {
namespace {

using base::Json;
using base::OrderedJson;

constexpr int64_t kMostResults = 50, kUsualResults = 10, kMostLogprobs = 20;

struct FileSearch {
  std::vector<std::string> stores;
  store::Filter filter;
  size_t results = kUsualResults;
  double least_score = 0;
  bool show_results = false;  // include: ["file_search_call.results"]
};

struct Call {
  ChatCall chat;
  std::optional<FileSearch> search;
  OrderedJson shown;  // fields of the request that the response repeats
};

// ---- reading

void read_item(const Json& item, const std::string& where, std::vector<chain::Message>& out) {
  if (!item.is_object()) wrong_field(where, "an object", item);
  const std::string type = text_field_or_none(item, "type").value_or("message");
  if (type == "function_call") {
    chain::Message message("assistant", "");
    message.tool_calls.push_back(
        {text_field(item, "call_id"), text_field(item, "name"), text_field(item, "arguments")});
    // Calls that follow each other are one turn.
    if (!out.empty() && out.back().role == "assistant" && !out.back().tool_calls.empty())
      out.back().tool_calls.push_back(message.tool_calls[0]);
    else
      out.push_back(std::move(message));
  } else if (type == "function_call_output") {
    chain::Message message("tool", "");
    const Json* output = field(item, "output");
    message.parts = read_parts(output ? *output : Json(), where + ".output");
    message.tool_call_id = text_field(item, "call_id");
    out.push_back(std::move(message));
  } else if (type == "message") {
    chain::Message message;
    message.role = text_field(item, "role");
    if (message.role == "developer") message.role = "system";
    if (message.role != "system" && message.role != "user" && message.role != "assistant")
      wrong_field(where + ".role", "system, developer, user or assistant", item["role"]);
    const Json* content = field(item, "content");
    message.parts = read_parts(content ? *content : Json(), where + ".content");
    out.push_back(std::move(message));
  } else if (type != "reasoning" && type != "file_search_call") {  // of an earlier answer: nothing to say again
    wrong_field(where + ".type", "message, function_call or function_call_output", type);
  }
}

// Whether the request asks for a part of the response that is left out by itself.
bool includes(const Json& body, const char* what) {
  const auto include = texts_field(body, "include");
  return std::find(include.begin(), include.end(), what) != include.end();
}

FileSearch read_file_search(const Json& tool, const Json& body) {
  FileSearch out;
  out.stores = texts_field(tool, "vector_store_ids");
  if (out.stores.empty()) wrong_field("tools.vector_store_ids", "a list of vector stores", nullptr);
  out.filter = read_attribute_filter(field(tool, "filters"));
  out.results = static_cast<size_t>(whole_field(tool, "max_num_results", 1, kMostResults).value_or(kUsualResults));
  if (const Json* ranking = field(tool, "ranking_options"); ranking && ranking->is_object())
    out.least_score = number_field(*ranking, "score_threshold", 0, 1).value_or(0);
  out.show_results = includes(body, "file_search_call.results");
  return out;
}

void read_tools(const Json& body, const OrderedJson& in_order, Call& call) {
  const Json* tools = field(body, "tools");
  if (!tools) return;
  if (!tools->is_array()) wrong_field("tools", "a list", *tools);
  for (size_t i = 0; i < tools->size(); ++i) {
    const Json& tool = (*tools)[i];
    if (!tool.is_object()) wrong_field("tools", "objects", tool);
    const std::string type = text_field(tool, "type");
    if (type == "file_search") {
      call.search = read_file_search(tool, body);
      continue;
    }
    if (type != "function") wrong_field("tools.type", "function or file_search (the others are not served here)", type);
    chain::Tool out{.name = text_field(tool, "name"),
                    .description = text_field_or_none(tool, "description").value_or("")};
    if (field(tool, "parameters")) out.parameters = base::dump_json(in_order["tools"][i]["parameters"]);
    call.chat.options.tools.push_back(std::move(out));
  }
  if (call.chat.options.tools.empty()) return;
  const Json* choice = field(body, "tool_choice");
  const auto allowed = read_tool_choice(choice, call.chat.options);
  using Kind = chain::ToolChoice::Kind;
  if (call.search && call.chat.options.tool_choice.kind == Kind::Required)
    call.chat.options.tool_choice.kind = Kind::Auto;  // the search is a call
  if (choice && choice->is_object() && choice->value("type", "") == "allowed_tools" &&
      std::find(allowed.begin(), allowed.end(), "file_search") == allowed.end())
    call.search.reset();
}

Call read_call(const Request& request) {
  const Json body = json_body(request);
  const OrderedJson in_order = ordered(body, request.body);
  if (field(body, "previous_response_id") || field(body, "conversation"))
    throw Refusal({.status = 400,
                   .message = "responses are not kept here: send the whole conversation as input in place of "
                              "previous_response_id or conversation",
                   .code = "unsupported",
                   .param = "previous_response_id"});
  if (flag_field(body, "background", false))
    throw Refusal({.status = 400,
                   .message = "background: answers are written while the client waits",
                   .code = "unsupported",
                   .param = "background"});
  Call out;
  out.chat.model = text_field(body, "model");
  if (const auto instructions = text_field_or_none(body, "instructions"))
    out.chat.messages.emplace_back("system", *instructions);
  const Json* input = field(body, "input");
  if (!input || (input->is_array() && input->empty()))
    wrong_field("input", "a text, or a list of items", input ? *input : Json());
  if (input->is_string())
    out.chat.messages.emplace_back("user", input->get<std::string>());
  else if (input->is_array())
    for (size_t i = 0; i < input->size(); ++i)
      read_item((*input)[i], "input[" + std::to_string(i) + "]", out.chat.messages);
  else
    wrong_field("input", "a text, or a list of items", *input);
  read_sampling(body, out.chat.options);
  out.chat.options.max_tokens = static_cast<size_t>(whole_field(body, "max_output_tokens", 1, 1 << 24).value_or(0));
  if (const auto text = in_order.find("text"); text != in_order.end() && text->is_object() && text->contains("format"))
    read_format(&(*text)["format"], "text.format", out.chat.options);
  read_tools(body, in_order, out);
  const auto likely = whole_field(body, "top_logprobs", 0, kMostLogprobs);
  if (includes(body, "message.output_text.logprobs"))
    out.chat.options.top_logprobs = static_cast<size_t>(likely.value_or(0));
  out.chat.stream = flag_field(body, "stream", false);
  out.shown = {{"instructions", nullptr},
               {"max_output_tokens", nullptr},
               {"metadata", OrderedJson::object()},
               {"temperature", nullptr},
               {"top_p", nullptr},
               {"tools", OrderedJson::array()},
               {"tool_choice", "auto"},
               {"text", {{"format", {{"type", "text"}}}}},
               {"user", nullptr}};
  for (auto& [key, value] : out.shown.items())
    if (in_order.contains(key) && !in_order[key].is_null()) value = in_order[key];
  return out;
}

// ---- answering

/// One response while it is made: its output so far, and the events that tell of it.
class Response {
 public:
  Response(const Call& call, Writer* out) : out_(out) {
    json_ = {{"id", new_id("resp_")},
             {"object", "response"},
             {"created_at", base::now_ms() / 1000},
             {"status", "in_progress"},
             {"background", false},
             {"error", nullptr},
             {"incomplete_details", nullptr},
             {"model", call.chat.model},
             {"output", OrderedJson::array()},
             {"parallel_tool_calls", true},
             {"previous_response_id", nullptr},
             {"reasoning", {{"effort", nullptr}, {"summary", nullptr}}},
             {"store", false},
             {"truncation", "disabled"},
             {"usage", nullptr}};
    json_.update(call.shown);
  }
  bool begun() const { return begun_; }
  const OrderedJson& json() const { return json_; }

  void begin() {
    if (std::exchange(begun_, true)) return;
    emit("response.created", {{"response", json_}});
    emit("response.in_progress", {{"response", json_}});
  }
  /// Opens an item of the output; its place there.
  size_t add(OrderedJson item) {
    begin();
    json_["output"].push_back(item);
    const size_t index = json_["output"].size() - 1;
    emit("response.output_item.added", {{"output_index", index}, {"item", std::move(item)}});
    return index;
  }
  void done(size_t index, OrderedJson item) {
    json_["output"][index] = item;
    emit("response.output_item.done", {{"output_index", index}, {"item", std::move(item)}});
  }
  void finish(const char* status, OrderedJson details, size_t input, size_t cached, size_t output) {
    begin();
    json_["status"] = status;
    json_["incomplete_details"] = std::move(details);
    json_["usage"] = {{"input_tokens", input},
                      {"input_tokens_details", {{"cached_tokens", cached}, {"cache_write_tokens", 0}}},
                      {"output_tokens", output},
                      {"output_tokens_details", {{"reasoning_tokens", 0}}},
                      {"total_tokens", input + output}};
    emit("response." + std::string(status), {{"response", json_}});
  }
  void fail(const Problem& problem) {
    json_["status"] = "failed";
    json_["error"] = {{"code", "server_error"}, {"message", problem.message}};
    emit("response.failed", {{"response", json_}});
  }
  void emit(const std::string& type, OrderedJson fields) {
    if (!out_) return;
    OrderedJson event = {{"type", type}, {"sequence_number", sequence_++}};
    event.update(fields);
    out_->write("event: " + type + "\n" + event_line(event));
  }

 private:
  Writer* const out_;
  OrderedJson json_;
  bool begun_ = false;
  size_t sequence_ = 0;
};

/// A message item that grows.
class TextItem {
 public:
  explicit TextItem(Response& response) : response_(response) {}
  bool open() const { return open_; }
  /// logprobs: of the tokens that the piece ends.
  void push(std::string_view piece, OrderedJson logprobs = OrderedJson::array()) {
    if (!std::exchange(open_, true)) {
      index_ = response_.add(item("in_progress", OrderedJson::array()));
      response_.emit("response.content_part.added", where({{"part", part("")}}));
    }
    text_ += piece;
    logprobs_.insert(logprobs_.end(), logprobs.begin(), logprobs.end());
    response_.emit("response.output_text.delta", where({{"delta", piece}, {"logprobs", std::move(logprobs)}}));
  }
  void close(const std::string& text, const OrderedJson& annotations, const char* status) {
    if (!open_) push("");
    text_ = text, annotations_ = annotations;
    for (size_t i = 0; i < annotations.size(); ++i)
      response_.emit("response.output_text.annotation.added",
                     where({{"annotation_index", i}, {"annotation", annotations[i]}}));
    response_.emit("response.output_text.done", where({{"text", text_}, {"logprobs", logprobs_}}));
    response_.emit("response.content_part.done", where({{"part", part(text_)}}));
    response_.done(index_, item(status, OrderedJson::array({part(text_)})));
  }

 private:
  OrderedJson part(const std::string& text) const {
    return {{"type", "output_text"}, {"text", text}, {"annotations", annotations_}, {"logprobs", logprobs_}};
  }
  OrderedJson item(const char* status, OrderedJson content) const {
    return {
        {"id", id_}, {"type", "message"}, {"status", status}, {"role", "assistant"}, {"content", std::move(content)}};
  }
  OrderedJson where(OrderedJson more) const {
    OrderedJson out = {{"item_id", id_}, {"output_index", index_}, {"content_index", 0}};
    out.update(more);
    return out;
  }
  Response& response_;
  const std::string id_ = new_id("msg_");
  OrderedJson annotations_ = OrderedJson::array(), logprobs_ = OrderedJson::array();
  std::string text_;
  size_t index_ = 0;
  bool open_ = false;
};

/// A function call item that grows.
class CallItem {
 public:
  CallItem(Response& response, std::string call_id, std::string name)
      : response_(response),
        call_id_(std::move(call_id)),
        name_(std::move(name)),
        index_(response.add(item("in_progress"))) {}
  void push(const std::string& piece) {
    arguments_ += piece;
    if (!piece.empty())
      response_.emit("response.function_call_arguments.delta",
                     {{"item_id", id_}, {"output_index", index_}, {"delta", piece}});
  }
  void close() {
    response_.emit("response.function_call_arguments.done",
                   {{"item_id", id_}, {"output_index", index_}, {"name", name_}, {"arguments", arguments_}});
    response_.done(index_, item("completed"));
  }

 private:
  OrderedJson item(const char* status) const {
    return {{"id", id_},           {"type", "function_call"}, {"status", status},
            {"call_id", call_id_}, {"name", name_},           {"arguments", arguments_}};
  }
  Response& response_;
  const std::string id_ = new_id("fc_"), call_id_, name_;
  std::string arguments_;
  size_t index_;
};

void from_model(House& house, const chain::ChatModel& model, const Call& call, Response& response) {
  TextItem text(response);
  std::vector<std::unique_ptr<CallItem>> calls;
  chain::ChatOptions options = call.chat.options;
  OrderedJson waiting = OrderedJson::array();  // for the text that they belong to
  if (options.top_logprobs)
    options.on_logprob = [&](const TokenLogprob& token) { waiting.push_back(logprob_json(token)); };
  options.on_text = [&](std::string_view piece) {
    text.push(piece, std::exchange(waiting, OrderedJson::array()));
    return true;
  };
  options.on_tool_call = [&](const chain::ToolCallPiece& piece) {
    if (piece.index >= calls.size()) calls.push_back(std::make_unique<CallItem>(response, piece.id, piece.name));
    calls.back()->push(piece.arguments);
    return true;
  };
  const chain::ChatReply reply = model.chat(call.chat.messages, options);
  const bool cut = reply.finish == chain::ChatFinish::Length || reply.finish == chain::ChatFinish::Context;
  if (text.open() || calls.empty()) text.close(reply.text(), OrderedJson::array(), cut ? "incomplete" : "completed");
  for (auto& one : calls) one->close();
  count_tokens(house, reply.prompt_tokens, reply.completion_tokens);
  response.finish(cut ? "incomplete" : "completed",
                  cut ? OrderedJson{{"reason", "max_output_tokens"}} : OrderedJson(nullptr), reply.prompt_tokens,
                  reply.cached_tokens, reply.completion_tokens);
}

OrderedJson flat_url_citations(const chain::Answer& answer) {
  OrderedJson out = OrderedJson::array();
  for (const OrderedJson& one : url_citations(answer)) {
    OrderedJson flat = {{"type", "url_citation"}};
    flat.update(one["url_citation"]);
    out.push_back(std::move(flat));
  }
  return out;
}

OrderedJson file_citations(const chain::Answer& answer, const std::function<std::string(const std::string&)>& file_id) {
  OrderedJson out = OrderedJson::array();
  for (const Marker& marker : find_markers(answer))
    out.push_back({{"type", "file_citation"},
                   {"index", marker.start},
                   {"file_id", file_id(marker.citation->path)},
                   {"filename", std::filesystem::path(marker.citation->path).filename().string()}});
  return out;
}

void from_collection(House& house, const Request& request, const AskedCollection& collection, const Call& call,
                     const store::Filter& filter, const std::function<OrderedJson(const chain::Answer&)>& annotations,
                     Response& response) {
  TextItem text(response);
  const AskedAnswer out = ask_collection(house, request, collection, last_question(call.chat.messages, "input"), filter,
                                         kAskedPassages, [&](std::string_view piece) {
                                           text.push(piece);
                                           return true;
                                         });
  text.close(out.answer.answer, annotations(out.answer), "completed");
  response.finish("completed", nullptr, out.prompt_tokens, 0, out.completion_tokens);
}

// Looks the question up in every store, shows that, and answers from the one that holds the best passage.
void from_file_search(House& house, VectorStores& stores, const Request& request, const Call& call,
                      Response& response) {
  const FileSearch& search = *call.search;
  const std::string question = last_question(call.chat.messages, "input"), id = new_id("fs_");
  const auto item = [&](const char* status, const OrderedJson& results) {
    return OrderedJson{
        {"id", id}, {"type", "file_search_call"}, {"status", status}, {"queries", {question}}, {"results", results}};
  };
  for (const auto& store : search.stores) readable_collection(house, request, store);
  const size_t index = response.add(item("in_progress", nullptr));
  for (const char* state : {"in_progress", "searching"})
    response.emit(std::string("response.file_search_call.") + state, {{"item_id", id}, {"output_index", index}});
  std::vector<FoundPassage> found;
  std::string best = search.stores.front();
  double best_score = -1;
  for (const auto& store : search.stores)
    for (auto& passage : stores.search(store, question, search.filter, search.results)) {
      if (passage.score > best_score) best_score = passage.score, best = store;
      if (passage.score >= search.least_score) found.push_back(std::move(passage));
    }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
  if (found.size() > search.results) found.resize(search.results);
  OrderedJson results = OrderedJson::array();
  for (const auto& passage : found)
    results.push_back({{"file_id", passage.file_id},
                       {"filename", passage.filename},
                       {"score", passage.score},
                       {"text", passage.text},
                       {"attributes", OrderedJson::parse(base::dump_json(passage.attributes))}});
  response.emit("response.file_search_call.completed", {{"item_id", id}, {"output_index", index}});
  response.done(index, item("completed", search.show_results ? results : OrderedJson(nullptr)));
  const auto file_id = [&](const std::string& path) { return stores.id_of(best, path); };
  AskedCollection asked{.name = best, .chat_model = call.chat.model};
  if (asked_collection(call.chat.model))
    asked.chat_model.clear(), asked.extractive = asked_collection(call.chat.model)->extractive;
  from_collection(
      house, request, asked, call, search.filter,
      [&](const chain::Answer& answer) { return file_citations(answer, file_id); }, response);
}

void answer(House& house, VectorStores& stores, const Request& request, Call& call, Response& response) {
  if (call.search) return from_file_search(house, stores, request, call, response);
  if (const auto collection = asked_collection(call.chat.model))
    return from_collection(house, request, *collection, call, {}, flat_url_citations, response);
  const auto model = house.models->chat(call.chat.model);
  if (!model) wrong_field("model", "the name of a chat model", call.chat.model);
  fit_context(*model, call.chat);
  from_model(house, *model, call, response);
}

Reply responses(House& house, VectorStores& stores, const Request& request) {
  auto call = std::make_shared<Call>(read_call(request));
  if (call->search || asked_collection(call->chat.model)) check_askable(call->chat);
  if (!asked_collection(call->chat.model)) (void)house.models->chat(call->chat.model);  // 404 before a stream begins
  if (!call->chat.stream) {
    Response response(*call, nullptr);
    try {
      answer(house, stores, request, *call, response);
    } catch (const Error& error) {
      throw Refusal(chat_problem(error));
    }
    return Reply::json(base::dump_json(response.json()));
  }
  return Reply::events([&house, &stores, &request, call](Writer& out) {
    Response response(*call, &out);
    try {
      answer(house, stores, request, *call, response);
    } catch (const std::exception& error) {
      if (const auto* known = dynamic_cast<const Error*>(&error); known && known->code() == Code::Cancelled) throw;
      if (!response.begun()) throw Refusal(chat_problem(error));
      response.fail(chat_problem(error));
    }
  });
}

Reply count_input(House& house, const Request& request) {
  const Call call = read_call(request);
  const auto model = asked_collection(call.chat.model) ? nullptr : house.models->chat(call.chat.model);
  if (!model) wrong_field("model", "the name of a chat model", call.chat.model);
  try {
    return Reply::json(base::dump_json(
        OrderedJson{{"object", "response.input_tokens"}, {"input_tokens", model->count_tokens(call.chat.messages)}}));
  } catch (const Error& error) {
    throw Refusal(chat_problem(error));
  }
}

}  // namespace

void add_openai_responses(Router::Group& group, House& house, VectorStores& stores) {
  group.add(
      "POST", "/responses", [&house, &stores](const Request& request) { return responses(house, stores, request); },
      {.lane = Lane::Generate,
       .summary =
           "An answer as OpenAI's responses: texts, function calls, file_search over vector stores; nothing is kept",
       .request_schema =
           R"({"type":"object","required":["model","input"],"properties":{"model":{"type":"string"},"input":{},
"instructions":{"type":"string"},"stream":{"type":"boolean"},"tools":{"type":"array"},"tool_choice":{},"text":{"type":"object"},
"max_output_tokens":{"type":"integer"},"temperature":{"type":"number"},"top_p":{"type":"number"},"include":{"type":"array"},
"top_logprobs":{"type":"integer"}}})",
       .most_body = kMostJson,
       .json_only = true});
  group.add("POST", "/responses/input_tokens", [&house](const Request& request) { return count_input(house, request); },
            {.lane = Lane::Generate,
             .summary = "How many tokens an input of responses has",
             .most_body = kMostJson,
             .json_only = true});
}

}  // namespace hanok::server
