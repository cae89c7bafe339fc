#include "hanok/server.h"

#include <algorithm>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "base/json.h"
#include "server/admin/admin.h"
#include "server/auth/keys.h"
#include "server/chroma/chroma.h"
#include "server/house.h"
#include "server/housekeeping.h"
#include "server/http/head.h"
#include "server/http/listener.h"
#include "server/http/metrics.h"
#include "server/mcp/routes.h"
#include "server/openai/openai.h"
#include "server/pinecone/pinecone.h"

namespace hanok::server {
namespace {

bool is_loopback(const std::string& host) { return host == "localhost" || host.starts_with("127.") || host == "::1"; }

std::string log_line(const Served& s) {
  return base::dump_json(base::OrderedJson{{"time", base::iso_time(s.time_ms)},
                                           {"id", s.id},
                                           {"remote", s.remote},
                                           {"key", s.key},
                                           {"method", s.method},
                                           {"path", s.path},
                                           {"route", s.route},
                                           {"status", s.status},
                                           {"bytes_in", s.bytes_in},
                                           {"bytes_out", s.bytes_out},
                                           {"ms", s.seconds * 1000}});
}

}  // namespace

struct Server::Impl {
  ServeOptions options;
  House house;
  Metrics metrics;
  std::optional<OpenAi> openai;
  std::optional<Pinecone> pinecone;
  Router router{openai_problem};
  std::mutex keys_mutex;
  std::shared_ptr<const Keys> keys;
  std::string url;
  std::optional<Listener> listener;
  Housekeeping housekeeping;

  Impl(std::shared_ptr<store::Store> store, ServedModels models, ServeOptions o) : options(std::move(o)) {
    house.store = std::move(store);
    house.models = std::make_shared<Models>();
    house.metrics = &metrics;
    house.data_folder = options.data_folder.string();
    house.allow_reset = options.allow_reset;
    house.ask_prompt = options.ask_prompt;
    house.version = options.version;
    for (auto& [id, model] : models.chat) house.models->add_chat(id, std::move(model));
    for (auto& [id, model] : models.language) house.models->add_language(id, std::move(model));
    for (auto& [id, model] : models.embedding) house.models->add_embedder(id, std::move(model));
    for (auto& [id, model] : models.rerank) house.models->add_reranker(id, std::move(model));
    house.models->set_find_maker(std::move(models.find_maker));
    keys = read_keys();
    if (keys->empty() && !is_loopback(options.host))
      throw Error(Code::Invalid, "'" + options.host +
                                     "' can be reached from other machines, so that a key is needed: --api-key, "
                                     "HANOK_API_KEY, or `hanok keys add NAME`. Without one, listen at 127.0.0.1");
    add_admin_routes(router, house,
                     {.ready = [this] { return ready(); }, .metrics = [this] { return metrics_text(); }});
    openai.emplace(house);
    openai->add_routes(router);
    add_mcp_routes(router, house);
    add_chroma_routes(router, house);
    pinecone.emplace(house);
    pinecone->add_routes(router);
    listen();
  }

  void listen() {
    ListenOptions listen{.host = options.host,
                         .port = options.port,
                         .certificate_file = options.certificate.string(),
                         .key_file = options.key.string(),
                         .most_body = options.most_body_bytes,
                         .most_bodies = std::max(ListenOptions().most_bodies, 2 * options.most_body_bytes),
                         .cors_origins = options.cors_origins,
                         .local_names_only = keys->empty()};
    ListenHooks hooks;
    hooks.authorize = [this](const Request& request) { return authorize(request); };
    hooks.served = [this](const Served& served) {
      metrics.count(served);
      if (options.log) options.log(log_line(served));
    };
    listener.emplace(router, std::move(listen), std::move(hooks));
    url = listener->url();
  }

  std::shared_ptr<const Keys> read_keys() const {
    Keys out;
    if (!options.keys_file.empty()) out = Keys::load(options.keys_file);
    if (!options.api_key.empty()) out.add_chosen("api-key", options.api_key);
    return std::make_shared<const Keys>(std::move(out));
  }

  Access authorize(const Request& request) {
    std::shared_ptr<const Keys> now;
    {
      std::lock_guard lock(keys_mutex);
      now = keys;
    }
    if (now->empty()) return {};
    const std::string key = presented_key(request);
    if (auto access = now->find(key)) return *access;
    throw Refusal({.status = 401,
                   .message = key.empty() ? "a key is needed: Authorization: Bearer KEY" : "this key is not known here",
                   .code = "unauthorized",
                   .headers = {{"www-authenticate", "Bearer"}}});
  }

  bool ready() {
    (void)house.store->collections();  // throws where the store cannot be read
    return true;
  }

  std::string metrics_text() const { return metrics.text(listener->numbers()); }

  void reload() {
    auto fresh = read_keys();
    if (fresh->empty() != keys->empty())
      throw Error(Code::Invalid, "whether keys are needed is decided when the server starts; start it again");
    listener->reload_certificates();
    std::lock_guard lock(keys_mutex);
    keys = std::move(fresh);
  }
};

Server::Server(std::shared_ptr<store::Store> store, ServedModels models, ServeOptions options)
    : impl_(std::make_unique<Impl>(std::move(store), std::move(models), std::move(options))) {}
Server::~Server() = default;
const std::string& Server::url() const { return impl_->url; }
uint16_t Server::port() const { return impl_->listener->port(); }
void Server::reload() { impl_->reload(); }
void Server::stop() {
  impl_->listener->stop();
  impl_->openai->stop();
  impl_->pinecone->stop();
}

}  // namespace hanok::server
