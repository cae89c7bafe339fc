// POST /chat/completions: a chat model, or a collection that is asked as one; whole, or as a stream of events.
#include <algorithm>

#include "base/clock.h"
#include "server/body.h"
#include "server/openai/ask.h"
#include "server/openai/chat_call.h"
#include "server/openai/openai.h"

namespace hanok::server {
namespace {

using base::OrderedJson;

/// What all pieces of one answer have in common.
struct Envelope {
  std::string id, model;
  int64_t created = 0;

  OrderedJson open(const char* object) const {
    return {{"id", id}, {"object", object}, {"created", created}, {"model", model}, {"system_fingerprint", "hanok"}};
  }
};

Envelope envelope_for(const Request& request, const std::string& model) {
  const std::string id = request.id.starts_with("req_") ? request.id.substr(4) : request.id;
  return {"chatcmpl-" + id, model, base::now_ms() / 1000};
}

/// Writes the chunks of a stream; the first of a choice carries the role.
class Chunks {
 public:
  Chunks(Writer& out, Envelope envelope, bool usage) : out_(out), envelope_(std::move(envelope)), usage_(usage) {}

  void delta(size_t choice, OrderedJson delta, OrderedJson logprobs = nullptr, OrderedJson finish = nullptr) {
    if (choice >= begun_) {
      delta["role"] = "assistant";
      if (!delta.contains("content")) delta["content"] = "";
      begun_ = choice + 1;
    }
    OrderedJson chunk = envelope_.open("chat.completion.chunk");
    chunk["choices"] = {{{"index", choice},
                         {"delta", std::move(delta)},
                         {"logprobs", std::move(logprobs)},
                         {"finish_reason", std::move(finish)}}};
    if (usage_) chunk["usage"] = nullptr;
    out_.write(event_line(chunk));
  }
  void done(const OrderedJson& usage) {
    if (usage_) {
      OrderedJson chunk = envelope_.open("chat.completion.chunk");
      chunk["choices"] = OrderedJson::array();
      chunk["usage"] = usage;
      out_.write(event_line(chunk));
    }
    out_.write("data: [DONE]\n\n");
  }
  bool begun() const { return begun_ > 0; }
  void failed(const Problem& problem) { out_.write(error_event(problem)); }

