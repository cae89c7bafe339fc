#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/threads.h"
#include "hanok/lm.h"
#include "lm/arch/encoder.h"
#include "lm/sentence_model.h"
#include "lm/text_length.h"
#include "nn/linear.h"
#include "text/tokenizers/tokenizer.h"

namespace hanok {
namespace {

constexpr size_t kPairsPerPass = 8;  // some hundred tokens each: see kPassTokens in embed.cpp

enum class Score { Identity, Sigmoid };

// {"sentence_transformers": {"activation_fn": "torch.nn.modules.linear.Identity"}}, before
// sbert_ce_default_activation_function.
Score default_score(const lm::Config& config, size_t labels) {
  const std::string path = config.object("sentence_transformers")
                               .text("activation_fn", config.text("sbert_ce_default_activation_function", ""));
  const std::string name = path.substr(path.rfind('.') + 1);
  if (name == "Identity") return Score::Identity;
  if (name == "Sigmoid") return Score::Sigmoid;
  if (!name.empty())
    throw Error(Code::Unsupported,
                config.what() + ": activation '" + name + "', this version knows Identity and Sigmoid");
  return labels == 1 ? Score::Sigmoid : Score::Identity;
}

}  // namespace

struct Reranker::Impl {
  std::string name;
  lm::Config config;
  text::Tokenizer tokenizer;
  nn::Weights weights;
  std::unique_ptr<lm::Encoder> encoder;
  nn::Linear dense, out;  // logits = out(tanh(dense(first token)))
  size_t max_tokens = 0;
  Score activation = Score::Sigmoid;

  Impl(const std::filesystem::path& folder, const RerankerOptions& options)
      : name(lm::model_name(folder)),
        config(lm::Config::read(folder / "config.json")),
        tokenizer(text::Tokenizer::load(folder)),
        weights(nn::Weights::open(folder)),
        encoder(lm::make_encoder(config, weights)) {
    max_tokens = lm::max_tokens(options.max_tokens ? std::optional(options.max_tokens) : std::nullopt, tokenizer,
                                encoder->max_positions(), true);
    // BERT: the pretrained pooler, then a classifier; RoBERTa and XLM-R: both inside the classifier.
    const bool own = weights.find("classifier.out_proj.weight");
    const std::string last = own ? "classifier.out_proj" : "classifier",
                      first = own ? "classifier.dense" : "bert.pooler.dense";
    const nn::Tensor* head = weights.find(last + ".weight");
    if (!head || head->shape.size() != 2 || !weights.find(first + ".weight"))
      throw Error(Code::Unsupported,
                  folder.string() + ": has no classifier of BERT's or RoBERTa's form; a cross-encoder was expected");
    const size_t width = encoder->width(), labels = head->shape[0];
    dense = nn::Linear(weights, {first}, {width}, width);
    out = nn::Linear(weights, {last}, {labels}, width);
    activation = default_score(config, labels);
  }

  text::Encoding encode(std::string_view query, std::string_view text) const {
    return tokenizer.encode_pair(query, text, {.max_length = max_tokens});
  }

  void pass(std::span<const size_t> order, const std::vector<text::Encoding>& pairs, nn::Workspace& workspace,
            Matrix& logits) const {
    base::check_interrupt();
    nn::Batch batch;
    for (const size_t i : order) batch.add(pairs[i].ids, pairs[i].type_ids);
    const size_t width = encoder->width();
    std::vector<float> hidden(batch.tokens() * width), first(order.size() * width), pooled(first.size()),
        scores(order.size() * out.out());
    encoder->run(batch, workspace, hidden.data());
    for (size_t s = 0; s < order.size(); ++s)
      std::copy_n(hidden.data() + batch.starts[s] * width, width, first.data() + s * width);
    dense(first.data(), width, order.size(), pooled.data(), width, {.activation = math::Activation::Tanh});
    out(pooled.data(), width, order.size(), scores.data(), out.out());
    for (size_t s = 0; s < order.size(); ++s)
      std::copy_n(scores.data() + s * out.out(), out.out(), logits.row(order[s]).data());
  }

  Matrix run(std::string_view query, std::span<const std::string> texts) const {
    Matrix logits{.rows = texts.size(), .dim = out.out(), .data = std::vector<float>(texts.size() * out.out())};
    std::vector<text::Encoding> pairs(texts.size());
    for (size_t i = 0; i < texts.size(); ++i) pairs[i] = encode(query, texts[i]);
    std::vector<size_t> order(texts.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return pairs[a].ids.size() > pairs[b].ids.size(); });
    std::vector<nn::Workspace> workspaces(base::default_threads());
    base::parallel_for(texts.size(), kPairsPerPass, [&](size_t begin, size_t end, size_t worker) {
      pass(std::span(order).subspan(begin, end - begin), pairs, workspaces[worker], logits);
    });
    return logits;
  }
};

Reranker::Reranker(const std::filesystem::path& folder, const RerankerOptions& options)
    : impl_(std::make_unique<Impl>(folder, options)) {}
Reranker::~Reranker() = default;
Reranker::Reranker(Reranker&&) noexcept = default;
Reranker& Reranker::operator=(Reranker&&) noexcept = default;

size_t Reranker::labels() const { return impl_->out.out(); }
size_t Reranker::max_tokens() const { return impl_->max_tokens; }
const std::string& Reranker::name() const { return impl_->name; }
Matrix Reranker::logits(std::string_view query, std::span<const std::string> texts) const {
  return impl_->run(query, texts);
}

Matrix Reranker::score(std::string_view query, std::span<const std::string> texts) const {
  Matrix out = impl_->run(query, texts);
  if (impl_->activation == Score::Sigmoid)
    for (float& x : out.data) x = 1 / (1 + std::exp(-x));
  return out;
}

std::pair<std::vector<int32_t>, std::vector<int32_t>> Reranker::tokens(std::string_view query,
                                                                       std::string_view text) const {
  auto encoded = impl_->encode(query, text);
  return {std::move(encoded.ids), std::move(encoded.type_ids)};
}

}  // namespace hanok
