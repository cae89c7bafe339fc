#include <algorithm>
#include <cmath>

#include "base/json.h"
#include "chain/cache/kept.h"
#include "chain/cache/prefixes.h"
#include "chain/chat/message_json.h"
#include "hanok/error.h"

namespace hanok::chain {
namespace {

std::optional<ChatFinish> finish_named(const std::string& name) {
  for (const auto f : {ChatFinish::Stop, ChatFinish::Length, ChatFinish::ToolCalls})
    if (finish_name(f) == name) return f;
  return {};
}

class CachedChat final : public ChatModel {
 public:
  CachedChat(std::shared_ptr<const ChatModel> model, std::shared_ptr<store::Journal> journal, CacheOptions options)
      : model_(std::move(model)),
        besides_(options.besides),
        seeds_(options.seeds),
        kept_(std::move(journal), kAnswers, std::move(options)) {}

  std::string name() const override { return model_->name(); }
  size_t context_tokens() const override { return model_->context_tokens(); }
  size_t count_tokens(std::string_view text) const override { return model_->count_tokens(text); }
  size_t count_tokens(std::span<const Message> messages) const override { return model_->count_tokens(messages); }

  std::vector<double> score(std::span<const Message> messages, std::span<const std::string> answers) const override {
    const base::OrderedJson asked{"score", asked_of(name(), messages, {}, besides_),
                                  std::vector<std::string>(answers.begin(), answers.end())};
    const std::string key = kept_.key(base::dump_json(asked));
    if (const auto kept = kept_.get(key))
      if (auto scores = read_scores(*kept, answers.size())) {
        kept_.tell(CacheUse::Given);
        return std::move(*scores);
      }
    auto out = model_->score(messages, answers);
    if (!std::all_of(out.begin(), out.end(), [](double s) { return std::isfinite(s); })) return out;  // no JSON
    kept_.put(key, base::dump_json(base::OrderedJson{{"scores", out}}));
    kept_.tell(CacheUse::Kept);
    return out;
  }

  ChatReply chat(std::span<const Message> messages, const ChatOptions& options) const override {
    if (!can_be_kept(options) || (!seeds_ && options.temperature != 0.0f)) {
      kept_.tell(CacheUse::Passed);
      return model_->chat(messages, options);
    }
    const std::string key = kept_.key(base::dump_json(asked_of(name(), messages, options, besides_)));
    if (const auto kept = kept_.get(key))
      if (auto reply = read(*kept)) {
        kept_.tell(CacheUse::Given);
        return answer(std::move(*reply), options);
      }
    const ChatReply reply = model_->chat(messages, options);
    if (!finish_named(std::string(finish_name(reply.finish)))) return reply;
    kept_.put(key, write(reply));
    kept_.tell(CacheUse::Kept);
    return reply;
  }

 private:
  static std::string write(const ChatReply& r) {
    return base::dump_json(base::OrderedJson{{"message", message_json(r.message)},
                                             {"finish", finish_name(r.finish)},
                                             {"prompt_tokens", r.prompt_tokens},
                                             {"completion_tokens", r.completion_tokens}});
  }

  /// Nothing for what is not of this form: it is asked again, and written anew.
  static std::optional<ChatReply> read(const std::string& text) {
    try {
      const auto json = base::parse_json(text, "cache");
      const auto finish = finish_named(json.at("finish").get<std::string>());
      if (!finish) return {};
      const size_t tokens = json.at("prompt_tokens").get<size_t>();
      return ChatReply{.message = read_message(json.at("message"), "cache", "message"),
                       .finish = *finish,
                       .prompt_tokens = tokens,
                       .completion_tokens = json.at("completion_tokens").get<size_t>(),
                       .cached_tokens = tokens};
    } catch (const Error&) {
    } catch (const base::Json::exception&) {
    }
    return {};
  }

  static std::optional<std::vector<double>> read_scores(const std::string& text, size_t count) {
    try {
      auto out = base::parse_json(text, "cache").at("scores").get<std::vector<double>>();
      if (out.size() == count) return out;
    } catch (const Error&) {
    } catch (const base::Json::exception&) {
    }
    return {};
  }

  static ChatReply answer(ChatReply reply, const ChatOptions& options) {
    const std::string text = reply.text();
    bool wanted = !options.on_text || text.empty() || options.on_text(text);
    const auto& calls = reply.message.tool_calls;
    for (size_t i = 0; wanted && options.on_tool_call && i < calls.size(); ++i)
      wanted = options.on_tool_call({i, calls[i].id, calls[i].name, calls[i].arguments});
    if (!wanted) reply.finish = ChatFinish::Cancelled;
    return reply;
  }

  std::shared_ptr<const ChatModel> model_;  // shared with whoever opened it
  const std::string besides_;
  const bool seeds_;
  const Kept kept_;
};

}  // namespace

std::shared_ptr<const ChatModel> cached(std::shared_ptr<const ChatModel> model, std::shared_ptr<store::Journal> journal,
                                        const CacheOptions& options) {
  return std::make_shared<CachedChat>(std::move(model), std::move(journal), options);
}

CacheContents cache_contents(const store::Journal& journal) {
  const auto answers = journal.usage(kAnswers), vectors = journal.usage(kVectors);
  return {answers.values, answers.bytes, vectors.values, vectors.bytes};
}

size_t clear_answers(store::Journal& journal) { return journal.keep_newest(kAnswers, 0); }
size_t clear_vectors(store::Journal& journal) { return journal.keep_newest(kVectors, 0); }

}  // namespace hanok::chain
