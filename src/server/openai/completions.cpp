// POST /completions: plain continuation of a text by a model of this process.
#include <algorithm>

#include "base/clock.h"
#include "server/body.h"
#include "server/openai/chat_call.h"
#include "server/openai/openai.h"
#include "text/utf8.h"

namespace hanok::server {
namespace {

using base::Json;
using base::OrderedJson;

constexpr size_t kUsualTokens = 16;  // OpenAI's own
constexpr int64_t kMostAnswers = 16, kMostLogprobs = 20;

struct Call {
  std::string model;
  std::vector<std::vector<int32_t>> prompts;
  std::vector<std::string> texts;  // of the prompts
  GenerateOptions options;
  size_t n = 1;
  bool echo = false, stream = false, usage_in_stream = false;
};

std::vector<int32_t> token_ids(const Json& list, size_t vocabulary) {
  std::vector<int32_t> out;
  for (const auto& id : list) {
    if (!id.is_number_integer() || id.get<int64_t>() < 0 || id.get<int64_t>() >= static_cast<int64_t>(vocabulary))
      wrong_field("prompt", "token ids below " + std::to_string(vocabulary), id);
    out.push_back(id.get<int32_t>());
  }
  return out;
}

void read_prompts(const Json& body, const LanguageModel& model, Call& call) {
  const Json* prompt = field(body, "prompt");
  const char* expected = "a text, a list of texts, token ids, or lists of token ids";
  if (!prompt) wrong_field("prompt", expected, nullptr);
  const auto add = [&](const Json& one) {
    if (one.is_string()) {
      call.texts.push_back(one.get<std::string>());
      call.prompts.push_back(model.encode(call.texts.back()));
    } else if (one.is_array()) {
      call.prompts.push_back(token_ids(one, model.vocabulary()));
      call.texts.push_back(model.decode(call.prompts.back()));
    } else {
      wrong_field("prompt", expected, *prompt);
    }
    if (call.prompts.back().empty()) wrong_field("prompt", "a text that is not empty", one);
    if (call.prompts.back().size() >= model.context_tokens())
      throw Refusal({.status = 400,
                     .message = "the prompt has " + std::to_string(call.prompts.back().size()) +
                                " tokens, the model's context is " + std::to_string(model.context_tokens()) +
                                ", an answer included",
                     .code = "context_length_exceeded",
                     .param = "prompt"});
  };
  if (prompt->is_array() && !prompt->empty() && !prompt->front().is_number())
    for (const Json& one : *prompt) add(one);
  else
    add(*prompt);
}

Call read_call(const Json& body, const LanguageModel& model) {
  Call out;
  out.model = text_field(body, "model");
  read_prompts(body, model, out);
  chain::ChatOptions sampling;
  read_sampling(body, sampling);
  out.options.sampling.temperature = sampling.temperature.value_or(out.options.sampling.temperature);
  out.options.sampling.top_p = sampling.top_p.value_or(out.options.sampling.top_p);
  out.options.sampling.min_p = sampling.min_p.value_or(out.options.sampling.min_p);
  out.options.sampling.top_k = sampling.top_k.value_or(out.options.sampling.top_k);
  out.options.sampling.penalties.frequency = sampling.frequency_penalty.value_or(0);
  out.options.sampling.penalties.presence = sampling.presence_penalty.value_or(0);
  out.options.sampling.seed = *sampling.seed;
  out.options.stop = texts_field(body, "stop");
  std::erase(out.options.stop, "");
  out.options.max_tokens = static_cast<size_t>(whole_field(body, "max_tokens", 1, 1 << 24).value_or(kUsualTokens));
  if (const auto likely = whole_field(body, "logprobs", 0, kMostLogprobs))
    out.options.top_logprobs = static_cast<size_t>(*likely);
  out.n = static_cast<size_t>(whole_field(body, "n", 1, kMostAnswers).value_or(1));
  if (whole_field(body, "best_of", 1, kMostAnswers).value_or(1) > static_cast<int64_t>(out.n))
    throw Refusal({.status = 400,
                   .message = "best_of: every answer that is written is told; ask for n of them",
                   .code = "unsupported",
                   .param = "best_of"});
  out.echo = flag_field(body, "echo", false);
  out.stream = flag_field(body, "stream", false);
  if (const Json* options = field(body, "stream_options"); options && options->is_object())
    out.usage_in_stream = flag_field(*options, "include_usage", false);
  if (out.echo &&
      out.options.top_logprobs)  // OpenAI's answer begins with the prompt's tokens: who scores texts counts on it
    throw Refusal({.status = 400,
                   .message = "logprobs with echo: how likely the prompt's own tokens are is not told here; "
                              "`hanok perplexity` measures texts",
                   .code = "unsupported",
                   .param = "logprobs"});
  if (field(body, "suffix"))
    throw Refusal({.status = 400,
                   .message = "suffix: writing into the middle is not done here",
                   .code = "unsupported",
                   .param = "suffix"});
  return out;
}

const char* reason(Finish finish) { return finish == Finish::Stop ? "stop" : "length"; }

OrderedJson logprobs_json(const std::vector<TokenLogprob>& tokens) {
  OrderedJson out = {{"tokens", OrderedJson::array()},
                     {"token_logprobs", OrderedJson::array()},
                     {"top_logprobs", OrderedJson::array()},
                     {"text_offset", OrderedJson::array()}};
  size_t offset = 0;
  for (const auto& token : tokens) {
    out["tokens"].push_back(token.chosen.bytes);
    out["token_logprobs"].push_back(token.chosen.logprob);
    OrderedJson top = OrderedJson::object();
    for (const auto& likely : token.top) top[text::replace_invalid(likely.bytes)] = likely.logprob;
    out["top_logprobs"].push_back(std::move(top));
    out["text_offset"].push_back(offset);
    for (const char c : token.chosen.bytes) offset += (static_cast<unsigned char>(c) & 0xC0) != 0x80;  // characters
  }
  return out;
}

OrderedJson open(const Request& request, const Call& call) {
  return {{"id", "cmpl-" + request.id},
          {"object", "text_completion"},
          {"created", base::now_ms() / 1000},
          {"model", call.model},
          {"system_fingerprint", "hanok"}};
}

OrderedJson choice_json(size_t index, const std::string& text, const OrderedJson& logprobs, const OrderedJson& finish) {
  return {{"text", text}, {"index", index}, {"logprobs", logprobs}, {"finish_reason", finish}};
}

/// Writes every answer of every prompt, one after another; each(index, text, logprobs, finish).
using Each = std::function<void(size_t, const std::string&, const OrderedJson&, const OrderedJson&)>;
OrderedJson run(House& house, const LanguageModel& model, const Call& call, bool in_pieces, const Each& each) {
  size_t prompt = 0, completion = 0, cached = 0;
  for (size_t p = 0; p < call.prompts.size(); ++p) {
    prompt += call.prompts[p].size();
    for (size_t i = 0; i < call.n; ++i) {
      const size_t index = p * call.n + i;
      GenerateOptions options = call.options;
      options.sampling.seed += index;
      if (call.echo && in_pieces) each(index, call.texts[p], nullptr, nullptr);
      const Generated out = model.generate(call.prompts[p], options, [&](std::string_view piece) {
        if (in_pieces) each(index, std::string(piece), nullptr, nullptr);
        return true;
      });
      completion += out.ids.size(), cached += out.cached_tokens;
      const OrderedJson logprobs = options.top_logprobs ? logprobs_json(out.logprobs) : OrderedJson(nullptr);
      each(index, in_pieces ? "" : (call.echo ? call.texts[p] : "") + out.text, logprobs, reason(out.finish));
    }
  }
  count_tokens(house, prompt, completion);
  return usage_json(prompt, completion, cached);
}

Reply completions(House& house, const Request& request) {
  const Json body = json_body(request);
  const auto model = house.models->language(text_field(body, "model"));
  if (!model)
    throw Refusal({.status = 400,
                   .message = "model: plain completions need a language model of this process; " +
                              text_field(body, "model") + " is a server's, use /chat/completions",
                   .code = "unsupported",
                   .param = "model"});
  Call call = read_call(body, *model);
  OrderedJson head = open(request, call);
  if (!call.stream) {
    OrderedJson choices = OrderedJson::array();
    const OrderedJson usage =
        run(house, *model, call, false,
            [&](size_t index, const std::string& text, const OrderedJson& logprobs, const OrderedJson& finish) {
              choices.push_back(choice_json(index, text, logprobs, finish));
            });
    head["choices"] = std::move(choices);
    head["usage"] = usage;
    return Reply::json(base::dump_json(head));
  }
  return Reply::events([&house, model, call = std::move(call), head = std::move(head)](Writer& out) {
    bool begun = false;
    OrderedJson usage;
    try {
      usage = run(house, *model, call, true,
                  [&](size_t index, const std::string& text, const OrderedJson& logprobs, const OrderedJson& finish) {
                    OrderedJson chunk = head;
                    chunk["choices"] = {choice_json(index, text, logprobs, finish)};
                    if (call.usage_in_stream) chunk["usage"] = nullptr;
                    out.write(event_line(chunk));
                    begun = true;
                  });
    } catch (const Error& error) {
      if (error.code() == Code::Cancelled) throw;
      if (!begun) throw Refusal(chat_problem(error));
      return out.write(error_event(chat_problem(error)));
    }
    if (call.usage_in_stream) {
      OrderedJson chunk = head;
      chunk["choices"] = OrderedJson::array();
      chunk["usage"] = usage;
      out.write(event_line(chunk));
    }
    out.write("data: [DONE]\n\n");
  });
}

}  // namespace

void add_openai_completions(Router::Group& group, House& house) {
  group.add("POST", "/completions", [&house](const Request& request) { return completions(house, request); },
            {.lane = Lane::Generate,
             .summary = "Plain continuation of a text",
             .request_schema =
                 R"({"type":"object","required":["model","prompt"],"properties":{"model":{"type":"string"},"prompt":{},
"max_tokens":{"type":"integer"},"temperature":{"type":"number"},"n":{"type":"integer"},"stream":{"type":"boolean"},
"logprobs":{"type":"integer"},"echo":{"type":"boolean"},"stop":{},"seed":{"type":"integer"}}})",
             .most_body = kMostJson,
             .json_only = true});
}

}  // namespace hanok::server
