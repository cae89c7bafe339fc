// A model by its name: one place that decides what a name means.
#include <algorithm>
#include <filesystem>

#include "chain/hub/hub.h"
#include "hanok/chat.h"
#include "hanok/error.h"

namespace hanok::chain {

namespace fs = std::filesystem;

bool is_server(std::string_view name) { return name.starts_with("http://") || name.starts_with("https://"); }

fs::path find_language_model(const std::string& name) {
  if (name.empty())
    throw Error(Code::Invalid,
                "name a language model: a .gguf file, a folder, or ORG/NAME of the Hub's cache; `hanok models list` "
                "shows what is there");
  if (is_server(name))
    throw Error(Code::Unsupported, name +
                                       ": is a server, and this needs a model in this process: a .gguf file, a "
                                       "folder, or ORG/NAME of the Hub's cache");
  if (fs::exists(name)) return name;
  if (name.ends_with(".gguf") || name.ends_with(".bin"))
    throw Error(Code::NotFound, "model " + name + ": no such file");
  return hub::resolve_language_model(hub::Settings::from_environment(), name);
}

namespace {

std::shared_ptr<const ChatModel> open_server(const std::string& name, const OpenChatOptions& options) {
  if (!options.adapters.empty())
    throw Error(Code::Unsupported, name +
                                       ": is a server, and takes no adapters from here; it has them under names of "
                                       "their own (" +
                                       name.substr(0, name.find('#')) + "#NAME)");
  if (!options.draft.empty())
    throw Error(Code::Unsupported, name + ": is a server, and takes no draft model; it guesses on its own side");
  const size_t hash = name.find('#');
  OpenAiOptions server{.base_url = name.substr(0, hash),
                       .model = hash == name.npos ? "" : name.substr(hash + 1),
                       .api_key = options.api_key,
                       .timeout_seconds = options.timeout_seconds,
                       .context_tokens = options.context_tokens,
                       .count = options.count};
  const ServedModel served = served_model(server);
  if (server.model.empty()) server.model = served.name;
  if (server.context_tokens == 0) server.context_tokens = served.context_tokens;
  return make_openai_chat(server);
}

}  // namespace

std::shared_ptr<const ChatModel> open_chat_model(const std::string& name, const OpenChatOptions& options) {
  if (is_server(name)) return open_server(name, options);
  LanguageModelOptions local{
      .context_tokens = options.context_tokens,
      .exact = options.exact,
      .chat_template = options.chat_template == "plain" ? plain_chat_template() : options.chat_template,
      .adapters = options.adapters,
      .draft = options.draft.empty() ? fs::path() : find_language_model(options.draft)};
  const fs::path path = find_language_model(name);
  auto model = std::make_shared<const LanguageModel>(path, local);
  if (options.plain_if_none && !model->has_chat_template()) {
    local.chat_template = plain_chat_template();
    model = std::make_shared<const LanguageModel>(path, local);
  }
  return make_local_chat(std::move(model));
}

}  // namespace hanok::chain
