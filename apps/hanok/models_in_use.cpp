#include "models_in_use.h"

#include <charconv>

#include "base/log.h"
#include "caches.h"
#include "chain/hub/hub.h"
#include "hanok/error.h"
#include "hanok/pictures.h"

namespace hanok::app {
namespace {

namespace hub = chain::hub;

/// Of vectors that a collection gets, where nothing is said and none are there.
constexpr Precision kNewVectors = Precision::Int8;

std::unique_ptr<chain::EmbeddingModel> open(const std::filesystem::path& folder, const std::string& name,
                                            const EmbedderOptions& options) {
  return chain::make_embedder(std::make_shared<hanok::Embedder>(folder, options), name);
}

/// What was said, else what made the vectors of `space`, so that an upgrade of this program embeds nothing again.
EmbedderOptions options_for(std::optional<Precision> wanted, const store::VectorSpace* space) {
  return {.precision = wanted.value_or(kNewVectors), .continues = space && !wanted ? space->fingerprint : ""};
}

std::unique_ptr<chain::EmbeddingModel> load(const std::string& name, const EmbedderOptions& options) {
  const auto folder = model_folder(name);
  return folder ? open(*folder, lasting_name(name), options) : nullptr;
}

std::unique_ptr<chain::EmbeddingModel> load_if_there(const Session& session, const std::string& name,
                                                     const EmbedderOptions& options) {
  try {
    return load(name, options);
  } catch (const Error& e) {
    session.note("note: the embedding model that is set is not here: " + std::string(e.what()));
    return nullptr;
  }
}

/// Where the model of this name may be: as it is now, and in the cache as it was.
std::vector<std::filesystem::path> places(const std::string& name) {
  std::error_code ignored;
  if (std::filesystem::path(name).is_absolute() || std::filesystem::is_directory(name, ignored))
    return {hub::resolve_model(hub::Settings::from_environment(), name)};
  const auto settings = hub::Settings::from_environment();
  auto out = hub::snapshots(settings, name);
  if (out.empty()) hub::resolve_model(settings, name);  // throws, and says what to do
  return out;
}

/// The model that made vectors, known by its fingerprint.
struct Maker {
  std::unique_ptr<chain::EmbeddingModel> model;  // nullptr: not on this machine
  std::filesystem::path folder;                  // its
  bool earlier = false;                          // there is a newer revision of it
  std::string why_not;
};

/// The model in a folder if it made them; else nullptr, and why_not is told unless it was.
std::unique_ptr<chain::EmbeddingModel> open_maker(const std::filesystem::path& folder, const store::VectorSpace& space,
                                                  std::string& why_not) {
  std::string reason = folder.string() + " has changed since";
  try {
    auto model = open(folder, space.model, options_for(std::nullopt, &space));
    if (model->space().fingerprint == space.fingerprint) return model;
  } catch (const Error& e) {
    reason = e.what();
  }
  if (why_not.empty()) why_not = reason;
  return nullptr;
}

Maker find_maker(const store::VectorSpace& space) {
  Maker out;
  try {
    for (const auto& folder : places(space.model)) {
      out.earlier = !out.why_not.empty();
      out.folder = folder;
      if ((out.model = open_maker(folder, space, out.why_not))) return out;
    }
  } catch (const Error& e) {
    out.why_not = e.what();
  }
  return out;
}

}  // namespace

std::string lasting_name(const std::string& name) {
  if (name.empty()) return std::string(hub::kDefaultModel);
  std::error_code ignored;
  return std::filesystem::is_directory(name, ignored) ? std::filesystem::absolute(name).lexically_normal().string()
                                                      : name;
}

std::optional<std::filesystem::path> model_folder(const std::string& name) {
  if (name == "none") return std::nullopt;
  const auto settings = hub::Settings::from_environment();
  if (name.empty() || name == hub::kDefaultModel) {
    auto found = hub::default_model(settings);
    if (found || name.empty()) return found;
  }
  return hub::resolve_model(settings, name);
}

std::unique_ptr<chain::RerankModel> open_reranker(const std::string& name) {
  const auto folder = name.empty() ? std::nullopt : model_folder(name);
  return folder ? chain::make_reranker(std::make_shared<hanok::Reranker>(*folder)) : nullptr;
}

std::unique_ptr<chain::EmbeddingModel> maker_of(const store::VectorSpace& space) { return find_maker(space).model; }

std::string model_advice() { return hub::default_model_advice(); }

ModelsInUse ModelsInUse::kept(const Session& session, ModelsInUse models) {
  if (models.embedder_) models.embedder_ = with_cache(session, std::move(models.embedder_));
  return models;
}

ModelsInUse ModelsInUse::for_ingest(const Session& session, const store::Collection& collection, bool embeds) {
  ModelsInUse out;
  const std::string name = session.get("embedding-model");
  const auto snapshot = collection.snapshot();
  const auto space = snapshot->vector_space(), pending = snapshot->pending_space();
  const auto wanted = precision_setting(session);
  const auto options = options_for(wanted, pending ? &*pending : space ? &*space : nullptr);
  if (name.empty() && space) {
    // Nothing was said: go on with the model that was chosen before, so that another default never changes a
    // collection.
    const auto& chosen = pending ? *pending : *space;
    Maker maker = find_maker(chosen);
    out.embedder_ = std::move(maker.model);
    if (out.embedder_ && wanted) out.embedder_ = open(maker.folder, chosen.model, options);
    if (!out.embedder_) out.embedder_ = load(chosen.model, options);
  } else {
    out.embedder_ = load(name, options);
  }
  if (embeds && out.embedder_ && space && space->fingerprint != out.embedder_->space().fingerprint) {
    const std::string by = out.embedder_->space().model;
    // The same files, in another precision that was asked for?
    const bool same_files = wanted && by == space->model && find_maker(*space).model;
    session.note("note: '" + collection.name() + "' was embedded by " + space->model +
                 "; embedding everything again by " + by +
                 (same_files           ? " in " + std::string(precision_name(*wanted))
                  : by == space->model ? ", whose files have changed"
                                       : "") +
                 ". Until that is done the old vectors answer");
  }
  return kept(session, std::move(out));
}

ModelsInUse ModelsInUse::for_search(const Session& session, const store::Snapshot& snapshot) {
  ModelsInUse out;
  const std::string name = session.get("embedding-model");
  const auto space = snapshot.vector_space();
  if (!space || name == "none") return kept(session, std::move(out));
  if (chain::holds_pictures(*space)) {
    session.note("note: '" + snapshot.name() + "' holds pictures; words are looked for in their names");
    return kept(session, std::move(out));
  }
  const bool another = !name.empty() && lasting_name(name) != space->model;
  if (another) out.embedder_ = load_if_there(session, name, options_for(std::nullopt, &*space));
  if (out.embedder_ && out.embedder_->space().fingerprint == space->fingerprint) return kept(session, std::move(out));
  Maker maker = find_maker(*space);
  out.embedder_ = std::move(maker.model);
  const std::string made = "the vectors of '" + snapshot.name() + "' were made by ";
  const std::string now = name.empty() ? "" : another ? name : "what " + name + " is now";
  if (!out.embedder_)
    session.note("note: searching by keywords: " + made + space->model + ", which is not here (" + maker.why_not +
                 "). Bring it back, or embed everything by " +
                 (now.empty() ? "a model that is here: hanok config set embedding-model MODEL, then hanok ingest FOLDER"
                              : now + ": hanok ingest FOLDER"));
  else if (!name.empty() && (another || maker.earlier))
    session.note("note: " + made + (another ? space->model : "an earlier " + space->model) +
                 "; the embedding model is " + now +
                 ". The former answers until `hanok ingest` has embedded everything by the latter");
  return kept(session, std::move(out));
}

ModelsInUse ModelsInUse::named(const Session& session, const std::string& model, bool none) {
  ModelsInUse out;
  if (!none)
    out.embedder_ =
        load(model.empty() ? session.get("embedding-model") : model, options_for(precision_setting(session), nullptr));
  return kept(session, std::move(out));
}

std::optional<Precision> precision_setting(const Session& session) {
  const auto [text, from] = session.setting("embedding-precision");
  if (text.empty()) return std::nullopt;
  if (text != "float32" && text != "int8")
    throw Error(Code::Invalid,
                "embedding-precision is '" + text + "' (from " + from + "): float32 or int8 was expected");
  return precision_named(text);
}

size_t number_setting(const Session& session, const std::string& key, size_t least) {
  const auto [text, from] = session.setting(key);
  size_t value = 0;  // from_chars, since stoul takes "-1" for 18446744073709551615
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least)
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
