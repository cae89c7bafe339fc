#include "server/openai/openai.h"

#include <filesystem>

#include "base/json.h"
#include "server/openai/vector_stores.h"

namespace hanok::server {

Reply openai_problem(const Problem& problem, const Request&) {
  const int status = problem.status;
  const char* type = status == 401   ? "authentication_error"
                     : status == 403 ? "permission_error"
                     : status == 429 ? "rate_limit_error"
                     : status >= 500 ? "server_error"
                                     : "invalid_request_error";
  base::OrderedJson error = {{"message", problem.message}, {"type", type}, {"param", nullptr}, {"code", nullptr}};
  if (!problem.param.empty()) error["param"] = problem.param;
  if (!problem.code.empty()) error["code"] = problem.code == "unauthorized" ? "invalid_api_key" : problem.code;
  Reply out = Reply::json(base::dump_json(base::OrderedJson{{"error", error}}), status);
  if (status != 429 && status != 503) out.headers.emplace_back("x-should-retry", "false");
  return out;
}

OpenAi::OpenAi(House& house)
    : house_(house),
      shelf_(std::make_unique<FileShelf>(std::filesystem::path(house.data_folder) / "files")),
      stores_(std::make_unique<VectorStores>(house, *shelf_)) {}
OpenAi::~OpenAi() = default;
void OpenAi::stop() { stores_->stop(); }

void OpenAi::add_routes(Router& router) {
  House& house = house_;
  for (const char* prefix : {"/v1", ""}) {
    auto group = router.group(prefix, "openai", openai_problem);
    add_openai_models(group, house);
    add_openai_embeddings(group, house);
    add_openai_chat(group, house);
    add_openai_completions(group, house);
    add_openai_rerank(group, house);
    add_openai_files(group, *shelf_);
    add_openai_vector_stores(group, *stores_);
    add_openai_responses(group, house, *stores_);
    add_openai_not_served(group);
  }
}

}  // namespace hanok::server
