#include "hub_server.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <stdexcept>

#include "base/hash.h"

namespace hanok::test {
namespace {

const std::string kRevision = "0123456789abcdef0123456789abcdef01234567";

struct Request {
  std::string method, path, range;
  bool authorized = false;
};

Request read_request(int socket) {
  std::string text;
  char buffer[4096];
  while (text.find("\r\n\r\n") == std::string::npos) {
    const ssize_t n = ::read(socket, buffer, sizeof buffer);
    if (n <= 0) break;
    text.append(buffer, static_cast<size_t>(n));
  }
  Request r;
  r.method = text.substr(0, text.find(' '));
  const size_t begin = text.find(' ') + 1;
  r.path = text.substr(begin, text.find(' ', begin) - begin);
  r.path = r.path.substr(0, r.path.find('?'));
  if (const size_t at = text.find("Range: bytes="); at != std::string::npos)
    r.range = text.substr(at + 13, text.find('-', at) - at - 13);
  r.authorized = text.find("Authorization: Bearer secret\r\n") != std::string::npos;
  return r;
}

void send(int socket, const std::string& bytes) {
  for (size_t at = 0; at < bytes.size();) {
    const ssize_t n = ::send(socket, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (n <= 0) return;
    at += static_cast<size_t>(n);
  }
}

std::string head(const std::string& status, size_t length, const std::string& more = "") {
  return "HTTP/1.1 " + status + "\r\nConnection: close\r\nContent-Length: " + std::to_string(length) + "\r\n" + more +
         "\r\n";
}

const std::map<std::string, std::string>& files() {
  static const std::map<std::string, std::string> all = {{"config.json", R"({"model_type": "bert"})"},
                                                         {"tokenizer.json", "{}"},
                                                         {"1_Pooling/config.json", R"({"pooling_mode": "mean"})"},
                                                         {"model.safetensors", weights()},
                                                         {"pytorch_model.bin", "pickle"},
                                                         {"onnx/config.json", "{}"}};
  return all;
}

/// Of org/gguf: one model in three precisions, one of them in two parts.
const std::map<std::string, std::string>& gguf_files() {
  static const std::map<std::string, std::string> all = {{"README.md", "words"},
                                                         {"Model-Q4_K_M.gguf", "four bits"},
                                                         {"Model-Q8_0.gguf", "eight bits"},
                                                         {"F16/Model-F16-00001-of-00002.gguf", "sixteen"},
                                                         {"F16/Model-F16-00002-of-00002.gguf", "bits"},
                                                         {"mmproj-Model-Q8_0.gguf", "eyes"}};
  return all;
}

const std::map<std::string, std::string>& files_of(const std::string& repo) {
  return repo == "org/gguf" ? gguf_files() : files();
}

std::string listing(const std::string& repo) {
  std::string out = R"({"sha": ")" + kRevision + R"(", "siblings": [)";
  for (const auto& [name, bytes] : files_of(repo))
    out += (out.ends_with("[") ? "" : ", ") +
           (R"({"rfilename": ")" + name + R"(", "size": )" + std::to_string(bytes.size()) + "}");
  return out + "]}";
}

/// Large files live elsewhere: the Hub answers with a redirect and the file's checksum.
void send_file(int socket, const Request& r, const std::string& repo, const std::string& file) {
  const std::string& bytes = files_of(repo).at(file);
  if (file != "model.safetensors")
    return send(socket,
                head("200 OK", bytes.size(), "ETag: \"" + base::sha256_hex(file + bytes).substr(0, 40) + "\"\r\n") +
                    (r.method == "HEAD" ? "" : bytes));
  const auto sha = base::sha256_hex(repo == "org/wrong" ? "something else" : bytes);
  send(socket, head("302 Found", 0,
                    "Location: /storage/" + repo + "\r\nX-Linked-Etag: \"" + sha +
                        "\"\r\nX-Linked-Size: " + std::to_string(bytes.size()) + "\r\nETag: \"of-the-redirect\"\r\n"));
}

void send_storage(int socket, const Request& r, const std::string& repo) {
  const std::string bytes = weights();
  const size_t from = r.range.empty() ? 0 : std::stoul(r.range);
  const auto rest = bytes.substr(from);
  const bool cut = repo == "org/cut" && from == 0;
  send(socket, head(from ? "206 Partial Content" : "200 OK", rest.size(), "ETag: \"of-the-storage\"\r\n") +
                   (cut ? rest.substr(0, rest.size() / 2) : rest));
}

void answer(int socket) {
  const Request r = read_request(socket);
  const std::string api = "/api/models/", resolve = "/resolve/" + kRevision + "/", storage = "/storage/";
  for (const std::string repo : {"org/good", "org/cut", "org/wrong", "org/gated", "org/gguf"}) {
    if (r.path == storage + repo) return send_storage(socket, r, repo);
    const bool list = r.path == api + repo + "/revision/main", file = r.path.starts_with("/" + repo + resolve);
    if (!list && !file) continue;
    if (repo == "org/gated" && !r.authorized) return send(socket, head("401 Unauthorized", 0));
    if (list) return send(socket, head("200 OK", listing(repo).size()) + listing(repo));
    const auto name = r.path.substr(1 + repo.size() + resolve.size());
    if (files_of(repo).contains(name)) return send_file(socket, r, repo, name);
  }
  send(socket, head("404 Not Found", 0));
}

[[noreturn]] void serve(int listener) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  while (true) {
    const int socket = ::accept(listener, nullptr, nullptr);
    if (socket < 0) std::_Exit(1);
    answer(socket);
    ::close(socket);
  }
}

}  // namespace

std::string weights() {
  std::string out(200'000, '\0');
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<char>(i * 7 + i / 251);
  return out;
}

HubServer::HubServer() {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(listener, 16) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    throw std::runtime_error("no port for the test server");
  port_ = ntohs(address.sin_port);
  child_ = ::fork();
  if (child_ == 0) serve(listener);
  ::close(listener);
}

HubServer::~HubServer() {
  if (child_ <= 0) return;
  ::kill(child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
}

}  // namespace hanok::test
