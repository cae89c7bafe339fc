#include "models_in_use.h"

#include "hanok/error.h"

namespace hanok::app {

ModelsInUse ModelsInUse::open(Session&, const store::Collection&) { return {}; }

ModelsInUse ModelsInUse::named(const Session&, const std::string&, bool) { return {}; }

size_t number_setting(const Session& session, const std::string& key, size_t least) {
  const auto [text, from] = session.setting(key);
  size_t used = 0;
  unsigned long value = 0;
  try {
    value = std::stoul(text, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  if (used == 0 || used != text.size() || value < least)
    throw Error(Code::Invalid, key + " is '" + text + "' (from " + from + "): a whole number of at least " +
                                   std::to_string(least) + " was expected");
  return value;
}

std::unique_ptr<chain::ChatModel> chat_model(const Session& session, const std::string& flag) {
  const std::string named = flag.empty() ? session.get("model") : flag;
  if (named.empty() || named == "extractive") return nullptr;
  if (named.rfind("http://", 0) != 0 && named.rfind("https://", 0) != 0)
    throw Error(Code::Unsupported, "--model " + named + ": the URL of an OpenAI-compatible server was expected, for example "
                                   "http://127.0.0.1:8080/v1 or http://127.0.0.1:8080/v1#model-name");
  const size_t hash = named.find('#');
  chain::OpenAiOptions options;
  options.base_url = named.substr(0, hash);
  if (hash != std::string::npos) options.model = named.substr(hash + 1);
  return chain::make_openai_chat(options);
}

base::OrderedJson models_report(Session&, std::vector<std::string>&) {
  return {{"embedding", "none: searching by keywords"}};
}

store::Filter parse_where(const std::string& text) {
  return text.empty() ? store::Filter() : store::Filter(base::parse_json(text, "--where"));
}

}  // namespace hanok::app
