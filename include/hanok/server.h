// The door of room `server`: collections and models behind the HTTP APIs that people's code already calls.
//
//   hanok::server::Server server(store, {.embedding = {{"e5", embedder}}}, {.port = 8000});
//   std::cout << server.url() << "\n";      // an SDK of OpenAI takes url() + "/v1"
//   ...
//   server.stop();                          // finishes what is being worked on
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hanok/chain.h"
#include "hanok/chat.h"
#include "hanok/store.h"

namespace hanok::server {

/// What is served, by the names that clients say. The first of a kind answers where none is named.
struct ServedModels {
  std::vector<std::pair<std::string, std::shared_ptr<const chain::ChatModel>>> chat = {};
  /// The models behind `chat` that are of this process, by the same names: for plain completions.
  std::vector<std::pair<std::string, std::shared_ptr<const LanguageModel>>> language = {};
  std::vector<std::pair<std::string, std::shared_ptr<const chain::EmbeddingModel>>> embedding = {};
  std::vector<std::pair<std::string, std::shared_ptr<const chain::RerankModel>>> rerank = {};
  /// Finds on this machine the model that made a collection's vectors; nullptr where it is not there.
  std::function<std::shared_ptr<const chain::EmbeddingModel>(const store::VectorSpace&)> find_maker = {};
};

struct ServeOptions {
  std::string host = "127.0.0.1";  // an address of this machine, or localhost
  uint16_t port = 8000;            // 0: any that is free
  std::filesystem::path data_folder = {};
  std::string api_key = {};                             // with every right; empty: only those of keys_file
  std::filesystem::path keys_file = {};                 // as `hanok keys` writes it
  std::filesystem::path certificate = {}, key = {};     // PEM files: https
  std::vector<std::string> cors_origins = {};           // web pages that may call; "*": all
  std::function<void(std::string_view line)> log = {};  // one JSON object a request; called from one thread
  bool allow_reset = false;                             // clients may empty the store
  size_t most_body_bytes = 512 << 20;
  std::string ask_prompt = {};  // of answers from collections (AskOptions::prompt_template)
  std::string version = {};     // shown at /version and in /openapi.json
};

class Server {
 public:
  /// Listens from now on. Throws Unavailable (the address is in use), Invalid (host, certificate, a host other than
  /// this machine's own without a key), Corrupt (keys_file).
  Server(std::shared_ptr<store::Store> store, ServedModels models, ServeOptions options = {});
  ~Server();  // stop()
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  const std::string& url() const;  // "http://127.0.0.1:8000"
  uint16_t port() const;
  /// Reads keys and certificates again. Throws as the constructor does, and goes on with the old ones.
  void reload();
  /// Takes no more requests, finishes those that it has (30 seconds, then they are cancelled).
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hanok::server
