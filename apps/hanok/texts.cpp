#include "texts.h"

#include <algorithm>
#include <fstream>
#include <iostream>

#include "base/threads.h"
#include "caches.h"
#include "chain/embedder/languages.h"
#include "hanok/chain.h"
#include "models_in_use.h"

namespace hanok::app {
namespace {

constexpr size_t kBlock = 512;    // texts between two looks at Ctrl-C and two drawings of the bar
constexpr double kTrusted = 0.5;  // below: the model does not know the language

bool is_jsonl(const std::string& file) { return file.size() > 6 && file.compare(file.size() - 6, 6, ".jsonl") == 0; }

void read(std::istream& in, const std::string& name, bool keep_blank, std::vector<std::string>& out) {
  size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.find_first_not_of(" \t") == std::string::npos && !keep_blank) continue;
    if (!is_jsonl(name)) {
      out.push_back(std::move(line));
      continue;
    }
    const std::string where = name + ":" + std::to_string(number);
    const auto row = base::parse_json(line, where);
    const auto text = row.is_object() ? row.find("text") : row.end();
    if (text == row.end() || !text->is_string())
      throw Error(Code::Invalid, where + ": an object with \"text\": \"...\" was expected");
    out.push_back(text->get<std::string>());
  }
}

std::vector<std::string> read_from(const std::string& file, bool keep_blank) {
  std::vector<std::string> out;
  if (file == "-") {
    read(std::cin, "stdin", keep_blank, out);
  } else {
    std::ifstream in(file);
    if (!in) throw Error(Code::NotFound, file + ": cannot open it");
    read(in, file, keep_blank, out);
  }
  return out;
}

}  // namespace

std::vector<std::string> read_texts(const std::string& file) {
  auto out = read_from(file, false);
  if (out.empty()) throw Error(Code::Invalid, file + ": holds no text");
  return out;
}

std::vector<std::string> read_lines(const std::string& file) { return read_from(file, true); }

std::shared_ptr<const Embedder> embedding_model(const Session& session, const std::string& flag) {
  const auto folder = model_folder(flag.empty() ? session.get("embedding-model") : flag);
  if (!folder) throw Error(Code::NotFound, "an embedding model is needed here; " + model_advice());
  return std::make_shared<const Embedder>(
      *folder, EmbedderOptions{.precision = precision_setting(session).value_or(Precision::Float32)});
}

Prompt parse_prompt(const std::string& name) {
  return name == "query"     ? Prompt::Query
         : name == "passage" ? Prompt::Passage
         : name == "none"    ? Prompt::None
                             : Prompt::Default;
}

Matrix embed_texts(const Session& session, const std::shared_ptr<const Embedder>& model,
                   const std::vector<std::string>& texts, Prompt prompt) {
  std::string sample;
  for (size_t i = 0; i < texts.size() && sample.size() < 2000; ++i) sample += texts[i] + " ";
  const auto embedder = with_cache(session, chain::make_embedder(model));
  if (embedder->trust(sample) < kTrusted)
    session.note("warning: " + model->name() +
                 " does not know the language of these texts; its scores will be flat and wrong");
  const auto bar = session.progress_bar();
  Matrix out;
  out.rows = texts.size(), out.dim = model->dim();
  for (size_t begin = 0; begin < texts.size(); begin += kBlock) {
    base::check_interrupt();
    const size_t end = std::min(begin + kBlock, texts.size());
    const Matrix block = embedder->embed(std::span(texts).subspan(begin, end - begin), prompt);
    out.data.insert(out.data.end(), block.data.begin(), block.data.end());
    if (bar) bar({end, texts.size(), "embed", ""});
  }
  return out;
}

Matrix embed_meanings(const Session& session, const std::shared_ptr<const Embedder>& model,
                      const std::vector<std::string>& texts, Prompt prompt) {
  return chain::without_languages(*chain::make_embedder(model), texts, embed_texts(session, model, texts, prompt),
                                  prompt);
}

}  // namespace hanok::app
