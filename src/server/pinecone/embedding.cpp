#include "server/pinecone/embedding.h"

namespace hanok::server::pinecone {
namespace {

EmbedQueue& maker_of(const Index& index, House& house) {
  if (index.model.text_field().empty())
    refuse_argument("Integrated inference is not configured for this index: make it by /indexes/create-for-model");
  EmbedQueue* maker = house.models->maker(index.info.model);
  if (maker == nullptr)
    refuse_argument("the embedding model of this index, '" + index.info.model.model +
                    "', is not loaded: start the server with --embedding-model " + index.info.model.model);
  return *maker;
}

}  // namespace

Matrix embed(const Index& index, std::span<const std::string> texts, Prompt prompt, House& house) {
  return maker_of(index, house).embed(texts, prompt);
}

size_t count_tokens(const Index& index, std::span<const std::string> texts, House& house) {
  const auto& model = maker_of(index, house).model();
  size_t out = 0;
  for (const auto& text : texts) out += model.count_tokens(text);
  return out;
}

}  // namespace hanok::server::pinecone