 private:
  Writer& out_;
  const Envelope envelope_;
  const bool usage_;
  size_t begun_ = 0;  // choices
};

/// Runs `work`, which may have written something when it throws: then the error goes into the stream.
void guarded(Chunks& chunks, const std::function<void()>& work) {
  try {
    work();
  } catch (const std::exception& error) {
    if (const auto* known = dynamic_cast<const Error*>(&error); known && known->code() == Code::Cancelled) throw;
    if (!chunks.begun()) throw Refusal(chat_problem(error));
    chunks.failed(chat_problem(error));
  }
}

// ---- a chat model

OrderedJson message_json(const chain::ChatReply& reply) {
  const std::string text = reply.text();
  const bool calls = !reply.message.tool_calls.empty();
  OrderedJson out = {{"role", "assistant"}, {"content", text}, {"refusal", nullptr}};
  if (calls && text.empty()) out["content"] = nullptr;
  if (calls) out["tool_calls"] = tool_calls_json(reply.message.tool_calls);
  out["annotations"] = OrderedJson::array();
  return out;
}

OrderedJson logprobs_json(const std::vector<TokenLogprob>& tokens) {
  OrderedJson content = OrderedJson::array();
  for (const auto& token : tokens) content.push_back(logprob_json(token));
  return {{"content", content}, {"refusal", nullptr}};
}

Reply whole(House& house, const chain::ChatModel& model, const ChatCall& call, const Envelope& envelope) {
  OrderedJson choices = OrderedJson::array();
  size_t prompt = 0, completion = 0, cached = 0;
  for (size_t i = 0; i < call.n; ++i) {
    chain::ChatOptions options = call.options;
    *options.seed += i;
    chain::ChatReply reply;
    try {
      reply = model.chat(call.messages, options);
    } catch (const Error& error) {
      throw Refusal(chat_problem(error));
    }
    choices.push_back({{"index", i},
                       {"message", message_json(reply)},
                       {"logprobs", options.top_logprobs ? logprobs_json(reply.logprobs) : OrderedJson(nullptr)},
                       {"finish_reason", finish_reason(reply.finish)}});
    prompt = reply.prompt_tokens, completion += reply.completion_tokens, cached = reply.cached_tokens;
  }
  count_tokens(house, prompt, completion);
  OrderedJson out = envelope.open("chat.completion");
  out["choices"] = std::move(choices);
  out["usage"] = usage_json(prompt, completion, cached);
  return Reply::json(base::dump_json(out));
}

void stream_choice(Chunks& chunks, const chain::ChatModel& model, const ChatCall& call, size_t choice,
                   chain::ChatReply& reply) {
  chain::ChatOptions options = call.options;
  *options.seed += choice;
  std::vector<TokenLogprob> waiting;  // for the text that they belong to
  const auto logprobs = [&] {
    return options.top_logprobs ? logprobs_json(std::exchange(waiting, {})) : OrderedJson(nullptr);
  };
  if (options.top_logprobs) options.on_logprob = [&](const TokenLogprob& token) { waiting.push_back(token); };
  options.on_text = [&](std::string_view piece) {
    chunks.delta(choice, {{"content", piece}}, logprobs());
    return true;
  };
  options.on_tool_call = [&](const chain::ToolCallPiece& piece) {
    OrderedJson one = {{"index", piece.index}};
    if (!piece.id.empty()) one["id"] = piece.id;
    if (!piece.name.empty()) one["type"] = "function", one["function"]["name"] = piece.name;
    one["function"]["arguments"] = piece.arguments;
    chunks.delta(choice, {{"tool_calls", {one}}}, logprobs());
    return true;
  };
  reply = model.chat(call.messages, options);
  chunks.delta(choice, OrderedJson::object(), waiting.empty() ? OrderedJson(nullptr) : logprobs(),
               finish_reason(reply.finish));
}

Reply streamed(House& house, std::shared_ptr<const chain::ChatModel> model, ChatCall call, Envelope envelope) {
  return Reply::events(
      [&house, model = std::move(model), call = std::move(call), envelope = std::move(envelope)](Writer& out) {
        Chunks chunks(out, envelope, call.usage_in_stream);
        guarded(chunks, [&] {
          size_t prompt = 0, completion = 0, cached = 0;
          for (size_t i = 0; i < call.n; ++i) {
            chain::ChatReply reply;
            stream_choice(chunks, *model, call, i, reply);
            prompt = reply.prompt_tokens, completion += reply.completion_tokens, cached = reply.cached_tokens;
          }
          count_tokens(house, prompt, completion);
          chunks.done(usage_json(prompt, completion, cached));
        });
      });
}

// ---- a collection

Reply asked(House& house, const Request& request, const AskedCollection& collection, const ChatCall& call,
            const Envelope& envelope) {
  check_askable(call);
  const std::string question = last_question(call.messages, "messages");
  if (!call.stream) {
    const AskedAnswer out = ask_collection(house, request, collection, question, {}, kAskedPassages, {});
    OrderedJson message = {{"role", "assistant"}, {"content", out.answer.answer}, {"refusal", nullptr}};
    message["annotations"] = url_citations(out.answer);
    OrderedJson body = envelope.open("chat.completion");
    body["choices"] = {{{"index", 0}, {"message", message}, {"logprobs", nullptr}, {"finish_reason", "stop"}}};
    body["usage"] = usage_json(out.prompt_tokens, out.completion_tokens, 0);
    body["hanok"] = answer_details(out.answer);
    return Reply::json(base::dump_json(body));
  }
  readable_collection(house, request, collection.name);  // refused before the stream begins
  return Reply::events(
      [&house, &request, collection, question, envelope, usage = call.usage_in_stream](Writer& writer) {
        Chunks chunks(writer, envelope, usage);
        guarded(chunks, [&] {
          const AskedAnswer out =
              ask_collection(house, request, collection, question, {}, kAskedPassages, [&](std::string_view piece) {
                chunks.delta(0, {{"content", piece}});
                return true;
              });
          const OrderedJson annotations = url_citations(out.answer);
          if (!annotations.empty()) chunks.delta(0, {{"annotations", annotations}});
          chunks.delta(0, OrderedJson::object(), nullptr, "stop");
          chunks.done(usage_json(out.prompt_tokens, out.completion_tokens, 0));
        });
      });
}

Reply chat(House& house, const Request& request) {
  ChatCall call = read_chat_call(json_body(request), request.body);
  const Envelope envelope = envelope_for(request, call.model);
  if (const auto collection = asked_collection(call.model)) return asked(house, request, *collection, call, envelope);
  const auto model = house.models->chat(call.model);
  if (!model) wrong_field("model", "the name of a chat model", call.model);
  fit_context(*model, call);
  return call.stream ? streamed(house, model, std::move(call), envelope) : whole(house, *model, call, envelope);
}

}  // namespace

void add_openai_chat(Router::Group& group, House& house) {
  group.add(
      "POST", "/chat/completions", [&house](const Request& request) { return chat(house, request); },
      {.lane = Lane::Generate,
       .summary = "An answer of a chat model, or of a collection (hanok/NAME) with its sources",
       .request_schema = R"({"type":"object","required":["model","messages"],"properties":{"model":{"type":"string"},
"messages":{"type":"array","minItems":1,"items":{"type":"object","required":["role"],"properties":{
"role":{"enum":["system","developer","user","assistant","tool"]},"content":{},"tool_calls":{"type":"array"},
"tool_call_id":{"type":"string"}}}},"stream":{"type":"boolean"},"stream_options":{"type":"object"},
"temperature":{"type":"number"},"top_p":{"type":"number"},"n":{"type":"integer"},"stop":{},"seed":{"type":"integer"},
"max_tokens":{"type":"integer"},"max_completion_tokens":{"type":"integer"},"presence_penalty":{"type":"number"},
"frequency_penalty":{"type":"number"},"logit_bias":{"type":"object"},"logprobs":{"type":"boolean"},
"top_logprobs":{"type":"integer"},"response_format":{"type":"object"},"tools":{"type":"array"},"tool_choice":{}}})",
       .most_body = kMostJson,
       .json_only = true});
}

}  // namespace hanok::server
