#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <thread>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/threads.h"
#include "caches.h"
#include "chat_models.h"
#include "command.h"
#include "hanok/server.h"
#include "language_models.h"
#include "own_prompts.h"
#include "watched_folders.h"

namespace hanok::app {
namespace {

namespace fs = std::filesystem;

struct Flags {
  std::string host = "127.0.0.1", api_key, certificate, key, access_log;
  std::string chat_template;
  std::vector<std::string> models, embedding_models, rerank_models, cors, watch;
  size_t port = 8000, context = 0, most_body_mb = 512;
  bool allow_reset = false;
};

/// "NAME=MODEL" names a model for clients; else its own name, or that of its file.
std::pair<std::string, std::string> name_and_model(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals != text.npos && equals > 0 && text.find('/') > equals && text.find(':') > equals)
    return {text.substr(0, equals), text.substr(equals + 1)};
  std::error_code ignored;
  if (!fs::exists(text, ignored)) return {text, text};
  const fs::path path = fs::path(text).lexically_normal();
  const fs::path last = path.has_filename() ? path.filename() : path.parent_path().filename();
  return {fs::is_directory(path, ignored) ? last.string() : last.stem().string(), text};
}

constexpr bool kSeeds = false;  // of the cache: requests without a seed are given one

server::ServedModels open_models(const Session& session, const Flags& flags) {
  server::ServedModels out;
  std::vector<std::string> chats = flags.models;
  if (chats.empty() && !session.get("model").empty()) chats.push_back(session.get("model"));
  for (const auto& text : chats) {
    const auto [id, name] = name_and_model(text);
    if (chain::is_server(name)) {
      const ChatFlags chat{.model = name, .context = flags.context, .adapters = {}, .draft = {}, .kept = false};
      out.chat.emplace_back(id, with_cache(session, need_chat(session, chat).model, name, kSeeds));
      continue;
    }
    LanguageModelOptions options;
    options.context_tokens = flags.context;
    if (flags.chat_template == "plain")
      options.chat_template = chain::plain_chat_template();
    else if (!flags.chat_template.empty())
      options.chat_template = base::read_file(flags.chat_template, 4 << 20);
    const auto model = open_language_model(session, name, options);
    const std::string besides =
        state_of(chain::find_language_model(name)) + " " + std::to_string(flags.context) + "\n" + options.chat_template;
    out.chat.emplace_back(id, with_cache(session, chain::make_local_chat(model), besides, kSeeds));
    out.language.emplace_back(id, model);
  }
  std::vector<std::string> embedders = flags.embedding_models;
  if (embedders.empty()) embedders.push_back(session.get("embedding-model"));
  for (const auto& text : embedders) {
    if (text == "none") continue;
    const auto [id, name] = name_and_model(text);
    const auto folder = model_folder(name);
    if (!folder) continue;
    EmbedderOptions options;
    options.precision = precision_setting(session).value_or(Precision::Float32);
    const auto model = std::make_shared<const Embedder>(*folder, options);
    std::string shown = id.empty() ? model->name() : id;
    out.embedding.emplace_back(shown, with_cache(session, chain::make_embedder(model, lasting_name(name))));
  }
  for (const auto& text : flags.rerank_models) {
    const auto [id, name] = name_and_model(text);
    const auto folder = model_folder(name);
    if (!folder)
      throw Error(Code::NotFound, "--rerank-model " + text + ": a reranker's folder or ORG/NAME was expected");
    out.rerank.emplace_back(id, chain::make_reranker(std::make_shared<const Reranker>(*folder)));
  }
  out.find_maker = [&session](const store::VectorSpace& space) -> std::shared_ptr<const chain::EmbeddingModel> {
    auto maker = maker_of(space);
    return maker ? with_cache(session, std::move(maker)) : nullptr;
  };
  return out;
}

/// A connection is a file descriptor: as many as the system lets this process have.
void allow_many_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// Lines for a file that something else may rotate: reopen() after it was renamed.
class LineFile {
 public:
  explicit LineFile(std::string path) : path_(std::move(path)) { reopen(); }
  ~LineFile() { close(); }
  void write(std::string_view line) {
    std::lock_guard lock(mutex_);
    std::fwrite(line.data(), 1, line.size(), file_);
    std::fputc('\n', file_);
    std::fflush(file_);
  }
  void reopen() {
    std::FILE* fresh = path_ == "-" ? stderr : std::fopen(path_.c_str(), "ae");
    if (!fresh) throw Error(Code::Unavailable, path_ + ": the access log cannot be written");
    std::lock_guard lock(mutex_);
    close();
    file_ = fresh;
  }

 private:
  void close() {
    if (file_ && file_ != stderr) std::fclose(file_);
  }
  const std::string path_;
  std::mutex mutex_;
  std::FILE* file_ = nullptr;
};

/// While it lives, other processes find in the data directory where the server is.
class AddressFile {
 public:
  AddressFile(fs::path file, const std::string& url) : file_(std::move(file)) {
    base::write_file_atomic(file_, base::dump_json(base::OrderedJson{{"url", url}, {"pid", ::getpid()}}) + "\n");
  }
  ~AddressFile() {
    std::error_code ignored;
    fs::remove(file_, ignored);
  }
  AddressFile(const AddressFile&) = delete;
  AddressFile& operator=(const AddressFile&) = delete;

