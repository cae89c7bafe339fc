// OpenAI's API, under /v1 and without it: SDKs append bare paths to whatever base URL their users gave.
#pragma once

#include <memory>
#include <string>

#include "server/house.h"
#include "server/http/router.h"

namespace hanok::server {

inline constexpr size_t kMostJson = 64 << 20;  // bytes of a body that becomes a tree of values, many times as large

/// {"error": {"message", "type", "param", "code"}}, always all four; x-should-retry: false where the same request would
/// fail again, since SDKs retry 409 and 5xx by themselves.
Reply openai_problem(const Problem& problem, const Request& request);

class FileShelf;
class VectorStores;

/// What its routes keep between requests; it must outlive the router.
class OpenAi {
 public:
  explicit OpenAi(House& house);
  ~OpenAi();
  void add_routes(Router& router);
  /// Ends what goes on between requests.
  void stop();

 private:
  House& house_;
  std::unique_ptr<FileShelf> shelf_;
  std::unique_ptr<VectorStores> stores_;
};

// Each of them adds the routes of one file to a group.
void add_openai_models(Router::Group& group, House& house);
void add_openai_embeddings(Router::Group& group, House& house);
void add_openai_chat(Router::Group& group, House& house);
void add_openai_completions(Router::Group& group, House& house);
void add_openai_rerank(Router::Group& group, House& house);
void add_openai_files(Router::Group& group, FileShelf& shelf);
void add_openai_vector_stores(Router::Group& group, VectorStores& stores);
void add_openai_responses(Router::Group& group, House& house, VectorStores& stores);
/// The rest of OpenAI's API: each part says that it is not here, and what to do instead.
void add_openai_not_served(Router::Group& group);

}  // namespace hanok::server
