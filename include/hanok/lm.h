// The door of room `lm`: running language models. In this version: sentence embeddings and reranking.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hanok/error.h"

namespace hanok {

/// Row-major [rows, dim] float32.
struct Matrix {
  size_t rows = 0, dim = 0;
  std::vector<float> data;
  std::span<const float> row(size_t i) const { return {data.data() + i * dim, dim}; }
  std::span<float> row(size_t i) { return {data.data() + i * dim, dim}; }
};

/// Which of the model's prompts goes before a text: e5's "query: " and "passage: ". Default is the model's own default.
enum class Prompt { Default, None, Query, Passage };

/// What the products of a model's layers are computed in. Int8: weights and activations in whole numbers of eight bits,
/// a scale for each 64 of them; two to four times the texts a second, and vectors whose cosine with those of Float32 is
/// above .995 (mean .998 for all-MiniLM-L6-v2, .9996 for multilingual-e5-small).
enum class Precision { Float32, Int8 };
/// "float32", "int8".
std::string_view precision_name(Precision precision);
/// Throws Invalid for another name.
Precision precision_named(std::string_view name);

struct EmbedderOptions {
  size_t truncate_dim =
      0;  // keep only the first values (Matryoshka models), normalised again where the model normalises; 0 = all
  size_t max_tokens = 0;  // cut texts here instead of where the model's files say; 0 = as they say
  Precision precision = Precision::Float32;
  std::string continues;  // a fingerprint: where it is this model's in another precision, that one is taken instead, so
                          // that vectors which are there already stay comparable
};

/// A sentence-transformers model in this process. Safe to call from several threads.
///   hanok::Embedder model("path/to/all-MiniLM-L6-v2");
///   auto v = model.embed({"A cat sits.", "A dog runs."});
///   std::cout << hanok::cosine(v.row(0), v.row(1));
class Embedder {
 public:
  /// folder: a Hugging Face / sentence-transformers folder (config.json, tokenizer.json, model.safetensors,
  /// modules.json). Throws NotFound, Unsupported (architecture), Corrupt.
  explicit Embedder(const std::filesystem::path& folder, const EmbedderOptions& options = {});
  ~Embedder();
  Embedder(Embedder&&) noexcept;
  Embedder& operator=(Embedder&&) noexcept;

  size_t dim() const;
  size_t max_tokens() const;
  const std::string& name() const;
  Precision precision() const;
  /// Changes whenever the numbers would: hash of weights, tokenizer, pooling, prompts and precision.
  const std::string& fingerprint() const;
  /// Tokens of a text as the model counts them, without prompt, untruncated.
  size_t count_tokens(std::string_view text) const;
  /// Share of the letters of `text`, 0..1, that stand in words the vocabulary does not know: words with an unknown
  /// token, or cut into pieces smaller than letters. An English model on Hangul gives a high one.
  double unknown_share(std::string_view text) const;
  /// [texts.size(), dim()], in the order of texts. Longer texts are cut at max_tokens(), as the model was trained.
  Matrix embed(std::span<const std::string> texts, Prompt prompt = Prompt::Default) const;
  Matrix embed(std::initializer_list<std::string> texts, Prompt prompt = Prompt::Default) const {
    return embed(std::span<const std::string>(texts.begin(), texts.size()), prompt);
  }
  /// The same with any words before each text.
  Matrix embed_with(std::span<const std::string> texts, std::string_view prompt) const;
  /// What `prompt` puts before a text; empty where the model has none.
  const std::string& prompt_text(Prompt prompt) const;
  /// Token ids as the model sees them: prompt and special tokens among them, cut at max_tokens().
  std::vector<int32_t> tokens(std::string_view text, Prompt prompt = Prompt::Default) const;
  /// The text of token ids, without special ones. Throws Invalid for ids that the vocabulary does not have.
  std::string decode(std::span<const int32_t> ids) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Cosine similarity in [-1, 1]; 0 when either vector is zero. Equal lengths, else Error(Invalid).
float cosine(std::span<const float> a, std::span<const float> b);

struct RerankerOptions {
  size_t max_tokens = 0;  // of query and text together; 0 = as the model's files say
};

/// A cross-encoder that scores how well each text answers the query; higher is better.
class Reranker {
 public:
  /// Throws NotFound, Unsupported (architecture), Corrupt.
  explicit Reranker(const std::filesystem::path& folder, const RerankerOptions& options = {});
  ~Reranker();
  Reranker(Reranker&&) noexcept;
  Reranker& operator=(Reranker&&) noexcept;
  /// [texts.size(), labels()] after the model's default activation (sigmoid for one label, none for several, or what
  /// its files say).
  Matrix score(std::string_view query, std::span<const std::string> texts) const;
  /// The same before the activation.
  Matrix logits(std::string_view query, std::span<const std::string> texts) const;
  /// Token ids and type ids of a pair as the model sees them.
  std::pair<std::vector<int32_t>, std::vector<int32_t>> tokens(std::string_view query, std::string_view text) const;
  size_t max_tokens() const;
  size_t labels() const;
  const std::string& name() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hanok
