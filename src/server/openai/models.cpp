// GET /models and /models/{model}: chat models, embedding models, rerankers, and every collection as "hanok/NAME".
#include "base/json.h"
#include "server/openai/ask.h"
#include "server/openai/openai.h"

namespace hanok::server {
namespace {

base::OrderedJson entry(const std::string& id, const char* owner) {
  return {{"id", id}, {"object", "model"}, {"created", 0}, {"owned_by", owner}};
}

base::OrderedJson all_models(const House& house, const Access& access) {
  base::OrderedJson out = base::OrderedJson::array();
  for (const auto& model : house.models->list()) out.push_back(entry(model.id, "hanok"));
  for (const auto& name : house.store->collections())
    if (access.of(name) >= Scope::Read) out.push_back(entry(std::string(kCollectionPrefix) + name, "collection"));
  return out;
}

Reply one_model(const House& house, const Request& request, const std::string& id) {
  for (const auto& model : all_models(house, request.access))
    if (model["id"] == id) return Reply::json(base::dump_json(model));
  throw Refusal({.status = 404,
                 .message = "there is no model '" + id + "' here; GET /v1/models lists them",
                 .code = "model_not_found",
                 .param = "model"});
}

}  // namespace

void add_openai_models(Router::Group& group, House& house) {
  group.add("GET", "/models",
            [&house](const Request& request) {
              return Reply::json(
                  base::dump_json(base::OrderedJson{{"object", "list"}, {"data", all_models(house, request.access)}}));
            },
            {.summary = "The models that are served, and every collection as hanok/NAME"});
  group.add("GET", "/models/{model}",
            [&house](const Request& request) { return one_model(house, request, request.capture("model")); },
            {.summary = "One model"});
  // "hanok/notes" is written with its slash by most clients.
  group.add("GET", "/models/{owner}/{name}",
            [&house](const Request& request) {
              return one_model(house, request, request.capture("owner") + "/" + request.capture("name"));
            },
            {.summary = "One model whose name has a slash"});
}

}  // namespace hanok::server
