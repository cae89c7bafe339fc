#include "language_models.h"

#include <algorithm>

#include "base/file.h"
#include "hanok/chat.h"
#include "hanok/error.h"

namespace hanok::app {

std::shared_ptr<const LanguageModel> open_language_model(const Session& session, const std::string& name,
                                                         const LanguageModelOptions& options) {
  const std::string named = name.empty() ? session.get("model") : name;
  return std::make_shared<const LanguageModel>(chain::find_language_model(named), options);
}

std::vector<int32_t> read_ids(const std::string& file) {
  const auto json = base::parse_json(base::read_file(file, 256 << 20), file);
  if (!json.is_array() || std::any_of(json.begin(), json.end(), [](const auto& id) { return !id.is_number_integer(); }))
    throw Error(Code::Invalid, file + ": expected a list of token ids, [1, 2, 3]");
  return json.get<std::vector<int32_t>>();
}

void KvFlag::add_to(Command& c) {
  c.choice("--kv", name, {"f16", "bf16", "q8"}, "what keys and values of past tokens are kept as (default f16)");
}

KvPrecision KvFlag::precision() const {
  return name == "bf16" ? KvPrecision::Bf16 : name == "q8" ? KvPrecision::Q8 : KvPrecision::F16;
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
