// A hanok::LanguageModel of this process as a ChatModel.
#include <algorithm>
#include <cmath>

#include "base/clock.h"
#include "chain/providers/forced_call.h"
#include "chain/providers/openai.h"
#include "chain/providers/tool_calls.h"
#include "hanok/error.h"

namespace hanok::chain {
namespace {

constexpr size_t kUsualAnswer = 512;  // tokens, where the caller sets no limit

std::vector<Turn> turns_of(const std::string& model, std::span<const Message> messages) {
  std::vector<Turn> turns;
  for (const Message& m : messages) {
    for (const Part& part : m.parts)
      if (part.kind != Part::Kind::Text)
        throw Error(Code::Unsupported, model + ": reads texts only, and a message holds a picture");
    turns.push_back({m.role, m.text(), m.tool_calls, m.tool_call_id});
  }
  return turns;
}

ChatFinish finish_of(Finish finish) {
  switch (finish) {
    case Finish::Stop:
      return ChatFinish::Stop;
    case Finish::Length:
      return ChatFinish::Length;
    case Finish::Context:
      return ChatFinish::Context;
    case Finish::Cancelled:
      break;
  }
  return ChatFinish::Cancelled;
}

/// The natural logarithm of the share of scores[id] in the softmax of all.
double log_probability(std::span<const float> scores, int32_t id) {
  const float most = *std::max_element(scores.begin(), scores.end());
  double total = 0;
  for (const float s : scores) total += std::exp(static_cast<double>(s) - most);
  return scores[static_cast<size_t>(id)] - most - std::log(total);
}

class LocalChat final : public ChatModel {
 public:
  explicit LocalChat(std::shared_ptr<const LanguageModel> model) : model_(std::move(model)) {}

  std::string name() const override { return model_->name(); }
  size_t context_tokens() const override { return model_->context_tokens(); }
  size_t count_tokens(std::string_view text) const override { return model_->count_tokens(text); }
  size_t count_tokens(std::span<const Message> messages) const override {
    return model_->chat_prompt(turns_of(name(), messages)).size();
  }

  ChatReply chat(std::span<const Message> messages, const ChatOptions& options) const override {
    const base::Stopwatch watch;
    const auto turns = turns_of(name(), messages);
    check_tool_choice(options);
    const bool read_calls = !options.tools.empty() && options.tool_choice.kind != ToolChoice::Kind::None;
    const std::string functions = read_calls ? tools_json(options.tools) : std::string();
    if (read_calls && model_->chat_text(turns, functions) == model_->chat_text(turns))
      throw Error(Code::Unsupported, name() + ": its chat template knows no tools, so they would never be called");
    GenerateOptions how = generate_options(options);
    if (must_call(options)) {
      ChatOptions bound = options;
      if (options.tool_choice.kind == ToolChoice::Kind::Named)
        std::erase_if(bound.tools, [&](const Tool& t) { return t.name != options.tool_choice.name; });
      return force_tool_call(*model_, turns, functions, bound, how);
    }
    const auto prompt = model_->chat_prompt(turns, functions);
    std::vector<std::string> tools;
    for (const Tool& t : options.tools) tools.push_back(t.name);
    ToolCallReader reader(std::move(tools), options.on_text, options.on_tool_call);
    how.keep_special = read_calls;  // some models mark their calls with special tokens
    Generated out = model_->generate(prompt, how, [&](std::string_view piece) {
      if (read_calls) return reader.push(piece);
      return !options.on_text || options.on_text(piece);
    });
    if (read_calls) reader.finish();
    ChatReply reply{.message = {"assistant", read_calls ? reader.text() : std::move(out.text)},
                    .finish = finish_of(out.finish),
                    .prompt_tokens = out.prompt_tokens,
                    .completion_tokens = out.ids.size(),
                    .cached_tokens = out.cached_tokens,
                    .seconds = watch.seconds(),
                    .logprobs = std::move(out.logprobs)};
    reply.message.tool_calls = reader.calls();
    if (!reader.calls().empty() && reply.finish == ChatFinish::Stop) reply.finish = ChatFinish::ToolCalls;
    return reply;
  }

  std::vector<double> score(std::span<const Message> messages, std::span<const std::string> answers) const override {
    const auto prompt = model_->chat_prompt(turns_of(name(), messages));
    const Matrix first = model_->logits(prompt, 1);
    std::vector<double> out;
    for (const std::string& answer : answers) {
      const auto ids = model_->encode(answer, false);
      if (ids.empty()) throw Error(Code::Invalid, name() + ": an empty answer cannot be scored");
      double sum = log_probability(first.row(0), ids[0]);
      if (ids.size() > 1) {
        auto all = prompt;
        all.insert(all.end(), ids.begin(), ids.end() - 1);
        const Matrix rest = model_->logits(all, ids.size() - 1);
        for (size_t i = 1; i < ids.size(); ++i) sum += log_probability(rest.row(i - 1), ids[i]);
      }
      out.push_back(sum);
    }
    return out;
  }

 private:
  std::shared_ptr<const LanguageModel> model_;  // shared: the caller may use the same model beside
};

}  // namespace

GenerateOptions generate_options(const ChatOptions& from) {
  GenerateOptions out{.max_tokens = from.max_tokens ? from.max_tokens : kUsualAnswer,
                      .stop = from.stop,
                      .adapter = from.adapter,
                      .constraint = from.constraint,
                      .top_logprobs = from.top_logprobs,
                      .on_logprob = from.on_logprob};
  out.sampling.temperature = from.temperature.value_or(out.sampling.temperature);
  out.sampling.top_p = from.top_p.value_or(out.sampling.top_p);
  out.sampling.min_p = from.min_p.value_or(out.sampling.min_p);
  out.sampling.penalties.frequency = from.frequency_penalty.value_or(out.sampling.penalties.frequency);
  out.sampling.penalties.presence = from.presence_penalty.value_or(out.sampling.penalties.presence);
  out.sampling.top_k = from.top_k.value_or(out.sampling.top_k);
  out.sampling.typical = from.typical.value_or(out.sampling.typical);
  out.sampling.penalties.repeat = from.repeat_penalty.value_or(out.sampling.penalties.repeat);
  out.sampling.dry = from.dry.value_or(out.sampling.dry);
  out.sampling.logit_bias = from.logit_bias;
  out.sampling.seed = from.seed.value_or(out.sampling.seed);
  return out;
}

std::unique_ptr<ChatModel> make_local_chat(std::shared_ptr<const LanguageModel> model) {
  return std::make_unique<LocalChat>(std::move(model));
}

std::string plain_chat_template() {
  return "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ m.content }}\n\n"
         "{% else %}{{ m.role }}: {{ m.content }}\n{% endif %}{% endfor %}"
         "{% if add_generation_prompt %}assistant:{% endif %}";
}

}  // namespace hanok::chain
