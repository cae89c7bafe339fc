// A cross-encoder of this process as chain's RerankModel.
#include "hanok/chain.h"

namespace hanok::chain {
namespace {

class LocalReranker : public RerankModel {
 public:
  explicit LocalReranker(std::shared_ptr<const hanok::Reranker> model) : model_(std::move(model)) {
    if (model_->labels() != 1)
      throw Error(Code::Invalid, model_->name() + ": gives " + std::to_string(model_->labels()) +
                                     " scores for a pair; a reranker gives one");
  }
  std::string name() const override { return model_->name(); }
  std::vector<float> score(std::string_view question, std::span<const std::string> passages) const override {
    return model_->score(question, passages).data;  // [passages, 1]
  }

 private:
  std::shared_ptr<const hanok::Reranker> model_;
};

}  // namespace

std::unique_ptr<RerankModel> make_reranker(std::shared_ptr<const hanok::Reranker> model) {
  return std::make_unique<LocalReranker>(std::move(model));
}

}  // namespace hanok::chain
