#include "language_models.h"

#include <algorithm>

#include "hanok/error.h"

namespace hanok::app {

std::shared_ptr<const LanguageModel> open_language_model(const Session& session, const std::string& name,
                                                         const LanguageModelOptions& options) {
  const std::string named = name.empty() ? session.get("model") : name;
  return std::make_shared<const LanguageModel>(chain::find_language_model(named), options);
}

void KvFlag::add_to(Command& c) {
  c.choice("--kv", name, {"f16", "bf16", "q8"}, "what keys and values of past tokens are kept as (default f16)");
}

KvPrecision KvFlag::precision() const {
  return name == "bf16" ? KvPrecision::Bf16 : name == "q8" ? KvPrecision::Q8 : KvPrecision::F16;
}

void SamplingFlags::add_to(Command& c) {
  c.option("-n,--max-tokens", max_tokens, "at most so many tokens (default 256)");
  c.option("--temperature", temperature, "0: always the likeliest token; higher is more varied (default 0.8)");
  c.option("--top-k", top_k, "draw among the k likeliest; 0: all (default 40)");
  c.option("--top-p", top_p, "among the likeliest that together have this share; 1: all (default 0.95)");
  c.option("--min-p", min_p, "among those at least this likely, as a share of the likeliest; 0: all (default 0.05)");
  c.option("--repeat-penalty", repeat_penalty, "above 1: tokens of the last 64 come less often (default 1)");
  c.option("--seed", seed, "the same seed gives the same text (default 0)");
  c.option("--stop", stop, "end before this text; may be given several times");
}

GenerateOptions SamplingFlags::options() const {
  GenerateOptions out{.max_tokens = max_tokens, .stop = stop};
  out.sampling.temperature = static_cast<float>(temperature);
  out.sampling.top_k = static_cast<int>(std::min<size_t>(top_k, 1 << 30));
  out.sampling.top_p = static_cast<float>(top_p);
  out.sampling.min_p = static_cast<float>(min_p);
  out.sampling.penalties.repeat = static_cast<float>(repeat_penalty);
  out.sampling.seed = seed;
  return out;
}

chain::ChatOptions SamplingFlags::chat_options() const {
  chain::ChatOptions out{.temperature = static_cast<float>(temperature),
                         .top_p = static_cast<float>(top_p),
                         .max_tokens = max_tokens,
                         .stop = stop};
  const SamplingFlags usual;  // what servers may not know is said only where it was asked for
  if (top_k != usual.top_k) out.top_k = static_cast<int>(std::min<size_t>(top_k, 1 << 30));
  if (min_p != usual.min_p) out.min_p = static_cast<float>(min_p);
  if (repeat_penalty != usual.repeat_penalty) out.repeat_penalty = static_cast<float>(repeat_penalty);
  out.seed = seed;
  return out;
}

const char* finish_name(Finish finish) {
  switch (finish) {
    case Finish::Stop:
      return "stop";
    case Finish::Length:
      return "length";
    case Finish::Context:
      return "context";
    case Finish::Cancelled:
      return "cancelled";
  }
  return "";
}

}  // namespace hanok::app
