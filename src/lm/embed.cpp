#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/threads.h"
#include "hanok/lm.h"
#include "lm/arch/encoder.h"
#include "lm/fingerprint.h"
#include "lm/sentence_model.h"
#include "lm/text_length.h"
#include "nn/linear.h"
#include "text/tokenizers/tokenizer.h"

namespace hanok {
namespace {

// Tokens of one forward pass. Weights are read once a pass, so more is better; but activations of 288 tokens x 1,536
// values (1.7 MiB) still lie in L2 and L3. A multiple of the row block of math::gemm (96).
constexpr size_t kPassTokens = 288;

struct Named {
  Precision precision;
  std::string_view name;
};
constexpr Named kPrecisions[] = {{Precision::Float32, "float32"}, {Precision::Int8, "int8"}};

nn::LinearPrecision internal(Precision precision) {
  return precision == Precision::Int8 ? nn::LinearPrecision::Int8 : nn::LinearPrecision::Float32;
}

struct Text {
  std::vector<int32_t> ids, types;
};

struct Dense {
  nn::Linear linear;
  math::Activation activation;
};

void normalise(float* x, size_t n) {
  double squares = 0;
  for (size_t i = 0; i < n; ++i) squares += static_cast<double>(x[i]) * x[i];
  const auto scale = static_cast<float>(1 / std::max(std::sqrt(squares), 1e-12));  // torch's floor
  for (size_t i = 0; i < n; ++i) x[i] *= scale;
}

}  // namespace

std::string_view precision_name(Precision precision) {
  for (const auto& [known, name] : kPrecisions)
    if (known == precision) return name;
  return "";
}

Precision precision_named(std::string_view name) {
  for (const auto& [precision, known] : kPrecisions)
    if (known == name) return precision;
  throw Error(Code::Invalid, "precision '" + std::string(name) + "': float32 or int8 was expected");
}

struct Embedder::Impl {
  lm::SentenceModel model;
  text::Tokenizer tokenizer;
  nn::Weights weights;
  std::vector<nn::Weights> dense_weights;
  std::unique_ptr<lm::Encoder> encoder;
  std::vector<Dense> dense;
  size_t max_tokens = 0, full_dim = 0, dim = 0;
  Precision precision;
  std::string none, query, passage, fingerprint;

  Impl(const std::filesystem::path& folder, const EmbedderOptions& options)
      : model(lm::SentenceModel::read(folder)),
        tokenizer(text::Tokenizer::load(model.encoder_folder)),
        weights(nn::Weights::open(model.encoder_folder)),
        encoder(lm::make_encoder(model.encoder, weights, internal(options.precision))),
        precision(options.precision),
        query(model.query_prompt()),
        passage(model.passage_prompt()) {
    lm::check_lower_case(model, tokenizer);
    max_tokens = lm::max_tokens(options.max_tokens ? std::optional(options.max_tokens) : model.max_tokens, tokenizer,
                                encoder->max_positions(), false);
    full_dim = model.pooling.dim(encoder->width());
    for (const lm::DenseModule& d : model.dense) add_dense(d);
    dim = options.truncate_dim ? options.truncate_dim : full_dim;
    if (dim > full_dim)
      throw Error(Code::Invalid, model.name + ": truncate_dim is " + std::to_string(dim) + ", the model gives " +
                                     std::to_string(full_dim));
    const std::string in_float32 =
        lm::fingerprint(model, weights, dense_weights.data(), dense_weights.size(), max_tokens, dim);
    for (const auto& [other, name] : kPrecisions)
      if (other != precision && lm::fingerprint_in(other, in_float32) == options.continues) {
        encoder = lm::make_encoder(model.encoder, weights, internal(other));
        precision = other;
        break;
      }
    fingerprint = lm::fingerprint_in(precision, in_float32);
  }

  void add_dense(const lm::DenseModule& d) {
    if (d.in != full_dim)
      throw Error(Code::Corrupt, d.folder.string() + ": takes " + std::to_string(d.in) +
                                     " values, the module before gives " + std::to_string(full_dim));
    dense_weights.push_back(nn::Weights::open(d.folder));
    dense.push_back({nn::Linear(dense_weights.back(), {"linear"}, {d.out}, d.in), d.activation});
    full_dim = d.out;
  }

  const std::string& prompt_text(Prompt prompt) const {
    switch (prompt) {
      case Prompt::Query:
        return query;
      case Prompt::Passage:
        return passage;
      case Prompt::None:
        return none;
      case Prompt::Default:
        break;
    }
    return model.default_prompt;
  }

  Text tokenize(std::string_view prompt, std::string_view text) const {
    auto encoded = prompt.empty()
                       ? tokenizer.encode(text, {.max_length = max_tokens})
                       : tokenizer.encode(std::string(prompt) + std::string(text), {.max_length = max_tokens});
    return {std::move(encoded.ids), std::move(encoded.type_ids)};
  }

  // Tokens of the prompt that pooling leaves out: special ones before it too, but not the one that ends a text.
  size_t skipped(std::string_view prompt) const {
    if (model.pooling.include_prompt || prompt.empty()) return 0;
    const auto ids = tokenizer.encode(prompt).ids;
    return ids.size() - (!ids.empty() && tokenizer.is_special(ids.back()) ? 1 : 0);
  }

