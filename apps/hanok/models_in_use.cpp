#include "models_in_use.h"

#include "base/log.h"
#include "chain/hub/hub.h"
#include "hanok/error.h"

namespace hanok::app {
namespace {

namespace hub = chain::hub;

std::unique_ptr<chain::Embedder> load(const std::string& name) {
  const auto folder = model_folder(name);
  if (!folder) return nullptr;
  return chain::make_embedder(std::make_shared<hanok::Embedder>(*folder),
                              name.empty() ? std::string(hub::kDefaultModel) : name);
}

}  // namespace

std::optional<std::filesystem::path> model_folder(const std::string& name) {
  if (name == "none") return std::nullopt;
  const auto settings = hub::Settings::from_environment();
  if (name.empty() || name == hub::kDefaultModel) {
    auto found = hub::default_model(settings);
    if (found || name.empty()) return found;
  }
  return hub::resolve_model(settings, name);
}

std::string model_advice() { return hub::default_model_advice(); }

ModelsInUse ModelsInUse::for_ingest(const Session& session, const store::Collection& collection) {
  ModelsInUse out;
  const std::string name = session.get("embedding-model");
  const auto space = collection.vector_space();
  // Nothing was said: go on with the model that made the vectors, so that another default never changes a collection.
  out.embedder_ = load(name.empty() && space ? space->model : name);
  if (out.embedder_ && space && space->fingerprint != out.embedder_->space().fingerprint)
    session.note("note: '" + collection.name() + "' was embedded by " + space->model +
                 "; embedding everything again by " + out.embedder_->space().model +
                 ". Until that is done the old vectors answer");
  return out;
}

ModelsInUse ModelsInUse::for_search(const Session& session, const store::Collection& collection) {
  ModelsInUse out;
  const std::string name = session.get("embedding-model");
  const auto space = collection.vector_space();
  if (!space || name == "none") return out;
  if (!name.empty() && name != space->model)
    session.note("note: '" + collection.name() + "' was embedded by " + space->model +
                 ", which answers; `hanok ingest` changes to " + name);
  try {
    out.embedder_ = load(space->model);
  } catch (const Error& e) {
    session.note("note: the model of this collection is not here (" + std::string(e.what()) +
                 "); searching by keywords");
  }
  return out;
}

ModelsInUse ModelsInUse::named(const Session& session, const std::string& model, bool none) {
  ModelsInUse out;
  if (!none) out.embedder_ = load(model.empty() ? session.get("embedding-model") : model);
  return out;
}

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

base::OrderedJson models_report(Session& session, std::vector<std::string>& problems) {
  const std::string name = session.get("embedding-model");
  try {
    const auto folder = model_folder(name);
    if (folder)
      return {{"embedding", (name.empty() ? std::string(hub::kDefaultModel) : name) + " in " + folder->string()}};
    if (name != "none") problems.push_back("no embedding model: searching by keywords only; " + model_advice());
  } catch (const Error& e) {
    problems.emplace_back(e.what());
  }
  return {{"embedding", "none: searching by keywords"}};
}

store::Filter parse_where(const std::string& text) {
  return text.empty() ? store::Filter() : store::Filter(base::parse_json(text, "--where"));
}

}  // namespace hanok::app