 private:
  const fs::path file_;
};

void run(Session& session, const Flags& flags) {
  base::keep_little_freed_memory();
  allow_many_files();
  session.background = true;
  if (flags.port > 65535)
    throw Error(Code::Invalid, "--port " + std::to_string(flags.port) + ": 0 to 65535 was expected");
  const fs::path folder = session.data_folder();
  const std::shared_ptr<store::Store> store(std::shared_ptr<void>(), &session.store(true));  // the session's own
  server::ServeOptions options;
  options.host = flags.host;
  options.port = static_cast<uint16_t>(flags.port);
  options.data_folder = folder;
  const char* key = std::getenv("HANOK_API_KEY");
  options.api_key = !flags.api_key.empty() ? flags.api_key : key ? key : "";
  options.keys_file = folder / "keys.json";
  options.certificate = flags.certificate;
  options.key = flags.key;
  options.cors_origins = flags.cors;
  options.allow_reset = flags.allow_reset;
  options.most_body_bytes = flags.most_body_mb << 20;
  options.version = HANOK_VERSION;
  options.ask_prompt = own_prompt(session, "ask");
  std::unique_ptr<LineFile> log;
  if (!flags.access_log.empty()) {
    log = std::make_unique<LineFile>(flags.access_log);
    options.log = [&](std::string_view line) { log->write(line); };
  }
  const CancelSource hangups = base::catch_hangups();
  server::ServedModels models = open_models(session, flags);
  base::OrderedJson names = base::OrderedJson::array();
  for (const auto& [id, model] : models.chat) names.push_back(id);
  for (const auto& [id, model] : models.embedding) names.push_back(id);
  for (const auto& [id, model] : models.rerank) names.push_back(id);
  const auto embedders = models.embedding;
  server::Server server(store, std::move(models), std::move(options));
  session.print(
      {{"url", server.url()}, {"port", server.port()}, {"data", folder.string()}, {"models", names}},
      [&](std::ostream& out) { out << "hanok serves " << folder.string() << " at " << server.url() << std::endl; });
  for (const auto& name : names) session.note("model: " + name.get<std::string>());
  const AddressFile address(folder / "server.json", server.url());
  const WatchedFolders watching(session, *store, flags.watch, &embedders);
  while (!session.interrupts.cancelled()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    if (!hangups.cancelled()) continue;
    hangups.reset();
    try {
      server.reload();
      if (log) log->reopen();
      session.note("keys and certificates were read again");
    } catch (const Error& error) {
      session.note("note: nothing was changed: " + std::string(error.what()));
    }
  }
  session.note("stopping: what is being worked on is finished first");
  server.stop();
}

}  // namespace

void add_serve(Command& root) {
  auto flags = std::make_shared<Flags>();
  Command c = root.subcommand(
      "serve", "Serve collections and models over HTTP, to the SDKs of OpenAI and others.",
      "  hanok serve -m SmolLM2-135M-Instruct.Q4_1.gguf\n"
      "  OpenAI(base_url=\"http://127.0.0.1:8000/v1\", api_key=\"none\")      # in Python\n\n"
      "One line on stdout says where it is; /healthz answers when it is up. Ctrl-C and SIGTERM finish what is being\n"
      "worked on; SIGHUP reads keys and certificates again. docs/how-to/serve.md says more.");
  c.option("--host", flags->host, "address to listen at (default 127.0.0.1); others need a key");
  c.option("--port", flags->port, "port (default 8000); 0: any that is free");
  c.option("-m,--model", flags->models,
           "chat model, as `hanok chat` takes it, or NAME=MODEL; may be given several times (HANOK_MODEL)");
  c.option("--embedding-model", flags->embedding_models,
           "embedding model: a folder or ORG/NAME, or NAME=MODEL; several times; none: no model");
  c.option("--rerank-model", flags->rerank_models, "cross-encoder: a folder or ORG/NAME, or NAME=MODEL; several times");
  c.option("--chat-template", flags->chat_template,
           "a file with a chat template in place of the models' own, or plain");
  c.option("--watch", flags->watch, "keep the collection (-c) up to date with this folder; may be given several times");
  c.option("--context", flags->context, "tokens of a conversation at most (default: the model's own)");
  c.option("--api-key", flags->api_key, "a key with every right (HANOK_API_KEY); `hanok keys` makes others");
  c.option("--tls-certificate", flags->certificate, "PEM file with the certificate chain: https");
  c.option("--tls-key", flags->key, "PEM file with its key");
  c.option("--cors", flags->cors, "web pages of this origin may call; may be given several times; *: all");
  c.option("--access-log", flags->access_log, "a JSON object a request to this file; -: to stderr");
  c.option("--max-body", flags->most_body_mb, "MiB of a request at most (default 512)", 1);
  c.cache();
  c.flag("--allow-reset", flags->allow_reset, "clients may empty the store (Chroma's reset)");
  c.run([flags](Session& session) { run(session, *flags); });
}

}  // namespace hanok::app