  Matrix embed(std::span<const std::string> texts, std::string_view prompt) const;
  void pass(std::span<const size_t> order, const std::vector<Text>& texts, size_t skip, nn::Workspace& workspace,
            math::Scratch& hidden, Matrix& out) const;
  void finish(const float* hidden, size_t n, size_t skip, float* out) const;
};

// Pooling, Dense, cut and norm of one text.
void Embedder::Impl::finish(const float* hidden, size_t n, size_t skip, float* out) const {
  const size_t width = encoder->width();
  std::vector<float> now(model.pooling.dim(width)), next;
  for (size_t i = 0; i < model.pooling.kinds.size(); ++i)
    lm::pool(model.pooling.kinds[i], hidden, n, width, skip, now.data() + i * width);
  for (const Dense& d : dense) {
    next.resize(d.linear.out());
    d.linear(now.data(), now.size(), 1, next.data(), next.size(), {.activation = d.activation});
    now.swap(next);
  }
  if (model.normalize) normalise(now.data(), dim);
  std::copy_n(now.data(), dim, out);
}

void Embedder::Impl::pass(std::span<const size_t> order, const std::vector<Text>& texts, size_t skip,
                          nn::Workspace& workspace, math::Scratch& hidden, Matrix& out) const {
  base::check_interrupt();
  nn::Batch batch;
  for (const size_t i : order) batch.add(texts[i].ids, texts[i].types);
  const size_t width = encoder->width();
  float* states = hidden.reserve(batch.tokens() * width);
  encoder->run(batch, workspace, states);
  for (size_t s = 0; s < order.size(); ++s)
    finish(states + batch.starts[s] * width, batch.starts[s + 1] - batch.starts[s], skip, out.row(order[s]).data());
}

Matrix Embedder::Impl::embed(std::span<const std::string> texts, std::string_view prompt) const {
  Matrix out{.rows = texts.size(), .dim = dim, .data = std::vector<float>(texts.size() * dim)};
  std::vector<Text> tokens(texts.size());
  constexpr size_t kTextsPerTask = 16;
  base::parallel_for(texts.size(), kTextsPerTask, [&](size_t begin, size_t end, size_t) {
    for (size_t i = begin; i < end; ++i) tokens[i] = tokenize(prompt, texts[i]);
  });

  // Long texts first, so that the last passes are short and the cores end together.
  std::vector<size_t> order(texts.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return tokens[a].ids.size() > tokens[b].ids.size(); });
  const size_t threads = base::default_threads();
  size_t total = 0;
  for (const Text& t : tokens) total += t.ids.size();
  // Few tokens: one pass after another, each shared by all cores. Many: a pass for each core.
  const size_t per_pass = total < threads * kPassTokens ? threads * kPassTokens : kPassTokens;
  std::vector<std::pair<size_t, size_t>> passes;
  for (size_t i = 0, begin = 0, sum = 0; i < order.size(); ++i) {
    sum += tokens[order[i]].ids.size();
    if (sum < per_pass && i + 1 < order.size()) continue;
    passes.emplace_back(begin, i + 1);
    begin = i + 1;
    sum = 0;
  }
  const size_t skip = skipped(prompt);
  std::vector<nn::Workspace> workspaces(threads);
  std::vector<math::Scratch> hidden(threads);
  base::parallel_for(
      passes.size(), 1,
      [&](size_t first, size_t last, size_t worker) {
        for (size_t p = first; p < last; ++p)
          pass(std::span(order).subspan(passes[p].first, passes[p].second - passes[p].first), tokens, skip,
               workspaces[worker], hidden[worker], out);
      },
      threads);
  return out;
}

Embedder::Embedder(const std::filesystem::path& folder, const EmbedderOptions& options)
    : impl_(std::make_unique<Impl>(folder, options)) {}
Embedder::~Embedder() = default;
Embedder::Embedder(Embedder&&) noexcept = default;
Embedder& Embedder::operator=(Embedder&&) noexcept = default;

Precision Embedder::precision() const { return impl_->precision; }
size_t Embedder::dim() const { return impl_->dim; }
size_t Embedder::max_tokens() const { return impl_->max_tokens; }
const std::string& Embedder::name() const { return impl_->model.name; }
const std::string& Embedder::fingerprint() const { return impl_->fingerprint; }
size_t Embedder::count_tokens(std::string_view text) const { return impl_->tokenizer.count(text); }
double Embedder::unknown_share(std::string_view text) const { return lm::unknown_share(impl_->tokenizer, text); }
const std::string& Embedder::prompt_text(Prompt prompt) const { return impl_->prompt_text(prompt); }
std::string Embedder::decode(std::span<const int32_t> ids) const {
  const size_t most = impl_->tokenizer.vocab_size();
  for (const int32_t id : ids)
    if (id < 0 || static_cast<size_t>(id) >= most || !impl_->tokenizer.token(id))
      throw Error(Code::Invalid, impl_->model.name + ": there is no token " + std::to_string(id) +
                                     "; ids of its own tokenizer, below " + std::to_string(most) + ", were expected");
  return impl_->tokenizer.decode(ids);
}
std::vector<int32_t> Embedder::tokens(std::string_view text, Prompt prompt) const {
  return impl_->tokenize(impl_->prompt_text(prompt), text).ids;
}
Matrix Embedder::embed(std::span<const std::string> texts, Prompt prompt) const {
  return impl_->embed(texts, impl_->prompt_text(prompt));
}
Matrix Embedder::embed_with(std::span<const std::string> texts, std::string_view prompt) const {
  return impl_->embed(texts, prompt);
}

}  // namespace hanok
