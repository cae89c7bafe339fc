// Token ids and texts as the published libraries give them, for every tokenizer of the golden data that is at hand.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "base/json.h"
#include "text/tokenizers/tokenizer.h"

namespace hanok::text {
namespace {

namespace fs = std::filesystem;
using base::Json;

fs::path data() {
  const char* env = std::getenv("HANOK_TEST_DATA");
  return env ? fs::path(env) : fs::path(HANOK_SOURCE_DIR) / "../shared/data";
}

/// The folder of a real model, or an empty path where it is not at hand.
fs::path model(const char* name) {
  const char* env = std::getenv("HANOK_MODELS");
  const char* home = std::getenv("HOME");
  const fs::path folder = (env ? fs::path(env) : fs::path(home ? home : "") / ".cache/hanok-models") / name;
  return fs::exists(folder / "tokenizer.json") ? folder : fs::path();
}

std::vector<Json> lines(const fs::path& file) {
  std::vector<Json> out;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) out.push_back(Json::parse(line));
  return out;
}

std::vector<TokenId> ids(const Json& json) { return json.get<std::vector<TokenId>>(); }

void check_layout(const fs::path& folder) {
  SCOPED_TRACE(folder.string());
  const auto tokenizer = Tokenizer::load(folder);
  for (const Json& c : lines(folder / "cases.jsonl")) {
    const auto text = c["text"].get<std::string>();
    SCOPED_TRACE(base::dump_json(c["text"]));
    const auto with = tokenizer.encode(text).ids;
    ASSERT_EQ(with, ids(c["ids"]));
    ASSERT_EQ(tokenizer.encode(text, {.add_special_tokens = false}).ids, ids(c["ids_no_special"]));
    ASSERT_EQ(tokenizer.count(text), c["ids_no_special"].size());
    ASSERT_EQ(tokenizer.decode(with, false), c["decoded"].get<std::string>());
    ASSERT_EQ(tokenizer.decode(with, true), c["decoded_skip_special"].get<std::string>());
  }
  if (!fs::exists(folder / "pairs.jsonl")) return;
  for (const Json& c : lines(folder / "pairs.jsonl")) {
    SCOPED_TRACE(base::dump_json(c));
    const auto pair = tokenizer.encode_pair(c["a"].get<std::string>(), c["b"].get<std::string>());
    ASSERT_EQ(pair.ids, ids(c["ids"]));
    ASSERT_EQ(pair.type_ids, ids(c["type_ids"]));
  }
}

class Layout : public testing::TestWithParam<const char*> {};

TEST_P(Layout, GivesThePublishedIds) {
  const fs::path folder = data() / "golden/lm/tokenizers" / GetParam();
  if (fs::exists(folder)) check_layout(folder);
}

INSTANTIATE_TEST_SUITE_P(Golden, Layout,
                         testing::Values("bert-wordpiece", "xlmr-unigram", "bgem3-unigram", "gpt2-bpe", "qwen2-bpe",
                                         "llama3-bpe", "llama2-spbpe", "gemma-spbpe"),
                         [](const auto& info) {
                           std::string name = info.param;
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

void check_sentences(const fs::path& folder, const fs::path& sentences) {
  const Json json = Json::parse(base::read_file(sentences));
  const auto tokenizer = Tokenizer::load(folder);
  const auto prefix = json.value("prefix", "");
  const auto max = json["max_seq_length"].get<size_t>();
  for (const Json& row : json["rows"]) {
    const auto text = prefix + row["text"].get<std::string>();
    SCOPED_TRACE(text.substr(0, 80));
    ASSERT_EQ(tokenizer.encode(text, {.max_length = max}).ids, ids(row["ids"]));
    ASSERT_EQ(tokenizer.count(text) + tokenizer.added_by_encode(), row["untruncated_length"].get<size_t>());
    if (!row.contains("passage_length")) continue;
    const auto passage = "passage: " + row["text"].get<std::string>();
    ASSERT_EQ(tokenizer.encode(passage, {.max_length = max}).ids.size(), row["passage_length"].get<size_t>());
  }
}

TEST(GoldenEmbed, RealModels) {
  for (const char* name : {"minilm", "e5"}) {
    const auto sentences = data() / "golden/embed" / name / "sentences.json";
    if (!model(name).empty() && fs::exists(sentences)) check_sentences(model(name), sentences);
  }
}

/// Every call of expected.json: prompt + text, or the two texts of a pair, cut at max_length.
TEST(GoldenEmbed, Encoders) {
  const auto root = data() / "golden/embed/encoders";
  if (!fs::exists(root)) return;
  for (const auto& entry : fs::directory_iterator(root)) {
    SCOPED_TRACE(entry.path().string());
    const auto tokenizer = Tokenizer::load(entry.path());
    const Json expected = Json::parse(base::read_file(entry.path() / "expected.json"));
    const size_t max = tokenizer.model_max_length().value_or(0);
    for (const Json& call : expected["calls"]) {
      if (!call.contains("ids")) continue;
      for (size_t i = 0; i < call["ids"].size(); ++i) {
        const auto text = call.value("prompt", "") + expected["texts"][i].get<std::string>();
        ASSERT_EQ(tokenizer.encode(text, {.max_length = max}).ids, ids(call["ids"][i])) << text;
      }
    }
  }
}

TEST(GoldenEmbed, CrossEncoders) {
  const auto root = data() / "golden/embed/cross_encoders";
  if (!fs::exists(root)) return;
  for (const auto& entry : fs::directory_iterator(root)) {
    SCOPED_TRACE(entry.path().string());
    const auto tokenizer = Tokenizer::load(entry.path());
    const Json expected = Json::parse(base::read_file(entry.path() / "expected.json"));
    for (size_t i = 0; i < expected["pairs"].size(); ++i) {
      const auto pair =
          tokenizer.encode_pair(expected["pairs"][i][0].get<std::string>(), expected["pairs"][i][1].get<std::string>(),
                                {.max_length = expected["max_length"].get<size_t>()});
      ASSERT_EQ(pair.ids, ids(expected["ids"][i]));
      if (!expected["token_type_ids"][i].is_null()) {
        ASSERT_EQ(pair.type_ids, ids(expected["token_type_ids"][i]));
      }
    }
  }
}

}  // namespace
}  // namespace hanok::text
