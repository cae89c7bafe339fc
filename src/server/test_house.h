// A server with a store of its own and small models, in the process of a test.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/file.h"
#include "base/json.h"
#include "hanok/server.h"
#include "server/http/test_client.h"

namespace hanok::test {

/// Counts words as tokens, at most 8 of a text; token 7 is "word7". A text's vector: its words, its letters, the
/// prompt.
class WordEmbedder : public chain::EmbeddingModel {
 public:
  store::VectorSpace space() const override { return {"words", "words", 3, 1}; }
  size_t count_tokens(std::string_view text) const override {
    size_t n = 0;
    for (size_t i = 0; i < text.size(); ++i) n += text[i] != ' ' && (i == 0 || text[i - 1] == ' ');
    return n;
  }
  Matrix embed(std::span<const std::string> texts, Prompt prompt) const override {
    Matrix out{texts.size(), 3, {}};
    for (const auto& text : texts)
      out.data.insert(out.data.end(), {static_cast<float>(count_tokens(text)), static_cast<float>(text.size()),
                                       static_cast<float>(prompt)});
    return out;
  }
  double trust(std::string_view) const override { return 1; }
  size_t max_tokens() const override { return 8; }
  std::string decode(std::span<const int32_t> ids) const override {
    std::string out;
    for (const int32_t id : ids) out += (out.empty() ? "word" : " word") + std::to_string(id);
    return out;
  }
};

class TestHouse {
 public:
  explicit TestHouse(server::ServedModels models = {}, server::ServeOptions options = {})
      : store_(store::Store::open(folder_.path() / "data")) {
    options.port = 0;
    options.data_folder = folder_.path() / "data";
    if (models.embedding.empty()) models.embedding.emplace_back("words", std::make_shared<WordEmbedder>());
    server_ = std::make_unique<server::Server>(store_, std::move(models), std::move(options));
  }
  store::Store& store() { return *store_; }
  server::Server& server() { return *server_; }
  base::fs::path folder() const { return folder_.path(); }

  Answer get(const std::string& path, const std::string& headers = "") { return send("GET", path, "", headers); }
  Answer post(const std::string& path, const base::Json& body, const std::string& headers = "") {
    return send("POST", path, body.is_string() ? body.get<std::string>() : body.dump(), headers);
  }
  Answer send(const std::string& method, const std::string& path, const std::string& body = "",
              const std::string& headers = "") {
    Client client(server_->port());
    return client.ask_and_read(method, path, body, headers + "Content-Type: application/json\r\n");
  }
  /// The body, which must come with this status.
  base::Json json(const Answer& answer, int status = 200) {
    EXPECT_EQ(answer.status, status) << answer.body;
    return base::parse_json(answer.body, "the answer");
  }

 private:
  base::TempFolder folder_;
  std::shared_ptr<store::Store> store_;
  std::unique_ptr<server::Server> server_;
};

}  // namespace hanok::test
